"""Whether the exchange's numbers of an instrument are a chain, so that a jump is a loss. Knows no packet and no socket.

Some streams number what they send (1, 2, 3: a jump is a loss), others only stamp it with a number that rises. Which of
the two SmartAPI's "sequence" is, differs by segment and is documented nowhere; so it is learned, per instrument:

* 20 steps of exactly +1 in a row, on one link, make a chain. A numbering that merely rises does not do that by chance.
* From then on each +1 earns one point (up to 36) and each jump costs four; at none left it is no chain any more, and 20 in
  a row must be seen again. So a numbering that turns out to jump at nearly every step is dropped as a chain after at most
  nine jumps (before the ten that halt entries by default), while real losses, with runs of +1 between them, keep
  counting as such: even one packet lost in three halts entries before it ends the chain.
"""

from typing import Final, Literal

from engine.model.types import FLAG_UNCHAINED

Rule = Literal["auto", "chained", "rising"]

_IN_A_ROW: Final = 20
_MOST: Final = 36
_JUMP: Final = 4


class SequenceTracker:
    """Judges the numbers of each of `count` instruments; `rule` "chained" or "rising" says it once and for all."""

    __slots__ = ("_always", "_chained", "_last", "_points")

    def __init__(self, count: int, rule: Rule) -> None:
        self._always = {"auto": None, "chained": 0, "rising": FLAG_UNCHAINED}[rule]
        self._last = [0] * count
        self._points = [0] * count
        self._chained = [False] * count

    def link_up(self) -> None:
        """A new link: its first numbers follow none, and a row that was not long enough is broken."""
        self._last = [0] * len(self._last)
        self._points = [points if chained else 0 for points, chained in zip(self._points, self._chained, strict=True)]

    def grow(self, more: int) -> None:
        """Judge so many instruments more."""
        self._last += [0] * more
        self._points += [0] * more
        self._chained += [False] * more

    def begin(self, instrument: int) -> None:
        """Its next number follows none."""
        self._last[instrument] = self._points[instrument] = 0
        self._chained[instrument] = False

    def flag(self, instrument: int, number: int) -> int:
        """FLAG_UNCHAINED or 0 for the tick that brings `number`; 0 is no number and judged by nobody."""
        if self._always is not None:
            return self._always
        if not number:
            return 0
        last = self._last[instrument]
        if number != last:  # the same again says nothing
            self._last[instrument] = number
            if number == last + 1:
                if self._points[instrument] < _MOST:
                    self._follows(instrument)
            elif number > last > 0:
                self._jumps(instrument)
        return 0 if self._chained[instrument] else FLAG_UNCHAINED

    def _follows(self, instrument: int) -> None:
        self._points[instrument] += 1
        if self._points[instrument] >= _IN_A_ROW:
            self._chained[instrument] = True

    def _jumps(self, instrument: int) -> None:
        left = self._points[instrument] - _JUMP if self._chained[instrument] else 0
        self._points[instrument] = max(left, 0)
        if left <= 0:
            self._chained[instrument] = False
