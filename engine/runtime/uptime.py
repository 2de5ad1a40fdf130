"""Counts the minutes of a session that a live run has watched, out of those that have passed. Touches no disk and no trading state.

A minute is watched that was looked at from its beginning to its end, but for a few seconds, with the link up and prices
fresh. Each minute of a day has a bit: so none counts twice, whatever restarts and wrong clocks there are.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from engine.model.clock import Clock
from engine.model.run_views import UptimeView
from engine.trading.session import NO_DAY, SessionDay, TradingHours

MOST_DAYS: Final = 60  # that are kept
_MINUTE_MS: Final = 60_000
_LOST_MS: Final = 5_000  # a minute that lacks more was not watched
_GAP_MS: Final = 3_000  # between two looks: beyond it nobody looked
_LOOK_NS: Final = 1_000_000_000
_MOST_MINUTES: Final = 3_000  # of one day, a special session that reaches into the next included


class WatchedDay(Struct, frozen=True):
    """A session day as it is kept: the `minutes` of its session, and which were watched.

    `mask` (hexadecimal) has a bit for each minute from `from_minute` on, which counts from the epoch (UTC).
    """

    date: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    from_minute: Annotated[int, Meta(ge=0, le=1 << 40)]
    minutes: Annotated[int, Meta(ge=1, le=_MOST_MINUTES)]
    mask: Annotated[str, Meta(pattern=r"^[0-9a-f]{1,750}$")]

    @property
    def watched(self) -> int:
        """How many of them were watched."""
        return min(self.minutes, int(self.mask, 16).bit_count())


class Uptime:
    """The count of one run over the sessions of its `markets`, going on with the days that were `kept`, the oldest first.

    The dates are those of the first market. With `whole_days` a day without any engine counts too, where it lies between
    two on which something was watched. A run that plays at a pace `of_its_own` may pass minutes between two looks. `kept`
    and `view` are replaced as wholes, and may be read from any thread; the rest belongs to whoever looks.
    """

    def __init__(
        self,
        markets: Sequence[TradingHours],
        kept: Sequence[WatchedDay] = (),
        *,
        whole_days: bool = True,
        of_its_own: bool = False,
    ) -> None:
        self.kept = tuple(kept)
        self.view = UptimeView()
        self._markets = markets
        self._whole_days = whole_days
        self._own_pace = of_its_own
        self._day = NO_DAY
        self._mask = 0  # of the minutes of the day that were watched
        self._at_ms = self._now_ns = 0  # of the look before
        self._good_ms = 0  # of the minute under way

    def look(self, at_ms: int, now_ns: int, *, fresh: bool) -> None:
        """Take note that it is `at_ms` by the run's clock and `now_ns` by the monotonic one, and whether the market is seen."""
        before_ms, passed_ms = self._at_ms, at_ms - self._at_ms
        gap_ms = (now_ns - self._now_ns) // 1_000_000
        if not self._own_pace:  # a clock that was set, a machine that slept
            gap_ms = max(gap_ms, passed_ms)
        good = fresh and before_ms > 0 and passed_ms >= 0 and gap_ms <= _GAP_MS
        self._at_ms, self._now_ns = at_ms, now_ns
        minute, last = at_ms // _MINUTE_MS, before_ms // _MINUTE_MS
        if minute == last:
            self._good_ms += passed_ms if good else 0
            return
        rest_ms = (last + 1) * _MINUTE_MS - before_ms if good else 0
        first = last if self._good_ms + rest_ms >= _MINUTE_MS - _LOST_MS else last + 1
        until = minute if good else last + 1
        self._good_ms = at_ms % _MINUTE_MS if good else 0
        self._mark(first, until)
        day = self._markets[0].day_of(at_ms)
        if (day.date, day.day_from_ms) != (self._day.date, self._day.day_from_ms):
            if day.day_from_ms > self._day.day_from_ms:
                self._tell(minute)  # what the day has come to that is over
            self._begin(day)
            self._mark(first, until)
        self._day = day
        self._tell(minute)

    def of(self, date: str) -> tuple[int, int]:
        """The watched minutes of the day `date`, and how many its session has had so far; (0, 0) where it is not known."""
        view = self.view
        if date == view.date:
            return view.watched, view.minutes
        return next(((each.watched, each.minutes) for each in self.kept if each.date == date), (0, 0))

    def _mark(self, first: int, until: int) -> None:
        """The minutes (of the epoch) from `first` to before `until` were watched, as far as they are of this day."""
        begin, end = _minute_of(self._day), self._day.day_until_ms // _MINUTE_MS
        first, until = max(first, begin), min(until, end)
        if first < until:
            self._mask |= _bits(first - begin, until - begin)

    def _begin(self, day: SessionDay) -> None:
        """Go on with what was counted of another day."""
        known = next((each for each in self.kept if each.date == day.date.isoformat()), None)
        self._day, self._mask = day, 0
        moved = 0 if known is None else known.from_minute - _minute_of(day)  # another zone was said
        if known is not None and abs(moved) < _MOST_MINUTES:
            mask = int(known.mask, 16)
            self._mask = mask << moved if moved > 0 else mask >> -moved

    def _tell(self, minute: int) -> None:
        day = self._day
        if day is NO_DAY:
            return
        session = session_minutes(self._markets, day)
        elapsed = min(minute, day.day_until_ms // _MINUTE_MS) - _minute_of(day)
        # What was counted for minutes that are yet to come was counted by a clock that was wrong.
        self._mask &= _bits(0, elapsed)
        watched, passed = self._mask & session, session & _bits(0, elapsed)
        date = day.date.isoformat()
        if session and (watched or any(each.date == date for each in self.kept)):
            self._keep(WatchedDay(date, _minute_of(day), session.bit_count(), f"{watched:x}"))
        self._see(date, watched.bit_count(), passed.bit_count())

    def _keep(self, today: WatchedDay) -> None:
        known = {each.date: each for each in self.kept}
        if known.get(today.date) == today:
            return
        if self._whole_days and today.date not in known:
            known |= {each.date: each for each in self._missed(today.date)}
        known[today.date] = today
        others = sorted((each for each in known.values() if each is not today), key=lambda each: each.date)
        self.kept = tuple(sorted((*others[1 - MOST_DAYS :], today), key=lambda each: each.date))

    def _missed(self, today: str) -> list[WatchedDay]:
        """The session days between the newest that is kept and `today`: nobody watched them. None beyond 60: that was no outage."""
        before = max((each.date for each in self.kept if each.date < today), default=today)
        hours, day = self._markets[0], self._day
        found: list[WatchedDay] = []
        for _ in range(2 * MOST_DAYS):
            day = hours.day_of(day.day_from_ms - 1)
            if day.date.isoformat() <= before:
                return found if len(found) < MOST_DAYS else []
            if minutes := session_minutes(self._markets, day).bit_count():
                found.append(WatchedDay(day.date.isoformat(), _minute_of(day), minutes, "0"))
        return []

    def _see(self, date: str, watched: int, minutes: int) -> None:
        """Put the figures on the table; a day that is later than this one is of a clock that was wrong."""
        days = [(each.watched, each.minutes) for each in self.kept if each.date < date]
        days += [(watched, minutes)] if minutes else []
        self.view = UptimeView(
            date=date,
            minutes=minutes,
            watched=watched,
            days=len(days),
            days_minutes=sum(each[1] for each in days),
            days_watched=sum(each[0] for each in days),
            days_unwatched=sum(not each[0] for each in days),
        )


class UptimeWatch:
    """Looks once a second: in the engine's thread, so that a loop which stands still has not watched."""

    def __init__(self, uptime: Uptime, clock: Clock, fresh: Callable[[int], bool]) -> None:
        self.uptime = uptime
        self._clock = clock
        self._fresh = fresh
        self._due_ns = 0

    def look(self, now_ns: int) -> None:
        """Look where it is time to; the market's time is asked, which is 0 ahead of a first tick."""
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + _LOOK_NS
            at_ms = self._clock.wall_ns() // 1_000_000
            if at_ms > 0:
                self.uptime.look(at_ms, now_ns, fresh=self._fresh(now_ns))


def session_minutes(markets: Sequence[TradingHours], day: SessionDay) -> int:
    """A bit for each minute of `day` in which any of the `markets` is in session."""
    found = 0
    for hours in markets:
        at_ms = day.day_from_ms
        while at_ms < day.day_until_ms:
            own = hours.day_of(at_ms)
            if own is NO_DAY:
                break
            first_ms, last_ms = max(own.start_ms, day.day_from_ms), min(own.end_ms, day.day_until_ms - 1)
            if first_ms < last_ms:
                # The end is a moment: a session until 15:30:00 has no minute that begins there.
                found |= _bits(first_ms // _MINUTE_MS - _minute_of(day), -(-last_ms // _MINUTE_MS) - _minute_of(day))
            at_ms = own.day_until_ms
    return found


def _minute_of(day: SessionDay) -> int:
    return day.day_from_ms // _MINUTE_MS


def _bits(first: int, until: int) -> int:
    """The bits from `first` to before `until`; none where that is before."""
    return (1 << max(0, until)) - (1 << max(0, min(first, until)))
