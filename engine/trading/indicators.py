"""Incremental indicators over integer prices, each O(1) per tick. Know nothing of sessions, filters or orders.

Prices come in minor units; values are floats in the same unit, None until they are defined.
"""

from collections import deque
from functools import cache
from math import sqrt


@cache  # one number for all instruments: a thousand of them are slower for every byte that is not shared
def _alpha(length: int) -> float:
    """How much of the way to the newest value an EMA of `length` goes."""
    return 2.0 / (length + 1)


class Ema:
    """Exponential moving average: alpha = 2/(n+1), the first price is the first value."""

    __slots__ = ("alpha", "value")
    STATE = ("value",)

    def __init__(self, length: int) -> None:
        self.alpha = _alpha(length)
        self.value: float | None = None

    def update(self, price: float) -> float:
        """Take the next price; the new value."""
        value = self.value
        value = float(price) if value is None else value + (price - value) * self.alpha
        self.value = value
        return value


class EmaPair:
    """Two EMAs of the same prices, moved on in one call; each keeps its own value, as if it were updated alone."""

    __slots__ = ("fast", "slow")

    def __init__(self, fast: Ema, slow: Ema) -> None:
        self.fast = fast
        self.slow = slow

    def update(self, price: float) -> None:
        """Take the next price."""
        fast, slow = self.fast, self.slow
        first, second = fast.value, slow.value
        if first is None or second is None:
            fast.value = slow.value = float(price)
        else:
            fast.value = first + (price - first) * fast.alpha
            slow.value = second + (price - second) * slow.alpha


class Macd:
    """MACD line (fast EMA − slow EMA) and its signal line, an EMA of the MACD line (Appel); all three in one call."""

    __slots__ = ("_fast_alpha", "_signal_alpha", "_slow_alpha", "fast", "macd", "signal", "slow")
    STATE = ("macd", "signal", "fast", "slow")

    def __init__(self, fast: int, slow: int, signal: int) -> None:
        self._fast_alpha, self._slow_alpha, self._signal_alpha = _alpha(fast), _alpha(slow), _alpha(signal)
        self.fast: float | None = None
        self.slow: float | None = None
        self.macd: float | None = None
        self.signal: float | None = None

    def update(self, price: float) -> None:
        """Take the next price."""
        fast, slow, signal = self.fast, self.slow, self.signal
        if fast is None or slow is None or signal is None:
            self.fast = self.slow = float(price)
            self.macd = self.signal = 0.0
            return
        self.fast = fast = fast + (price - fast) * self._fast_alpha
        self.slow = slow = slow + (price - slow) * self._slow_alpha
        self.macd = macd = fast - slow
        self.signal = signal + (macd - signal) * self._signal_alpha

    @property
    def histogram(self) -> float | None:
        """MACD line − signal line."""
        if self.macd is None or self.signal is None:
            return None
        return self.macd - self.signal


class Vwap:
    """Volume-weighted average price over the session: Σ price·volume / Σ volume, kept as exact integers."""

    __slots__ = ("turnover", "volume")
    STATE = ("turnover", "volume")

    def __init__(self) -> None:
        self.turnover = 0
        self.volume = 0

    def update(self, price: int, quantity: int) -> None:
        """Take a trade of `quantity` (≤ 0: not counted) at `price`."""
        if quantity > 0:
            self.turnover += price * quantity
            self.volume += quantity

    @property
    def value(self) -> float | None:
        """The average in minor units, None before the first volume."""
        return self.turnover / self.volume if self.volume else None

    def is_below(self, price: int) -> bool:
        """Whether `price` > VWAP, decided exactly; False while the VWAP is undefined."""
        return self.volume > 0 and price * self.volume > self.turnover


class _Wilder:
    """Wilder's average: the mean of the first n values, then (average·(n−1) + value)/n."""

    __slots__ = ("_length", "average", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self.average = 0.0
        self.seen = 0

    def update(self, value: float) -> None:
        self.seen += 1
        if self.seen <= self._length:
            self.average += value / self._length
        else:
            self.average += (value - self.average) / self._length


class Rsi:
    """Relative strength index (Wilder 1978) over price changes; undefined until `length` changes are seen."""

    __slots__ = ("_gain", "_length", "_loss", "previous")
    STATE = ("previous", "gain", "loss", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self._gain, self._loss = _Wilder(length), _Wilder(length)
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


class Atr:
    """Average true range (Wilder) on tick-to-tick ranges |price − previous|; undefined until `length` ranges are seen."""

    __slots__ = ("_length", "_range", "previous")
    STATE = ("previous", "average", "seen")

    def __init__(self, length: int) -> None:
        self._length = length
        self._range = _Wilder(length)
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
