"""Lines of styled text: what every pane makes and the board draws. Knows no terminal and no snapshot.

A line is a tuple of (text, style name); equal lines are equal tuples, so that only lines that changed are drawn.
Style names are those of `tui.shell.themes`; the empty name is plain text.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.cells import cell_len, set_cell_size

Span = tuple[str, str]
Line = tuple[Span, ...]


def result_style(value: Decimal | float) -> str:
    """The style of a profit or a loss."""
    return "up" if value > 0 else "down" if value < 0 else ""


def width_of(line: Line) -> int:
    """Width of `line` in terminal cells."""
    return sum(cell_len(text) for text, _ in line)


def clip(text: str, width: int) -> str:
    """`text` in at most `width` cells, its end replaced by `…` where it was longer."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def left(text: str, width: int) -> str:
    """`text` in exactly `width` cells, flush left."""
    return set_cell_size(clip(text, width), width)


def right(text: str, width: int) -> str:
    """`text` in exactly `width` cells, flush right."""
    text = clip(text, width)
    return " " * (width - cell_len(text)) + text


def fit(line: Line, width: int) -> Line:
    """`line` in exactly `width` cells: cut, or filled with blanks."""
    room = width
    kept: list[Span] = []
    for text, style in line:
        if room <= 0:
            break
        cells = cell_len(text)
        kept.append((text, style) if cells <= room else (set_cell_size(text, room), style))
        room -= min(cells, room)
    if room > 0:
        kept.append((" " * room, ""))
    return tuple(kept)


def bar_of(line: Line, width: int) -> Line:
    """`line` as the chosen one of a list: over all of `width`, so that it is one bar; results keep their signs."""
    return tuple((text, "select") for text, _ in fit(line, width))


def fill(lines: Sequence[Line], width: int, height: int) -> list[Line]:
    """Exactly `height` lines of exactly `width` cells."""
    shown = [fit(line, width) for line in lines[:height]]
    return shown + [fit((), width)] * (height - len(shown))


def ends(start: Line, end: Line, width: int) -> Line:
    """`start` flush left and `end` flush right in one line of `width` cells; `start` is cut where they meet."""
    room = max(0, width - width_of(end))
    return fit((*fit(start, room), *end), width)


def plain(lines: Iterable[Line]) -> str:
    """The text of `lines` without styles, one line each: for tests, copies and pictures in text."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
