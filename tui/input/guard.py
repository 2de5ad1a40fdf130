"""Guards the flat key: what a bad line, a paste or the terminal itself types must never fire it. Pure."""

from msgspec import Struct

from tui.view.model import Dialog

PLANS: tuple[Dialog, ...] = ("flat", "action", "withdraw")  # the dialogs in which `x` fires
PLAN_SEEN_NS = 150_000_000  # the plan must have been on the terminal this long
PLAN_OPEN_NS = 10_000_000_000  # it closes by itself after this
# After so long nothing of the above holds any more: the plan is seen, and behind an escape the keyboard suspects for 250 ms.
NOT_TAKEN = "{0} not taken: too soon, in a burst, or right behind an escape; wait 0.3 s, then {0}"


class Press(Struct, frozen=True):
    """One key press: `key` is the character, or a name for keys that have none; `at_ns` is monotonic.

    `alone`: nothing else came in the same read from the terminal. `suspicious`: it may be the rest of an escape sequence,
    which the terminal's keyboard alone can tell.
    """

    key: str
    at_ns: int
    alone: bool = True
    suspicious: bool = False


def by_hand(press: Press) -> bool:
    """Whether it can have been typed by hand and on purpose: alone, and not where the rest of an escape sequence may come."""
    return press.alone and not press.suspicious


def may_fire(press: Press, plan_drawn_ns: int) -> bool:
    """Whether this `x` fires: typed by hand, the plan drawn long enough ago to have been read."""
    return by_hand(press) and plan_drawn_ns > 0 and press.at_ns - plan_drawn_ns >= PLAN_SEEN_NS
