"""What may be at the broker after a crash, from the rows that had reached the disk. Pure.

A crash is taken for the worst: whatever may have been sent is unknown, until the broker's books say what it is.
"""

from collections.abc import Iterable

from msgspec import Struct

from engine.model.order_reports import Accepted, NotSent, Refused
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import (
    Adopted,
    Booked,
    Ended,
    EntriesLocked,
    EntriesUnlocked,
    External,
    FlatAsked,
    FlatProven,
    SendBegun,
)
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.states import state_named

UNCLEAN = "the last run ended uncleanly"


class Recovered(Struct, frozen=True):
    """Which flat goes on ("": none); how many orders may be out there unseen."""

    flat: str
    unknown: int


def recover(blotter: Blotter, rows: Iterable[object], now_ms: int) -> Recovered:
    """Fill an empty blotter from `rows`, oldest first; entries are locked behind it."""
    begun: set[int] = set()
    flat, locked = "", UNCLEAN
    for row in rows:
        match row:
            case SendBegun():
                begun.add(row.order)
            case FlatAsked():
                flat = row.reason
            case FlatProven():
                flat = ""
            case EntriesLocked():
                locked = row.reason
            case EntriesUnlocked():
                locked = UNCLEAN
            case _:
                _take(blotter, row, now_ms)
    for order in blotter.orders.values():
        _settle(order, now_ms, begun=order.number in begun)
    blotter.open = {number: order for number, order in blotter.orders.items() if not order.is_over}
    blotter.locked = locked
    return Recovered(flat, len(blotter.unknown()))


def _take(blotter: Blotter, row: object, now_ms: int) -> None:
    """Take a row about an order, or about somebody else's trade."""
    match row:
        case PlaceOrder():
            blotter.add(_order(row, now_ms))
        case Adopted():
            blotter.add(_adopted(row, now_ms))
        case Accepted() | Refused() | NotSent():
            _answered(blotter.orders[row.order], row)
        case Booked():
            order = blotter.orders[row.order]
            order.filled += row.quantity
            order.turnover += row.quantity * row.price
            blotter.net[order.instrument] += row.quantity if order.side == "BUY" else -row.quantity
        case Ended():
            blotter.orders[row.order].state = state_named(row.state)
        case External():
            blotter.others.know(row, blotter.net)


def _order(row: PlaceOrder, now_ms: int) -> LiveOrder:
    return LiveOrder(
        row.order,
        row.tag,
        row.instrument,
        row.side,
        row.quantity,
        row.purpose,
        row.reason,
        row.decided,
        row.limit,
        now_ms,
    )


def _adopted(row: Adopted, now_ms: int) -> LiveOrder:
    return LiveOrder(
        row.order,
        row.tag,
        row.instrument,
        row.side,
        row.quantity,
        row.purpose,
        "adopted",
        row.limit,
        row.limit,
        now_ms,
    )


def _answered(order: LiveOrder, row: Accepted | Refused | NotSent) -> None:
    """What is certain of it."""
    if isinstance(row, Accepted):
        order.earlier_ids = order.ids
        order.broker_id, order.unique_id = row.broker_id, row.unique_id or order.unique_id
    elif row.request == "place":
        order.state = "REFUSED" if isinstance(row, Refused) else "NOT_PLACED"


def _settle(order: LiveOrder, now_ms: int, *, begun: bool) -> None:
    """Take an order that is not over for what it may be at worst.

    An entry whose sending had not begun never left. An exit may have gone out without its rows: it is unknown all the same.
    """
    order.due_ms = 0
    order.unwanted = True  # who wanted it is gone; what is held is judged anew
    if order.is_over:
        return
    if order.broker_id:
        order.state, order.known_ms, order.wants_details = "WORKING", now_ms, True
    elif order.purpose == "ENTRY" and not begun:
        order.state = "NOT_PLACED"
    else:
        order.state, order.sent_ms = "UNKNOWN", now_ms
