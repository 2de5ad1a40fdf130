"""Guards the flat key: what a bad line, a paste or the terminal itself types must never fire it. Pure."""

from msgspec import Struct

from tui.view.model import Dialog

PLANS: tuple[Dialog, ...] = ("flat", "action")  # the dialogs in which `x` fires
PLAN_SEEN_NS = 150_000_000  # the plan must have been on the terminal this long
PLAN_OPEN_NS = 10_000_000_000  # it closes by itself after this
_ESCAPE_TAIL_NS = 1_000_000_000  # a key this soon after an escape, or after such a key, may be the rest of a sequence
_LONGEST_TAIL_NS = 4_000_000_000


class Press(Struct, frozen=True):
    """One key press: `key` is the character, or a name for keys that have none; `at_ns` is monotonic.

    `alone`: nothing else came in the same read from the terminal.
    """

    key: str
    at_ns: int
    alone: bool = True
    suspicious: bool = False


class Guard:
    """Watches every press, so that it can tell a hand's `x` from the tail of an escape sequence."""

    def __init__(self) -> None:
        self._escape_ns = -_LONGEST_TAIL_NS
        self._tail_until_ns = 0

    def watch(self, press: Press) -> bool:
        """Take note of `press`; whether it can have been typed by hand and on purpose."""
        at_ns = press.at_ns
        in_tail = at_ns < self._tail_until_ns and at_ns - self._escape_ns < _LONGEST_TAIL_NS
        if press.key == "escape":
            self._escape_ns = at_ns
            in_tail = True
        if in_tail:
            self._tail_until_ns = at_ns + _ESCAPE_TAIL_NS
        return press.alone and not press.suspicious and not in_tail

    @staticmethod
    def may_fire(by_hand: bool, plan_drawn_ns: int, at_ns: int) -> bool:
        """Whether an `x` at `at_ns` fires: typed by hand, the plan drawn long enough ago to have been read."""
        return by_hand and plan_drawn_ns > 0 and at_ns - plan_drawn_ns >= PLAN_SEEN_NS
