"""Taking one entry back because a person wants it: which may be, and what follows. Sends nothing."""

from collections.abc import Mapping

from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.wishes import Wish


def withdraw(blotter: Blotter, wishes: Mapping[int, Wish], tag: str) -> LiveOrder | str:
    """Want the order with this tag no more, nor what it serves; the order, or why it stays as it is."""
    order = blotter.tagged(tag)
    if order is None:
        return f"there is no order {tag} of today"
    if why := _objection(order):
        return f"order {tag} {why}"
    if (wish := wishes.get(order.wish)) is not None:
        wish.dropped = True
    order.unwanted = True
    return order


def is_withdrawable(order: LiveOrder) -> bool:
    """Whether a person may take it back now."""
    return not _objection(order)


def _objection(order: LiveOrder) -> str:
    if order.purpose != "ENTRY":
        return "closes what is held: entries alone are withdrawn, all else is for a flat"
    if order.is_over or order.state == "SETTLING":
        return f"is over: {(order.ended or order.state).lower().replace('_', ' ')}"
    return "is being withdrawn already" if order.unwanted else ""
