"""Who commands the engine and who looks at it, in words for the top of the screen. Pure."""

from engine.presentation import entries, feeds
from engine.presentation import format as text
from tui.text.segments import Segment, segment, word
from tui.view.model import View

# How an engine that is no more is brought back: only who started it knows its source and options.
AGAIN = "start it again as you did (myquant-tui run …)"
_SECOND_NS = 1_000_000_000
_ENTER = frozenset({"on", "from", "warming up", "position", "waits"})  # it enters, now or as soon as it can


def badge(view: View) -> Segment:
    """`CONTROL you`, `CONTROL pts/3 from 10.0.0.7 · 2 screens`, `read-only`; nothing where engine and screen are one process.

    Where somebody else could do something meanwhile, it is worth more than a tick count.
    """
    attachment = view.attachment
    if not attachment.apart or attachment.lost:
        return segment(8)
    count = f" · {attachment.screens:,}" if attachment.screens > 1 else ""
    others = f"{count} screens" if count else ""
    if attachment.has_control:
        return segment(6, *(word(f"CONTROL you{form}", "dim") for form in (others, count, "")))
    holder = attachment.holder or "nobody"
    short = holder.split(" ")[0]
    style = "" if attachment.holder else "warn"
    if attachment.read_only:
        forms: tuple[str, ...] = (f"{holder}{others}", f"{short}{count}", short)
        return segment(3, *(word(f"read-only · CONTROL {form}", style) for form in forms), word("read-only", style))
    forms = (f"{holder}{others}", f"{short}{others}", f"{short}{count}", short)
    return segment(3, *(word(f"CONTROL {form}", style or "accent") for form in forms))


def vacancy(view: View) -> str:
    """`nobody has control: flat in 4 min 10 s`, while the policy for that has something to do or has done it; else empty."""
    attachment = view.attachment
    if attachment.holder or not attachment.vacant_ns:
        return ""
    if attachment.due_ns:
        what = "flat" if attachment.on_loss == "flat_after" else "entries are paused"
        return f"nobody has control: {what} in {text.duration((attachment.due_ns - view.now_ns) / _SECOND_NS)}"
    return f"nobody has control: {attachment.did}" if attachment.did else ""


def when_gone(view: View) -> str:
    """What the engine does when nobody has control any more, for whoever is about to leave.

    The policy's seconds are known only while they run.
    """
    attachment, now = view.attachment, _goes_on(view)
    running = attachment.due_ns - attachment.vacant_ns if attachment.vacant_ns else 0
    after = f"for {text.duration(running / _SECOND_NS)}" if running > 0 else "for a while (operator.flat_after_s)"
    match attachment.on_loss:
        case "no_entries" if _barred(view):
            return f"{now}; while nobody has control there are no new ones"
        case "no_entries":
            return "while nobody has control: no new entries, exits go on"
        case "flat_after":
            return f"{now}; when nobody has control {after}, everything is closed"
        case _:
            return now


def _goes_on(view: View) -> str:
    """What it trades without anybody doing anything."""
    said = entries.entries(view.snapshot, view.now_ns, known=not view.engine_silent)
    if said.state == "ended":
        return "its replay has ended: nothing is traded any more"
    if said.state in _ENTER:
        return "it goes on trading: entries and exits"
    if feeds.lost(view.snapshot) is not None and not feeds.is_closed(view.snapshot):
        return "its feed has no link: entries are off, exits wait for prices"
    return f"it goes on with exits only: {said.forms[0]}"


def _barred(view: View) -> bool:
    """Whether a person has to lift what keeps entries back."""
    gate = view.snapshot.entries
    return bool(gate.locked or gate.halted or gate.paused)
