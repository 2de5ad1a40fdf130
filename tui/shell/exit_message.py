"""What is said on the terminal when an attached screen was left: the engine goes on, and how to come back to it. Pure."""

from engine import Snapshot
from tui.view import control_holder
from tui.view.model import Attachment


def lines(seen: Snapshot, attachment: Attachment) -> list[str]:
    """One or two plain lines: how the engine stands, and the commands for coming back, flattening and stopping."""
    mode = seen.trade_mode.upper()
    count = sum(1 for position in seen.positions if position.state.quantity)
    held = f"{count:,} position{'' if count == 1 else 's'} open" if count else "no position open"
    options = attachment.options
    if seen.stopped or not attachment.there:
        word = "has ended" if seen.stopped else "is gone"
        again = f"{control_holder.AGAIN}; what was held is restored · flat: myquant-tui flat{options}"
        return [f"the engine {word} ({mode}, {held})", again]
    pid = f"pid {attachment.pid}, " if attachment.pid else ""
    goes_on = "the engine does not answer" if attachment.lost else "the engine goes on"
    commands = (("back", "attach"), ("flat", "flat"), ("stop", "stop"))
    return [
        f"detached; {goes_on} ({pid}{mode}, {held})",
        " · ".join(f"{word}: myquant-tui {command}{options}" for word, command in commands),
    ]
