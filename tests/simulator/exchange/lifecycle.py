"""What becomes of an order once the broker has taken it, step by step, and of the position. Knows no call and no answer."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from tests.simulator.exchange import refusals
from tests.simulator.exchange.matching import Matcher
from tests.simulator.exchange.orders import (
    AFTER_MARKET,
    AFTER_MARKET_CANCELLED,
    CANCELLED,
    CANCELLING,
    CODES,
    COMPLETE,
    MODIFIED,
    MODIFYING,
    NOT_CANCELLED,
    NOT_MODIFIED,
    OPEN,
    PENDING,
    REJECTED,
    WAITING,
    BrokerOrder,
    ExchangeFill,
)
from tests.simulator.exchange.parts import BrokerParts, Deviation, OrderChange
from tests.simulator.exchange.refusals import OrderRefusal
from tests.simulator.exchange.rules import price_objection, protection_objection
from tests.simulator.exchange.settings import Span
from tests.simulator.tally import add

_AT_EXCHANGE = {"price", "circuit", "self_trade", "other"}  # families that the exchange refuses by, not the broker
_EXCHANGE_ID = 1_100_000_000_000_000


class Lifecycle:
    """Each step of an order is due later, and never before a step that was asked for earlier."""

    def __init__(self, parts: BrokerParts) -> None:
        self.fills: list[ExchangeFill] = []
        self._parts = parts

    # ── What is asked ──────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, now_ms: int, order: BrokerOrder) -> None:
        """The broker has taken an order."""
        self.enlist(now_ms, order)
        self._later(now_ms, order, self._parts.delays.broker, self._look_at)
        self._later(order.busy_ms, order, self._parts.delays.exchange, self._open)

    def change(self, now_ms: int, order: BrokerOrder, change: OrderChange, deviation: Deviation) -> None:
        """The broker has taken a modify."""
        self._be(now_ms, order, MODIFYING)
        self._later(now_ms, order, self._parts.delays.exchange, lambda at, it: self._modify(at, it, change, deviation))

    def withdraw(self, now_ms: int, order: BrokerOrder, deviation: Deviation) -> None:
        """The broker has taken a cancel."""
        self._be(now_ms, order, CANCELLING)
        self._later(now_ms, order, self._parts.delays.exchange, lambda at, it: self._cancel(at, it, deviation))

    def enlist(self, now_ms: int, order: BrokerOrder) -> None:
        """The order is in the book and counts."""
        self._parts.risk.work(order)
        self._parts.teller.order(now_ms, order)
        self._note_position(order.security.symbol)

    def objection(self, now_ms: int, order: BrokerOrder, families: AbstractSet[str]) -> OrderRefusal | None:
        """What a new order would be refused by, as far as the refusal is of `families`."""
        found = None
        if families - _AT_EXCHANGE:
            found = self._broker_objection(now_ms, order)
        if found is None and families & _AT_EXCHANGE:
            matcher = self._parts.matchers[order.security.symbol]
            found = price_objection(now_ms, matcher, order, order.price, order.trigger)
        return found if found and found.family in families else None

    def change_objection(self, now_ms: int, order: BrokerOrder, change: OrderChange) -> OrderRefusal | None:
        """What broker or exchange would refuse a change by."""
        if change.quantity <= order.filled:
            return refusals.filled_already()
        matcher = self._parts.matchers[order.security.symbol]
        return self._parts.risk.objection(order, change.price, change.quantity) or price_objection(
            now_ms, matcher, order, change.price, change.trigger
        )

    # ── What happens besides ───────────────────────────────────────────────────────────────────────────────────

    def moved(self, now_ms: int, matcher: Matcher) -> None:
        """Others' book of a security has moved."""
        for stop in matcher.match(now_ms):
            matcher.leave(stop)
            stop.triggered = True
            if refusal := protection_objection(now_ms, matcher, stop, stop.price):
                self._reject(now_ms, stop, refusal)
            else:
                self._be(now_ms, stop, OPEN)
                matcher.enter(now_ms, stop)

    def trade_at_once(self, now_ms: int, order: BrokerOrder) -> None:
        """Fill an order wholly, at whatever price: somebody else trades in this account."""
        self.enlist(now_ms, order)
        self._reach_exchange(now_ms, order)
        matcher = self._parts.matchers[order.security.symbol]
        limit = order.security.upper if order.side == "BUY" else order.security.lower
        for price, quantity in matcher.depth.take(order.side, limit, order.quantity):
            matcher.fill(now_ms, order, price, quantity)
        if order.rest:
            matcher.fill(now_ms, order, matcher.depth.last, order.rest)

    def end_all(self, now_ms: int, text: str, product: str) -> None:
        """Cancel all orders of a product ("": of all)."""
        for order in self._parts.risk.working:
            if product not in {"", order.product}:
                continue
            order.text = text
            self._end(now_ms, order, CANCELLED)

    def fill(self, now_ms: int, order: BrokerOrder, price: int, quantity: int) -> None:
        """Somebody has traded with so much of an order."""
        fill = ExchangeFill(
            str(10_000_001 + len(self.fills)),
            order.number,
            order.orderid,
            order.tag,
            order.security,
            order.product,
            order.side,
            price,
            quantity,
            now_ms,
        )
        self.fills.append(fill)
        order.filled += quantity
        order.value += price * quantity
        order.fill_id, order.fill_ms, order.exchange_ms = fill.id, now_ms, now_ms
        counters = self._parts.counters
        counters.fills += 1
        add(counters.filled, order.tag, quantity)
        self._parts.teller.fill(now_ms, fill, self._parts.positions.book(fill))
        if order.filled == order.quantity:
            self._end(now_ms, order, COMPLETE)
        else:
            self._be(now_ms, order, OPEN)
        self._note_position(order.security.symbol)

    # ── Steps of an order ──────────────────────────────────────────────────────────────────────────────────────

    def _look_at(self, now_ms: int, order: BrokerOrder) -> None:
        """The broker looks at a new order."""
        parts = self._parts
        if order.rest_ended and order.allowed is None:
            self._end_by_itself(now_ms, order, order.rest_ended)
            return
        forced = order.forced and order.forced not in _AT_EXCHANGE
        refusal = refusals.forced(order.forced, order, order.price) if forced else self._broker_objection(now_ms, order)
        if refusal and refusal.family == "closed" and parts.quirks.after_hours == "amo" and not forced:
            order.after_market = True
            self._be(now_ms, order, AFTER_MARKET)
        elif refusal:
            self._reject(now_ms, order, refusal)
        else:
            order.approved = True
            self._be(now_ms, order, PENDING)

    def _broker_objection(self, now_ms: int, order: BrokerOrder) -> OrderRefusal | None:
        if not self._parts.day.is_open(now_ms):
            return refusals.closed()
        if order.forbidden:
            return refusals.market_order()
        return self._parts.risk.objection(order, order.price, order.quantity)

    def _open(self, now_ms: int, order: BrokerOrder) -> None:
        """The order reaches the exchange."""
        if order.after_market:
            return
        matcher = self._parts.matchers[order.security.symbol]
        refusal = price_objection(now_ms, matcher, order, order.price, order.trigger)
        if order.forced:
            refusal = refusals.forced(order.forced, order, order.price)
        if refusal:
            self._reject(now_ms, order, refusal)
            return
        self._reach_exchange(now_ms, order)
        if order.is_stop:
            self._be(now_ms, order, WAITING)
            matcher.wait(order)
        else:
            self._be(now_ms, order, OPEN)
            self._enter(now_ms, matcher, order)

    def _modify(self, now_ms: int, order: BrokerOrder, change: OrderChange, deviation: Deviation) -> None:
        """A change reaches the exchange."""
        self._happen_meanwhile(now_ms, order, deviation)
        if order.over:
            return
        refusal = self.change_objection(now_ms, order, change)
        if deviation.family:
            refusal = refusals.forced(deviation.family, order, change.price)
        if refusal:
            add(self._parts.counters.refused, refusal.family)
            order.text = refusal.text
            self._be(now_ms, order, NOT_MODIFIED)
            return
        keeps_place = change.price == order.price and change.quantity <= order.quantity and order.allowed is None
        order.price, order.trigger, order.quantity = change.price, change.trigger, change.quantity
        order.allowed, order.exchange_ms, order.text = None, now_ms, ""
        if order.is_stop:
            self._be(now_ms, order, WAITING, second=MODIFIED, code=CODES[MODIFIED])
            return
        self._be(now_ms, order, MODIFIED)
        self._be(now_ms, order, OPEN, second=MODIFIED)
        if not keeps_place:
            matcher = self._parts.matchers[order.security.symbol]
            matcher.leave(order)
            self._enter(now_ms, matcher, order)
        self._note_position(order.security.symbol)

    def _cancel(self, now_ms: int, order: BrokerOrder, deviation: Deviation) -> None:
        """A cancel reaches the exchange."""
        self._happen_meanwhile(now_ms, order, deviation)
        if order.over:
            return
        if deviation.family:
            order.text = refusals.forced(deviation.family, order, order.price).text
            self._be(now_ms, order, NOT_CANCELLED)
        else:
            self._end(now_ms, order, CANCELLED)

    def _enter(self, now_ms: int, matcher: Matcher, order: BrokerOrder) -> None:
        matcher.enter(now_ms, order)
        if order.rest_ended and order.rest:
            self._end_by_itself(now_ms, order, order.rest_ended)

    def _end_by_itself(self, now_ms: int, order: BrokerOrder, ended: str) -> None:
        """A fault: it is over, and the client has not asked for that."""
        if ended == REJECTED:
            self._reject(now_ms, order, refusals.forced("other", order, order.price))
        else:
            order.text = "Order cancelled by the exchange"
            self._end(now_ms, order, CANCELLED)

    def _happen_meanwhile(self, now_ms: int, order: BrokerOrder, deviation: Deviation) -> None:
        """A fault: what is on its way comes too late for some of the order, or for all of it."""
        if deviation.percent is not None and order.resting:
            matcher = self._parts.matchers[order.security.symbol]
            quantity = whole_lots(order.rest, deviation.percent, order.security.lot)
            if quantity and order.is_stop:
                matcher.leave(order)
                order.triggered, order.allowed = True, quantity
                matcher.enter(now_ms, order)
                quantity = order.matchable
            if quantity:
                matcher.fill(now_ms, order, order.price, quantity)
        if deviation.ended and not order.over:
            self._end_by_itself(now_ms, order, deviation.ended)

    def _reach_exchange(self, now_ms: int, order: BrokerOrder) -> None:
        order.exchange_id, order.exchange_ms = str(_EXCHANGE_ID + order.number), now_ms

    def _reject(self, now_ms: int, order: BrokerOrder, refusal: OrderRefusal) -> None:
        add(self._parts.counters.refused, refusal.family)
        order.text = refusal.text
        self._end(now_ms, order, REJECTED)

    def _end(self, now_ms: int, order: BrokerOrder, state: str) -> None:
        """The order is over."""
        if state != COMPLETE:
            order.cancelled = order.quantity - order.filled
        self._parts.matchers[order.security.symbol].leave(order)
        self._parts.risk.end(order)
        amo = order.after_market and state == CANCELLED
        self._be(now_ms, order, state, code=AFTER_MARKET_CANCELLED if amo else CODES[state])

    def _be(self, now_ms: int, order: BrokerOrder, state: str, *, second: str = "", code: str = "") -> None:
        order.state = state
        order.second = second or state
        self._parts.teller.order(now_ms, order, code or CODES.get(state, ""))

    def _later(self, now_ms: int, order: BrokerOrder, span: Span, step: Callable[[int, BrokerOrder], None]) -> None:
        """Have `step` done, unless the order is over by then."""
        order.busy_ms = max(order.busy_ms, now_ms + self._parts.teller.draw(span))
        self._parts.due.at(order.busy_ms, lambda at_ms: None if order.over else step(at_ms, order))

    def _note_position(self, symbol: str) -> None:
        """Keep the worst that there was."""
        counters, net = self._parts.counters, self._parts.positions.net(symbol)
        counters.lowest_net[symbol] = min(counters.lowest_net.get(symbol, net), net)
        oversold = self._parts.risk.oversold(symbol)
        if oversold > counters.most_oversold.get(symbol, 0):
            counters.most_oversold[symbol] = oversold


def whole_lots(quantity: int, percent: int, lot: int) -> int:
    """So much of a quantity in whole lots, one at least unless it is nothing: a lot is never parted."""
    return min(quantity, max(lot, quantity * percent // 100 // lot * lot)) if percent else 0
