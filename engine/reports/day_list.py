"""Days and exits of a journal as records for a script, rows for a spreadsheet and lines for a person. Reads and prints nothing."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.model.history import DayResult, DayTrade
from engine.model.statistics import DayStatistics
from engine.presentation import format as text
from engine.presentation.charges import by_kind, in_order
from engine.presentation.money import grouped, plain_money
from engine.text.spreadsheet import cell

_ZERO: Final = Decimal(0)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class DayRecord(Struct, frozen=True):
    """A day as `days --json` and `--csv` give it; money in the currency, to the paisa; null = there was none."""

    date: str
    mode: str
    entries: int
    positions: int
    won: int
    lost: int
    exits: int
    gross: Decimal
    costs: Decimal
    net: Decimal
    drawdown: Decimal
    best: Decimal | None
    worst: Decimal | None
    profit_factor: Decimal | None
    cumulative: Decimal
    longest_losing_streak: int
    costs_by_kind: dict[str, Decimal]  # paid that day, also for what is still held; in no row of a spreadsheet


class TradeRecord(Struct, frozen=True):
    """An exit as `trades --json` and `--csv` give it; times ISO 8601 in the session's zone, prices and quantities in units."""

    number: int | None
    date: str
    mode: str
    symbol: str
    entry_time: str
    exit_time: str | None
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal | None
    gross: Decimal
    costs: Decimal
    net: Decimal
    reason: str
    left: Decimal


class TradeTotal(Struct):
    """The sums of the exits that were listed."""

    exits: int = 0
    open: int = 0
    gross: Decimal = _ZERO
    costs: Decimal = _ZERO
    net: Decimal = _ZERO

    def rounded(self) -> "TradeTotal":
        """Its money to the paisa."""
        return TradeTotal(self.exits, self.open, _paise(self.gross), _paise(self.costs), _paise(self.net))

    def add(self, trade: DayTrade) -> None:
        """Add one of them."""
        if trade.exit_ms is None:
            self.open += 1
            return
        self.exits += 1
        self.gross += trade.gross
        self.costs += trade.costs
        self.net += trade.net


def _paise(value: Decimal) -> Decimal:
    return Decimal(plain_money(value))


def _perhaps(value: Decimal | None) -> Decimal | None:
    return None if value is None else _paise(value)


def day_record(day: DayResult) -> DayRecord:
    """A day as a record."""
    return _record(day.statistics, day.mode, day.cumulative)


def total_of(days: Sequence[DayResult]) -> DayRecord:
    """All `days` as one; `drawdown` is the largest fall over all of them, exit by exit."""
    each = [day.statistics for day in days]
    total = DayStatistics(
        date=each[0].date if each else "",
        profit=sum((one.profit for one in each), _ZERO),
        loss=sum((one.loss for one in each), _ZERO),
        gross=sum((one.gross for one in each), _ZERO),
        costs=sum((one.costs for one in each), _ZERO),
        net=sum((one.net for one in each), _ZERO),
        best=max((one.best for one in each if one.best is not None), default=None),
        worst=min((one.worst for one in each if one.worst is not None), default=None),
        drawdown=days[-1].fallen if days else _ZERO,
        longest_lost=max((one.longest_lost for one in each), default=0),
        costs_by_kind=_summed([one.costs_by_kind for one in each]),
        **{name: sum(getattr(one, name) for one in each) for name in ("entries", "exits", "positions", "won", "lost")},
    )
    return _record(total, days[-1].mode if days else "", total.net)


