"""Trading hours: which session day a moment belongs to and what is allowed at that moment. Knows no wall clock."""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.config import SessionConfig
from engine.markets.calendar import USUAL, Calendar, CalendarDay

NEVER_MS: Final = 1 << 62  # later than any stamp


class SessionDay(Struct, frozen=True):
    """One session with the time around it that counts as its date; all moments are UTC milliseconds.

    Every moment from `day_from_ms` to before `day_until_ms` is of this date, which a session keeps that crosses midnight.
    Trading time is `start_ms`..`end_ms`, both included (empty on a holiday); entries from `entry_from_ms` to before
    `entry_until_ms`; from `exit_from_ms` on every position is closed. Where the market has no Session End (`daily` is
    False) the whole day is trading time, and `entry_until_ms`, `exit_from_ms` are never reached. `note` says what is
    unusual about the day, where the calendar knows. One that is `kept` is none by the calendar: only a tick begins it.
    """

    date: date
    day_from_ms: int
    day_until_ms: int
    start_ms: int
    end_ms: int
    entry_from_ms: int
    entry_until_ms: int
    exit_from_ms: int
    daily: bool = True
    note: str = ""
    kept: bool = False


# Before every tick: covers no moment, so that the first tick looks its own day up.
NO_DAY = SessionDay(date.min, 0, 0, 0, -1, 0, 0, 0)

