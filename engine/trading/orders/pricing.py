"""At which price an order is sent: where its ladder begins, how far its limit may go, and which quotes are asked for. Sends nothing.

A ladder begins at the market. Where the newest that is known of it is old, a quote is asked for, and again until one comes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from engine.model.order_reports import Quoted
from engine.model.order_requests import ReadQuote
from engine.model.types import Instrument
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.price_bounds import PriceBounds
from engine.trading.orders.price_ladder import Quote, Start, limit_for, start_of
from engine.trading.orders.wishes import Wish

QUOTE_WAIT_MS: Final = 1_500  # for a quote that was asked for: then an exit goes blind, and it is asked for again


class Pricing:
    """`quote_of` tells what the feed shows of an instrument's market, by our own time; `bounds` are by instrument."""

    KEPT: ClassVar[Mapping[str, Any]] = {
        "shown": dict[int, Quote],
        "_told": dict[int, Quote],
        "_lacking": set[int],
        "_asked_ms": dict[int, int],
    }

    def __init__(self, instruments: Sequence[Instrument], quote_of: Callable[[int], Quote]) -> None:
        self._instruments = instruments
        self._quote_of = quote_of
        self.bounds = [PriceBounds(each) for each in instruments]
        self._shown: dict[int, Quote] = {}  # by the feed when this state was put aside, by instrument
        self._told: dict[int, Quote] = {}  # the newest quotes that were asked for, by instrument
        self._lacking: set[int] = set()  # instruments that a ladder could not begin in for want of a quote
        self._asked_ms: dict[int, int] = {}  # when a quote was asked for last, by instrument

    def follow_list(self) -> None:
        """The list of instruments has changed: what is new, or counted in other ticks, has bounds of its own."""
        known = self.bounds
        self.bounds = [
            known[at] if at < len(known) and known[at].fits(each) else PriceBounds(each)
            for at, each in enumerate(self._instruments)
        ]

    # ── What is told of the market ──────────────────────────────────────────────────────────────────────────────

    def traded(self, instrument: int, price: int, at_ms: int) -> None:
        """Take a trade: price protection is estimated by the mean of them."""
        self.bounds[instrument].lpp.add(price, at_ms)

    def quoted(self, quoted: Quoted, now_ms: int) -> None:
        """Take a quote that was asked for; it counts while the feed shows nothing newer."""
        self._told[quoted.instrument] = Quote(now_ms, quoted.bid, quoted.ask, quoted.last)
        self.bounds[quoted.instrument].tell_circuit(quoted.lower, quoted.upper)

    @property
    def shown(self) -> dict[int, Quote]:
        """What the feed shows, or showed when this state was put aside, by instrument."""
        found = {at: self._shown_of(at) for at in range(len(self._instruments))}
        return {at: quote for at, quote in found.items() if quote.at_ms}

    @shown.setter
    def shown(self, quotes: dict[int, Quote]) -> None:
        self._shown = quotes

    def _shown_of(self, instrument: int) -> Quote:
        quote = self._quote_of(instrument)
        return quote if quote.at_ms else self._shown.get(instrument, quote)

    def _newest(self, instrument: int) -> Quote:
        """The newest that is known of a market."""
        shown, told = self._shown_of(instrument), self._told.get(instrument)
        return shown if told is None or told.at_ms <= shown.at_ms else told

    def last(self, instrument: int) -> int:
        """The newest price that is known to have been traded; 0 where none is."""
        return self._newest(instrument).last

    # ── Where a ladder begins ───────────────────────────────────────────────────────────────────────────────────

    def start(self, wish: Wish, now_ms: int) -> Start | None:
        """Where its ladder begins; None where a quote has to come first. An exit does not wait for it for ever."""
        quote = self._newest(wish.instrument)
        start = start_of(wish.side, quote, now_ms)
        if start is not None:
            wish.unpriced_ms = 0
            return start
        self._lacking.add(wish.instrument)
        wish.unpriced_ms = wish.unpriced_ms or now_ms
        blind = not wish.is_entry and now_ms - wish.unpriced_ms >= QUOTE_WAIT_MS
        return start_of(wish.side, quote, now_ms, blind=True) if blind else None

    def asks(self, now_ms: int) -> list[ReadQuote]:
        """The quotes to ask for now: of what lacked one since the last call, each after a pause."""
        if not self._lacking:
            return []
        due = [at for at in sorted(self._lacking) if now_ms - self._asked_ms.get(at, -QUOTE_WAIT_MS) >= QUOTE_WAIT_MS]
        self._lacking.clear()
        self._asked_ms.update(dict.fromkeys(due, now_ms))
        return [ReadQuote(at) for at in due]

    # ── The limit ───────────────────────────────────────────────────────────────────────────────────────────────

    def limit(self, wish: Wish, start: Start, rung: int, now_ms: int) -> int:
        """The limit at a rung of its ladder, within what the exchange takes and never milder than before."""
        allowed = self.bounds[wish.instrument].allowed(wish.side, now_ms)
        tick = self._instruments[wish.instrument].tick_size
        wish.keenest = limit_for(wish.side, wish.ladder.shares[rung], start.price, allowed, tick, wish.keenest)
        return wish.keenest

    def learn(self, wish: Wish, order: LiveOrder, refused: int, now_ms: int) -> None:
        """Take from the refusal of `order` how far its limit may go; `refused` is the one that was asked for."""
        start = start_of(wish.side, self._newest(wish.instrument), now_ms)
        best = start.price if start is not None else 0
        bounds = self.bounds[wish.instrument]
        bounds.learn(order.side, refused, order.bound, above=order.above, best=best, now_ms=now_ms)
        wish.keenest = 0
