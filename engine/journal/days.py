"""What came of each session day of a journal, and the exits of one of them: the rows through the fold that counts a live run."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Final, NamedTuple

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


def newest(marks: Sequence[DayMark], last: int) -> list[str]:
    """The newest `last` dates among `marks`; one that was begun again stands where it was begun last."""
    dates = list(dict.fromkeys(mark.date for mark in reversed(marks)))
    return dates[:last][::-1]


def day_results(history: History, last: int) -> list[DayResult]:
    """The newest `last` session days, the oldest first, traded or not: each date once, however many runs and accounts had it."""
    marks = history.days(last)
    dates = newest(marks, last)
    began = {mark.date for mark in marks if not mark.goes_on}
    zones = {mark.date: mark.zone for mark in marks if mark.zone}
    results: list[DayResult] = []
    curve = _Curve()
    for mode, day, earlier in _counted(history, marks, set(dates)):
        if day.date in began or day.exits or day.entries:
            curve = curve.then(day)
            results.append(DayResult(mode, day, zones.get(day.date, ""), curve.net, curve.fallen, earlier))
    return results


def day_result(history: History, marks: Sequence[DayMark], date: str) -> DayResult:
    """The `date`, which is among `marks`."""
    zone = next((mark.zone for mark in marks if mark.date == date and mark.zone), "")
    mode, day, earlier = next(_counted(history, marks, {date}), ("", DayStatistics(date=date), None))
    return DayResult(mode, day, zone, day.net, day.drawdown, earlier)


class _Curve(NamedTuple):
    """The realised result over days: where it stands, its highest, and its largest fall."""

    net: Decimal = Decimal(0)
    peak: Decimal = Decimal(0)
    fallen: Decimal = Decimal(0)

    def then(self, day: DayStatistics) -> "_Curve":
        """With `day` behind it."""
        fallen = max(self.fallen, day.drawdown, self.peak - (self.net + day.lowest))
        return _Curve(self.net + day.net, max(self.peak, self.net + day.peak), fallen)


def _counted(
    history: History, marks: Sequence[DayMark], dates: AbstractSet[str]
) -> Iterator[tuple[str, DayStatistics, DayStatistics | None]]:
    """Mode and statistics of each of `dates`, the newest last, and what accounts of before the newest made of that."""
    places = _beginnings(marks, dates)
    if not places:
        return
    statistics, mode, modes, left = TradeStatistics(joins_days=True), "", dict[str, str](), len(places)
    for row in history.rows(marks[history.whole_from(marks, places[0])]):
        within = statistics.date in dates
        statistics.take(row.event)
        if within and statistics.date not in dates:
            left -= 1
            if not left:
                break
        mode = row.mode or mode
        if isinstance(row.event, StateKept):  # a run that only begins has not traded that day
            modes.setdefault(statistics.date, mode)
        else:
            modes[statistics.date] = mode
    for date, day in statistics.by_date.items():
        if date in dates:
            yield modes.get(date) or mode, day, statistics.earlier.get(date)


def _beginnings(marks: Sequence[DayMark], dates: AbstractSet[str]) -> list[int]:
    """The places at which one of `dates` begins behind one that is none of them."""
    return [
        place
        for place, mark in enumerate(marks)
        if mark.date in dates and not (place and marks[place - 1].date in dates)
    ]


def day_trades(history: History, marks: Sequence[DayMark], date: str) -> Iterator[DayTrade]:
    """The exits of `date`, as they came, and then what was open at its end; where others came between, part by part."""
    for place in _beginnings(marks, {date}):
        yield from _trades_from(history, marks, place)


def _trades_from(history: History, marks: Sequence[DayMark], place: int) -> Iterator[DayTrade]:
    """The exits of the day of `marks[place]` until another follows."""
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
