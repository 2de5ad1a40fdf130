"""Days and exits of a journal as records for a script and rows for a spreadsheet. Reads and prints nothing."""

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
from engine.presentation.charges import in_order
from engine.presentation.money import plain_money
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
        return TradeTotal(self.exits, self.open, paise(self.gross), paise(self.costs), paise(self.net))

    def add(self, trade: DayTrade) -> None:
        """Add one of them."""
        if trade.exit_ms is None:
            self.open += 1
            return
        self.exits += 1
        self.gross += trade.gross
        self.costs += trade.costs
        self.net += trade.net


def paise(value: Decimal) -> Decimal:
    """Money as it is told: to the paisa."""
    return Decimal(plain_money(value))


def _perhaps(value: Decimal | None) -> Decimal | None:
    return None if value is None else paise(value)


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
        paise(seen.gross), paise(seen.costs), paise(seen.net), paise(seen.drawdown),
        _perhaps(seen.best), _perhaps(seen.worst), _perhaps(factor), paise(cumulative), seen.longest_lost,
        {kind: paise(paid) for kind, paid in in_order(seen.costs_by_kind).items()},
    )  # fmt: skip


def trade_record(trade: DayTrade, date: str, zone: str) -> TradeRecord:
    """An exit of the session `date` as a record."""
    instrument = trade.instrument
    return TradeRecord(
        trade.number or None,
        date,
        trade.mode,
        instrument.symbol,
        stamp(trade.entry_ms, zone),
        None if trade.exit_ms is None else stamp(trade.exit_ms, zone),
        Decimal(instrument.quantity_text(trade.quantity)),
        Decimal(instrument.price_text(trade.entry_price)),
        None if trade.exit_ms is None else Decimal(instrument.price_text(trade.exit_price)),
        paise(trade.gross),
        paise(trade.costs),
        paise(trade.net),
        trade.reason,
        Decimal(instrument.quantity_text(trade.left)),
    )


def stamp(at_ms: int, zone: str) -> str:
    """ISO 8601 with the zone's offset; milliseconds only where they are not zero."""
    try:
        local = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))
    except (OverflowError, ValueError):
        return f"{at_ms} ms"
    return local.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")


def columns_of(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a record that have a column."""
    return tuple(name for name in kind.__struct_fields__ if name != "costs_by_kind")


def cells_of(record: Struct) -> list[str]:
    """A record as the cells of a spreadsheet's row, in the order of `columns_of`; what is not known is empty."""
    values = (getattr(record, name) for name in columns_of(type(record)))
    return ["" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value) for value in values]


def csv_line(cells: Iterable[str]) -> str:
    """A row of a spreadsheet, none of whose cells is computed."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerow(map(cell, cells))
    return written.getvalue()
