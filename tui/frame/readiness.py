"""Whether entries may come, and what a flat would take now, for row 0; of an engine that does not answer nothing is claimed. Pure."""

from decimal import Decimal
from typing import TYPE_CHECKING

from engine.presentation import entries as words
from engine.presentation import feeds, live
from engine.presentation import format as text
from engine.presentation.entries import EntriesWords
from tui.frame import legs
from tui.text.rows import Line, clip
from tui.text.segments import Segment, segment, word
from tui.text.spelling import spelled
from tui.view import commands
from tui.view.flat import held_until
from tui.view.model import View

if TYPE_CHECKING:
    from engine import Pending

_REASON = 22  # cells of a word with its reason, where it is short
_KEY_FROM = 56  # cells of a screen from which the key that lifts it is worth its room
_ENTRY_STYLES = {
    "on": "good",
    "from": "accent",
    "warming up": "accent",
    "position": "good",
    "waits": "warn",
    "off": "warn",
    "paused": "warn",
    "barred": "warn",
    "LOCKED": "alert",
    "HALTED": "alert",
    "done": "dim",
    "CLOSED": "dim",
    "ended": "dim",
    "unknown": "alert",
}
_FLAT_STYLES = {"FLAT": "good", "NORMAL": "dim"}


def entries(view: View, width: int) -> Segment:
    """Whether the strategy may open positions, and why not; what only a person lifts says by which key."""
    said = words_of(view)
    forms = list(said.forms)
    if said.remedy:  # a reason may be anybody's words: a part of it is better than none, and than a line without it
        forms[1:] = [clip(form, _REASON) for form in said.forms]
        if view.attachment.has_control and width >= _KEY_FROM:
            key = said.remedy.partition(" ")[0]
            forms = [said.whole, *(f"{form} · {ends}" for form in forms[1:] for ends in (said.remedy, key))]
    forms = sorted(dict.fromkeys(forms), key=len, reverse=True)
    return segment(2, *(word(spelled(form, view.glyphs), _ENTRY_STYLES[said.state]) for form in forms))


def words_of(view: View) -> EntriesWords:
    """How entries stand, as far as this screen knows."""
    chosen = view.selected.instrument if view.selected is not None else None
    return words.entries(view.snapshot, view.now_ns, known=not view.engine_silent, at=chosen)


def flat(view: View) -> Segment:
    """What a flat would take now (orders, seconds, costs), or how far it is."""
    shot = view.snapshot
    asked = commands.flat_asked(view.attachment)
    if asked is not None and shot.flat.state in {"", "NORMAL", "ARMED", "FLAT"}:
        return segment(2, *_asked(view, asked))
    if shot.flat.state not in {"", "NORMAL"}:
        done = sum(1 for leg in shot.flat.legs if legs.is_over(leg))
        count = f" {done}/{len(shot.flat.legs)}" if shot.flat.legs else ""
        sure, style = ("?", "alert") if view.engine_silent else ("", _FLAT_STYLES.get(shot.flat.state, "alert"))
        state = held_until(shot) if shot.flat.state == "HELD" else shot.flat.state
        return segment(3, word(f"FLAT: {state}{sure}{count}", style), word(f"{shot.flat.state}{sure}", style))
    start = f"FLAT{view.glyphs.approx}"
    if view.engine_silent or shot.stopped:
        return segment(6, word(f"{start}?", "alert" if view.engine_silent else "dim"))
    orders = sum(legs.orders(view, position) for position in shot.positions)
    if not orders:
        return segment(6, word(f"{start}0 orders", "dim"))
    spans: Line = ((start, "dim"), (f"{orders:,} order{'s' if orders > 1 else ''}", ""))
    took = ("<10 s" if live.is_live(shot) else "<1 s", "dim")
    costs = sum((position.exit_costs for position in shot.positions), Decimal(0))
    blind = feeds.is_silent(shot, view.now_ns)  # no price to reckon with
    cost: Line = ((" costs ", "dim"), ("?", "warn") if blind else (text.money(costs, shot.session.zone), ""))
    return segment(6, (*spans, (" ", ""), took, *cost), (*spans, *cost), spans)


def _asked(view: View, asked: "Pending") -> tuple[Line, Line]:
    """The flat that the engine has not begun with: long and short."""
    words, style = commands.told(asked, view.attachment)
    unsent = commands.is_unsent(asked, view.attachment)
    state: str = "NO ANSWER" if unsent or "NO ANSWER" in words else asked.state
    state = "NOT SENT" if unsent and "NOT SENT" in words else state
    return word(f"FLAT: {state} {text.seconds(asked.age_s)}", "alert"), word(f"FLAT {state}", style or "alert")
