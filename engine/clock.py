"""Clocks behind one protocol: the system's, a steady one for live decisions, and a virtual one that a replay or a test moves.

Nothing else reads the time of day.
"""

import time
from collections.abc import Callable
from threading import Condition
from typing import Protocol


class Clock(Protocol):
    """Where the program's idea of now comes from."""

    def wall_ns(self) -> int:
        """UTC now, in nanoseconds since the epoch."""
        ...

    def monotonic_ns(self) -> int:
        """A time that never steps back, in nanoseconds; only differences mean anything."""
        ...

    def wait(self, condition: Condition, duration_s: float) -> None:
        """Let `duration_s` pass, or less when `condition` (held by the caller) is notified."""
        ...


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


def slept_ns() -> int:
    """How long the machine has been suspended since it started, as far as it tells; the monotonic clock leaves that out."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0 if boot is None else time.clock_gettime_ns(boot) - time.monotonic_ns()


class SteadyClock(SystemClock):
    """UTC as read once at the start and carried on by the monotonic clock: setting the wall clock does not move it.

    `ahead_ns` + monotonic ns = UTC ns; what the machine has slept is taken in by `refresh`.
    """

    def __init__(self, clock: Clock | None = None, slept_ns: Callable[[], int] = slept_ns) -> None:
        self._clock = clock or SystemClock()
        self._slept_ns = slept_ns
        self._slept_before_ns = slept_ns()
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
        if abs(slept_ns - (self.ahead_ns - self._start_ns)) > 1_000_000_000:
            self.ahead_ns = self._start_ns + slept_ns

    def stepped_ns(self) -> int:
        """How far the machine's wall clock was moved against the monotonic one since the last `follow`, sleep included."""
        return self._apart_ns() - self._followed_ns

    def follow(self) -> None:
        """Take the machine's wall clock as it is now for granted; what `wall_ns` says stays as it was."""
        self._followed_ns = self._apart_ns()


class VirtualClock:
    """A clock that stands still until it is moved: a replay's time of day, and the double of tests.

    `now_ns` is its wall time; whoever holds the turn sets it to the time of the tick at hand.
    """

    def __init__(self, wall_ns: int = 0) -> None:
        self.now_ns = wall_ns
        self._passed_ns = 0

    def wall_ns(self) -> int:
        """UTC of the recording, in nanoseconds."""
        return self.now_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds that were let pass so far."""
        return self._passed_ns

    def advance(self, duration_ns: int) -> None:
        """Let `duration_ns` pass."""
        self.now_ns += duration_ns
        self._passed_ns += duration_ns

    def wait(self, condition: Condition, duration_s: float) -> None:  # noqa: ARG002 - nobody need be awaited
        """Let the time pass at once."""
        self.advance(round(duration_s * 1e9))
