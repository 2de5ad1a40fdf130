"""What others want to buy and sell of one security, and how that moves by itself. Knows none of our orders."""

from collections.abc import Sequence
from random import Random

from tests.simulator.exchange.securities import PriceProtection, Security

Levels = Sequence[tuple[int, int]]
_STEPS = (-3, -2, -1, -1, -1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3)
_JUMP = 20  # ticks
_LEVELS = 5
_ROOM = 12  # ticks that stay free at both ends of the circuit


class Depth:
    """Others' bids and asks as [price, quantity], best first, and the trades of the day; prices in paise."""

    def __init__(self, security: Security, now_ms: int) -> None:
        self.security = security
        self._bids: list[list[int]] = []
        self._asks: list[list[int]] = []
        self._moved: tuple[int, int, int] | None = None
        self.last_quantity = self.volume = 0
        self.begin(now_ms, security.start)

    def begin(self, now_ms: int, price: int) -> None:
        """The day begins at this price."""
        self.last = self.open = self.high = self.low = self.close = price
        self.last_ms = now_ms
        self.protection = PriceProtection(price, now_ms)

    def set(self, bids: Levels, asks: Levels) -> None:
        """From now on others want this."""
        self._moved = None
        self._bids = [[price, quantity] for price, quantity in bids]
        self._asks = [[price, quantity] for price, quantity in asks]

    def move(self, bid: int, ask: int, sizes: int) -> None:
        """Five levels a tick apart from these best prices (ticks), each of as many lots as three bits of `sizes` say, and one."""
        self._moved = bid, ask, sizes

    @property
    def bids(self) -> list[list[int]]:
        """What others want to buy."""
        if self._moved:
            self._build(*self._moved)
        return self._bids

    @property
    def asks(self) -> list[list[int]]:
        """What others want to sell."""
        if self._moved:
            self._build(*self._moved)
        return self._asks

    @property
    def best(self) -> tuple[int, int]:
        """The best bid and ask; 0 where there is none."""
        if self._moved:
            bid, ask, _ = self._moved
            return bid * self.security.tick, ask * self.security.tick
        return self._bids[0][0] if self._bids else 0, self._asks[0][0] if self._asks else 0

    def take(self, side: str, limit: int, most: int) -> list[tuple[int, int]]:
        """Take up to `most` from whoever is willing at `limit` or better, best first: prices and quantities."""
        levels, better = (self.asks, 1) if side == "BUY" else (self.bids, -1)
        taken = []
        while most > 0 and levels and levels[0][0] * better <= limit * better:
            price, there = levels[0]
            quantity = min(there, most)
            taken.append((price, quantity))
            most -= quantity
            if quantity == there:
                del levels[0]
            else:
                levels[0][1] -= quantity
        return taken

    def trade(self, now_ms: int, price: int, quantity: int) -> None:
        """There was a trade, whosoever."""
        self.last, self.last_quantity, self.last_ms = price, quantity, now_ms
        self.volume += quantity
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.protection.trade(now_ms, price)

    def _build(self, bid: int, ask: int, sizes: int) -> None:
        """Make the levels, which few moves need."""
        tick, lot = self.security.tick, self.security.lot
        self._moved = None
        self._bids = [[(bid - n) * tick, lot * ((sizes >> 3 * n & 7) + 1)] for n in range(_LEVELS)]
        self._asks = [[(ask + n) * tick, lot * ((sizes >> 3 * (n + _LEVELS) & 7) + 1)] for n in range(_LEVELS)]

    def bounds(self, now_ms: int) -> tuple[int, int]:
        """The lowest price of a sell and the highest of a buy that price protection takes."""
        return self.protection.bounds(now_ms, self.last)


class PricePath:
    """Moves a book at random, by its generator alone: the same seed moves it alike, whatever is asked or traded."""

    def __init__(self, rng: Random, depth: Depth) -> None:
        self._depth = depth
        self._bits = rng.getrandbits
        security = depth.security
        self._tick, self._lot = security.tick, security.lot
        self._lowest = security.lower // self._tick + _ROOM
        self._highest = security.upper // self._tick - _ROOM
        self._bid = security.start // self._tick

    def move(self, now_ms: int) -> None:
        """A new best bid and ask, five levels of some lots on each side, and a trade at one of them."""
        bits = self._bits(56)
        jump = bits >> 48
        bid = self._bid + (_JUMP if jump == 0 else -_JUMP if jump == 1 else _STEPS[bits & 15])
        if not self._lowest <= bid <= self._highest:
            bid = min(max(bid, self._lowest), self._highest)
        self._bid = bid
        ask = bid + 1 + (bits >> 4 & 3)
        self._depth.move(bid, ask, bits >> 8)
        self._depth.trade(now_ms, (ask if bits & 64 else bid) * self._tick, self._lot)
