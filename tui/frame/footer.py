"""The last line: what became of the newest command, and the keys that work now or one notice to the operator. Pure."""

from tui.input.keys import hints
from tui.text.rows import Line, Span, clip, fit, width_of
from tui.text.spelling import spelled
from tui.view import commands
from tui.view.model import View

_KEYS_LEAST = 30  # cells that a command that goes well leaves to the keys


def line(view: View, width: int) -> Line:
    """The newest command with its state, then the notice while there is one, else the keys as far as they fit."""
    spans = list(_command(view, width))
    room = width - width_of(tuple(spans))
    notice = view.ui.notice
    if notice and room > 1:
        return fit((*spans, (clip(f" {notice}", room), view.ui.notice_style or "bold")), width)
    room += 1  # the two blanks after the last key may fall off the edge
    for key, word in hints(view):
        pair = ((f" {key}", "key"), (f" {word} ", "dim"))
        room -= width_of(pair)
        if room < 0:
            break
        spans.extend(pair)
    return fit(tuple(spans), width)


def _command(view: View, width: int) -> tuple[Span, ...]:
    """` FLAT REQUESTED ` while a command is on its way and a few seconds longer; one that goes wrong takes the whole line."""
    asked = commands.newest(view.attachment)
    if asked is None:
        return ()
    words, style = commands.told(asked, view.attachment)
    room = width if style == "alert" else max(0, width - _KEYS_LEAST)
    return ((clip(spelled(f" {words} ", view.glyphs), room), style),)
