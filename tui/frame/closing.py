"""The closing card: what came of a session day, or of a replay, that is over. Pure."""

from decimal import Decimal

from engine.presentation import closing
from tui.text.rows import Line, left, result_style
from tui.text.spelling import shortened, spelled, wrapped
from tui.view.model import View

_LABEL = 9  # cells
_STYLES = {"open": "warn"}
_NOTHING = "NO DAY IS OVER"


def title(view: View) -> str:
    """What is over."""
    seen = view.snapshot.closing
    return closing.title(seen) if seen is not None else _NOTHING


def rows(view: View, width: int, height: int) -> list[Line]:
    """A line for each thing that is worth knowing, from line `ui.choice` on where there is more than fits."""
    seen = view.snapshot.closing
    if seen is None:
        goes_on: Line = ((shortened("the session goes on: this comes at its end", width, view.glyphs), "dim"),)
        return [goes_on][:height]
    lines: list[Line] = []
    for name, words in closing.rows(seen, view.snapshot.session.zone):
        label = left(name, _LABEL) if width > 2 * _LABEL else ""
        for part in wrapped(spelled(words, view.glyphs), max(1, width - len(label))):
            lines.append(((label, "dim"), *_coloured(name, part, seen.statistics.net)))
            label = " " * len(label)
    top = max(0, min(view.ui.choice, len(lines) - height))
    return lines[top : top + height]


def _coloured(name: str, part: str, net: Decimal) -> Line:
    """The result, and nothing beside it, in its colour."""
    if name != "net":
        return ((part, _STYLES.get(name, "")),)
    figure, bracket, rest = part.partition(" (")
    return ((figure, result_style(net)), (bracket + rest, ""))
