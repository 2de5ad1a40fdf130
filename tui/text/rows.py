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


def _is_plain(text: str) -> bool:
    """Whether each character is known to be one cell wide, without looking it up."""
    return text.isascii() and text.isprintable()


def width_of(line: Line) -> int:
    """Width of `line` in terminal cells."""
    cells = 0
    for text, _ in line:
        cells += len(text) if text.isascii() and text.isprintable() else cell_len(text)
    return cells


def clip(text: str, width: int) -> str:
    """`text` in at most `width` cells, its end replaced by `…` where it was longer."""
    if (len(text) if _is_plain(text) else cell_len(text)) <= width:
        return text
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def left(text: str, width: int) -> str:
    """`text` in exactly `width` cells, flush left."""
    text = clip(text, width)
    return text.ljust(width) if _is_plain(text) else set_cell_size(text, width)


def right(text: str, width: int) -> str:
    """`text` in exactly `width` cells, flush right."""
    text = clip(text, width)
    return text.rjust(width) if _is_plain(text) else " " * (width - cell_len(text)) + text


def fit(line: Line, width: int) -> Line:
    """`line` in exactly `width` cells: cut, or filled with blanks."""
    room = width - width_of(line)
    if room < 0:
        return _cut(line, max(0, width))
    return (*line, (" " * room, "")) if room else line


def _cut(line: Line, width: int) -> Line:
    """The first `width` cells of `line`, which is wider."""
    room = width
    kept: list[Span] = []
    for text, style in line:
        if room <= 0:
            break
        cells = cell_len(text)
        kept.append((text, style) if cells <= room else (set_cell_size(text, room), style))
        room -= min(cells, room)
    return tuple(kept)


def bar_of(line: Line, width: int) -> Line:
    """`line` as the chosen one of a list: over all of `width`, so that it is one bar; results keep their signs."""
    return tuple((text, "select") for text, _ in fit(line, width))


def fill(lines: Sequence[Line], width: int, height: int) -> list[Line]:
    """Exactly `height` lines of exactly `width` cells."""
    shown = [fit(line, width) for line in lines[:height]]
    return shown + [fit((), width)] * (height - len(shown))


def deepened(lines: Sequence[Line], width: int, height: int) -> list[Line]:
    """Exactly `height` lines: the first of `lines`, which are `width` wide, then blank ones."""
    return [*lines[:height], *([((" " * width, ""),)] * (height - len(lines)))]


def ends(start: Line, end: Line, width: int) -> Line:
    """`start` flush left and `end` flush right in one line of `width` cells; `start` is cut where they meet."""
    room = max(0, width - width_of(end))
    return fit((*fit(start, room), *end), width)


def plain(lines: Iterable[Line]) -> str:
    """The text of `lines` without styles, one line each: for tests, copies and pictures in text."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
