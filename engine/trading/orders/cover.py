"""What is on its way to be closed, held against what there is to close: somebody else may have closed it. Sends nothing."""

from collections.abc import Collection, Iterable

from engine.model.types import Side
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.wishes import Wish


def cover(blotter: Blotter, wishes: Collection[Wish]) -> None:
    """Wish no more than is held, and want back what works beyond it: its fill would open the other side."""
    closing = [each for each in wishes if not (each.is_entry or each.dropped)]
    orders = [each for each in blotter.open.values() if each.purpose != "ENTRY" and each.left]
    if not (closing or orders):
        return
    flat = {each.instrument for each in closing if each.purpose == "FLAT"}
    for at in {each.instrument for each in closing} - flat:
        _shorten([each for each in closing if each.instrument == at], blotter.net[at])
    for at in {each.instrument for each in orders}:
        held = blotter.broker_net(at)
        ours = held if at in flat else min(held, blotter.net[at])
        sides: tuple[tuple[Side, int], ...] = (("SELL", ours), ("BUY", -held))
        for side, most in sides:
            _take_back([each for each in orders if each.instrument == at and each.side == side], most)


def _shorten(wishes: Iterable[Wish], held: int) -> None:
    """Wish `held` in all at most, the oldest first: what is sold already is not sold again."""
    left = max(0, held)
    for wish in wishes:
        wish.quantity = min(wish.quantity, wish.filled + left)
        left -= wish.quantity - wish.filled


def _take_back(orders: Iterable[LiveOrder], most: int) -> None:
    """Leave what may fill `most` in all, the oldest first and stops at the broker last; what nobody knows of cannot be taken back, and counts before all."""
    left = most
    for order in sorted(orders, key=_rank):
        if order.left <= left or order.state == "UNKNOWN":
            left -= order.left
        else:
            order.unwanted = True


def _rank(order: LiveOrder) -> tuple[bool, bool, bool, int]:
    """Sorts what works by what is left to work."""
    return order.state != "UNKNOWN", order.unwanted, order.purpose == "NET", order.number
