"""A sparse index of a file of ticks: where every so many ticks begin, and how early they are. Knows no format."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

from msgspec import Struct

from engine.model.types import Tick


class Stretch(Struct, frozen=True):
    """Number of the first tick of a stretch, its offset in the file, and what else the format counts up to there."""

    number: int
    offset: int
    counted: int


class SparseIndex:
    """Stretches of at least `spacing` ticks, in order; 32 bytes each, whatever the file holds."""

    def __init__(self, spacing: int, start: Stretch) -> None:
        self.total = -1  # number of ticks, once a reading came to the end
        self._spacing = spacing
        self._start = start
        self._numbers = array("q")
        self._offsets = array("q")
        self._counted = array("q")
        self._earliest_ms = array("q")
        self._last_seen = 0

    def add(self, number: int, offset: int, counted: int, earliest_ms: int) -> None:
        """Note what begins with tick `number`; what an earlier reading noted already is passed over."""
        if number <= self._last_seen:
            return
        self._last_seen = number
        if self._numbers and number < self._numbers[-1] + self._spacing:
            self._earliest_ms[-1] = min(self._earliest_ms[-1], earliest_ms)
            return
        self._numbers.append(number)
        self._offsets.append(offset)
        self._counted.append(counted)
        self._earliest_ms.append(earliest_ms)

    def before(self, number: int) -> Stretch:
        """The last known stretch that begins at or before tick `number`."""
        found = bisect_right(self._numbers, number) - 1
        if found < 0:
            return self._start
        return Stretch(self._numbers[found], self._offsets[found], self._counted[found])

    def number_at(self, at_ms: int, ticks: Callable[[int], Iterator[Tick]]) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`, looked for in the stretches that may hold it; else 0."""
        behind = self.total + 1
        for number, earliest_ms in zip(reversed(self._numbers), reversed(self._earliest_ms), strict=True):
            if earliest_ms <= at_ms:
                stretch = islice(ticks(number), behind - number)
                found = max((tick.seq for tick in stretch if tick.exch_ms <= at_ms), default=0)
                if found:
                    return found
            behind = number
        return 0
