"""Time as a lane counts it: what has passed, and when it may go on after the broker wanted to be left alone. Knows no clock."""

from typing import Final

_LONGEST_DOUBLING: Final = 4  # 1, 2, 4, 4 … times what was told


class LaneClock:
    """`ms` never falls: a clock that is set back costs nothing, and one that jumps ahead lets waits end early.

    `doubling`: the broker is asked less and less often while it goes on refusing; else it gets what it wants and no more.
    """

    __slots__ = ("_doubling", "_factor", "_last_ms", "_until_ms", "ms")

    def __init__(self, *, doubling: bool) -> None:
        self.ms = 0
        self._last_ms: int | None = None
        self._until_ms = 0
        self._doubling = doubling
        self._factor = 1

    def follow(self, now_ms: int) -> int:
        """Go on to `now_ms` of the clock outside; `ms`."""
        if self._last_ms is not None and now_ms > self._last_ms:
            self.ms += now_ms - self._last_ms
        self._last_ms = now_ms
        return self.ms

    @property
    def pause_ms(self) -> int:
        """For how long nothing is to be asked."""
        return max(0, self._until_ms - self.ms)

    def answered(self, wait_s: float) -> None:
        """The broker has answered, and wants to be left alone for so long."""
        if wait_s <= 0:
            self._factor = 1
            return
        self._until_ms = max(self._until_ms, self.ms + round(wait_s * 1_000) * self._factor)
        if self._doubling:
            self._factor = min(_LONGEST_DOUBLING, self._factor * 2)
