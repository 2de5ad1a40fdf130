"""Where times and prices lie on a chart: round ends for both axes, and the path in columns of dots. Pure.

A screen draws it in cells, a report in pixels: a dot here is whatever they have.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from msgspec import Struct

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1800, 3600)  # of a dot column


class Scale(Struct, frozen=True):
    """Where a time and a price lie on a canvas of `across` × `down` dots; a dot column is `step_ms` long.

    Both axes have round ends, so that the picture grows to the right and seldom moves: a moving one costs bytes.
    """

    first_ms: int
    step_ms: int
    low: int
    high: int
    across: int
    down: int

    def x(self, ms: int) -> int:
        """Dot column of a time; off the canvas for one outside."""
        return (ms - self.first_ms) // self.step_ms

    def y(self, price: int) -> int:
        """Dot row of a price (0 = top); off the canvas for one outside."""
        return (self.high - price) * (self.down - 1) // max(1, self.high - self.low)


def price_range(prices: Sequence[int], levels: Sequence[int]) -> tuple[int, int]:
    """Lowest and highest price shown; a level is taken in unless it would flatten the path by more than half."""
    low, high = min(prices), max(prices)
    room = max(high - low, 2)
    near = [level for level in levels if low - room // 2 <= level <= high + room // 2]
    low, high = min([low, *near]), max([high, *near])
    step = round_step((high - low) // 8)
    low, high = low // step * step, -(-high // step) * step
    return (low - 1, high + 1) if low == high else (low, high)


def round_step(size: int) -> int:
    """The largest of 1, 2, 5, 10, 20, 50 … that is not above `size`, at least 1."""
    if size < 2:
        return 1
    power: int = 10 ** (len(str(size)) - 1)
    return power * (5 if size >= 5 * power else 2 if size >= 2 * power else 1)


def time_step(span_ms: int, across: int) -> int:
    """How long a dot column is, so that `span_ms` has room in one less than `across` columns."""
    for step_s in _STEPS_S:
        if span_ms < (across - 1) * step_s * 1000:
            return step_s * 1000
    step_ms = _STEPS_S[-1] * 1000
    while span_ms >= (across - 1) * step_ms:
        step_ms *= 2
    return step_ms


def columns(history: Sequence[tuple[int, int]], scale: Scale) -> Iterator[tuple[int, int, int] | None]:
    """Per dot column the dot rows of the highest, lowest and newest price of its stretch of time."""
    prices = [price for _, price in history]
    begin = 0
    for x in range(scale.across):
        end = bisect_left(history, (scale.first_ms + (x + 1) * scale.step_ms,), begin)
        if end > begin:
            stretch = prices[begin:end]
            yield scale.y(max(stretch)), scale.y(min(stretch)), scale.y(stretch[-1])
        else:
            yield None
        begin = end
