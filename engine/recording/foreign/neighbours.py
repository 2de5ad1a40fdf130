"""Judges the times of one instrument's rows by their neighbours: strays, and places where the whole file goes back. Knows no file.

A row is a stray when the rows around it are in order without it. Rows behind such a place are looked at before it is
judged, so this is for files only: whoever trades cannot wait for them.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

REACH: Final = 32  # rows on either side of a step back that are asked
_STRAYS_SHARE: Final = 4  # at most every so many-th of those asked is a stray; else the file itself goes back
_FAR: Final = 4  # a stray this many times as far off as its neighbours cover stays one in a file without any order
_FAR_MS: Final = 60_000
_PLAIN: Final = 10  # a choice of strays whose rest has gaps this much smaller is the right one
_LAST_ROWS: Final = 3  # at the file's end may be strays although nothing follows them,
_ALONE: Final = 20  # where the gap before them is so many times any other near them,
_ALONE_MS: Final = (3_600_000, 43_200_000)  # and hours, but no night
_STEPS_KEPT: Final = 1000
MOST_KEPT: Final = 10_000  # strays told one by one


class StrayRow(NamedTuple):
    """A row whose time contradicts its neighbours: later than they are (`ahead`) or earlier; `far` off even where nothing is in order."""

    row: int
    at_ms: int
    ahead: bool
    far: bool


class StepBack(NamedTuple):
    """A place where a file goes back in time and stays there: its row, the newest time before it, and its own; `few`: strays as likely."""

    row: int
    before_ms: int
    at_ms: int
    few: bool  # there are only some rows before it, or behind

    @property
    def size_ms(self) -> int:
        """How far it goes."""
        return abs(self.before_ms - self.at_ms)


class Neighbours:
    """The rows of one instrument as they come; `direction` is -1 for a file whose newest row is its first."""

    __slots__ = (
        "_direction",
        "_kept",
        "_newest",
        "_tolerance_ms",
        "_waiting",
        "breaks",
        "falls",
        "first_break",
        "loose",
        "rises",
        "steps_back",
        "strays",
    )

    def __init__(self, direction: int, tolerance_ms: int) -> None:
        self._direction = direction
        self._tolerance_ms = tolerance_ms
        self._newest = -(1 << 62)
        self._kept: deque[tuple[int, int]] = deque(maxlen=REACH)  # (time along the direction, row) of the last in order
        self._waiting: list[tuple[int, int]] = []  # the row that went back and those behind it
        self.rises = self.falls = 0  # steps along the direction, and against it
        self.breaks = self.first_break = 0  # places where the file goes back and stays there; the first one's row
        self.steps_back: list[
            StepBack
        ] = []  # the first of the breaks, and of strays at the beginning or the end that may be none
        self.strays: dict[int, StrayRow] = {}
        self.loose = 0  # how many strays there were, those not kept included

    def add(self, at_ms: int, row: int) -> None:
        """The next row."""
        at = at_ms * self._direction
        if not self._waiting:
            if at >= self._newest - self._tolerance_ms:
                if at > self._newest:
                    self._newest = at
                    self.rises += 1
                elif at < self._newest:
                    self.falls += 1
                self._kept.append((at, row))
                return
            self.falls += 1
        elif at > (before := self._waiting[-1][0]):
            self.rises += 1
        elif at < before:
            self.falls += 1
        self._waiting.append((at, row))
        if len(self._waiting) >= REACH:
            self.settle()

    def end(self) -> None:
        """The file is over: judge what waits, and whether its last rows stand alone."""
        self.settle()
        rows = list(self._kept)
        for count in range(1, _LAST_ROWS + 1 if len(rows) == REACH else 0):
            gap = rows[-count][0] - rows[-count - 1][0]
            near = max(b[0] - a[0] for a, b in pairwise(rows[:-count]))
            if _ALONE_MS[0] <= gap <= _ALONE_MS[1] and gap > _ALONE * near:
                for at, row in rows[-count:]:
                    self._note(at, row, ahead=True, far=True)

    def settle(self) -> None:
        """Judge what waits: enough rows have come, or the file is over."""
        if not self._waiting:
            return
        asked = [*self._kept, *self._waiting]
        times = [at for at, _ in asked]
        kept = _in_order(times, self._tolerance_ms)
        if (len(asked) - len(kept)) * _STRAYS_SHARE <= max(len(asked), _STRAYS_SHARE):
            self._leave_out(asked, kept)
            before = bisect_left(kept, len(self._kept))  # how many of those before the place are kept
            left_out = len(self._kept) if not before else len(self._waiting) if before == len(kept) else 0
            if left_out:
                self._note_step(few=left_out <= _LAST_ROWS)
        else:
            self._note_step(few=False)
            if not self.breaks:
                self.first_break = self._waiting[0][1]
            self.breaks += 1
            asked = self._without_far(asked, len(self._kept))
            kept = _in_order([at for at, _ in asked], self._tolerance_ms)
        self._waiting = []
        self._kept.clear()
        self._kept.extend(asked[place] for place in kept)
        self._newest = max((at for at, _ in self._kept), default=-(1 << 62))

    def _note_step(self, *, few: bool) -> None:
        if len(self.steps_back) < _STEPS_KEPT:
            (at, row), way = self._waiting[0], self._direction
            self.steps_back.append(StepBack(row, self._newest * way, at * way, few))

    def _leave_out(self, asked: Sequence[tuple[int, int]], kept: Sequence[int]) -> None:
        """Note the rows of `asked` that are not `kept`."""
        spread = asked[kept[-1]][0] - asked[kept[0]][0]
        for place in sorted(set(range(len(asked))) - set(kept)):
            at, row = asked[place]
            behind = bisect_right(kept, place)
            next_at = asked[kept[behind]][0] if behind < len(kept) else None
            before_at = asked[kept[behind - 1]][0] if behind else None
            ahead = next_at is not None and at > next_at
            off = at - next_at if ahead and next_at is not None else before_at - at if before_at is not None else 0
            self._note(at, row, ahead=ahead, far=off > max(_FAR_MS, _FAR * spread))

    def _without_far(self, asked: Sequence[tuple[int, int]], before: int) -> list[tuple[int, int]]:
        """The rows behind a break without those that nothing near them comes close to."""
        rows = list(asked[before:])
        if len(rows) < REACH // 2:
            return rows
        times = sorted(at for at, _ in rows)
        low, middle, high = (times[len(times) * tenth // 10] for tenth in (1, 5, 9))
        limit = max(_FAR_MS, _FAR * (high - low))
        for at, row in rows:
            if abs(at - middle) > limit:
                self._note(at, row, ahead=at > middle, far=True)
        return [each for each in rows if abs(each[0] - middle) <= limit]

    def _note(self, at: int, row: int, *, ahead: bool, far: bool) -> None:
        if row in self.strays:
            return
        self.loose += 1
        if far or len(self.strays) < MOST_KEPT:
            forward = self._direction > 0
            self.strays[row] = StrayRow(row, at * self._direction, ahead is forward, far)


def _in_order(times: Sequence[int], tolerance_ms: int) -> list[int]:
    """The places of the most rows that are in order; of two choices the earlier rows, unless the gaps speak clearly against it."""
    level = [
        before if before - tolerance_ms <= at < before else at
        for before, at in zip((times[0], *times), times, strict=False)
    ]
    late = _longest(level)
    count = len(level)
    early = [count - 1 - place for place in reversed(_longest([-at for at in reversed(level)]))]
    if early == late:
        return early
    return late if _PLAIN * _widest(level, late) < _widest(level, early) else early


def _longest(values: Sequence[int]) -> list[int]:
    """The places of a longest stretch of values that never fall, those between them left out."""
    ends: list[int] = []  # the lowest value that a stretch of each length ends with
    places: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        length = bisect_right(ends, value)
        before.append(places[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            places.append(place)
        else:
            ends[length], places[length] = value, place
    found = []
    place = places[-1]
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


def _widest(values: Sequence[int], places: Sequence[int]) -> int:
    return max((values[b] - values[a] for a, b in pairwise(places)), default=0)
