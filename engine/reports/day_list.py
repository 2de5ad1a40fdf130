"""Days and exits of a journal as lines for a person. Reads and prints nothing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from engine.model.history import DayResult, DayTrade
from engine.model.statistics import DayStatistics
from engine.presentation import format as text
from engine.presentation.charges import by_kind
from engine.presentation.money import grouped
from engine.reports.day_records import DayRecord, TradeTotal, day_record, total_of
from engine.reports.tables import fitted

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
    return fitted(_DAY_HEAD, rows, width, left={"DATE", "MODE"}, missed_least=_MISSED_LEAST)


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
        net = self._so_far.pop(symbol, Decimal(0)) + trade.net
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
