"""What the time is at the broker, by the dates of its answers: for one-time passwords alone. A machine whose clock is off could not log in, and close nothing."""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from engine.model.clock import Clock

_NEAR_S: Final = 2.0  # so much beside what an answer tells our own clock goes for right
_MOST_S: Final = 24 * 3_600.0
_SET_NS: Final = 2_000_000_000
_TOLD_AGAIN_S: Final = 5.0

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE: Final = re.compile(
    r"[A-Z][a-z]{2}, (?P<day>[0-9]{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>[0-9]{4})"
    r" (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) (?:GMT|UTC|[+-]0000)",
    re.ASCII,
)  # `email.utils` reads it too, with half a megabyte of what else it can

_log = logging.getLogger("myquant.feed")


class _Dated(Struct, frozen=True):
    """By how much our clock is ahead, at least and at most; `ahead_ns` is how far it was ahead of the monotonic one then."""

    least_s: float
    most_s: float
    ahead_ns: int


class BrokerTime:
    """`off_s` is our clock minus the broker's, to a second; None: not known."""

    def __init__(self, clock: Clock) -> None:
        self.off_s: float | None = None
        self._clock = clock
        self._dated: _Dated | None = None
        self._told_s = 0.0
        self._followed = False  # by the newest password
        self._distrusted = False

    def note(self, headers: Mapping[str, str], begun_ns: int) -> None:
        """Take the date of an answer to a call that was begun then (monotonic)."""
        theirs_s = http_time_s(headers.get("date", ""))
        if theirs_s is None:
            return
        wall_ns, mono_ns = self._clock.wall_ns(), self._clock.monotonic_ns()
        most_s = wall_ns / 1e9 - theirs_s
        self.off_s = most_s - 0.5  # a date tells whole seconds
        self._dated = _Dated(most_s - 1 - (mono_ns - begun_ns) / 1e9, most_s, wall_ns - mono_ns)

    def password_ns(self) -> int:
        """The time (UTC) that a one-time password has to be of: ours, but for a clock that is off by what the newest answer tells."""
        wall_ns = self._clock.wall_ns()
        off_s = self._off_s(wall_ns)
        self._followed = off_s != 0
        return wall_ns - round(off_s * 1e9)

    def refused(self) -> None:
        """The newest one-time password was not taken: where it was of one time, the next is of the other."""
        self._distrusted = self._followed

    def _off_s(self, wall_ns: int) -> float:
        """By how much our clock is to be put right; 0: not at all."""
        dated = self._dated
        if dated is None or self._distrusted or abs(wall_ns - self._clock.monotonic_ns() - dated.ahead_ns) >= _SET_NS:
            return 0  # set since, or the machine slept: it is believed until the next answer
        if dated.least_s <= _NEAR_S and dated.most_s >= -_NEAR_S:
            return 0
        off_s = (dated.least_s + dated.most_s) / 2
        followed = abs(off_s) <= _MOST_S
        if abs(off_s - self._told_s) >= _TOLD_AGAIN_S:
            self._told_s = off_s
            _tell(off_s, followed=followed)
        return off_s if followed else 0


def http_time_s(told: str) -> float | None:
    """The time (UTC) that HTTP tells as `Tue, 01 Dec 2026 11:30:00 GMT`; None where it is none."""
    found = _DATE.fullmatch(told.strip())
    if found is None or found["month"] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[name]) for name in ("day", "year", "hour", "minute", "second"))
    try:
        when = datetime(year, _MONTHS.index(found["month"]) + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return when.timestamp()


def _tell(off_s: float, *, followed: bool) -> None:
    words = f"login: this machine's clock is {abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the broker's"
    if followed:
        _log.warning("%s: one-time passwords are made for the broker's time, nothing else is", words)
    else:
        _log.error("%s, by the date of its answer: more than a day is not followed", words)
