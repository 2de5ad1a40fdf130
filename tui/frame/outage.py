"""The line across the screen for an engine in trouble: gone, silent, stopped, or with nobody to command it. Pure."""

from engine.presentation import format as text
from tui.text.rows import Line, clip
from tui.text.segments import Segment, segment, word
from tui.view import control_holder
from tui.view.model import OLD_S, View

_NAMED_FROM = 76  # cells from which an unwatched position is always named
_BECAUSE = (70, 36, 18)  # cells that a reason may take, by the room there is


def trouble(view: View, width: int) -> tuple[list[Segment], str] | None:
    """What to say of an engine that is stopped, gone or silent, and in which style; None while it is well."""
    attachment = view.attachment
    if view.snapshot.stopped:
        return _stopped(view, width)
    if attachment.lost and not attachment.there:
        return _gone(view, width), "alert"
    if attachment.lost or view.age_s > OLD_S:
        return _silent(view, width), "alert"
    return None


def _stopped(view: View, width: int) -> tuple[list[Segment], str]:
    """`ENGINE STOPPED in good order — nothing is held — start it again as you did (myquant-tui run …)`."""
    shot, glyphs = view.snapshot, view.glyphs
    held = _held(view)
    segments = [
        segment(0, word(f"{glyphs.end} ENGINE STOPPED")),
        segment(1, *(word(f": {clip(shot.fault, most)}") for most in _BECAUSE if shot.fault), word(" in good order")),
        segment(2, *(_unwatched(view, width, " stays open,") or (word(" — nothing is held"),))),
        segment(4, *(word(f" — {form}") for form in _again(view, restored=bool(held)))),
        segment(3, *(word(f" — {form}") for form in _flat(view) if held)),
    ]
    return segments, "alert" if held or shot.fault else "banner"


def _gone(view: View, width: int) -> list[Segment]:
    """`ENGINE GONE 4 s: process 4711 has ended — LONG 150 UNWATCHED — start it again as you did — myquant-tui flat`."""
    attachment = view.attachment
    because = f"process {attachment.pid} has ended" if attachment.pid else attachment.lost
    return [
        segment(0, word(f"{view.glyphs.bad} ENGINE GONE {text.duration(view.age_s)}")),
        segment(3, *(word(f": {clip(because, most)}") for most in _BECAUSE)),
        segment(1, *_unwatched(view, width)),
        segment(5, word(" — screen shows the last known state"), word(" — last known state")),
        segment(4, *(word(f" — {form}") for form in _again(view, restored=True))),
        segment(2, *(word(f" — {form}") for form in _flat(view))),
    ]


def _silent(view: View, width: int) -> list[Segment]:
    """`ENGINE SILENT 3.1 s: its process is there, its loop stands — LONG 150 UNWATCHED`."""
    attachment = view.attachment
    loop = "its process is there, its loop stands" if attachment.apart else "its loop stands"
    because = attachment.lost or loop
    return [
        segment(0, word(f"{view.glyphs.bad} ENGINE SILENT {text.seconds(view.age_s)}")),
        segment(2, *(word(f": {clip(because, most)}") for most in _BECAUSE)),
        segment(1, *_unwatched(view, width)),
        segment(3, word(" — screen shows the last known state"), word(" — last known state")),
    ]


def _held(view: View) -> str:
    """The open position, the first of several; empty where nothing is held."""
    held = [position for position in view.snapshot.positions if position.state.quantity]
    if not held:
        return ""
    state = held[0].state
    instrument = text.instrument_at(view.snapshot, state.instrument)
    more = f" +{len(held) - 1:,} more" if len(held) > 1 else ""
    return f"{clip(instrument.symbol, 24)} {text.side(instrument, state.quantity)}{more}"


def _unwatched(view: View, width: int, stays: str = "") -> tuple[Line, ...]:
    """What is held and nobody watches, named wherever there is room; nothing where nothing is held."""
    held = _held(view)
    if not held:
        return ()
    named = word(f" — {held}{stays} UNWATCHED")
    return (named,) if width >= _NAMED_FROM else (named, word(" — UNWATCHED"))


def _again(view: View, *, restored: bool) -> tuple[str, ...]:
    """How to bring the engine back, from the longest form to the shortest; nothing where it ends with the screen.

    Its whole command line is not known here: a part of it would bring another one.
    """
    if not view.attachment.apart:
        return ()
    forms = (control_holder.AGAIN, "start it again as you did", "start it again")
    return (f"{control_holder.AGAIN}; what was held is restored", *forms) if restored else forms


def _flat(view: View) -> tuple[str, ...]:
    """How to close what is held without an engine, never without what the command needs to find it."""
    if not view.attachment.apart:
        return ()
    line = f"myquant-tui flat{view.attachment.options}"
    return (f"flat: {line}", line, "q tells how to go on")


def vacant(view: View) -> tuple[list[Segment], str] | None:
    """What to say where nobody has control and the policy for that has something to do, or did it."""
    words = control_holder.vacancy(view)
    if not words:
        return None
    take = "" if view.attachment.read_only else " — o takes control"
    return [segment(0, word(f"{view.glyphs.warn} {words}")), segment(1, word(take))], "banner"
