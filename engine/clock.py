"""Two clocks behind one protocol: the system's, and a virtual one that a replay moves. Nothing else reads the time of day."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the program's idea of now comes from."""

    def wall_ns(self) -> int:
        """UTC now, in nanoseconds since the epoch."""
        ...

    def monotonic_ns(self) -> int:
        """A time that never steps back, in nanoseconds; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clocks."""

    wall_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.perf_counter_ns)


class VirtualClock:
    """A clock that stands still until it is moved: wall time of a recording, and the double of tests."""

    def __init__(self, wall_ns: int = 0) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = 0

    def wall_ns(self) -> int:
        """UTC of the recording, in nanoseconds."""
        return self._wall_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds by which the clock was moved forward so far."""
        return self._monotonic_ns

    def move_to(self, wall_ns: int) -> None:
        """Set the wall time; the monotonic time advances by the same, never back."""
        self._monotonic_ns += max(0, wall_ns - self._wall_ns)
        self._wall_ns = wall_ns

    def advance(self, duration_ns: int) -> None:
        """Move both times forward by `duration_ns`."""
        self.move_to(self._wall_ns + duration_ns)
