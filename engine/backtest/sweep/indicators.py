"""Stage 1, second part: each indicator over a whole session, by the very operations of `engine/trading/indicators`, in their order.

One source, plain and compiled, as the kernel's; floats come out equal to the last bit.
"""

from math import sqrt
from typing import Any

from engine.backtest.sweep.compiling import compiled


@compiled
def ema(values: Any, alpha: float, out: Any) -> None:
    """As `Ema`, of any values."""
    value = float(values[0])
    out[0] = value
    for at in range(1, len(values)):
        value += (values[at] - value) * alpha
        out[at] = value


@compiled
def macd(price: Any, fast_alpha: float, slow_alpha: float, signal_alpha: float, line: Any, signal: Any) -> None:
    """As `Macd`: line and signal line."""
    fast = slow = float(price[0])
    average = 0.0
    line[0] = signal[0] = average
    for at in range(1, len(price)):
        fast += (price[at] - fast) * fast_alpha
        slow += (price[at] - slow) * slow_alpha
        value = fast - slow
        average += (value - average) * signal_alpha
        line[at] = value
        signal[at] = average


@compiled
def rsi(price: Any, length: int, out: Any) -> None:
    """As `Rsi`; before it is defined −1, which no limit lets through."""
    gain = loss = 0.0
    out[0] = -1.0
    for at in range(1, len(price)):
        change = price[at] - price[at - 1]
        up = float(max(change, 0))
        down = float(max(-change, 0))
        if at <= length:
            gain += up / length
            loss += down / length
        else:
            gain += (up - gain) / length
            loss += (down - loss) / length
        both = gain + loss
        if at < length:
            out[at] = -1.0
        else:
            out[at] = 100.0 * gain / both if both != 0.0 else 50.0


@compiled
def bands(price: Any, length: int, width: float, lower: Any, upper: Any) -> None:
    """As `Bollinger`; before they are defined a band that holds nothing."""
    total = squares = 0
    for at in range(len(price)):
        now = price[at]
        if at >= length:
            oldest = price[at - length]
            total -= oldest
            squares -= oldest * oldest
        total += now
        squares += now * now
        lower[at] = upper[at] = 0.0
        if at >= length - 1:
            mean = total / length
            deviation = sqrt(length * squares - total * total) / length
            lower[at] = mean - width * deviation
            upper[at] = mean + width * deviation


@compiled
def above_vwap(price: Any, quantity: Any, out: Any) -> None:
    """As `Vwap.is_below`: whether each price is above the average by volume."""
    turnover = volume = 0
    for at in range(len(price)):
        if quantity[at] > 0:
            turnover += price[at] * quantity[at]
            volume += quantity[at]
        out[at] = volume > 0 and price[at] * volume > turnover


@compiled
def greens(price: Any, filtered: bool, least: int, over: int, under: int, out: Any) -> None:
    """As `Strategy`: how many ticks in a row rose, where `filtered` by more than the noise."""
    count = 0
    out[0] = 0
    for at in range(1, len(price)):
        before = price[at - 1]
        move = price[at] - before
        if filtered:
            size = abs(move)
            if size > least and size * under > before * over:
                count = count + 1 if move > 0 else 0
        else:
            count = count + 1 if move > 0 else 0
        out[at] = count
