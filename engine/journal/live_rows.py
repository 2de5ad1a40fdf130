"""What the rows of orders at a real broker say of those that are not over: fills in parts, ends, what each has taken. Pure; knows no account."""

from collections.abc import Mapping

from engine.model.order_requests import FREEING, PlaceOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended
from engine.model.state import Fields, Plain
from engine.model.types import Fill, Order
from engine.trading.kept_orders import KeptOrder, orders_in, parts_in, put_orders
from engine.trading.order_parts import OrderParts

OTHERS = "External"


class LiveRows:
    """Follows rows from an account that was kept on; `open` orders by number, `last_number` the highest that was seen."""

    def __init__(self, fields: Mapping[str, Plain]) -> None:
        """Raises ValueError for fields that no account is kept with."""
        self.open = orders_in(fields)
        self.parts = parts_in(fields)
        self._over: dict[int, KeptOrder] = {}  # of which the row that tells all of them is still to come
        self._filled_ms = 0

    def keep(self, into: Fields) -> None:
        """Add what is open, and booked of it, to an account."""
        put_orders(into, self.open, self.parts)

    # ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────

    def placed(self, row: PlaceOrder, submitted: Order | None) -> None:
        """An order is to go to the broker, which was told by its `Submit` before."""
        target = submitted.target if submitted is not None else -1
        frees = not row.served and row.purpose in FREEING
        self.open[row.order] = KeptOrder(
            row.tag, row.instrument, row.side, row.quantity, row.reason, target, wish=row.wish, frees=frees
        )

    def adopted(self, row: Adopted) -> None:
        """One was found at the broker."""
        self.open[row.order] = KeptOrder(row.tag, row.instrument, row.side, row.quantity, row.reason)

    def part(self, fill: Fill) -> tuple[OrderParts, str]:
        """A part of an order is booked: what was booked of it before, and why it was sent."""
        self._filled_ms = fill.at_ms
        order = self.open.get(fill.order)
        if order is None:
            order = self._over.setdefault(fill.order, KeptOrder("", fill.instrument, fill.side, fill.quantity, OTHERS))
        order.filled += fill.quantity
        for each in self.open.values():
            if each is order or (order.wish and each.wish == order.wish):
                each.frees = False
        return self.parts.setdefault(fill.order, OrderParts()), order.reason

    def closed_others(self, row: ClosedOthers) -> None:
        """A part of an order has closed what is not ours."""
        if order := self.open.get(row.order):
            order.filled += row.quantity

    def ended(self, row: Ended) -> KeptOrder | None:
        """An order is over; the order where it gives back what it took."""
        order = self.open.pop(row.order, None)
        if order is None:
            return None
        if row.order in self.parts:
            self._over[row.order] = order
        others = any(order.wish and each.wish == order.wish and each.frees for each in self.open.values())
        return order if order.frees and not others else None

    def whole(self, number: int) -> tuple[OrderParts, str] | None:
        """All of an order is told: its parts, and why it was sent; None where it has none, as with a simulated broker."""
        parts, order = self.parts.pop(number, None), self._over.pop(number, None) or self.open.get(number)
        return None if parts is None else (parts, order.reason if order is not None else OTHERS)

    def begin_run(self) -> None:
        """Another run begins: its wishes are others."""
        for order in self.open.values():
            order.wish = 0

    def cut_off(self) -> list[tuple[Fill, OrderParts, str]]:
        """What is over and was not told as a whole any more: as much as its parts tell of each, which are taken out."""
        found = []
        for number, order in self._over.items():
            parts = self.parts.pop(number, None)
            if parts is not None and parts.filled:
                price = max(1, (parts.turnover + parts.filled // 2) // parts.filled)
                fill = Fill(number, order.instrument, order.side, parts.filled, price, self._filled_ms)
                found.append((fill, parts, order.reason))
        self._over.clear()
        return found
