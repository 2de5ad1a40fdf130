"""What the same exits would have kept under dated rates of a contract note: asked for by name, or because what was booked was less. Pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.config import charge_tables
from engine.markets.charges import ChargeRow, ChargeTable, ChargeTables, table_of
from engine.model.errors import InputError
from engine.model.session_result import PositionResult
from engine.model.types import Instrument
from engine.trading.costs import Kinds, NoteCosts, add_up, total

_ZERO: Final = Decimal(0)
_OF_MARKET: Final = {"NSE": "nse-options", "BSE": "bse-options"}  # where nothing else says which table


def _named(tables: ChargeTables) -> Iterator[tuple[str, ChargeTable, ChargeRow]]:
    """Each row of each table with its name: `nse-options-2026-04`."""
    for name, table in tables.items():
        _broker, _, what = name.partition("-")
        for row in table.rows:
            yield f"{what}-{row.valid_from:%Y-%m}", table, row


class Rates:
    """The rates called `name` for all instruments, or, without one, for each the newest of its table."""

    def __init__(self, name: str = "", tables: ChargeTables | None = None) -> None:
        """Raises InputError where there are no rates of that name."""
        self._tables = charge_tables() if tables is None else tables
        self._by_name = {each: (table, row) for each, table, row in _named(self._tables)}
        self.asked = name
        if name and name not in self._by_name:
            raise InputError(
                f"--rates {name}: there are none of that name; allowed: {', '.join(sorted(self._by_name))}"
            )
        self._costs: dict[str, NoteCosts] = {}

    def source(self, name: str) -> str:
        """Where the rates called `name` are from."""
        found = self._by_name.get(name)
        return found[1].source if found is not None else ""

    def of(self, instrument: Instrument) -> tuple[str, NoteCosts] | None:
        """Name and costs for an instrument; None where nothing is known of what it would be charged by."""
        name = self.asked or self._newest(instrument)
        if not name:
            return None
        if name not in self._costs:
            table, row = self._by_name[name]
            self._costs[name] = NoteCosts(replace(table, rows=(row,)))
        return name, self._costs[name]

    def _newest(self, instrument: Instrument) -> str:
        table = table_of(instrument.symbol, instrument.exchange, instrument.market, self._tables)
        what = table.partition("-")[2] if table else _OF_MARKET.get(instrument.market, "")
        if instrument.exchange and not table:  # it says what it is, and none of ours is for that
            return ""
        return max(
            (name for name in self._by_name if what and name.rpartition("-")[0].rpartition("-")[0] == what), default=""
        )


class RateSums:
    """Exits under other rates, added up beside what was booked for them."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self.names: dict[str, None] = {}
        self.kinds: Kinds = {}
        self.booked = self.gross = _ZERO

    def add(self, position: PositionResult) -> None:
        """Take a position; of what is still held nothing counts."""
        found = self._rates.of(position.instrument)
        if found is None or not position.exits:
            return
        name, costs = found
        self.names[name] = None
        self.booked += position.costs
        self.gross += position.gross
        sold = sum(each.quantity for each in position.exits)
        bought = self._of(
            costs, position.instrument, position.entry_price, position.quantity, position.entry_ms, selling=False
        )
        add_up(self.kinds, {kind: amount * sold / position.quantity for kind, amount in bought.items()})
        for each in position.exits:
            add_up(
                self.kinds, self._of(costs, position.instrument, each.price, each.quantity, each.at_ms, selling=True)
            )

    @staticmethod
    def _of(
        costs: NoteCosts, instrument: Instrument, price: int, quantity: int, at_ms: int, *, selling: bool
    ) -> Mapping[str, Decimal]:
        orders = -(-quantity // instrument.largest_order)
        return costs.of(instrument.money(price * quantity), orders, at_ms, selling=selling)

    @property
    def costs(self) -> Decimal:
        """What these exits would have cost."""
        return total(self.kinds)

    @property
    def net(self) -> Decimal:
        """What they would have kept."""
        return self.gross - self.costs

    @property
    def is_told(self) -> bool:
        """Whether it is to be told: it was asked for, or what was booked is less than these rates."""
        return bool(self.names) and (bool(self._rates.asked) or self.costs > self.booked)

    @property
    def name(self) -> str:
        """By which rates."""
        return " + ".join(self.names)

    @property
    def sources(self) -> str:
        """Where these are from."""
        return "; ".join(dict.fromkeys(self._rates.source(name) for name in self.names))
