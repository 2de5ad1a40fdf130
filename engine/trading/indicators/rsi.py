"""The relative strength index."""

from engine.trading.indicators.wilder import WilderAverage


class Rsi:
    """Relative strength index (Wilder 1978) over price changes; undefined until `length` changes are seen."""

    __slots__ = ("_gain", "_length", "_loss", "previous")
    STATE = ("previous", "gain", "loss", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self._gain, self._loss = WilderAverage(length), WilderAverage(length)
        self.previous: int | None = None

    def update(self, price: int) -> None:
        """Take the next price."""
        if self.previous is not None:
            change = price - self.previous
            self._gain.update(max(change, 0))
            self._loss.update(max(-change, 0))
        self.previous = price

    @property
    def value(self) -> float | None:
        """0..100; 50 when nothing has moved."""
        if self._gain.seen < self._length:
            return None
        both = self._gain.average + self._loss.average
        return 100.0 * self._gain.average / both if both else 50.0

    @property
    def gain(self) -> float:
        """Wilder average of gains."""
        return self._gain.average

    @gain.setter
    def gain(self, value: float) -> None:
        self._gain.average = value

    @property
    def loss(self) -> float:
        """Wilder average of losses."""
        return self._loss.average

    @loss.setter
    def loss(self, value: float) -> None:
        self._loss.average = value

    @property
    def seen(self) -> int:
        """Number of changes seen."""
        return self._gain.seen

    @seen.setter
    def seen(self, value: int) -> None:
        self._gain.seen = self._loss.seen = value
