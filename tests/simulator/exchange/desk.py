"""The broker's order desk: understands what is asked of an order, takes it or says no. Knows no HTTP, and not what becomes of it."""

from collections.abc import Iterable, Mapping
from random import Random

from tests.simulator.exchange import refusals, rows
from tests.simulator.exchange.answers import WireAnswer, good, no
from tests.simulator.exchange.forms import Fields, OrderForm, read_order
from tests.simulator.exchange.lifecycle import Lifecycle, whole_lots
from tests.simulator.exchange.orders import AFTER_MARKET, BrokerOrder, Side
from tests.simulator.exchange.parts import BrokerParts, Deviation, OrderChange
from tests.simulator.exchange.refusals import AT_ONCE, OrderRefusal
from tests.simulator.exchange.securities import Security
from tests.simulator.tally import add

_VARIETIES = {"NORMAL", "STOPLOSS", "ROBO"}


class OrderDesk:
    """All orders of the day, by what the client may call them."""

    def __init__(self, parts: BrokerParts, securities: Iterable[Security], rng: Random) -> None:
        self.orders: list[BrokerOrder] = []
        self.lifecycle = Lifecycle(parts)
        self._parts = parts
        self._at_once = parts.quirks.at_once
        self._rng = rng
        self._by_token: Mapping[str, Security] = {each.token: each for each in securities}
        self._by_id: dict[str, BrokerOrder] = {}
        self._by_unique: dict[str, BrokerOrder] = {}
        self._ids = 0

    def place(self, now_ms: int, fields: Fields, deviation: Deviation) -> WireAnswer:
        """Take an order; what the answer says is no more than that."""
        form = read_order(fields, self._by_token)
        if isinstance(form, WireAnswer):
            return form
        order = self._made(now_ms, form, "" if deviation.untagged else form.tag)
        objection = self.lifecycle.objection(now_ms, order, self._at_once)
        if refused := self._refused_at_once(order, objection, deviation, order.price):
            return refused
        order.forced = deviation.family
        if deviation.percent is not None:
            order.allowed = whole_lots(order.quantity, deviation.percent, order.security.lot)
        order.rest_ended = deviation.ended
        self._keep(now_ms, order)
        add(self._parts.counters.orders, order.tag)
        self.lifecycle.begin(now_ms, order)
        return good({"script": order.security.symbol, **_ids(order)})

    def modify(self, now_ms: int, fields: Fields, deviation: Deviation) -> WireAnswer:
        """Take a change of price, trigger and quantity."""
        orderid = str(fields.get("orderid", ""))
        form = read_order(fields, self._by_token, orderid)
        order = self._by_id.get(orderid)
        if isinstance(form, WireAnswer):
            return form
        if order is None:
            return no("AB1013")
        if order.over or order.state == AFTER_MARKET:
            return no("AB1007", f"Order cannot be modified as it is {order.state}")
        if (form.variety, form.security, form.order_type) != (order.variety, order.security, order.order_type):
            return no("AB1008")
        total = form.quantity + (order.filled if self._parts.quirks.modify_quantity == "rest" else 0)
        change = OrderChange(form.price, form.trigger, total)
        objection = self.lifecycle.change_objection(now_ms, order, change)
        if refused := self._refused_at_once(order, objection, deviation, change.price):
            return refused
        if self._parts.quirks.new_orderid:
            del self._by_id[order.orderid]
            self._name(now_ms, order)
        self.lifecycle.change(now_ms, order, change, deviation)
        return good(_ids(order))

    def cancel(self, now_ms: int, fields: Fields, deviation: Deviation) -> WireAnswer:
        """Take the wish that an order ends."""
        order = self._by_id.get(str(fields.get("orderid", "")))
        variety = fields.get("variety")
        if variety not in _VARIETIES:
            return no("AB1008")
        if order is None:
            return no("AB1013")
        if order.over:
            return no("AB1007", f"Order cannot be cancelled as it is {order.state}")
        if variety != order.variety:
            return no("AB1008")
        if refused := self._refused_at_once(order, None, deviation, order.price):
            return refused
        self.lifecycle.withdraw(now_ms, order, deviation)
        return good(_ids(order))

    def details(self, unique: str) -> WireAnswer:
        """One order as it is, without delay."""
        order = self._by_unique.get(unique)
        return no("AB1007", "Order not found") if order is None else good(self._parts.teller.details(order))

    def external(self, now_ms: int, security: Security, units: int, product: str, text: str = "") -> None:
        """Somebody else trades in this account, in the app or at the broker's; such an order has no tag."""
        side: Side = "BUY" if units > 0 else "SELL"
        form = OrderForm(security, side, product, "NORMAL", "MARKET", "DAY", 0, 0, abs(units), "")
        order = self._made(now_ms, form, "")
        order.text, order.external = text, True
        self._keep(now_ms, order)
        self._parts.counters.external += 1
        self.lifecycle.trade_at_once(now_ms, order)

    def square_off(self, now_ms: int) -> None:
        """The broker ends all intraday orders, then closes all intraday positions."""
        self.lifecycle.end_all(now_ms, "RMS: cancelled before auto square off", "INTRADAY")
        for (_, product), holding in tuple(self._parts.positions.holdings.items()):
            if product == "INTRADAY" and holding.net:
                self.external(now_ms, holding.security, -holding.net, product, "RMS: auto square off")

    def _refused_at_once(
        self, order: BrokerOrder, objection: OrderRefusal | None, deviation: Deviation, price: int
    ) -> WireAnswer | None:
        """The gateway's own no: one that a fault wants, or of those families that the gateway tells itself."""
        if deviation.family:
            refusal = refusals.forced(deviation.family, order, price) if deviation.at_once else None
        else:
            refusal = objection if objection and objection.family in self._at_once else None
        if refusal is None:
            return None
        add(self._parts.counters.refused, refusal.family)
        return no(deviation.code or AT_ONCE[refusal.family], refusal.text)

    def _made(self, now_ms: int, form: OrderForm, tag: str) -> BrokerOrder:
        return BrokerOrder(
            len(self.orders) + 1,
            "",
            f"{self._rng.getrandbits(64):016x}",
            tag,
            form.security,
            form.side,
            form.product,
            form.variety,
            form.order_type,
            form.price,
            form.trigger,
            form.quantity,
            now_ms,
            forbidden=not form.is_limit,
        )

    def _keep(self, now_ms: int, order: BrokerOrder) -> None:
        self.orders.append(order)
        self._by_unique[order.unique] = order
        self._name(now_ms, order)

    def _name(self, now_ms: int, order: BrokerOrder) -> None:
        """Give the order the next order id."""
        self._ids += 1
        order.orderid = f"{rows.day_code(now_ms)}{self._ids:09}"
        self._by_id[order.orderid] = order


def _ids(order: BrokerOrder) -> dict[str, object]:
    return {"orderid": order.orderid, "uniqueorderid": order.unique}
