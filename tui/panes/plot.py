"""The picture inside a chart: path or candles, lines, stops, trades, as cells of a letter and a style. Pure; knows no labels."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from engine import Bar, Trade
from engine.presentation import chart as geometry
from engine.presentation.canvas import AsciiCanvas, Canvas, dots, join, steps, trace
from engine.presentation.chart import Candle, Scale
from tui.text.glyphs import Glyphs
from tui.text.rows import Line, Span, result_style

LINE_STYLES = ("line1", "line2", "line3")  # the strategy's lines in its order; those beyond are not drawn
_LINE_MARKS = (":", ",", "~")  # and in ASCII
_EVERY = (1, 2, 4)  # columns between two of their dots
_RISING, _FALLING = "up", "down"


class Place(Struct, frozen=True):
    """Where things lie in `wide` × `high` cells."""

    scale: Scale
    wide: int
    high: int

    @property
    def dots(self) -> int:
        """Dot columns of a cell."""
        return self.scale.across // self.wide

    def column(self, ms: int) -> int:
        """The cell column of a time; outside for one outside."""
        return self.scale.x(ms) // self.dots

    def row(self, price: int) -> int:
        """The cell row of a price; outside for one outside."""
        return self.scale.y(price) * self.high // self.scale.down


Layer = tuple[Canvas | AsciiCanvas, str]  # dots, and their style


class Ground(Struct, frozen=True):
    """What pictures that follow each other have in common: bits of dots, cells, the cells as lines, where the path ends."""

    bits: list[bytearray]
    cells: list[list[Span]]
    lines: list[Line]
    path_at: int | None


class Picture:
    """Cells that layers are laid into, the lowest first; what comes later covers what is there."""

    def __init__(self, place: Place, glyphs: Glyphs, *, signs: bool, ground: Ground | None = None) -> None:
        self._place = place
        self._glyphs = glyphs
        self._signs = signs  # whether a result is told by a letter: colour says nothing here
        self._ground = ground
        if ground is None:
            self._bits = [bytearray(place.wide) for _ in range(place.high)]
            self._cells: list[list[Span]] = [[(" ", "")] * place.wide for _ in range(place.high)]
        else:
            self._bits = [bits[:] for bits in ground.bits]
            self._cells = [cells[:] for cells in ground.cells]
        self._path_at = ground.path_at if ground else None  # the dot row where the path ends so far

    def ground(self) -> Ground:
        """What is drawn, for pictures that go on from here; this one is not drawn on any more."""
        return Ground(self._bits, self._cells, self.rows(), self._path_at)

    def _canvas(self, mark: str = "*") -> Canvas | AsciiCanvas:
        wide, high = self._place.wide, self._place.high
        return Canvas(wide, high) if self._glyphs.braille else AsciiCanvas(wide, high, mark)

    def lay(self, layers: Iterable[Layer]) -> None:
        """Lay dots over what is there; those of one cell are put together and have the newest style."""
        for canvas, style in layers:
            for drawn, cells, bits in zip(self._cells, canvas.cells, self._bits, strict=True):
                if isinstance(canvas, AsciiCanvas):
                    if cells.strip():
                        for column, code in enumerate(cells):
                            if code != ord(" "):
                                drawn[column] = (chr(code), style)
                elif any(cells):
                    for column, code in enumerate(cells):
                        if code:
                            bits[column] |= code
                            drawn[column] = (chr(0x2800 + bits[column]), style)

    def lines(self, bars: Sequence[Bar], names: Iterable[str]) -> list[Layer]:
        """The strategy's lines, told apart by how dense their dots are."""
        scale = self._place.scale
        layers: list[Layer] = []
        for number, _ in list(enumerate(names))[: len(LINE_STYLES)][::-1]:
            canvas = self._canvas(_LINE_MARKS[number])
            found = geometry.line(bars, number, scale)
            shown = (None if price is None else scale.y(price) for price in found)
            dots(canvas, shown, _EVERY[number])
            layers.append((canvas, LINE_STYLES[number]))
        return layers

    def stops(self, bars: Sequence[Bar], entries_ms: Iterable[int]) -> list[Layer]:
        """The stop as it moved, in steps, of each position by itself."""
        scale, canvas = self._place.scale, self._canvas("_")
        shown = (None if price is None else scale.y(price) for price in geometry.stops(bars, scale))
        steps(canvas, shown, {scale.x(ms) for ms in entries_ms})
        return [(canvas, "stop")]

    def path(self, bars: Sequence[Bar]) -> tuple[list[Layer], int | None]:
        """The way of the price, on from where what is laid ends: every high and low of each column; and where it ends."""
        scale, canvas = self._place.scale, self._canvas()
        found = geometry.columns(bars, scale)
        y = scale.y
        shown = ((y(each.high), y(each.low), y(each.close)) if each else None for each in found)
        return [(canvas, "")], trace(canvas, shown, self._path_at)

    def lay_path(self, layers: Iterable[Layer], ends_at: int | None) -> None:
        """Lay a path, which ends in dot row `ends_at`."""
        self.lay(layers)
        self._path_at = ends_at

    def candles(self, shown: Iterable[Candle]) -> None:
        """Candles in a column of cells each, to half a row."""
        place = self._place
        high, low = place.scale.high, place.scale.low
        last = 2 * place.high - 1

        def half(price: int) -> int:
            return max(0, min((high - price) * last // max(1, high - low), last))

        for candle in shown:
            column = place.column(candle.at_ms)
            if not 0 <= column < place.wide:
                continue
            rising = candle.close >= candle.open
            style = _RISING if rising else _FALLING
            body = half(max(candle.open, candle.close)), half(min(candle.open, candle.close))
            top, bottom = half(candle.high), half(candle.low)
            letters = self._glyphs.candle_rising if rising else self._glyphs.candle_falling
            for row in range(top // 2, bottom // 2 + 1):
                parts = [
                    2 if body[0] <= each <= body[1] else 1 if top <= each <= bottom else 0
                    for each in (2 * row, 2 * row + 1)
                ]
                self._cells[row][column] = (letters[3 * parts[0] + parts[1]], style)

    def ways(self, trades: Iterable[Trade]) -> list[Layer]:
        """A line from each entry to its exit, in the colour of its result."""
        scale = self._place.scale
        canvases = {style: self._canvas(".") for style in ("", "down", "up")}
        for trade in trades:
            start = scale.x(trade.entry_ms), scale.y(trade.entry_price)
            end = scale.x(trade.exit_ms), scale.y(trade.exit_price)
            if 0 <= start[0] <= end[0] < scale.across:
                join(canvases[result_style(trade.net_pnl)], start, end)
        return [(canvas, style) for style, canvas in canvases.items()]

    def marks(self, trades: Iterable[Trade], entry: tuple[int, int] | None) -> None:
        """Entries and exits, exits in the colour of their result; `entry` is that of what is held."""
        entered: Span = (self._glyphs.entry, "entry")
        for trade in trades:
            style = result_style(trade.net_pnl)
            sign = "+" if trade.net_pnl > 0 else "-" if trade.net_pnl < 0 else ""
            self._mark(trade.exit_ms, trade.exit_price, (self._glyphs.exit, style or "exit"), sign)
            self._mark(trade.entry_ms, trade.entry_price, entered)
        if entry is not None:
            self._mark(*entry, entered)

    def _mark(self, ms: int, price: int, mark: Span, sign: str = "") -> None:
        column, row = self._place.column(ms), self._place.row(price)
        if 0 <= column < self._place.wide and 0 <= row < self._place.high:
            self._cells[row][column] = mark
            if sign and self._signs and column + 1 < self._place.wide:
                self._cells[row][column + 1] = (sign, mark[1])

    def level(self, row: int, from_column: int, style: str) -> None:
        """Dots from a column on to the right end, where nothing is: a level of what is held."""
        cells = self._cells[row]
        for column in range(max(0, from_column), self._place.wide):
            if column % 2 and cells[column][0] == " ":
                cells[column] = (self._glyphs.off, style)

    def rows(self) -> list[Line]:
        """The cells as lines, neighbours of one style together."""
        ground = self._ground
        if ground is None:
            return [joined(cells) for cells in self._cells]
        of_both = zip(self._cells, ground.cells, ground.lines, strict=True)
        return [line if cells == below else joined(cells) for cells, below, line in of_both]


def joined(cells: Sequence[Span]) -> Line:
    """Cells of one style in a span each."""
    return tuple(("".join([letter for letter, _ in run]), style) for style, run in groupby(cells, itemgetter(1)))
