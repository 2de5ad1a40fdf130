"""Bollinger bands, with a rolling window of exact sums."""

from collections import deque
from math import sqrt


class Bollinger:
    """Bollinger bands: mean ± width · population standard deviation of the last `length` prices.

    Σp and Σp² are integers, so that a rolling window drifts by nothing however long the session.
    """

    __slots__ = ("_length", "_width", "squares", "total", "window")
    STATE = ("window", "total", "squares")

    def __init__(self, length: int, width: float) -> None:
        self._length = length
        self._width = width
        self.window: deque[int] = deque(maxlen=length)
        self.total = 0
        self.squares = 0

    def update(self, price: int) -> None:
        """Take the next price."""
        window = self.window
        if len(window) == self._length:
            oldest = window[0]
            self.total -= oldest
            self.squares -= oldest * oldest
        window.append(price)
        self.total += price
        self.squares += price * price

    def bands(self) -> tuple[float, float] | None:
        """Lower and upper band in minor units, None until the window is full."""
        n = self._length
        if len(self.window) < n:
            return None
        mean = self.total / n
        deviation = sqrt(n * self.squares - self.total * self.total) / n
        return mean - self._width * deviation, mean + self._width * deviation
