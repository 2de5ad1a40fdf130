"""Moving average convergence/divergence (Appel)."""

from engine.trading.indicators.ema import alpha_of


class Macd:
    """MACD line (fast EMA − slow EMA) and its signal line, an EMA of the MACD line (Appel); all three in one call."""

    __slots__ = ("_fast_alpha", "_signal_alpha", "_slow_alpha", "fast", "macd", "signal", "slow")
    STATE = ("macd", "signal", "fast", "slow")

    def __init__(self, fast: int, slow: int, signal: int) -> None:
        self._fast_alpha, self._slow_alpha, self._signal_alpha = alpha_of(fast), alpha_of(slow), alpha_of(signal)
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
