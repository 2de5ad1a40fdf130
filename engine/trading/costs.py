"""What an order costs, exact and by kind: as its contract note will say, or by percent of its turnover. Knows no cash and no broker."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from engine.config import Config, RiskConfig, charge_tables
from engine.markets.charges import ChargeTable, ChargeTables, table_of
from engine.markets.market import MARKETS
from engine.model.types import Instrument

Kinds = dict[str, Decimal]  # "STT" → rupees

_PERCENT: Final = "percent"
_AUTO: Final = "auto"
_HUNDRED = Decimal(100)


def total(kinds: Mapping[str, Decimal]) -> Decimal:
    """What `kinds` are together, exactly."""
    return reduce(add, kinds.values()) if kinds else Decimal(0)


def add_up(into: Kinds, kinds: Mapping[str, Decimal]) -> None:
    """Add `kinds` to `into`, each to its own."""
    for kind, amount in kinds.items():
        into[kind] = into.get(kind, Decimal(0)) + amount


class Costs(Protocol):
    """Costs of one side of a trade in one instrument."""

    def of(self, turnover: Decimal, orders: int, at_ms: int, *, selling: bool) -> Kinds:
        """Costs by kind of trading `turnover` (currency) in `orders` executed orders that began with it, at `at_ms` (UTC)."""


class PercentCosts:
    """Percent of turnover; GST on commission and exchange charges. How many orders it takes does not matter."""

    def __init__(self, risk: RiskConfig) -> None:
        self._commission_least = risk.commission_per_trade
        self._commission = risk.commission_percent / _HUNDRED
        self._exchange = risk.exchange_charges_percent / _HUNDRED
        self._stt = risk.stt_percent / _HUNDRED
        self._gst = risk.gst_percent / _HUNDRED

    def of(self, turnover: Decimal, _orders: int, _at_ms: int, *, selling: bool) -> Kinds:
        """As `Costs.of`."""
        turnover = abs(turnover)  # below nought the seller pays, and costs are no income
        commission = max(self._commission_least, turnover * self._commission)
        exchange = turnover * self._exchange
        kinds = {"commission": commission, "exchange": exchange, "GST": (commission + exchange) * self._gst}
        if selling:
            kinds["STT"] = turnover * self._stt
        return kinds


class NoteCosts:
    """As the contract note: by the row of a table that counts on the session's date."""

    def __init__(self, table: ChargeTable) -> None:
        zone = ZoneInfo(MARKETS[table.market].zone)
        self._rows = [
            (int(datetime.combine(row.valid_from, time(), zone).timestamp() * 1000), row)
            for row in reversed(table.rows)
        ]
        self._first = table.rows[0]

    def of(self, turnover: Decimal, orders: int, at_ms: int, *, selling: bool) -> Kinds:
        """As `Costs.of`."""
        row = next((row for from_ms, row in self._rows if from_ms <= at_ms), self._first)
        share = abs(turnover) / _HUNDRED
        kinds = {
            "brokerage": row.brokerage * orders,
            "exchange": share * row.exchange,
            "IPFT": share * row.ipft,
            "SEBI": share * row.sebi,
        }
        kinds["GST"] = total(kinds) * row.gst / _HUNDRED
        tax, rate = ("STT", row.stt) if selling else ("stamp", row.stamp)
        kinds[tax] = share * rate
        return kinds


class CostBook:
    """What each instrument of a run is charged by, and what must be said of that."""

    def __init__(self, config: Config, instruments: tuple[Instrument, ...], tables: ChargeTables | None = None) -> None:
        """`tables` are those that come with the program, unless others are given."""
        by_note = config.charges.model == "contract_note"
        self._tables: ChargeTables = (charge_tables() if tables is None else tables) if by_note else {}
        self._wanted = config.charges.table
        self._named = named = self._wanted in self._tables
        self._percent = PercentCosts(config.risk)
        self._notes = {name: NoteCosts(table) for name, table in self._tables.items()}
        self.by_instrument: list[Costs] = []
        self.relist(instruments)
        self._unknown = by_note and not named and self._wanted != _AUTO

    def relist(self, instruments: Sequence[Instrument]) -> None:
        """Charge these, by their numbers, from now on."""
        self._names = [
            self._wanted if found and self._named else found
            for found in (_table_of(each, self._tables) for each in instruments)
        ]
        self.by_instrument[:] = [self._notes.get(name, self._percent) for name in self._names]
        listed = [index for index, each in enumerate(instruments) if not each.removed]
        self._traded = [index for index in listed if not instruments[index].watch_only]
        self._said = (date.min, "")

    def doubts(self, day: date) -> Iterable[tuple[int, str]]:
        """What is not certain of the costs on `day`, each with the first instrument that it is of."""
        if not self._tables or not self._traded:
            return
        if self._unknown:
            known = ", ".join(self._tables)
            yield self._traded[0], f"charges: no table '{self._wanted}' for {day}, auto takes its place ({known})"
        for name in dict.fromkeys(self._names[index] for index in self._traded):
            first, *others = (index for index in self._traded if self._names[index] == name)
            if not name:
                more = f", and {len(others)} more" if others else ""
                yield first, f"charges: no table for its market{more}: by percent, as in [risk]"
            elif doubt := self._tables[name].doubt(day):
                yield first, f"charges: {name} {doubt}"

    def said(self, day: date) -> str:
        """By what is charged on `day`: the tables with the dates of their rows, "percent"."""
        if self._said[0] != day:
            names = dict.fromkeys(self._names[index] for index in self._traded)
            said = (f"{name} {self._tables[name].on(day).valid_from}" if name else _PERCENT for name in names)
            self._said = (day, " + ".join(said) or _PERCENT)
        return self._said[1]


def _table_of(instrument: Instrument, tables: ChargeTables) -> str:
    return table_of(instrument.symbol, instrument.exchange, instrument.market, tables)
