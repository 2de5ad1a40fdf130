"""Which limits an exchange will take in one instrument: its price protection, estimated or learnt, and the day's circuit. Knows no order.

All prices are in minor units, all times are of one clock: the one that orders are judged by.
"""

from collections import deque
from typing import Final

from engine.model.types import MAX_PRICE, Instrument, Side

_WINDOW_S: Final = 30
_HELD_MS: Final = 30_000  # so often the exchange renews its reference


class LppEstimate:
    """What the price protection (LPP) of an option rests on, estimated: the mean of the trade prices of the last 30 s.

    The range is ± 40 % of it, ± Rs 20 where it is Rs 50 or less (NSE/FAOP/54242). The exchange's own is not published; it
    knows all trades and is renewed each 30 s. Where nothing traded for so long nothing is said: a limit that an old
    estimate holds back is not filled, one that is too far is refused, and the refusal mostly names the bound.
    """

    STATE = ("seconds", "sums", "counts")
    __slots__ = ("counts", "scale", "seconds", "sums")

    def __init__(self, price_scale: int) -> None:
        self.scale = price_scale
        # A bucket a second, at its second's place. Deques, for they are copied when state is put aside.
        self.seconds = deque([0] * _WINDOW_S, _WINDOW_S)
        self.sums = deque([0] * _WINDOW_S, _WINDOW_S)
        self.counts = deque([0] * _WINDOW_S, _WINDOW_S)

    def add(self, price: int, at_ms: int) -> None:
        """Take a trade."""
        second = at_ms // 1000
        place = second % _WINDOW_S
        if second != self.seconds[place]:
            if second < self.seconds[place]:
                return  # so late that its bucket is another second's
            self.seconds[place] = second
            self.sums[place] = self.counts[place] = 0
        self.sums[place] += price
        self.counts[place] += 1

    def mean(self, now_ms: int) -> tuple[int, int] | None:
        """The mean price as an exact fraction (sum, count); None where nothing traded."""
        before = now_ms // 1000 - _WINDOW_S
        total = count = 0
        for second, sum_, number in zip(self.seconds, self.sums, self.counts, strict=True):
            if second > before:
                total += sum_
                count += number
        return (total, count) if count else None

    def range(self, now_ms: int) -> tuple[int, int] | None:
        """The lowest and the highest price within the range, rounded inward; None where nothing traded."""
        mean = self.mean(now_ms)
        if mean is None:
            return None
        total, count = mean
        if total <= 50 * self.scale * count:
            room = 20 * self.scale
            return _up(total, count) - room, total // count + room
        return _up(total * 6, count * 10), total * 14 // (count * 10)


class PriceBounds:
    """Which limits may be sent. What a refusal taught stands in place of the estimate for 30 s, and is then forgotten.

    Sells are refused below a floor and buys above a ceiling, both outside the circuit (`lower` and `upper`, 0 = unknown).
    """

    STATE = ("floor", "floor_until_ms", "ceiling", "ceiling_until_ms", "lower", "upper")

    def __init__(self, instrument: Instrument) -> None:
        self._tick = instrument.tick_size
        self.lpp = LppEstimate(instrument.price_scale)
        self.floor = self.floor_until_ms = 0
        self.ceiling = self.ceiling_until_ms = 0
        self.lower = self.upper = 0

    def fits(self, instrument: Instrument) -> bool:
        """Whether they are counted as `instrument` is."""
        return (self._tick, self.lpp.scale) == (instrument.tick_size, instrument.price_scale)

    def start_day(self) -> None:
        """Forget the circuit: it is another day's."""
        self.lower = self.upper = 0

    def tell_circuit(self, lower: int, upper: int) -> None:
        """Take the day's circuit from a quote; 0 tells nothing."""
        self.lower, self.upper = lower or self.lower, upper or self.upper

    def allowed(self, side: Side, now_ms: int) -> tuple[int, int]:
        """The lowest and the highest limit for `side`, on ticks: a tick inside the protection, and at the circuit at most.

        A price at the circuit is a good one: where the market has come to it there is no other.
        """
        tick = self._tick
        low, high = tick, MAX_PRICE // tick * tick
        known = self.lpp.range(now_ms)
        if side == "SELL" and now_ms < self.floor_until_ms:
            low = self.floor
        elif side == "BUY" and now_ms < self.ceiling_until_ms:
            high = self.ceiling
        elif side == "SELL" and known is not None:
            low = max(low, self._inside(side, known[0]))
        elif known is not None:
            high = min(high, self._inside(side, known[1]))
        if self.lower:
            low = max(low, _up(self.lower, tick) * tick)
        if self.upper:
            high = min(high, self.upper // tick * tick)
        return min(low, high), high

    def learn(self, side: Side, refused: int, bound: int, *, above: bool, best: int, now_ms: int) -> None:
        """Take from a refusal of the limit `refused` how far a limit may go, for 30 s.

        `bound` and `above` are what its words name (0 = nothing). Where that says nothing of this limit, the distance is
        halved: to `best`, where a ladder begins (0 = unknown), or to the mean price where `best` is no milder than what was
        refused; with neither known a tick is given way.
        """
        selling = side == "SELL"
        if bound and above == selling and (bound >= refused if selling else bound <= refused):
            learnt = self._inside(side, bound)
        else:
            learnt = self._halved(side, refused, best, now_ms)
        if selling:
            self.floor, self.floor_until_ms = learnt, now_ms + _HELD_MS
        else:
            self.ceiling, self.ceiling_until_ms = learnt, now_ms + _HELD_MS

    def _inside(self, side: Side, price: int) -> int:
        """One tick inside of `price`, from its own tick or the next one inside."""
        tick = self._tick
        return (_up(price, tick) + 1) * tick if side == "SELL" else max(1, price // tick - 1) * tick

    def _halved(self, side: Side, refused: int, best: int, now_ms: int) -> int:
        """Half way from the limit `refused` to where the market is, at least a tick."""
        total, count = self.lpp.mean(now_ms) or (0, 1)
        tick = self._tick
        for price, parts in ((best, 1), (total, count)):  # a price as a fraction
            if side == "SELL" and price > refused * parts:
                return _up(price + refused * parts, 2 * parts * tick) * tick
            if side == "BUY" and 0 < price < refused * parts:
                return max(1, (price + refused * parts) // (2 * parts * tick)) * tick
        return self._inside(side, refused)


def _up(value: int, parts: int) -> int:
    """`value` / `parts`, up to the next whole number."""
    return -(-value // parts)
