"""The stop that rests at the broker for the case that nobody is there (NET), where `live.net_points` asks for one. Decides, sends nothing.

It is a sell like any other and counts as one: while it is open nothing else of its position is sold. Whoever wants to sell
takes it back first and waits for its end (`Pursuit`); what is sold by somebody else takes it back, too (`cover`). It is never
amended: where it no longer fits what is held it is taken back, and another one is sent, once a minute at most.

It keeps nothing: all that it goes by is told by the orders of the day, so that a restart and a replay find it again.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import takewhile
from typing import Final

from engine.model.order_states import OrderState
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.slices import cut
from engine.trading.orders.wishes import Wish
from engine.trading.positions import NET_STOP

MOVE_MS: Final = 60_000  # between two of one position
MOST_REFUSALS: Final = 3  # in a row, of one position: then none is tried any more
# How far its limit lies below its trigger, in thousandths of that: the price protection's reference is near the trigger once
# that is traded, and its range at least 40 % wide; the exchange's own range for stops is told in refusals only.
DISTANCE: Final = 50
_REFUSED: Final[frozenset[OrderState]] = frozenset({"REFUSED", "REJECTED"})


class NetStops:
    """One of what is held of each instrument, `points` (currency) below the price of `entry_of` (minor units, 0: none is held)."""

    def __init__(self, pursuit: Pursuit, points: Decimal, entry_of: Callable[[int], int]) -> None:
        self._pursuit = pursuit
        self._blotter = pursuit.blotter
        self._entry_of = entry_of
        self._points = points
        pursuit.rests_stops = True

    def push(self, now_ms: int) -> None:
        """Want one of each position that nobody wants to close, and none that no longer fits."""
        if self._pursuit.urgent:
            return
        wished = {each.instrument for each in self._pursuit.wishes.values()}
        for at, held in enumerate(self._blotter.net):
            if held > 0 and at not in wished:
                self._see_to(at, now_ms)

    def _see_to(self, at: int, now_ms: int) -> None:
        """Have the right one rest below one position."""
        trigger = self._trigger(at)
        resting = [each for each in self._blotter.open.values() if each.instrument == at]
        if not trigger or any(each.purpose != "NET" or each.state != "WORKING" for each in resting):
            return
        if not resting:
            self._rest(at, trigger, now_ms)
        elif now_ms - resting[-1].at_ms >= MOVE_MS and not self._fits(resting, at, trigger):
            for each in resting:
                each.unwanted = True

    def _trigger(self, at: int) -> int:
        """Below which price it fires; 0 where nothing is known to be held, or no price lies so far below."""
        instrument, entry = self._blotter.instruments[at], self._entry_of(at)
        trigger = entry - int(self._points * instrument.price_scale)
        return max(0, trigger // instrument.tick_size * instrument.tick_size)

    def _fits(self, resting: Sequence[LiveOrder], at: int, trigger: int) -> bool:
        """Whether they sell what is held, at the price that is wanted."""
        return sum(each.left for each in resting) == self._held(at) and all(each.decided == trigger for each in resting)

    def _held(self, at: int) -> int:
        """What may be sold in whole lots, by our book and by the broker's."""
        held = min(self._blotter.net[at], self._blotter.broker_net(at))
        return held - held % self._blotter.instruments[at].lot_size

    # ── A new one ───────────────────────────────────────────────────────────────────────────────────────────────

    def _rest(self, at: int, trigger: int, now_ms: int) -> None:
        """Send one, where the market is above its trigger; in as many slices as the exchange takes."""
        pursuit, instrument = self._pursuit, self._blotter.instruments[at]
        if not pursuit.knows_enough(at) or pursuit.pricing.last(at) <= trigger:
            return
        before = self._before(at)
        refusals = [*takewhile(lambda each: each.state in _REFUSED, before)]
        if len(refusals) >= MOST_REFUSALS or (before and now_ms - before[0].at_ms < MOVE_MS):
            return
        limit = self._limit(at, trigger, refusals)
        parts = cut(min(self._held(at), self._blotter.may_sell(at)), instrument.lot_size, instrument.largest_order)
        if not limit:
            return
        wish = Wish(0, at, "SELL", "NET", 0, trigger, NET_STOP, now_ms)
        for index in range(parts.count):
            if pursuit.may_send(now_ms, entry=True):  # what closing all may take is left
                pursuit.place(wish, parts.slice(index), limit, now_ms)

    def _before(self, at: int) -> list[LiveOrder]:
        """Those of this position, the newest first."""
        of_it = (each for each in reversed(self._blotter.orders.values()) if each.instrument == at)
        since = takewhile(lambda each: each.purpose != "ENTRY" or not each.filled, of_it)
        return [each for each in since if each.purpose == "NET"]

    def _limit(self, at: int, trigger: int, refusals: Sequence[LiveOrder]) -> int:
        """Its limit: nearer to the trigger after each refusal for its price, by what that names; 0 where the circuit leaves none."""
        instrument, bounds = self._blotter.instruments[at], self._pursuit.pricing.bounds[at]
        priced = [each for each in refusals if each.family == "price"]
        tick = instrument.tick_size
        limit = trigger * (1000 - (DISTANCE >> len(priced))) // (1000 * tick) * tick
        least = max([tick, bounds.lower, *(each.bound for each in priced if each.above)])
        limit = max(limit, -(-least // tick) * tick)
        return limit if limit <= trigger else 0
