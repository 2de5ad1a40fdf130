"""Exponential moving averages, one alone or two in one call."""

from functools import cache


@cache  # one number for all instruments: a thousand of them are slower for every byte that is not shared
def alpha_of(length: int) -> float:
    """How much of the way to the newest value an EMA of `length` goes."""
    return 2.0 / (length + 1)


class Ema:
    """Exponential moving average: alpha = 2/(n+1), the first price is the first value."""

    __slots__ = ("alpha", "value")
    STATE = ("value",)

    def __init__(self, length: int) -> None:
        self.alpha = alpha_of(length)
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
