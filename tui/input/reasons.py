"""Why a key does nothing now, and who could: one line for the operator. Pure."""

from tui.input.keys import COMMANDING, Key, is_recorded, lookup
from tui.view.model import Attachment, View

# What each key of a replay does, for whoever presses it where none is played.
_OF_REPLAY = {
    "play": "plays a replay",
    "step": "steps a replay",
    "step_back": "steps a replay back",
    "faster": "sets the speed of a replay",
    "slower": "sets the speed of a replay",
    "goto": "goes to a place of a replay",
    "next_event": "goes to the next event of a replay",
    "previous_event": "goes to the previous event of a replay",
    "silence": "skips the silences of a replay",
    "bookmark": "marks a place of a replay",
    "restart": "begins a replay anew",
}
# What each key that leaves the present moment does in a replay, for whoever presses it in a run that is recorded.
_LEAVES_NOW = {
    "step_back": "goes a tick back",
    "goto": "goes to another place",
    "next_event": "goes on to the next event",
    "previous_event": "goes back to the event before",
    "silence": "skips silences",
    "restart": "begins anew",
}


def why_not(pressed: str, view: View) -> str:
    """Why `pressed` does nothing at `view`; empty where it does something, or is no key that a hand would look for."""
    key = lookup(pressed, view)
    if key is not None:
        return barred(key, view)
    if pressed == "x":
        return "x fires a flat from its plan alone: ! shows the plan"
    if len(pressed) != 1 or not pressed.isprintable():
        return ""
    if (other := lookup(pressed.swapcase(), view)) is not None:
        return f"{pressed} does nothing; {other.label} does: {other.help}"
    return f"{pressed} does nothing; ? shows all keys"


def barred(key: Key, view: View) -> str:
    """Why `key` cannot do now what it is for; empty where it can."""
    shot, action = view.snapshot, key.action
    if action in _OF_REPLAY and shot.replay is None:
        if action in {"next_event", "previous_event"} and view.ui.search:
            return f"{key.label} goes through the matches while the log has the keys"
        return f"{key.label} {_OF_REPLAY[action]}; this run is {shot.trade_mode.upper()} and no replay"
    if key.where == "recording" and is_recorded(shot):
        return f"{key.label} {_LEAVES_NOW[action]} in a replay; this run is recorded as it goes, + is faster"
    if key.where == "orders" and shot.live is None:
        return f"{key.label} lists orders at a real broker; this run is {shot.trade_mode.upper()}"
    if action == "control" and not view.attachment.apart:
        return "the engine is in this process: nobody else can have control"
    if action in COMMANDING and (who := _without_control(view)):
        return f"{key.label} needs control: {who}"
    if action == "unlock" and not (shot.entries.locked or shot.entries.halted or view.engine_silent):
        return "nothing is locked" + ("; p resumes entries" if shot.entries.paused else "")
    return ""


def may_not_command(attachment: Attachment) -> str:
    """Why this screen may not command now; empty when it may."""
    if attachment.lost:
        return "no link to the engine: nothing is sent"
    if attachment.read_only:
        return "this screen only looks: attach without --read-only and --may-flat to command"
    if not attachment.has_control:
        return f"{attachment.holder or 'nobody'} has control: O takes it"
    return ""


def _without_control(view: View) -> str:
    """Who has control, where this screen has not, and how to come by it; empty where it has, or nobody knows."""
    attachment = view.attachment
    if not attachment.apart or attachment.lost or attachment.has_control:
        return ""
    if attachment.read_only:
        return "this screen is read-only; attach without --read-only to command"
    return f"{attachment.holder or 'nobody'} has it, O takes it"