def _summed(each: Sequence[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    kinds = dict.fromkeys(kind for one in each for kind in one)
    return {kind: sum((one.get(kind, _ZERO) for one in each), _ZERO) for kind in kinds}


def _record(seen: DayStatistics, mode: str, cumulative: Decimal) -> DayRecord:
    factor = seen.profit_factor
    return DayRecord(
        seen.date, mode, seen.entries, seen.positions, seen.won, seen.lost, seen.exits,
        _paise(seen.gross), _paise(seen.costs), _paise(seen.net), _paise(seen.drawdown),
        _perhaps(seen.best), _perhaps(seen.worst), _perhaps(factor), _paise(cumulative), seen.longest_lost,
        {kind: _paise(paid) for kind, paid in in_order(seen.costs_by_kind).items()},
    )  # fmt: skip


def trade_record(trade: DayTrade, date: str, zone: str) -> TradeRecord:
    """An exit of the session `date` as a record."""
    instrument = trade.instrument
    return TradeRecord(
        trade.number or None,
        date,
        trade.mode,
        instrument.symbol,
        _stamp(trade.entry_ms, zone),
        None if trade.exit_ms is None else _stamp(trade.exit_ms, zone),
        Decimal(instrument.quantity_text(trade.quantity)),
        Decimal(instrument.price_text(trade.entry_price)),
        None if trade.exit_ms is None else Decimal(instrument.price_text(trade.exit_price)),
        _paise(trade.gross),
        _paise(trade.costs),
        _paise(trade.net),
        trade.reason,
        Decimal(instrument.quantity_text(trade.left)),
    )


def _stamp(at_ms: int, zone: str) -> str:
    """ISO 8601 with the zone's offset; milliseconds only where they are not zero."""
    try:
        local = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))
    except (OverflowError, ValueError):
        return f"{at_ms} ms"
    return local.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")


def columns_of(kind: type[DayRecord | TradeRecord]) -> tuple[str, ...]:
    """The fields of a record that have a column."""
    return tuple(name for name in kind.__struct_fields__ if name != "costs_by_kind")


def cells_of(record: DayRecord | TradeRecord) -> list[str]:
    """A record as the cells of a spreadsheet's row, in the order of `columns_of`; what is not known is empty."""
    values = (getattr(record, name) for name in columns_of(type(record)))
    return ["" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value) for value in values]


