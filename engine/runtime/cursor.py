"""Where a run is among its ticks: which may come next, how many were worked, when something is due. Knows no trader."""

from typing import Final

NEVER: Final = 1 << 62
_HELD: Final = -1


class Cursor:
    """The numbers of a run's ticks; changed within the turn only, read from anywhere.

    `expected` is the number of the only tick that may come next on a lossless feed; -1 stands for none (a replay that is
    held). `holes` counts numbers that never came (merged in the inbox, or lost), `stale` ticks of before a seek, thrown
    away. After tick number `milestone` something is due. `came_ns` and `decided_ns` (monotonic) are the newest tick's.
    """

    __slots__ = ("came_ns", "decided_ns", "expected", "holes", "last_seq", "lossless", "milestone", "stale")

    def __init__(self, *, lossless: bool, after: int = 0) -> None:
        """Begin; the first `after` ticks of the session are left out, for an earlier run has worked them."""
        self.lossless = lossless
        self.last_seq = self.holes = after
        self.expected = after + 1
        self.stale = 0
        self.milestone = NEVER
        self.came_ns = self.decided_ns = 0

    def accepts(self, seq: int) -> bool:
        """Judge a tick that is not the expected one: on a live feed a merge leaves holes, nothing ever comes twice."""
        if self.lossless or seq <= self.last_seq:
            self.stale += 1
            return False
        self.holes += seq - self.last_seq - 1
        return True

    def hold(self) -> None:
        """No tick may come."""
        self.expected = _HELD

    def go_on(self) -> None:
        """The tick after the last one may come."""
        self.expected = self.last_seq + 1

    @property
    def position(self) -> int:
        """How many ticks were worked: the place in a recording of this run."""
        return self.last_seq - self.holes

    @property
    def deciding(self) -> bool:
        """Whether a tick was taken and is not decided; read beside the turn."""
        return 0 < self.expected <= self.last_seq
