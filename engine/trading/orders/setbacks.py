"""What follows for a wish when one of its orders is refused, by the family of the refusal alone."""

from msgspec import Struct

from engine.model.order_reports import RefusalFamily
from engine.model.types import Side
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import Alarm, LiveOrder
from engine.trading.orders.pricing import Pricing
from engine.trading.orders.refusals import REMEDIES, consequence, insists_ms
from engine.trading.orders.slices import halved
from engine.trading.orders.wishes import Wish

_AGAIN_MS = 1_000
_CLOSED_MS = 30_000  # between two tries at a market that says it is closed


class Setback(Struct, frozen=True):
    """Why no entry may be sent any more ("": one may), and what a person is told."""

    halt: str
    alarms: list[Alarm]


def take_refusal(wish: Wish, order: LiveOrder, blotter: Blotter, pricing: Pricing, now_ms: int) -> Setback:
    """Change what is wished, and what is known of prices, by a refusal of `order`."""
    family = order.family
    then = consequence(family, entry=wish.is_entry)
    why = _why(family, entry=wish.is_entry)
    alarms: list[Alarm] = []
    if wish.refusals.refused(family, now_ms):
        alarms.append(Alarm(order.number, f"{order.tag} is refused again and again: {why}", locks=False))
    if then.escalate and wish.refusals.times[family] == 1:  # once a leg: it may be refused for hours
        alarms.append(Alarm(order.number, f"{order.tag} is refused: {why}"))
    match then.step:
        case "drop":
            wish.dropped = True
        case "reprice":
            pricing.learn(wish, order, order.limit, now_ms)
        case "reslice":
            wish.slice = halved(order.quantity, blotter.instruments[order.instrument].lot_size)
        case "free_margin":
            _take_back(order.side, order, blotter)
        case "cancel_opposite":
            _take_back("BUY" if order.side == "SELL" else "SELL", order, blotter)
        case "hold":
            wish.wait_ms = max(wish.wait_ms, now_ms + _CLOSED_MS)
        case "login":
            blotter.logged_in, blotter.trusted = False, 0
        case "insist":
            wish.hold = f"refused: {why}"
            wish.wait_ms = max(wish.wait_ms, now_ms + insists_ms(wish.refusals.times[family]))
        case "resend" | "read" | "held_product":
            wish.wait_ms = max(wish.wait_ms, now_ms + _AGAIN_MS)
    return Setback(f"refused: {family}" if then.halt else "", alarms)


def _why(family: RefusalFamily, *, entry: bool) -> str:
    """The family, and what a person can do about it where an exit is refused."""
    remedy = "" if entry else REMEDIES.get(family, "")
    return f"{family}: {remedy}" if remedy else family


def _take_back(side: Side, order: LiveOrder, blotter: Blotter) -> None:
    """Take back what of `side` stands in an exit's way, slices of the same wish apart.

    What an exit closes is covered by what is held less all that works on its own side: a second sell beside it is what takes
    the margin. An order of the other side takes none of it, and is what it would trade with itself.
    """
    for other in blotter.working(order.instrument, side):
        other.unwanted = other.unwanted or other.wish != order.wish
