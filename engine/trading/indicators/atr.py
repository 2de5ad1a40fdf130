"""The average true range of ticks."""

from engine.trading.indicators.wilder import wilder


class Atr:
    """Average true range (Wilder) on tick-to-tick ranges |price − previous|; undefined until `length` ranges are seen."""

    __slots__ = ("_length", "average", "previous", "seen")
    STATE = ("previous", "average", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self.average = 0.0  # defined or not yet
        self.seen = 0  # ranges
        self.previous: int | None = None

    def update(self, price: int) -> None:
        """Take the next price."""
        if self.previous is not None:
            self.seen += 1
            self.average = wilder(self.average, abs(price - self.previous), self.seen, self._length)
        self.previous = price

    @property
    def value(self) -> float | None:
        """The average range in minor units."""
        return self.average if self.seen >= self._length else None
