"""What to send now so that wishes come true: limits by the ladder, slices, withdrawals, reads. Never more than what is held.

Called after every event and on every beat; what it decides depends on nothing but what it was given. Requests come out as data.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from engine.model.order_requests import AmendOrder, OrderRequest, PlaceOrder, Purpose, WithdrawOrder
from engine.model.order_rows import Booked, ClosedOthers, Ended
from engine.model.types import Side
from engine.trading.orders.blotter import Blotter, Told
from engine.trading.orders.live_order import AmendRefused, LiveOrder
from engine.trading.orders.order_budget import OrderBudget, reserve
from engine.trading.orders.price_ladder import Quote, keener, next_look_ms, rung_of
from engine.trading.orders.pricing import Pricing
from engine.trading.orders.reading import Reading
from engine.trading.orders.setbacks import take_refusal
from engine.trading.orders.slices import cut
from engine.trading.orders.wishes import Wish, WishOver

CLEAR_MS: Final = 2_000  # an exit waits so long at most for the rest of its entry to be taken back
STALE_MS: Final = 1_000  # an entry that could not be sent for so long is not sent any more


class Pursuit:
    """Serves wishes through a blotter. `quote_of` tells what is known of an instrument's market, by our own time.

    `amends`: an order of which nothing is known to be filled is moved in its place. Else, and where a part is, it is taken
    back, its end awaited, and the rest sent anew: where a broker takes the quantity of a change as what is still to come, a
    fill on its way would close more than is held. After a crash nothing is closed before a round of `exits_from_ms` or later,
    and so nothing bought that could not be closed: what left without its rows may still arrive.
    """

    KEPT: ClassVar[Mapping[str, Any]] = {
        "wishes": dict[int, Wish],
        "last_wish": int,
        "halted": str,
        "writes": int,
        "exits_from_ms": int,
    }

    def __init__(
        self,
        blotter: Blotter,
        budget: OrderBudget,
        quote_of: Callable[[int], Quote],
        *,
        amends: bool = False,
        exits_from_ms: int = 0,
    ) -> None:
        self.blotter = blotter
        self._budget = budget
        self._amends = amends
        self.exits_from_ms = exits_from_ms
        self.pricing = Pricing(blotter.instruments, quote_of)
        self.wishes: dict[int, Wish] = {}
        self.last_wish = 0
        self.halted = ""
        self.urgent = False  # whether a flat runs, which waits for rounds
        self.rests_stops = False  # whether a stop at the broker (NET) is wanted though it serves no wish
        self.reading = Reading(blotter)
        self.writes = 0  # orders placed, amended, withdrawn
        self.requests: list[OrderRequest] = []
        self.told: list[Told | WishOver] = []

    def take_requests(self) -> list[OrderRequest]:
        """What is to be sent since the last time, in order."""
        requests, self.requests = self.requests, []
        return requests

    # ── Wishes ──────────────────────────────────────────────────────────────────────────────────────────────────

    def objection(self) -> str:
        """Why no entry may be sent now; "" where one may."""
        blotter = self.blotter
        if self.halted or blotter.locked:
            return self.halted or blotter.locked
        if blotter.trusted < 2 or not blotter.logged_in:
            return blotter.doubt or "the broker's books are not read yet"
        if unknown := next((each for each in blotter.unknown() if each.side == "BUY"), None):
            return f"order {unknown.tag} is unknown"
        if not self._is_past_doubt:
            return "nothing may be closed yet: what was sent before the start may still arrive"
        return ""

    def spent(self, now_ms: int) -> str:
        """Why no entry may be sent before it is stale; "" where one may."""
        wait = self._budget.wait(now_ms + STALE_MS, entry=True, kept=self.reserved)
        return "" if wait is None else f"the {wait.window}'s orders for entries are used up"

    def wish(
        self,
        instrument: int,
        side: Side,
        purpose: Purpose,
        quantity: int,
        decided: int,
        reason: str,
        now_ms: int,
        target: int = -1,
    ) -> Wish:
        """Want something from now on; what it takes is sent by the next `pursue`."""
        self.last_wish += 1
        made = Wish(self.last_wish, instrument, side, purpose, quantity, decided, reason, now_ms, target)
        self.wishes[made.number] = made
        return made

    # ── What came of it ─────────────────────────────────────────────────────────────────────────────────────────

    def note(self, told: Sequence[Told], now_ms: int) -> None:
        """Take what the blotter tells of orders."""
        for each in told:
            if not isinstance(each, Booked | ClosedOthers | Ended | AmendRefused):
                continue
            order = self.blotter.orders[each.order]
            if wish := self.wishes.get(order.wish):
                self._take(each, wish, order, now_ms)
        self.told += told

    def _take(
        self, came: Booked | ClosedOthers | Ended | AmendRefused, wish: Wish, order: LiveOrder, now_ms: int
    ) -> None:
        """Take what became of an order that serves a wish."""
        match came:
            case Booked() | ClosedOthers():
                wish.filled += came.quantity
                wish.refusals.filled()
                wish.hold = ""
            case Ended():
                wish.turnover += came.turnover
                wish.dropped |= wish.is_entry and order.filled < order.quantity  # an entry is not chased
                if came.state in {"REFUSED", "REJECTED"}:
                    self._refused(wish, order, now_ms)
            case AmendRefused():
                if order.family == "price":
                    self.pricing.learn(wish, order, order.asked_limit, now_ms)

    def _refused(self, wish: Wish, order: LiveOrder, now_ms: int) -> None:
        """Take the consequences of a refusal."""
        came = take_refusal(wish, order, self.blotter, self.pricing, now_ms)
        self.halted = self.halted or came.halt
        self.told += came.alarms

    def release(self) -> None:
        """A person has looked: what waits for one is tried at once."""
        for wish in self.wishes.values():
            if wish.hold:
                wish.hold, wish.wait_ms, wish.refusals.due_ms = "", 0, 0

    # ── What to send ────────────────────────────────────────────────────────────────────────────────────────────

    def pursue(self, now_ms: int) -> None:
        """Decide what is to be sent now; exits first."""
        blotter = self.blotter
        if self.halted or blotter.locked:
            for wish in self.wishes.values():  # also what waits to be sent is taken back
                wish.dropped = wish.dropped or wish.is_entry
        if self.wishes:
            for wish in sorted(self.wishes.values(), key=lambda each: (each.is_entry, each.number)):
                self._serve(wish, now_ms)
        for order in tuple(blotter.open.values()):
            self._see_to(order, now_ms)
        self.requests += self.pricing.asks(now_ms)
        waited_for = bool(self.wishes) or not self._is_past_doubt
        self.requests += self.reading.due(now_ms, wished=waited_for, urgent=self.urgent)
        if self.wishes:
            self._end_wishes()

    def _end_wishes(self) -> None:
        """What is served, or not wanted any more, and of which nothing is on its way, is over."""
        served = {each.wish for each in self.blotter.open.values()}
        for number, wish in tuple(self.wishes.items()):
            if number not in served and (wish.dropped or wish.filled >= wish.quantity):
                del self.wishes[number]
                self.told.append(
                    WishOver(wish.instrument, wish.side, wish.purpose, wish.quantity, wish.filled, wish.target)
                )

    def _serve(self, wish: Wish, now_ms: int) -> None:
        """Send what is still wanted and not on its way."""
        if wish.dropped or now_ms < wish.wait_ms or not wish.refusals.may_try(now_ms):
            return
        on_its_way = [each.left for each in self.blotter.open.values() if each.wish == wish.number]
        left = wish.quantity - wish.filled - sum(on_its_way)
        if left <= 0:
            return
        if wish.is_entry:
            if on_its_way:
                return
            if self.objection() or (not wish.begun_ms and now_ms - wish.at_ms > STALE_MS):
                wish.dropped = True  # what the strategy wanted once is not made up for later
                return
        elif not self.knows_enough(wish.instrument) or not self._is_cleared(wish, now_ms):
            return
        else:
            left = min(left, self._closable(wish))
        self._send(wish, left, now_ms)

    def knows_enough(self, instrument: int) -> bool:
        """Whether the broker's books are known well enough to close anything by them: nobody else may have closed it since."""
        stirred = instrument in self.blotter.others.stirred
        return self.blotter.logged_in and not stirred and self._is_past_doubt

    @property
    def _is_past_doubt(self) -> bool:
        """Whether the newest trusted round would show all that left before a crash."""
        newest = self.blotter.newest
        return newest is not None and newest.begun_ms >= self.exits_from_ms

    def _closable(self, wish: Wish) -> int:
        """How much of it may be sent: never more than what is held, nor than what the broker holds."""
        blotter = self.blotter
        if wish.purpose != "FLAT":
            return blotter.may_sell(wish.instrument)
        held = blotter.broker_net(wish.instrument)  # what others have put on is closed by a flat, too
        return max(0, (held if wish.side == "SELL" else -held) - blotter.pending(wish.instrument, wish.side))

    def _is_cleared(self, wish: Wish, now_ms: int) -> bool:
        """Whether the rest of the entry is out of the way of an exit: taken back first, but not waited for without end."""
        if not self._is_alone(wish):
            return False
        opposite: Side = "BUY" if wish.side == "SELL" else "SELL"
        others = [each for each in self.blotter.working(wish.instrument, opposite) if each.state != "UNKNOWN"]
        if not others:
            return True
        for each in others:
            each.unwanted = True
        wish.cleared_ms = wish.cleared_ms or now_ms + CLEAR_MS
        return now_ms >= wish.cleared_ms

    def _is_alone(self, wish: Wish) -> bool:
        """Whether no stop at the broker sells the same: it is taken back first, and its end awaited however long that takes."""
        resting = [
            each for each in self.blotter.working(wish.instrument, wish.side) if each.purpose == "NET" and each.left
        ]
        for each in resting:
            each.unwanted = True
        return not resting

    def _send(self, wish: Wish, quantity: int, now_ms: int) -> None:
        instrument = self.blotter.instruments[wish.instrument]
        parts = cut(quantity, instrument.lot_size, wish.slice or instrument.largest_order)
        if not parts.count:
            return
        start = self.pricing.start(wish, now_ms)
        rung = rung_of(wish.ladder, wish.begun_ms or now_ms, now_ms)
        if rung is None:
            wish.dropped = True
            return
        if start is None:
            return
        for index in range(1 if wish.is_entry else parts.count):
            if self._budget.wait(now_ms, entry=wish.is_entry, kept=self.reserved if wish.is_entry else 0):
                return
            limit = self.pricing.limit(wish, start, rung, now_ms)
            self.place(wish, parts.slice(index), limit, now_ms, rung=rung, blind=start.blind)

    def place(self, wish: Wish, quantity: int, limit: int, now_ms: int, *, rung: int = 0, blind: bool = False) -> None:
        """Have a new order sent for so much of a wish."""
        number = self.blotter.next_number()
        tag = self.blotter.tags.make(number, wish.purpose)
        order = LiveOrder(
            number, tag, wish.instrument, wish.side, quantity, wish.purpose, wish.reason, wish.decided, limit, now_ms,
            wish.target, rung=rung, wish=wish.number, blind=blind,
        )  # fmt: skip
        self.blotter.add(order)
        self._count(now_ms, entry=wish.is_entry, order=True)
        request = PlaceOrder(
            number, tag, wish.instrument, wish.side, quantity, limit, wish.purpose, wish.decided, wish.reason,
            wish=wish.number, served=wish.filled,
        )  # fmt: skip
        self.requests.append(request)

    # ── Orders on their way ─────────────────────────────────────────────────────────────────────────────────────

    def _see_to(self, order: LiveOrder, now_ms: int) -> None:
        """Move an order that works, or take it back; ask after one that nothing is heard of."""
        wish = self.wishes.get(order.wish)
        if order.sent_ms and wish is not None and not wish.begun_ms:
            wish.begun_ms = order.sent_ms
        serves = not wish.dropped if wish is not None else self.rests_stops and order.purpose == "NET"
        order.unwanted = order.unwanted or not serves
        if request := self.reading.after(order, now_ms):
            self.requests.append(request)
        if order.wants_details:
            return
        if order.state == "WORKING" and wish is not None and not order.unwanted:
            self._climb(wish, order, now_ms)
        if order.unwanted and order.state in {"WORKING", "AMENDING"} and self.may_send(now_ms) and order.cancel(now_ms):
            self._count(now_ms)
            self.requests.append(WithdrawOrder(order.number, order.broker_id, order.purpose))

    def _climb(self, wish: Wish, order: LiveOrder, now_ms: int) -> None:
        """Take the next rung where it is due; a partly filled order is taken back, and its rest sent anew."""
        rung = rung_of(wish.ladder, wish.begun_ms or now_ms, now_ms)
        if rung is None:
            wish.dropped = order.unwanted = True
            return
        begun_ms = wish.begun_ms or now_ms
        order.look_ms = order.look_ms or next_look_ms(wish.ladder, begun_ms, begun_ms)
        if now_ms < order.look_ms or (start := self.pricing.start(wish, now_ms)) is None:
            return
        order.look_ms = next_look_ms(wish.ladder, begun_ms, now_ms)
        limit = self.pricing.limit(wish, start, rung, now_ms)
        order.rung = rung
        if not keener(order.side, limit, order.limit):
            return
        if not self._is_amended(order):
            order.unwanted = True
        elif self.may_send(now_ms, entry=wish.is_entry) and order.amend(limit, now_ms):
            self._count(now_ms, entry=wish.is_entry)
            self.requests.append(
                AmendOrder(order.number, order.broker_id, order.instrument, order.quantity, limit, order.purpose)
            )

    def _is_amended(self, order: LiveOrder) -> bool:
        """Whether it is moved in its place."""
        return self._amends and not order.filled

    def may_send(self, now_ms: int, *, entry: bool = False) -> bool:
        """Whether a request may go out now; one for an entry leaves what closing all may take."""
        return self._budget.wait(now_ms, entry=entry, kept=self.reserved if entry else 0) is None

    def _count(self, now_ms: int, *, entry: bool = False, order: bool = False) -> None:
        self.writes += 1
        self._budget.count(now_ms, entry=entry, order=order)

    @property
    def reserved(self) -> int:
        """The requests that closing all may take, which entries leave."""
        blotter = self.blotter
        most = [each.largest_order for each in blotter.instruments]
        slices = sum(-(-held // most[at]) for at, held in enumerate(blotter.net) if held > 0)
        return reserve(slices, len(blotter.open))
