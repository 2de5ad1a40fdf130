"""The day's chart of one instrument, for screens: bars of bounded number. Decides nothing."""

from array import array
from struct import Struct
from typing import Final

from engine.model.bars import AT, LINES, Bar, merged

STEP_MS: Final = 5000
COARSE_STEP_MS: Final = 60_000  # where the instruments are many
_MOST: Final = 400  # bars, eight bytes a value: of a session of 6:15 h one each minute at its end
_COARSE_MOST: Final = 120
_STEPS_MS: Final = tuple(1000 * step_s for step_s in (5, 10, 30, 60, 120, 300, 600, 1800, 3600))


class Chart:
    """The day's bars, oldest first; where they become too many, longer ones, so that the whole day and every high and low stay.

    Reading is safe beside the turn: the copy that it begins with is atomic, and so is adding a bar.
    """

    __slots__ = ("_first_ms", "_flat", "_most_values", "_pack", "_values", "begun_ms", "interval_ms")

    def __init__(self, interval_ms: int, lines: int = 0) -> None:
        self._first_ms = interval_ms
        self._values = LINES + lines  # of a bar
        self._most_values = (_MOST if interval_ms < COARSE_STEP_MS else _COARSE_MOST) * self._values
        self._pack = Struct(f"{self._values}q").pack  # twice as fast as extending an array by a tuple
        self.interval_ms = interval_ms  # of each bar
        self.begun_ms = 0  # when the day's first tick was; 0 before it
        self._flat = array("q")

    def bars(self) -> tuple[Bar, ...]:
        """All bars that are over."""
        values = iter(self._flat[:])
        return tuple(zip(*[values] * self._values, strict=False))

    def add(self, bar: Bar) -> None:
        """Add the newest bar."""
        flat, values = self._flat, self._values
        if flat and flat[-values] >= bar[AT]:  # a longer one has taken its place
            known = tuple(flat[-self._values :])
            bar = merged((known, bar), 2 * self.interval_ms, known[AT])[0]
            self._flat = flat = flat[: -self._values]
        flat.frombytes(self._pack(*bar))
        if len(flat) > self._most_values:
            longer_ms = next((step for step in _STEPS_MS if step > self.interval_ms), 2 * self.interval_ms)
            self._flat = array("q", (value for each in merged(self.bars(), longer_ms) for value in each))
            self.interval_ms = longer_ms

    def clear(self) -> None:
        """Begin a day."""
        self._flat = array("q")
        self.interval_ms = self._first_ms
        self.begun_ms = 0

    def cut(self, last_ms: int) -> None:
        """Forget every bar that was not over at `last_ms`."""
        kept = [bar for bar in self.bars() if bar[AT] + self.interval_ms <= last_ms]
        self._flat = array("q", (value for bar in kept for value in bar))
        if self.begun_ms > last_ms:
            self.begun_ms = 0
