"""The states after certain ticks of a replay, put aside for going back.

They are kept as bytes: a fifth of the memory that a dict takes, and nobody can change them.
"""

import marshal
from bisect import bisect_right

from engine.model.state import Fields

_MOST = 64  # of a session of two million ticks one each 40,000: run again in a tenth of a second
_MOST_BYTES = 64_000_000  # with a thousand instruments one state has half a megabyte


class SavedStates:
    """The deciding state after certain ticks; when they are too many or too much, every second one is forgotten."""

    def __init__(self, interval_ticks: int, most_bytes: int = _MOST_BYTES) -> None:
        self._interval = interval_ticks
        self._most_bytes = most_bytes
        self._saved: list[tuple[int, int, bytes]] = []

    def next_after(self, seq: int) -> int:
        """The tick number after which the next state is wanted."""
        return (seq // self._interval + 1) * self._interval

    def save(self, seq: int, now_ms: int, fields: Fields) -> None:
        """Put the state after tick `seq` aside, unless that one is there already."""
        if self._saved and self._saved[-1][0] >= seq:
            return
        self._saved.append((seq, now_ms, marshal.dumps(fields)))
        while len(self._saved) > 1 and (len(self._saved) > _MOST or self.size_bytes > self._most_bytes):
            self._interval *= 2
            self._saved = [saved for saved in self._saved if saved[0] % self._interval == 0]

    @property
    def size_bytes(self) -> int:
        """What all of them take together."""
        return sum(len(fields) for _, _, fields in self._saved)

    def clear(self) -> None:
        """Forget all of them."""
        self._saved.clear()

    def nearest(self, seq: int) -> tuple[int, int, Fields]:
        """The newest state after `seq` ticks or fewer, as (tick number, its ms, fields); later ones are forgotten."""
        count = bisect_right(self._saved, seq, key=lambda saved: saved[0])
        del self._saved[count:]
        at_seq, now_ms, fields = self._saved[-1]
        return at_seq, now_ms, marshal.loads(fields)  # noqa: S302 - our own bytes, of this very process
