"""Two clocks behind one protocol: the system's, and a virtual one that a replay or a test moves.

Nothing else reads the time of day.
"""

import time
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

    wall_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.perf_counter_ns)

    def wait(self, condition: Condition, duration_s: float) -> None:
        """Sleep on `condition`."""
        condition.wait(duration_s)


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
