"""The last line: the keys that work now, or one notice to the operator. Pure."""

from tui.keys import hints
from tui.model import View
from tui.rows import Line, Span, clip, fit, width_of


def line(view: View, width: int) -> Line:
    """The notice while there is one, else the keys by importance as far as they fit."""
    notice = view.ui.notice
    if notice:
        return fit(((clip(f" {notice}", width), view.ui.notice_style or "bold"),), width)
    spans: list[Span] = []
    room = width + 1  # the two blanks after the last key may fall off the edge
    for key, word in hints(view):
        pair = ((f" {key}", "key"), (f" {word} ", "dim"))
        room -= width_of(pair)
        if room < 0:
            break
        spans.extend(pair)
    return fit(tuple(spans), width)
