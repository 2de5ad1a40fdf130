"""The whole screen as lines: the two top lines, the panes, the footer, and a dialog over them. Knows no key and no terminal."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len, set_cell_size

from tui.frame import banner, dialogs, footer, header, hint
from tui.panes import layout
from tui.text.rows import Line, Span, deepened, fit, width_of
from tui.view.model import OLD_S, View

_ASCII = dict(zip("…·→←×≈≠≤≥–—−µ", "~.><x~#<>---u", strict=True))  # letters of texts; marks come from the glyphs
# Styles that stay when the values are old: of row 0, of the line across the screen that says why, of a pane in alarm.
_KEPT = {style: style for style in ("replay", "mock", "paper", "live", "live-sim", "alert")}
_LOUD = {"alert": "alert", "banner": "banner"}
_ALARM = {"alert!": "alert"}


def frame(view: View, width: int, height: int) -> list[Line]:
    """The screen: exactly `height` lines of exactly `width` cells."""
    if width <= 0 or height <= 0:
        return [()] * max(0, height)
    lines = [header.status(view, width)]
    if height > 2:
        lines.append(banner.line(view, width) or header.bar(view, width))
    if height > 3:
        lines.extend(deepened(layout.body(view, width, height - 3, height), width, height - 3))
    if view.age_s > OLD_S:
        kept = (_KEPT, _LOUD)
        lines = [_greyed(line, kept[number] if number < 2 else _ALARM) for number, line in enumerate(lines)]
    if height > 8 and (told := hint.lines(view, width)):
        lines[-len(told) :] = told
    if height > 1:
        lines.append(footer.line(view, width))
    lines = _laid_over([fit(line, width) for line in lines], dialogs.overlay(view, width, height), width)
    return lines if view.glyphs.braille else [_in_ascii(line) for line in lines]


def _in_ascii(line: Line) -> Line:
    """The line for a terminal that knows ASCII only, in the same width."""
    if all(words.isascii() for words, _ in line):
        return line
    return tuple(("".join([_ascii_of(letter) for letter in words]), style) for words, style in line)


def _ascii_of(letter: str) -> str:
    """What stands for a letter in ASCII, as wide as it was."""
    return letter if letter.isascii() else _ASCII.get(letter) or "?" * cell_len(letter)


def _greyed(line: Line, kept: Mapping[str, str]) -> Line:
    """The line without its colours, but for spans in the styles `kept`."""
    return tuple((words, kept.get(style, "grey")) for words, style in line)


def _laid_over(lines: list[Line], box: Sequence[Line], width: int) -> list[Line]:
    """The frame with a box over its middle."""
    if not box:
        return lines
    wide = min(width, max(width_of(line) for line in box))
    top = max(0, (len(lines) - len(box)) // 2)
    start = (width - wide) // 2
    for number, line in enumerate(box[: len(lines) - top], top):
        under = lines[number]
        lines[number] = (*cut(under, 0, start), *fit(line, wide), *cut(under, start + wide, width))
    return lines


def cut(line: Line, start: int, stop: int) -> Line:
    """The cells `start`..`stop` of a line; half of a wide character becomes a blank."""
    spans: list[Span] = []
    at = 0
    for words, style in line:
        cells = cell_len(words)
        begin, end = max(start - at, 0), min(stop - at, cells)
        if begin < end:
            kept = set_cell_size(words, end)[len(set_cell_size(words, begin)) :]
            spans.append((" " * (end - begin - cell_len(kept)) + kept, style))
        at += cells
    return tuple(spans)
