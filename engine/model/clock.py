"""Clocks behind one protocol: the system's, a steady one for live decisions, and a virtual one that a replay or a test moves.

Nothing else reads the time of day.
"""

import time
from collections.abc import Callable
from threading import Condition
from typing import Protocol

_SECOND_NS = 1_000_000_000
_BOOT: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_AGREES_NS = 60 * _SECOND_NS  # clocks so near each other agree


class Clock(Protocol):
    """Where the program's idea of now comes from."""

    def wall_ns(self) -> int:
        """UTC now, in nanoseconds since the epoch."""

    def monotonic_ns(self) -> int:
        """A time that never steps back, in nanoseconds; only differences mean anything."""

    def wait(self, condition: Condition, duration_s: float) -> None:
        """Let `duration_s` pass, or less when `condition` (held by the caller) is notified."""


class SystemClock:
    """The machine's own clocks."""

    def wall_ns(self) -> int:
        """UTC now, in nanoseconds since the epoch."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """The performance counter; on Linux the same for every process."""
        return time.perf_counter_ns()

    def wait(self, condition: Condition, duration_s: float) -> None:
        """Sleep on `condition`."""
        condition.wait(duration_s)


def boot_ns() -> int:
    """A time that goes on while the machine is suspended, where it has one; only differences mean anything."""
    return time.clock_gettime_ns(_BOOT)


def slept_ns() -> int:
    """How long the machine has been suspended since it started, as far as it tells; the monotonic clock leaves that out."""
    return boot_ns() - time.monotonic_ns()


class SteadyClock(SystemClock):
    """UTC as read once at the start and carried on by the monotonic clock: setting the wall clock does not move it.

    `ahead_ns` + monotonic ns = UTC ns; what the machine has slept is taken in by `refresh`. Only where the exchange's
    time says that the machine's clock was set right does this one follow (`side`).
    """

    def __init__(
        self, clock: Clock | None = None, slept_ns: Callable[[], int] = slept_ns, boot_ns: Callable[[], int] = boot_ns
    ) -> None:
        self._clock = clock or SystemClock()
        self._slept_ns = slept_ns
        self._slept_before_ns = slept_ns()
        self._boot_ns = boot_ns
        self._looked_ns = boot_ns()
        self._start_ns = self.ahead_ns = self._followed_ns = self._apart_ns()

    def _apart_ns(self) -> int:
        return self._clock.wall_ns() - self._clock.monotonic_ns()

    def wall_ns(self) -> int:
        """UTC, in nanoseconds since the epoch; apart from the machine's wall clock by what that was moved since."""
        return self._clock.monotonic_ns() + self.ahead_ns

    def monotonic_ns(self) -> int:
        """The monotonic clock below."""
        return self._clock.monotonic_ns()

    def refresh(self) -> None:
        """Take in what the machine has slept since the last look."""
        slept_ns = self._slept_ns() - self._slept_before_ns
        # Two clocks read one after the other never quite agree.
        if abs(slept_ns - (self.ahead_ns - self._start_ns)) > _SECOND_NS:
            self.ahead_ns = self._start_ns + slept_ns

    def catch_up(self) -> None:
        """Take in a sleep that ended just now; cheap enough to come before every stamp."""
        boot_ns = self._boot_ns()
        if boot_ns - self._looked_ns > _SECOND_NS:
            self.refresh()
        self._looked_ns = boot_ns

    def apart_ns(self) -> int:
        """How far the machine's wall clock is ahead of this one."""
        return self._apart_ns() - self.ahead_ns

    def side(self, lag_ms: float) -> int:
        """Take the machine's wall clock over where it was set right: how far this one was moved, in ns; 0 = not.

        `lag_ms` is how far this clock is ahead of the exchange's time. The machine is right where it is within a minute
        of that and this clock is not, as after a start ahead of the first answer of a time server.
        """
        step_ns = self.apart_ns()
        off_ns = round(lag_ms * 1_000_000)
        if abs(off_ns) <= _AGREES_NS or abs(off_ns + step_ns) > _AGREES_NS:
            return 0
        self._start_ns += step_ns  # first, so that a `refresh` in another thread finds what is right
        self.ahead_ns += step_ns
        return step_ns

    def stepped_ns(self) -> int:
        """How far the machine's wall clock was moved against the monotonic one since the last `follow`, sleep included."""
        return self._apart_ns() - self._followed_ns

    def follow(self) -> None:
        """Take the machine's wall clock as it is now for granted; what `wall_ns` says stays as it was."""
        self._followed_ns = self._apart_ns()


class ContinuedClock(SystemClock):
    """The time of day of a run that was left at `wall_ns` (UTC), going on from there, whatever the machine says it is."""

    def __init__(self, wall_ns: int) -> None:
        self._ahead_ns = wall_ns - self.monotonic_ns()

    def wall_ns(self) -> int:
        """UTC of the run, in nanoseconds since the epoch."""
        return self.monotonic_ns() + self._ahead_ns


class MarketClock:
    """The market's time of day: another clock's, less the `ahead_ms` by which stamps of exchanges find that one ahead.

    By it hours are asked, from any thread; whoever holds the turn sets `ahead_ms`.
    """

    __slots__ = ("_clock", "ahead_ms")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead_ms = 0

    @property
    def now_ms(self) -> int:
        """UTC, in milliseconds since the epoch."""
        return self.wall_ns() // 1_000_000

    def wall_ns(self) -> int:
        """UTC, in nanoseconds since the epoch."""
        return self._clock.wall_ns() - self.ahead_ms * 1_000_000

    def monotonic_ns(self) -> int:
        """The monotonic clock below."""
        return self._clock.monotonic_ns()

    def wait(self, condition: Condition, duration_s: float) -> None:
        """Wait by the clock below."""
        self._clock.wait(condition, duration_s)


class VirtualClock:
    """A clock that stands still until it is moved: a replay's time of day, and the double of tests.

    Whoever holds the turn sets `at_ms`, its wall time, to that of the tick at hand; what is let pass is added to it.
    """

    __slots__ = ("_beyond_ns", "_passed_ns", "at_ms")

    def __init__(self, wall_ns: int = 0) -> None:
        self.set(wall_ns)
        self._passed_ns = 0

    def set(self, wall_ns: int) -> None:
        """Make `wall_ns` its wall time; no time passes by that."""
        self.at_ms, self._beyond_ns = divmod(wall_ns, 1_000_000)

    def wall_ns(self) -> int:
        """UTC of the recording, in nanoseconds."""
        return self.at_ms * 1_000_000 + self._beyond_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds that were let pass so far."""
        return self._passed_ns

    def advance(self, duration_ns: int) -> None:
        """Let `duration_ns` pass."""
        self._beyond_ns += duration_ns
        self._passed_ns += duration_ns

    def wait(self, condition: Condition, duration_s: float) -> None:  # noqa: ARG002 - nobody need be awaited
        """Let the time pass at once."""
        self.advance(round(duration_s * 1e9))
