"""The board: the one widget that fills the terminal and repaints only lines that changed. Knows lines, not what they say."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from engine import clean
from tui.shell.themes import THEMES, style_of
from tui.terminal.diff import Pen, pen_of
from tui.text.rows import Line, Span, fit
from tui.view.model import ThemeName

PaintedRow = tuple[int, Sequence[tuple[str, Pen]]]  # its number, its texts in their pens


def _cleaned(line: Line) -> list[Span]:
    """The spans of `line` as they may be written.

    Text that is not printable is cleaned here a second time: past this point nothing stands between it and the terminal.
    """
    return [(text if text.isprintable() else clean(text, len(text)), style) for text, style in line if text]


def strip_of(line: Line, width: int, theme: ThemeName) -> Strip:
    """`line` as a strip of exactly `width` cells in the colours of `theme`."""
    segments = [Segment(text, style_of(theme, name)) for text, name in _cleaned(line)]
    return Strip(segments).adjust_cell_length(width, style_of(theme, ""))


def painted(line: Line, width: int, theme: ThemeName) -> list[tuple[str, Pen]]:
    """`line` as a strip is, in pens."""
    pens = _pens(theme)
    return [(text, pens.get(name) or pens[""]) for text, name in _cleaned(fit(line, width))]


@cache
def _pens(theme: ThemeName) -> dict[str, Pen]:
    """The pen of each style name."""
    return {name: pen_of(style) for name, style in THEMES[theme].items()}


class Board(Widget, can_focus=True):
    """Shows lines of styled text; draws them as they are: no markup, no links, no border, no scroll bars.

    `paint` may draw rows that changed at once and say so; what it does not, Textual does.
    """

    DEFAULT_CSS = "Board { width: 1fr; height: 1fr; overflow: hidden; }"
    ALLOW_SELECT = False

    def __init__(
        self,
        theme: ThemeName = "ansi",
        paint: Callable[[Size, Iterable[PaintedRow]], bool] = lambda _size, _rows: False,
    ) -> None:
        super().__init__()
        self._paint = paint
        self.auto_links = False
        self._theme: ThemeName = theme
        self._lines: list[Line] = []
        self._strips: dict[int, Strip] = {}  # of the lines as they are, by row

    @property
    def theme(self) -> ThemeName:
        """The theme in which lines are drawn; setting another repaints everything."""
        return self._theme

    @theme.setter
    def theme(self, theme: ThemeName) -> None:
        if theme != self._theme:
            self._theme = theme
            self._strips.clear()
            self.refresh()

    @property
    def lines(self) -> Sequence[Line]:
        """The lines that are shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> int:
        """Show `lines` from the top; the number of lines that changed and will be repainted."""
        before = self._lines
        self._lines = list(lines)
        if len(before) != len(lines):
            self._strips.clear()
            self.refresh()
            return len(lines)
        changed = [y for y, line in enumerate(lines) if line is not before[y] and line != before[y]]
        for y in changed:
            self._strips.pop(y, None)
        if changed and not self._paint(self.size, self._painted(changed)):
            self.refresh(*_regions(changed, self.size.width))
        return len(changed)

    def _painted(self, rows: Sequence[int]) -> Iterator[PaintedRow]:
        width = self.size.width
        return ((y, painted(self._lines[y], width, self._theme)) for y in rows)

    def render_line(self, y: int) -> Strip:
        """Line `y` as the terminal gets it; a line nobody gave is blank."""
        return self._strip(y, self.size.width)

    def _strip(self, y: int, width: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None or strip.cell_length != width:
            line = self._lines[y] if y < len(self._lines) else ()
            strip = self._strips[y] = strip_of(line, width, self._theme)
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of `crop`, past the style sheet's cache and filters: a line is already what it shall look like."""
        width = self.size.width  # reckoned anew each time it is asked for
        strips = [self._strip(y, width) for y in crop.line_range]
        start, end = crop.column_span
        if (start, end) == (0, width):
            return strips
        return [strip.crop(start, end) for strip in strips]


def _regions(rows: Sequence[int], width: int) -> list[Region]:
    """`rows`, ascending, as regions of full width; neighbours become one."""
    regions: list[Region] = []
    first = last = rows[0]
    for y in rows[1:]:
        if y != last + 1:
            regions.append(Region(0, first, width, last - first + 1))
            first = y
        last = y
    regions.append(Region(0, first, width, last - first + 1))
    return regions
