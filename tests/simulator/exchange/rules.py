"""What the exchange takes: hours, ticks, circuit, price protection, stops, no trade with oneself. Knows no money."""

from tests.simulator.exchange import refusals
from tests.simulator.exchange.matching import Matcher
from tests.simulator.exchange.orders import BrokerOrder
from tests.simulator.exchange.refusals import OrderRefusal

_CHEAP = 5_000
_CHEAP_RANGE = 1_000


def price_objection(now_ms: int, matcher: Matcher, order: BrokerOrder, price: int, trigger: int) -> OrderRefusal | None:
    """What the exchange has against `price` and `trigger` (paise) of an order that is new or to be changed."""
    security = order.security
    if price % security.tick or trigger % security.tick:
        return refusals.off_tick(security.tick)
    if not security.lower <= price <= security.upper:
        return refusals.outside_circuit(security.lower, security.upper)
    if order.is_stop:
        return _stop_objection(matcher, order, price, trigger)
    return protection_objection(now_ms, matcher, order, price) or own_objection(matcher, order, price)


def protection_objection(now_ms: int, matcher: Matcher, order: BrokerOrder, price: int) -> OrderRefusal | None:
    """What price protection has against a limit price."""
    low, high = matcher.depth.bounds(now_ms)
    if order.side == "BUY":
        return refusals.beyond_protection("BUY", high) if price > high else None
    return refusals.beyond_protection("SELL", low) if price < low else None


def own_objection(matcher: Matcher, order: BrokerOrder, price: int) -> OrderRefusal | None:
    """Whether it would meet one of the client's own."""
    return refusals.self_trade() if matcher.crossed(order, price) else None


def _stop_objection(matcher: Matcher, order: BrokerOrder, price: int, trigger: int) -> OrderRefusal | None:
    """What there is against a stop: its trigger lies ahead, its limit behind that, and not too far."""
    last = matcher.depth.last
    better = 1 if order.side == "BUY" else -1
    if trigger * better <= last * better or price * better < trigger * better:
        return refusals.triggered_already()
    most = _CHEAP_RANGE if trigger <= _CHEAP else trigger // 5
    if abs(price - trigger) > most:
        return refusals.beyond_stop_range(order.side, most, trigger + better * most)
    return None
