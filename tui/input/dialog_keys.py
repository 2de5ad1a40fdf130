"""What the footer says of the keys in each dialog. Acts on nothing."""

from tui.view.flat import RUNS
from tui.view.model import View
from tui.view.one_position import held_in, is_barred, refused

_IN_DIALOG: dict[str, list[tuple[str, str]]] = {
    "goto": [("enter", "go"), ("esc", "close")],
    "bookmark": [("enter", "keep"), ("esc", "close")],
    "unlock": [("enter", "unlock"), ("esc", "close")],
    "quit": [("q", "leave"), ("any other key", "stay")],
    "stop": [("enter", "stop the engine"), ("esc", "close")],
    "control": [("t", "take control"), ("any other key", "close")],
    "found": [("a", "acknowledge"), ("any other key", "close")],
    "search": [("enter", "find"), ("esc", "clear")],
    "filter": [("type", "to filter"), ("enter", "keep"), ("esc", "clear")],
    "position": [
        ("c", "close"),
        ("h", "half"),
        ("s", "stop to"),
        ("n", "no new entries"),
        ("!", "flat"),
        ("any other key", "close"),
    ],
    "stop_price": [("enter", "show the plan"), ("!", "flat"), ("esc", "close")],
    "watch": [("enter", "do"), ("esc", "close")],
    "log_level": [("enter", "do"), ("esc", "close")],
    "palette": [("enter", "do"), ("esc", "close")],
    "help": [("up down", "scroll"), ("any other key", "close")],
    "orders": [
        ("up down", "choose"),
        ("enter", "detail"),
        ("w", "withdraw"),
        ("/", "filter"),
        ("!", "flat"),
        ("any other key", "close"),
    ],
    "orders_filter": [("type", "to filter"), ("enter", "keep"), ("esc", "clear")],
    "order": [("w", "withdraw"), ("esc", "back"), ("!", "flat"), ("any other key", "close")],
    "days": [("up down", "choose"), ("enter", "its trades"), ("any other key", "close")],
    "day": [("up down", "scroll"), ("esc", "back"), ("any other key", "close")],
    "closing": [("!x", "flat"), ("up down", "scroll"), ("any other key", "closes")],
    "trades": [("up down", "scroll"), ("home end", "first and newest"), ("any other key", "close")],
}


_LEAVING_APART = [("q", "detach"), ("s", "stop the engine"), ("!", "flat"), ("any other key", "stay")]
_LEAVING_ENDED = [("q", "leave"), ("any other key", "stay")]
_GIVING_UP = [("g", "give control up"), ("any other key", "close")]
_PLANNED = [("x", "FIRE"), ("any other key", "close the plan")]
_FIRED = [("any key", "close")]


def shown(view: View) -> list[tuple[str, str]]:
    """The keys that work in the open dialog with a word each, the most important first."""
    ui = view.ui
    if ui.dialog == "flat":
        return _in_flat(view.snapshot.flat.state, fired=ui.plan_until_ns == 0)
    if ui.dialog == "withdraw" or (ui.dialog == "action" and not refused(view.snapshot, ui.fired_after)):
        return _FIRED if ui.fired_after >= 0 else _PLANNED
    return _in_dialog(view)


def _in_dialog(view: View) -> list[tuple[str, str]]:
    attachment = view.attachment
    match view.ui.dialog:
        case "position" | "action":  # behind a refusal the next choice is one
            listed = _IN_DIALOG["position"]
            if held_in(view.snapshot, view.ui.instrument) is None:  # nothing to close, and no stop to move
                listed = listed[3:]
            if is_barred(view.snapshot, view.ui.instrument):
                listed = [("n", "allow entries") if key == "n" else (key, word) for key, word in listed]
            return listed
        case "quit" if attachment.apart:
            return (
                _LEAVING_ENDED
                if view.snapshot.stopped or (attachment.lost and not attachment.there)
                else _LEAVING_APART
            )
        case "control" if attachment.has_control:
            return _GIVING_UP
        case "control" if attachment.read_only or attachment.lost:
            return [("any other key", "close")]
        case dialog:
            return _IN_DIALOG[dialog]


def _in_flat(state: str, *, fired: bool) -> list[tuple[str, str]]:
    if state in RUNS:
        return [("any key", "hide this; the flat goes on")]
    if fired:
        return [("k", "unlock"), ("any other key", "close")]
    return [("x", "FIRE the flat"), ("any other key", "close the plan")]
