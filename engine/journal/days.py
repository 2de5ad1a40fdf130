"""What came of each session day of a journal, and the exits of one of them: the rows through the fold that counts a live run."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Final

from engine.journal.history import DayMark, Happened, History
from engine.journal.lost_exits import instruments_of
from engine.model.events import DayStarted, FillBooked, StateKept, TradeClosed
from engine.model.history import DayResult, DayTrade
from engine.model.statistics import DayStatistics
from engine.model.types import Instrument, PositionState, Trade
from engine.presentation.statistics import TradeStatistics
from engine.text.sanitize import CleanText

_UNNAMED: Final = Instrument(CleanText("?"))
_UNTOLD: Final = ("", "0001-01-01")


def newest(marks: Sequence[DayMark], last: int) -> int:
    """The place of the first of the newest `last` dates among `marks`, of which there is one at least."""
    dates: set[str] = set()
    place = len(marks)
    while place and len(dates | {marks[place - 1].date}) <= last:
        place -= 1
        dates.add(marks[place].date)
    return place


def day_results(history: History, last: int) -> Iterator[DayResult]:
    """The newest `last` session days, the oldest first, traded or not; one on which the account began anew comes in parts."""
    marks = history.days(last)
    if not marks:
        return
    place = newest(marks, last)
    zones = {mark.date: mark.zone for mark in marks if mark.zone}
    adding = _Adding(marks[place].date, {mark.date for mark in marks if not mark.goes_on})
    statistics = TradeStatistics()
    mode = ""
    for row in history.rows(marks[history.whole_from(marks, place)]):
        event = row.event
        if isinstance(event, DayStarted | StateKept):
            before = statistics.day
            statistics.take(event)
            if _is_over(before, statistics.day):
                yield from adding.day(before, mode, zones)
            adding.goes_on(statistics.day.date)
        else:
            statistics.take(event)
            if isinstance(event, TradeClosed):
                adding.exit(event.trade)
        mode = row.mode or mode
    yield from adding.day(statistics.day, mode, zones)


def _is_over(before: DayStatistics, now: DayStatistics) -> bool:
    """Whether another day, or another account, has begun."""
    return now.date != before.date or now.exits < before.exits or now.entries < before.entries


class _Adding:
    """Adds up the days from `first` on; those that `began` are days although nothing was traded."""

    def __init__(self, first: str, began: AbstractSet[str]) -> None:
        self._first = first
        self._began = began
        self._begun = False
        self._sum = self._peak = self._fallen = Decimal(0)

    def goes_on(self, date: str) -> None:
        """The day is `date` from now on."""
        self._begun = self._begun or date == self._first

    def exit(self, trade: Trade) -> None:
        """Add an exit."""
        if self._begun:
            self._sum += trade.net_pnl
            self._peak = max(self._peak, self._sum)
            self._fallen = max(self._fallen, self._peak - self._sum)

    def day(self, day: DayStatistics, mode: str, zones: dict[str, str]) -> Iterator[DayResult]:
        """The day that is over."""
        if self._begun and (day.date in self._began or day.exits or day.entries):
            yield DayResult(mode, day, zones.get(day.date, ""), self._sum, self._fallen)


def day_trades(history: History, marks: Sequence[DayMark], place: int) -> Iterator[DayTrade]:
    """The exits of the day of `marks[place]`, as they came, and then what was open at its end."""
    first = marks[place]
    instruments: tuple[Instrument, ...] = ()
    held: dict[str, tuple[str, Instrument, PositionState]] = {}
    here = False
    for row in history.rows(marks[history.whole_from(marks, place)]):
        event = row.event
        date = _date_in(event)
        if here and date not in {"", *_UNTOLD, first.date}:
            break
        here = here or date == first.date
        if isinstance(event, StateKept):
            instruments = instruments_of(event)
        elif isinstance(event, FillBooked):
            instrument = _at(instruments, event.fill.instrument)
            held.pop(instrument.symbol, None)
            if event.position is not None:
                held[instrument.symbol] = (row.mode, instrument, event.position)
        elif isinstance(event, TradeClosed) and here:
            instrument = _at(instruments, event.trade.instrument)
            _, _, position = held.get(instrument.symbol, (None, None, None))
            yield _exit(row, instrument, event.trade, position.quantity if position else 0)
    for mode, instrument, position in held.values():
        yield _open(mode, instrument, position)


def _date_in(event: object) -> str:
    if isinstance(event, DayStarted):
        return event.date
    return str(event.fields.get("today", "")) if isinstance(event, StateKept) else ""


def _at(instruments: tuple[Instrument, ...], number: int) -> Instrument:
    return instruments[number] if 0 <= number < len(instruments) else _UNNAMED


def _exit(row: Happened, instrument: Instrument, trade: Trade, left: int) -> DayTrade:
    return DayTrade(
        row.mode,
        instrument,
        trade.number,
        trade.entry_ms,
        trade.exit_ms,
        trade.quantity,
        trade.entry_price,
        trade.exit_price,
        trade.gross_pnl,
        trade.costs,
        trade.net_pnl,
        trade.reason,
        left,
    )


def _open(mode: str, instrument: Instrument, held: PositionState) -> DayTrade:
    nothing = Decimal(0)
    return DayTrade(
        mode, instrument, 0, held.entry_ms, None, held.quantity, held.entry_price, 0, nothing, nothing, nothing, "open", held.quantity
    )  # fmt: skip
