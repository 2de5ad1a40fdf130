"""What follows for a wish when one of its orders is refused, by the family of the refusal alone."""

from msgspec import Struct

from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import Alarm, LiveOrder
from engine.trading.orders.price_bounds import PriceBounds
from engine.trading.orders.refusals import consequence
from engine.trading.orders.slices import halved
from engine.trading.orders.wishes import Wish

_AGAIN_MS = 1_000


class Setback(Struct, frozen=True):
    """Why no entry may be sent any more ("": one may), and what a person is told."""

    halt: str
    alarms: list[Alarm]


def take_refusal(
    wish: Wish, order: LiveOrder, blotter: Blotter, bounds: PriceBounds, lot_size: int, best: int, now_ms: int
) -> Setback:
    """Change what is wished, and what is known of bounds, by a refusal of `order`; `best` is where a ladder begins now, 0 = unknown."""
    family = order.family
    then = consequence(family, entry=wish.is_entry)
    alarms: list[Alarm] = []
    if wish.refusals.refused(family, now_ms):
        alarms.append(Alarm(order.number, f"{order.tag} is refused again and again: {family}", locks=False))
    if then.escalate:
        alarms.append(Alarm(order.number, f"{order.tag} is refused: {family}"))
    match then.step:
        case "drop":
            wish.dropped = True
        case "reprice":
            bounds.learn(order.side, order.limit, order.bound, above=order.above, best=best, now_ms=now_ms)
            wish.keenest = 0
        case "reslice":
            wish.slice = halved(order.quantity, lot_size)
        case "free_margin" | "cancel_opposite":
            _make_room(wish, order, blotter)
        case "hold":
            wish.hold = "the market is closed"
        case "login":
            blotter.logged_in, blotter.trusted = False, 0
        case "stop":
            wish.hold = f"refused: {family}"
        case "resend" | "read" | "held_product":
            wish.wait_ms = max(wish.wait_ms, now_ms + _AGAIN_MS)
    return Setback(f"refused: {family}" if then.halt else "", alarms)


def _make_room(wish: Wish, order: LiveOrder, blotter: Blotter) -> None:
    """Take back what stands in its way: other orders of ours in the same instrument."""
    for other in blotter.open.values():
        if other.instrument == wish.instrument and other.number != order.number and other.wish != wish.number:
            other.unwanted = True
