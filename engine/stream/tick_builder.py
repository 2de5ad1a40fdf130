"""Makes the ticks of a live feed out of what an exchange said: numbered, stamped, scaled, flagged. Knows no message and no socket."""

from collections.abc import Callable, Sequence
from math import gcd
from typing import Final

from msgspec import Struct

from engine.model.types import (
    FLAG_HAS_BOOK,
    FLAG_NEW_LINK,
    MAX_PRICE,
    MAX_QUANTITY,
    PRICE_INFINITE,
    PRICE_NAN,
    Instrument,
    Tick,
)
from engine.stream.lateness import LatenessMonitor
from engine.stream.sequence import Rule, SequenceTracker

_MS: Final = 1_000_000


class Slot(Struct, frozen=True):
    """Which instrument a message is about, and by what its raw prices and quantities become the instrument's own."""

    index: int
    symbol: str
    price_times: int
    price_over: int
    quantity_times: int
    quantity_over: int


def place(index: int, instrument: Instrument, price_scale: int, quantity_scale: int) -> Slot:
    """The place of `instrument` among those of a run, for messages that count in 1/`price_scale` and 1/`quantity_scale`."""
    prices = gcd(instrument.price_scale, price_scale)
    quantities = gcd(instrument.quantity_scale, quantity_scale)
    return Slot(
        index,
        instrument.symbol,
        instrument.price_scale // prices,
        price_scale // prices,
        instrument.quantity_scale // quantities,
        quantity_scale // quantities,
    )


class TickBuilder:
    """Numbers the ticks of a run from 1 without holes and hands each to `deliver`; used by the feed's thread alone.

    `rule` says how the exchange numbers them (see `SequenceTracker`). `stamp` once for all that one receipt brought, then `trade` and `book` for each message of it.
    """

    __slots__ = (
        "_asks",
        "_bids",
        "_flag",
        "_fresh",
        "_judge",
        "_recv_ms",
        "_recv_ns",
        "_recv_wall_ns",
        "_sequence",
        "closes",
        "count",
        "deliver",
        "lag",
        "seq",
        "ticking",
        "wanted",
    )

    def __init__(self, count: int, rule: Rule) -> None:
        self.deliver: Callable[[Tick], None] = lambda _: None  # until the feed is started
        self.count = self.wanted = count  # of instruments; of those that are to tick
        self.lag = LatenessMonitor()
        self._sequence = SequenceTracker(count, rule)
        self.seq = 0
        self._flag = self._sequence.flag
        self._judge = self.lag.flag
        self._recv_ns = self._recv_wall_ns = self._recv_ms = 0
        self.link_up()

    def link_up(self) -> None:
        """Begin with a new link: nothing that the old one said holds any more."""
        self.ticking = 0  # instruments that have had a tick on this link
        self._fresh = bytearray(b"\1") * self.count  # 1: no tick on this link yet
        self._bids = [0] * self.count
        self._asks = [0] * self.count
        self.closes = [0] * self.count  # of the day before, in minor units; 0 = nobody has looked, -1 = there is none
        self._sequence.link_up()

    def relist(self, added: Sequence[int], removed: Sequence[int]) -> None:
        """Instruments with these numbers tick from now on as on a new link; and these no more."""
        more = max((*added, self.count - 1)) + 1 - self.count
        self.count += more
        self._fresh.extend(b"\1" * more)
        self._bids += [0] * more
        self._asks += [0] * more
        self.closes += [0] * more
        self._sequence.grow(more)
        for index in added:
            self._fresh[index], self._bids[index], self._asks[index] = 1, 0, 0
            self.closes[index] = 0
            self._sequence.begin(index)
        for index in removed:
            self.ticking -= not self._fresh[index]
            self._fresh[index] = 0  # what still comes of it is not counted again
        self.wanted += len(added) - len(removed)

    def stamp(self, recv_ns: int, recv_wall_ns: int) -> None:
        """All that follows was received at this moment (monotonic, and UTC by the steady clock)."""
        self._recv_ns = recv_ns
        self._recv_wall_ns = recv_wall_ns
        self._recv_ms = recv_wall_ns // _MS

    def book(self, place: Slot, bid: int, ask: int) -> None:
        """The best bid and ask that the following ticks of the instrument carry (raw; 0 = none); never better than they are."""
        times, over = place.price_times, place.price_over
        bid, ask = bid * times // over, -(-ask * times // over)
        self._bids[place.index] = bid if 0 < bid <= MAX_PRICE else 0
        self._asks[place.index] = ask if 0 < ask <= MAX_PRICE else 0

    def close(self, place: Slot, price: int) -> None:
        """What the instrument closed at on the day before (raw), as the first packet of a link says it."""
        price, rest = divmod(price * place.price_times, place.price_over)
        self.closes[place.index] = price if 0 < price <= MAX_PRICE and not rest else -1

    def trade(self, place: Slot, exch_ms: int, exch_seq: int, price: int, quantity: int, day_volume: int) -> bool:
        """Deliver a tick of raw price and quantity; whether the instrument's price scale could express the price.

        Where it cannot, the tick carries PRICE_NAN, or PRICE_INFINITE beyond all measure, and is refused and counted
        by the tick filter. A quantity finer than the instrument's is rounded down, one beyond all measure is the most
        that is allowed.
        """
        index = place.index
        exact = True
        if place.price_times != place.price_over:
            price, rest = divmod(price * place.price_times, place.price_over)
            if rest:
                price, exact = PRICE_NAN, False
            elif not -MAX_PRICE <= price <= MAX_PRICE:
                price = PRICE_INFINITE  # scaled up it may be more than a recording's integer
        if place.quantity_times != place.quantity_over:
            quantity = quantity * place.quantity_times // place.quantity_over
            day_volume = day_volume * place.quantity_times // place.quantity_over
        if quantity > MAX_QUANTITY or day_volume > MAX_QUANTITY:
            quantity, day_volume = min(quantity, MAX_QUANTITY), min(day_volume, MAX_QUANTITY)
        bid, ask = self._bids[index], self._asks[index]
        flags = self._flag(index, exch_seq) | self._judge(index, self._recv_ms - exch_ms)
        if bid or ask:
            flags |= FLAG_HAS_BOOK
        if self._fresh[index]:
            self._fresh[index] = 0
            self.ticking += 1
            flags |= FLAG_NEW_LINK
        self.seq = seq = self.seq + 1
        self.deliver(
            Tick(
                seq,
                index,
                flags,
                self._recv_wall_ns,
                self._recv_ns,
                exch_ms,
                exch_seq,
                price,
                quantity,
                day_volume,
                bid,
                ask,
            )
        )
        return exact
