"""Wilder's smoothing, which RSI and ATR are made of."""


class WilderAverage:
    """Wilder's average: the mean of the first n values, then (average·(n−1) + value)/n."""

    __slots__ = ("_length", "average", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self.average = 0.0
        self.seen = 0

    def update(self, value: float) -> None:
        """Take the next value."""
        self.seen += 1
        if self.seen <= self._length:
            self.average += value / self._length
        else:
            self.average += (value - self.average) / self._length