def csv_line(cells: Iterable[str]) -> str:
    """A row of a spreadsheet, none of whose cells is computed."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerow(map(cell, cells))
    return written.getvalue()


# ── For a person ────────────────────────────────────────────────────────────────────────────────────────────────────

_DAY_HEAD: Final = ("DATE", "MODE", "ENTRIES", "POS", "WON", "EXITS", "GROSS", "COSTS", "NET", "DRAWDOWN", "BEST", "WORST", "CUMULATIVE")  # fmt: skip
_MISSED_LEAST: Final = (
    "MODE",
    "ENTRIES",
    "GROSS",
    "WORST",
    "BEST",
    "EXITS",
    "DRAWDOWN",
    "POS",
)  # left out on a narrow terminal


def day_lines(days: Sequence[DayResult], zone: str, width: int) -> list[str]:
    """A head, a line for each day, and one of totals; in `width` cells as many columns as fit."""
    rows = [_day_cells(day_record(each), zone) for each in days]
    rows.append([f"{len(days)} day{'' if len(days) == 1 else 's'}", *_day_cells(total_of(days), zone)[1:-1], ""])
    sizes = [max(map(len, column)) for column in zip(_DAY_HEAD, *rows, strict=True)]
    shown = dict(zip(_DAY_HEAD, range(len(_DAY_HEAD)), strict=True))
    for name in _MISSED_LEAST:
        if sum(sizes[place] + 2 for place in shown.values()) - 2 > width:
            del shown[name]
    lefts = {0, 1}
    return [
        "  ".join(
            row[each].ljust(sizes[each]) if each in lefts else row[each].rjust(sizes[each]) for each in shown.values()
        ).rstrip()
        for row in (_DAY_HEAD, *rows)
    ]


def _day_cells(day: DayRecord, zone: str) -> list[str]:
    rate = f" {100 * day.won / day.positions:.0f}%" if day.positions else ""
    counts = (f"{day.entries:,}", f"{day.positions:,}", f"{day.won:,}{rate}", f"{day.exits:,}")
    best, worst = (text.NOTHING if each is None else grouped(each, zone, sign=True) for each in (day.best, day.worst))
    return [
        day.date, day.mode, *counts, grouped(day.gross, zone, sign=True), grouped(day.costs, zone), grouped(day.net, zone, sign=True),
        grouped(day.drawdown, zone), best, worst, grouped(day.cumulative, zone, sign=True),
    ]  # fmt: skip


# A list of trades is written as it is read: nobody knows its widest cell.
_TRADE_SIZES: Final = {
    "#": 4, "SYMBOL": -22, "IN": 8, "OUT": 8, "QTY": 7, "ENTRY": 9, "EXIT": 9, "GROSS": 12, "COSTS": 9, "NET": 12, "REASON": 0,
}  # fmt: skip
_NARROW_SIZES: Final = {"SYMBOL": -19, "IN": 5, "OUT": 5, "QTY": 5, "ENTRY": 8, "EXIT": 8, "NET": 10, "REASON": 0}
_WIDE_FROM: Final = 126


class TradeLines:
    """The lines of a list of exits whose times are those of `zone`, for `width` cells."""

    def __init__(self, zone: str, width: int) -> None:
        self._zone = zone
        self._wide = width >= _WIDE_FROM
        self._sizes = _TRADE_SIZES if self._wide else _NARROW_SIZES

    @property
    def head(self) -> str:
        """What stands over them."""
        return self._line({name: name for name in self._sizes})

    def line(self, trade: DayTrade) -> str:
        """An exit, or what is open."""
        instrument, is_open = trade.instrument, trade.exit_ms is None
        clock = text.clock if self._wide else text.minute
        left = f", {text.quantity(instrument, trade.left)} left" if trade.left and not is_open else ""
        cells = {
            "#": str(trade.number or ""),
            "SYMBOL": instrument.symbol,
            "IN": clock(trade.entry_ms, self._zone),
            "QTY": text.quantity(instrument, trade.quantity),
            "ENTRY": text.price(instrument, trade.entry_price),
            "REASON": f"{trade.reason}{left}",
        }
        if trade.exit_ms is not None:
            cells |= {
                "OUT": clock(trade.exit_ms, self._zone),
                "EXIT": text.price(instrument, trade.exit_price),
                "GROSS": grouped(trade.gross, self._zone, sign=True),
                "COSTS": grouped(trade.costs, self._zone),
                "NET": grouped(trade.net, self._zone, sign=True),
            }
        return self._line(cells)

    def _line(self, cells: dict[str, str]) -> str:
        put = (
            cells.get(name, text.NOTHING).ljust(-size) if size < 0 else cells.get(name, text.NOTHING).rjust(size)
            for name, size in self._sizes.items()
        )
        return ("  " if self._wide else " ").join(put).rstrip()


class Extremes:
    """When and why the best and the worst position of a day ended, of exits in their order."""

    def __init__(self) -> None:
        self._so_far: dict[str, Decimal] = {}  # what each open position has made
        self._found: dict[Decimal, DayTrade] = {}

    def add(self, trade: DayTrade) -> None:
        """One more of them."""
        symbol = trade.instrument.symbol
        if trade.exit_ms is None:
            return
        net = self._so_far.pop(symbol, _ZERO) + trade.net
        if trade.left:
            self._so_far[symbol] = net
            return
        ends = {*self._found, net}
        self._found = {each: self._found.get(each, trade) for each in (max(ends), min(ends))}

    def said(self, net: Decimal, zone: str) -> str:
        """` (11:42:10 NIFTY, Stop Loss)`; "" where part of the position was sold on a day before."""
        trade = self._found.get(net)
        if trade is None or trade.exit_ms is None:
            return ""
        return f" ({text.clock(trade.exit_ms, zone)} {trade.instrument.symbol}, {trade.reason})"


def block_lines(day: DayStatistics, extremes: Extremes, zone: str) -> list[str]:
    """The figures of a day that its exits do not show one by one."""
    rate = f" ({100 * day.won / day.positions:.0f}%)" if day.positions else ""
    ended = f"{day.positions:,} position{'' if day.positions == 1 else 's'} ended"
    told = [
        f"{ended}, {day.won:,} won{rate}, {day.lost:,} lost, longest losing streak {day.longest_lost:,}",
        *(
            f"{name} {grouped(net, zone, sign=True)}{extremes.said(net, zone)}"
            for name, net in (("best ", day.best), ("worst", day.worst))
            if net is not None
        ),
        f"drawdown {grouped(day.drawdown, zone)}",
    ]
    kinds = by_kind(day.costs_by_kind, zone)
    return told + ([f"costs paid: {kinds}"] if kinds else [])


def total_line(total: TradeTotal, zone: str) -> str:
    """The sums in a line."""
    still = f", {total.open} open at its end" if total.open else ""
    money = f"gross {grouped(total.gross, zone, sign=True)}, costs {grouped(total.costs, zone)}, net {grouped(total.net, zone, sign=True)}"
    return f"{total.exits:,} exits{still}: {money}"
