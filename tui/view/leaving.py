"""Leaving in facts: whether it is worth a question, and what must be typed to stop the engine. Pure."""

from engine import Snapshot
from tui.view import commands
from tui.view.model import Attachment, Dialog

DIALOGS: tuple[Dialog, ...] = ("quit", "stop")


def stop_word(seen: Snapshot) -> str:
    """What is typed to stop the engine: with a position open that is not the same as without."""
    return "STOP HOLDING" if is_held(seen) else "STOP"


def is_asked(attachment: Attachment, seen: Snapshot) -> bool:
    """Whether leaving is worth a question: a position is open, an engine goes on without us, a flat would be given up."""
    if not attachment.apart:
        return bool(seen.positions)
    return (attachment.there and not seen.stopped) or is_flat_untaken(attachment)


def is_flat_untaken(attachment: Attachment) -> bool:
    """Whether a flat was asked for that no engine has taken."""
    asked = commands.flat_asked(attachment)
    return asked is not None and asked.state == "REQUESTED"


def is_held(seen: Snapshot) -> bool:
    """Whether a position is open."""
    return any(position.state.quantity for position in seen.positions)
