"""Going back in a replay: states put aside every few thousand ticks, and the nearest one taken back.

They are kept as bytes: a fifth of the memory that a dict takes, and nobody can change them.
"""

import marshal
from bisect import bisect_right

from engine.state import Fields

_KEPT = 512


class SavedStates:
    """The deciding state after certain ticks; when there are too many, every second one is forgotten."""

    def __init__(self, interval_ticks: int) -> None:
        self._interval = interval_ticks
        self._saved: list[tuple[int, int, bytes]] = []

    def next_after(self, seq: int) -> int:
        """The tick number after which the next state is wanted."""
        return (seq // self._interval + 1) * self._interval

    def save(self, seq: int, now_ms: int, fields: Fields) -> None:
        """Put the state after tick `seq` aside, unless that one is there already."""
        if self._saved and self._saved[-1][0] >= seq:
            return
        self._saved.append((seq, now_ms, marshal.dumps(fields)))
        if len(self._saved) > _KEPT:
            self._interval *= 2
            self._saved = [saved for saved in self._saved if saved[0] % self._interval == 0]

    def nearest(self, seq: int) -> tuple[int, int, Fields]:
        """The newest state after `seq` ticks or fewer, as (tick number, its ms, fields); later ones are forgotten."""
        count = bisect_right(self._saved, seq, key=lambda saved: saved[0])
        del self._saved[count:]
        at_seq, now_ms, fields = self._saved[-1]
        return at_seq, now_ms, marshal.loads(fields)  # noqa: S302 - our own bytes, of this very process
