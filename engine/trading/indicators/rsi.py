"""The relative strength index."""

from engine.trading.indicators.wilder import wilder


class Rsi:
    """Relative strength index (Wilder 1978) over price changes; undefined until `length` changes are seen."""

    __slots__ = ("_length", "gain", "loss", "previous", "seen")
    STATE = ("previous", "gain", "loss", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self.gain = self.loss = 0.0  # Wilder's averages
        self.seen = 0  # changes
        self.previous: int | None = None

    def update(self, price: int) -> None:
        """Take the next price."""
        if self.previous is not None:
            change = price - self.previous
            self.seen += 1
            self.gain = wilder(self.gain, max(change, 0), self.seen, self._length)
            self.loss = wilder(self.loss, max(-change, 0), self.seen, self._length)
        self.previous = price

    @property
    def value(self) -> float | None:
        """0..100; 50 when nothing has moved."""
        if self.seen < self._length:
            return None
        both = self.gain + self.loss
        return 100.0 * self.gain / both if both else 50.0