# What a calendar can express; a stamp beyond it belongs to no session.
_EARLIEST_MS = -62_000_000_000_000
_LATEST_MS = 253_000_000_000_000
_SEARCHED_DAYS = 400  # for the next opening: more than a year without one is none
_DAY = timedelta(days=1)
_HOLIDAY: Final = CalendarDay("closed", why="session.holidays")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TradingHours:
    """Turns a moment into its session day; one market's hours. Remembers the day it was last asked for.

    `calendar` knows the days that are not as usual (None: there is none such), `end_on` when a date usually ends (None:
    always when `session` says). With `keeps_all` a day that the calendar calls closed is session at the usual hours all
    the same: ticks of it are there, so the calendar is wrong. What the operator has said of a date holds in any case.
    Hours that a person has said (`start_said`, `end_said`) a calendar may cut, and never widen.
    """

    def __init__(
        self,
        session: SessionConfig,
        calendar: Calendar | None = None,
        *,
        end_on: Callable[[date], time] | None = None,
        keeps_all: bool = False,
        start_said: bool = False,
        end_said: bool = False,
    ) -> None:
        self._session = session
        self._calendar = calendar
        self._said = {each.date: each.day() for each in session.special}
        self._end_on = end_on
        self._keeps_all = keeps_all
        self._start_said, self._end_said = start_said, end_said
        self.zone = ZoneInfo(session.zone)
        self._last = NO_DAY
        self._turns_at = _turn_of_day(session.start, session.end)

    def go_by(self, calendar: Calendar | None) -> None:
        """Let another calendar tell the days from now on."""
        self._calendar = calendar
        self._last = NO_DAY

    def by(self, calendar: Calendar | None) -> "TradingHours":
        """The same hours by another calendar."""
        other = copy(self)
        other.go_by(calendar)
        return other

    @property
    def usual(self) -> str:
        """Its usual hours: `09:15-15:30`, or `round the clock`."""
        session = self._session
        return f"{session.start:%H:%M}-{session.end:%H:%M}" if session.daily else "round the clock"

    def day_of(self, at_ms: int) -> SessionDay:
        """Return the session day that `at_ms` belongs to; NO_DAY for a stamp no calendar has."""
        day = self._last
        if not day.day_from_ms <= at_ms < day.day_until_ms:
            if not _EARLIEST_MS < at_ms < _LATEST_MS:
                return NO_DAY
            calendar = self._calendar
            day = self.of_date(self._date_of(at_ms))
            if calendar is self._calendar:  # else another thread has just let another one tell the days
                self._last = day
        return day

    def of_date(self, day: date) -> SessionDay:
        """Return the session day of a date; one without a session has an end before its start."""
        session, unlike = self._session, self.on(day)
        day_from_ms, day_until_ms = self._begin_ms(day), self._begin_ms(day + _DAY)
        if not session.daily:
            start_ms, end_ms = (0, -1) if unlike.closed else (day_from_ms, day_until_ms - 1)
            return SessionDay(day, day_from_ms, day_until_ms, start_ms, end_ms, day_from_ms, NEVER_MS, NEVER_MS, False)
        note = f"{unlike.text()}: {unlike.why}" if unlike.why else ""
        closed, kept = unlike.closed, unlike.closed and self._keeps_all and unlike is not _HOLIDAY
        if kept:
            closed, note = False, f"no trading day by the calendar ({unlike.why}), taken at the usual hours"
        start_ms, end_ms = self._hours_ms(day, unlike)
        start_ms = max(start_ms, day_from_ms)
        late_minutes = max(session.end_buffer_minutes, session.no_trade_end_minutes)
        early_minutes = max(session.start_buffer_minutes, session.no_trade_start_minutes)
        if closed or start_ms > end_ms:
            start_ms, end_ms = 0, -1
        return SessionDay(
            date=day,
            day_from_ms=day_from_ms,
            day_until_ms=day_until_ms,
            start_ms=start_ms,
            end_ms=end_ms,
            entry_from_ms=start_ms + early_minutes * 60_000,
            entry_until_ms=end_ms - late_minutes * 60_000,
            exit_from_ms=end_ms - session.end_buffer_minutes * 60_000,
            note=note,
            kept=kept,
        )

    def closed(self, at_ms: int) -> bool:
        """Whether `at_ms` is outside trading time."""
        day = self.day_of(at_ms)
        return not day.start_ms <= at_ms <= day.end_ms

    def next_open_ms(self, at_ms: int) -> int | None:
        """Return `at_ms` itself in trading time, else when trading time begins next; None where no calendar says so."""
        day = self.day_of(at_ms)
        for _ in range(_SEARCHED_DAYS):
            if day is NO_DAY:
                return None
            if at_ms <= day.end_ms:
                return max(at_ms, day.start_ms)
            day = self.of_date(day.date + _DAY) if day.day_until_ms < _LATEST_MS else NO_DAY
        return None

    def known_closed(self, at_ms: int) -> bool:
        """Whether `at_ms` is known to be outside trading time: by the hours, a weekend, or what a calendar says of the date.

        Beyond a calendar's end the hours and weekends are known as well as before it; a holiday is not, and is no proof.
        """
        return self.closed(at_ms) and self.on(self.day_of(at_ms).date).kind != "unsure"

    def calendar_ends(self, at_ms: int) -> date | None:
        """The last date that the calendar knows, where `at_ms` is of a later one and nobody has said more; else None."""
        calendar, day = self._calendar, self.day_of(at_ms).date
        if calendar is None or not self._session.daily or day <= calendar.known_until or day in self._said:
            return None
        return calendar.known_until

    def on(self, day: date) -> CalendarDay:
        """What makes `day` unlike others: what the operator says, else the calendar."""
        if said := self._said.get(day):
            return said
        if day in self._session.holidays:
            return _HOLIDAY
        return USUAL if self._calendar is None else self._cut(self._calendar.on(day), day)

    def text_of(self, day: date) -> str:
        """How `day` differs from the hours of the session, as a calendar would write it: "usual" where it does not."""
        unlike = self.on(day)
        if unlike.closed:
            return "closed"
        start, end = self._times(day, unlike)
        usual = (start, end) == (self._session.start, self._session.end)
        return "usual" if usual else CalendarDay("hours", start, end).text()

    def local(self, at_ms: int) -> datetime:
        """`at_ms` as a time of day in the session's zone."""
        return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(self.zone)

    def stamp(self, at_ms: int) -> str:
        """`at_ms` as ISO-8601 with the zone's offset; milliseconds only where they are not zero."""
        if not _EARLIEST_MS < at_ms < _LATEST_MS:
            return f"{at_ms} ms"
        return self.local(at_ms).isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")

    def _date_of(self, at_ms: int) -> date:
        """The date whose session day holds `at_ms`; by moments, for a time of day may come twice or never."""
        day = self.local(at_ms).date()
        while at_ms < self._begin_ms(day):
            day -= _DAY
        while at_ms >= self._begin_ms(day + _DAY):
            day += _DAY
        return day

    def _begin_ms(self, day: date) -> int:
        """When what counts as `day` begins: at midnight, or while the market is closed where its session crosses that.

        A special session keeps its date: one of this date that begins before, and one of the date before that crosses it.
        """
        begin_ms, before = self._moment_ms(day, self._turns_at), day - _DAY
        own, unlike = self.on(day), self.on(before)
        if own.kind == "hours":
            begin_ms = min(begin_ms, self._hours_ms(day, own)[0])
        if "hours" in {own.kind, unlike.kind} and (self._keeps_all or not unlike.closed):
            begin_ms = max(begin_ms, self._hours_ms(before, unlike)[1] + 1)
        return begin_ms

    def _cut(self, found: CalendarDay, day: date) -> CalendarDay:
        """What a calendar says of `day`, within the hours that a person has said."""
        if found.kind != "hours" or not (self._start_said or self._end_said):
            return found
        start_s, end_s = _span(*self._times(day, found))
        first_s, last_s = _span(self._session.start, self._session.end)
        cut = (max(start_s, first_s) if self._start_said else start_s, min(end_s, last_s) if self._end_said else end_s)
        if cut == (start_s, end_s):
            return found
        if cut[0] >= cut[1]:
            return CalendarDay("closed", why=f"{found.text()}: {found.why}; outside the hours of [session]")
        return CalendarDay("hours", _time_at(cut[0]), _time_at(cut[1]), found.why)

    def _times(self, day: date, unlike: CalendarDay) -> tuple[time, time]:
        usual_end = self._session.end if self._end_on is None else self._end_on(day)
        return unlike.start or self._session.start, unlike.end or usual_end

    def _hours_ms(self, day: date, unlike: CalendarDay) -> tuple[int, int]:
        start, end = self._times(day, unlike)
        return self._moment_ms(day, start), self._moment_ms(day if start < end else day + _DAY, end)

    def _moment_ms(self, day: date, at: time) -> int:
        return round(datetime.combine(day, at, tzinfo=self.zone).timestamp() * 1000)


def closed_code(markets: Sequence[TradingHours], closed: Sequence[TradingHours]) -> int:
    """A number below -1 that says which of a run's `markets` are closed while others are open; stands in recordings."""
    return -1 - sum(1 << place for place, hours in enumerate(markets) if hours in closed)


def closed_among(markets: Sequence[TradingHours], code: int) -> tuple[TradingHours, ...]:
    """The markets that `code` says to be closed; none where it says something else."""
    return tuple(hours for place, hours in enumerate(markets) if code < -1 and (-1 - code) >> place & 1)


def _turn_of_day(start: time, end: time) -> time:
    """The time of day at which the date of a session turns: midnight, else the middle of the time without a session."""
    if start < end:
        return time()
    return _time_at((_seconds(start) + _seconds(end)) // 2)


def _span(start: time, end: time) -> tuple[int, int]:
    """Both as seconds of the day on which it starts: an end before the start is on the next date."""
    return _seconds(start), _seconds(end) + (0 if start < end else 86_400)


def _seconds(at: time) -> int:
    return (at.hour * 60 + at.minute) * 60 + at.second


def _time_at(at_s: int) -> time:
    return time(at_s // 3600 % 24, at_s // 60 % 60, at_s % 60)
