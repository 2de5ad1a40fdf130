"""What is told of things that go on: their beginning and their changes; the rest is counted. Decides nothing of the trade.

None of it is part of the deciding state; a replay that goes back takes it back beside that, so that the same ticks tell the same.
"""

from typing import Final

import msgspec

CALM_MS: Final = 60_000  # so long without a silence, and the stretch of them is over
TOLD_WHILE_HELD: Final = 10  # silences of a stretch told one by one while a position is open; then one a minute
_LOUDER: Final = 2  # a silence so many times as long as the longest one told is news
AGAIN_MS: Final = 300_000  # a reason told within is not told again
MOST_REASONS: Final = 16  # told within that time; a strategy may make its reasons up


class Silences:
    """The present stretch of silences of one instrument: it begins with one and is over when none came for a minute.

    Told are the first, any that is twice as long as what was told, and while a position is open the first few and then
    one a minute; `untold` counts the others, `longest_ms` is the longest of the stretch, `since_ms` when it began.
    """

    __slots__ = ("_held_told", "_told_at_ms", "_told_ms", "_until_ms", "longest_ms", "since_ms", "untold")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the stretch: there is none."""
        self.untold = self.longest_ms = self.since_ms = 0
        self._until_ms = 0  # when it is over, if nothing follows; 0: there is none
        self._told_ms = self._told_at_ms = self._held_told = 0

    def over(self, at_ms: int) -> bool:
        """Whether there was a stretch that has ended by `at_ms`."""
        return 0 < self._until_ms < at_ms

    def counts(self, gap_ms: int, now_ms: int) -> bool:
        """Count a silence of what is not held where it is no news; else False, and it is for `note`.

        One call, because a thousand instruments that are rarely traded are silent with every tick.
        """
        if now_ms - gap_ms > self._until_ms or gap_ms >= _LOUDER * self._told_ms:
            return False
        self._until_ms = now_ms + CALM_MS
        if gap_ms > self.longest_ms:
            self.longest_ms = gap_ms
        self.untold += 1
        return True

    def note(self, gap_ms: int, now_ms: int, *, held: bool) -> int | None:
        """Take a silence that ends now; how many untold ones it is told with, or None when it is counted only."""
        if not self._until_ms:
            self.since_ms = now_ms - gap_ms
        self._until_ms = now_ms + CALM_MS
        self.longest_ms = max(self.longest_ms, gap_ms)
        if not self._is_news(gap_ms, now_ms, held=held):
            self.untold += 1
            return None
        self._told_ms = max(self._told_ms, gap_ms)
        self._told_at_ms = now_ms
        self._held_told += held
        untold, self.untold = self.untold, 0
        return untold

    def dump(self) -> list[int]:
        """The stretch as numbers, for `load`."""
        return [getattr(self, name) for name in self.__slots__]

    def load(self, numbers: list[int]) -> None:
        """Take back what `dump` gave."""
        for name, number in zip(self.__slots__, numbers, strict=True):
            setattr(self, name, number)

    def _is_news(self, gap_ms: int, now_ms: int, *, held: bool) -> bool:
        if gap_ms >= _LOUDER * self._told_ms:
            return True
        return held and (self._held_told < TOLD_WHILE_HELD or now_ms - self._told_at_ms >= CALM_MS)


class EntryRefusals:
    """Why one instrument is not entered, as far as it was told: a reason at most once in five minutes; `untold` counts the others."""

    __slots__ = ("_told_at_ms", "untold")

    def __init__(self) -> None:
        self._told_at_ms: dict[str, int] = {}
        self.untold = 0

    def note(self, reason: str, now_ms: int) -> int | None:
        """Take a change to `reason`; how many untold ones it is told with, or None when it is counted only."""
        told = self._told_at_ms
        at_ms = told.get(reason)
        if at_ms is None and len(told) >= MOST_REASONS:
            told = self._told_at_ms = {each: ms for each, ms in told.items() if now_ms - ms < AGAIN_MS}
        recent = at_ms is not None and now_ms - at_ms < AGAIN_MS
        if recent or (at_ms is None and len(told) >= MOST_REASONS):
            self.untold += 1
            return None
        told[reason] = now_ms
        untold, self.untold = self.untold, 0
        return untold

    def dump(self) -> str:
        """What was told and counted, as a text for `load`."""
        return msgspec.json.encode((self.untold, self._told_at_ms)).decode()

    def load(self, text: str) -> None:
        """Take back what `dump` gave."""
        self.untold, self._told_at_ms = msgspec.json.decode(text, type=tuple[int, dict[str, int]])

    def entered(self) -> None:
        """An entry came between: whatever refuses from now on is told anew."""
        self._told_at_ms.clear()

    def clear(self) -> None:
        """Forget what was told and counted."""
        self._told_at_ms.clear()
        self.untold = 0
