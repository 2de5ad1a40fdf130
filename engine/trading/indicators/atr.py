"""The average true range of ticks."""

from engine.trading.indicators.wilder import WilderAverage


class Atr:
    """Average true range (Wilder) on tick-to-tick ranges |price − previous|; undefined until `length` ranges are seen."""

    __slots__ = ("_length", "_range", "previous")
    STATE = ("previous", "average", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self._range = WilderAverage(length)
        self.previous: int | None = None

    def update(self, price: int) -> None:
        """Take the next price."""
        if self.previous is not None:
            self._range.update(abs(price - self.previous))
        self.previous = price

    @property
    def value(self) -> float | None:
        """The average range in minor units."""
        return self._range.average if self._range.seen >= self._length else None

    @property
    def average(self) -> float:
        """The running average, defined or not yet."""
        return self._range.average

    @average.setter
    def average(self, value: float) -> None:
        self._range.average = value

    @property
    def seen(self) -> int:
        """Number of ranges seen."""
        return self._range.seen

    @seen.setter
    def seen(self, value: int) -> None:
        self._range.seen = value
