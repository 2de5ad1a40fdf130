"""The time of the simulated broker while it is served: ours, in whole milliseconds that never fall. Decides nothing."""

from time import time_ns

from tests.simulator.loop import now_ns

_MS = 1_000_000


class OrderClock:
    """UTC in ms, counted on from the start by the monotonic clock."""

    def __init__(self) -> None:
        self._start_ns = now_ns()
        self._start_ms = time_ns() // _MS

    @property
    def now_ms(self) -> int:
        """What time it is."""
        return self._start_ms + (now_ns() - self._start_ns) // _MS

    def ns_of(self, at_ms: int) -> int:
        """A time as the loop has it."""
        return self._start_ns + (at_ms - self._start_ms) * _MS
