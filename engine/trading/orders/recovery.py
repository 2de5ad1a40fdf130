"""What may be at the broker after a crash, from the rows that had reached the disk. Pure.

A crash is taken for the worst: whatever may have been sent is unknown, until the broker's books say what it is.
"""

from collections.abc import Iterable

from engine.model.events import Submit
from engine.model.order_reports import Accepted, NotSent, Refused
from engine.model.order_requests import FREEING, PlaceOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended, External, PartFilled, SendBegun
from engine.model.types import Fill
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.states import FOR_GOOD, state_named
from engine.trading.orders.tags import run_of

UNCLEAN = "the last run ended uncleanly"


def recover(blotter: Blotter, rows: Iterable[object], now_ms: int) -> None:
    """Fill an empty blotter from a journal's `rows`, oldest first; entries are locked behind it."""
    taken = _Taken(blotter, now_ms)
    for row in rows:
        taken.take(row)
    for order in blotter.orders.values():
        order.frees = taken.frees(order)
        _settle(order, now_ms, begun=order.number in taken.begun)
        if order.state in FOR_GOOD and blotter.tags.is_ours(order.tag):
            order.known_ms = now_ms  # today's books have it: one without it, an empty one, is not believed
        if order.is_over and order.number not in taken.ended:
            blotter.told.append(Ended(order.number, order.state, order.filled, order.turnover))
    blotter.open = {number: order for number, order in blotter.orders.items() if not order.is_over}
    blotter.locked = UNCLEAN


class _Taken:
    """What the rows so far say of orders and of others' trades: `begun` are those whose sending had begun, `ended` those that were told to be over."""

    def __init__(self, blotter: Blotter, now_ms: int) -> None:
        self._blotter = blotter
        self._now_ms = now_ms
        self.begun: set[int] = set()
        self.ended: set[int] = set()
        self._targets: dict[int, int] = {}
        self._fresh: dict[int, tuple[str, int]] = {}  # orders before which nothing of their run's wish had come true
        self._true: set[tuple[str, int]] = set()  # wishes of which something has

    def take(self, row: object) -> None:
        """Take a row about an order, or about somebody else's trade."""
        match row:
            case Submit(order=told):
                self._targets[told.number] = told.target
            case PlaceOrder():
                self._placed(row)
            case Adopted():
                self._adopted(row)
            case SendBegun():
                self.begun.add(row.order)
            case PartFilled(fill=fill):
                self._booked(fill)
            case ClosedOthers():
                self._closed_others(row)
            case External():
                self._blotter.others.know(row, self._blotter.net)
            case Accepted() | Refused() | NotSent() | Ended():
                self.ended |= {row.order} if isinstance(row, Ended) else set()
                if order := self._blotter.orders.get(row.order):
                    _answered(order, row)

    def _placed(self, row: PlaceOrder) -> None:
        self._blotter.add(
            LiveOrder(
                row.order, row.tag, row.instrument, row.side, row.quantity, row.purpose, row.reason, row.decided,
                row.limit, self._now_ms, self._targets.get(row.order, -1),
            )
        )  # fmt: skip
        if row.wish and not row.served and row.purpose in FREEING:
            self._fresh[row.order] = (run_of(row.tag), row.wish)

    def _adopted(self, row: Adopted) -> None:
        """An order that left without its rows, or one that was taken for gone: it may be anything now."""
        if known := self._blotter.orders.get(row.order):
            known.state, known.found = "UNKNOWN", True
            self.ended.discard(row.order)
            return
        self._blotter.add(
            LiveOrder(
                row.order, row.tag, row.instrument, row.side, row.quantity, row.purpose, row.reason, row.limit,
                row.limit, self._now_ms,
            )
        )  # fmt: skip

    def _booked(self, fill: Fill) -> None:
        """A part that is booked; of number 0, what others have closed, their own row has told."""
        order = self._blotter.orders.get(fill.order)
        if order is None:
            return
        order.filled += fill.quantity
        order.filled_ms = fill.at_ms
        order.turnover += fill.quantity * fill.price
        self._blotter.net[order.instrument] += fill.quantity if order.side == "BUY" else -fill.quantity
        if wish := self._fresh.get(fill.order):
            self._true.add(wish)

    def _closed_others(self, row: ClosedOthers) -> None:
        """A part that has closed what is not ours."""
        if order := self._blotter.orders.get(row.order):
            order.filled += row.quantity
            order.turnover += row.quantity * row.price
            self._blotter.others.close(order.instrument, row.quantity if order.side == "BUY" else -row.quantity)

    def frees(self, order: LiveOrder) -> bool:
        """Whether its end gives back what it took."""
        wish = self._fresh.get(order.number)
        return wish is not None and wish not in self._true and order.number not in self.ended and not order.found


def _answered(order: LiveOrder, row: Accepted | Refused | NotSent | Ended) -> None:
    """What is certain of it."""
    if isinstance(row, Accepted):
        order.earlier_ids = order.ids
        order.broker_id, order.unique_id = row.broker_id, row.unique_id or order.unique_id
    elif isinstance(row, Ended):
        order.state = state_named(row.state)
    elif row.request == "place":
        order.state = "REFUSED" if isinstance(row, Refused) else "NOT_PLACED"


def _settle(order: LiveOrder, now_ms: int, *, begun: bool) -> None:
    """Take an order that is not over for what it may be at worst.

    An entry whose sending had not begun never left. An exit may have gone out without its rows: it is unknown all the same.
    """
    order.due_ms = 0
    order.unwanted = order.purpose != "NET"  # who wanted it is gone; what is held is judged anew
    if order.is_over:
        return
    if order.broker_id:
        order.state, order.known_ms, order.wants_details = "WORKING", now_ms, True
    elif order.purpose == "ENTRY" and not begun:
        order.state = "NOT_PLACED"
    else:
        order.state, order.sent_ms = "UNKNOWN", now_ms
