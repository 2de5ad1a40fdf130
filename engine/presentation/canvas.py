"""A canvas of dots: 2 × 4 braille dots in each cell, or one mark a cell in ASCII. Knows no price and no time."""

from collections.abc import Collection, Iterable

# The bits of a braille cell's left and right dots: from the first, second … dot on down, and from the top down to it.
_LEFT = ((0x47, 0x46, 0x44, 0x40), (0x01, 0x03, 0x07, 0x47))
_RIGHT = ((0xB8, 0xB0, 0xA0, 0x80), (0x08, 0x18, 0x38, 0xB8))
_BRAILLE = {bits: chr(0x2800 + bits) for bits in range(256)} | {0: " "}


class Canvas:
    """`width` × `height` cells of dots; (0, 0) is the top left dot. What lies off it is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.dots_wide = width * 2
        self.dots_high = height * 4
        self.cells = [bytearray(width) for _ in range(height)]

    def bar(self, x: int, top: int, bottom: int) -> None:
        """Set the dots of column `x` from `top` down to `bottom`, both included."""
        if not 0 <= x < self.dots_wide:
            return
        top, bottom = max(0, top), min(bottom, self.dots_high - 1)
        if top > bottom:
            return
        begins, ends = _RIGHT if x & 1 else _LEFT
        column, first, last = x >> 1, top >> 2, bottom >> 2
        for row in range(first, last + 1):
            bits = begins[top & 3] if row == first else begins[0]
            self.cells[row][column] |= bits & ends[bottom & 3] if row == last else bits

    def dot(self, x: int, y: int) -> None:
        """Set one dot."""
        self.bar(x, y, y)

    def newest(self, x: int, y: int) -> None:
        """Mark the newest value of column `x`: here a dot like all others."""

    def rows(self) -> list[str]:
        """One text per row of cells; a cell without a dot is a blank."""
        return [cells.decode("latin-1").translate(_BRAILLE) for cells in self.cells]


class AsciiCanvas:
    """`width` × `height` cells where a dot is a whole cell: `mark` the newest value of a column, or a dot; `|` its range."""

    def __init__(self, width: int, height: int, mark: str = "*") -> None:
        self.dots_wide = width
        self.dots_high = height
        self._mark = ord(mark)
        self.cells = [bytearray(b" " * width) for _ in range(height)]

    def bar(self, x: int, top: int, bottom: int) -> None:
        """Set column `x` from `top` down to `bottom`, both included."""
        for y in range(max(0, top), min(bottom, self.dots_high - 1) + 1):
            if 0 <= x < self.dots_wide:
                self.cells[y][x] = ord("|")

    def dot(self, x: int, y: int) -> None:
        """Set one mark."""
        if 0 <= x < self.dots_wide and 0 <= y < self.dots_high:
            self.cells[y][x] = self._mark

    def newest(self, x: int, y: int) -> None:
        """Mark the newest value of column `x`."""
        self.dot(x, y)

    def rows(self) -> list[str]:
        """One text per row of cells."""
        return [cells.decode("ascii") for cells in self.cells]


def trace(
    canvas: Canvas | AsciiCanvas, columns: Iterable[tuple[int, int, int] | None], before: int | None = None
) -> int | None:
    """Draw one (highest, lowest, newest) dot row per dot column, joined to the column before; None = nothing known.

    `before` is the newest row of what stands there already; the newest of all is returned.
    """
    for x, column in enumerate(columns):
        if column is None:
            continue
        top, bottom, newest = column
        if before is not None:
            top = min(top, before + 1)
            bottom = max(bottom, before - 1)
        canvas.bar(x, top, bottom)
        canvas.newest(x, newest)
        before = newest
    return before


def steps(canvas: Canvas | AsciiCanvas, rows: Iterable[int | None], begins: Collection[int] = ()) -> None:
    """Draw one dot row per dot column as a flight of steps: what changes is joined by an upright, but where another begins."""
    before: int | None = None
    for x, row in enumerate(rows):
        if x in begins:
            before = None
        if row is not None:
            if before is not None and abs(row - before) > 1:
                canvas.bar(x, min(row, before), max(row, before))
            canvas.dot(x, row)
        before = row


def dots(canvas: Canvas | AsciiCanvas, rows: Iterable[int | None], every: int) -> None:
    """Draw a dot in every `every`th of the columns that have a row, so that lines can be told apart without colour."""
    for x, row in enumerate(rows):
        if row is not None and x % every == 0:
            canvas.dot(x, row)


def join(canvas: Canvas | AsciiCanvas, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Draw the straight line between two dots."""
    (left, top), (right, bottom) = start, end
    count = max(abs(right - left), abs(bottom - top), 1)
    if count > 4 * (canvas.dots_wide + canvas.dots_high):  # far off the canvas
        return
    for n in range(count + 1):
        canvas.dot(left + round((right - left) * n / count), top + round((bottom - top) * n / count))
