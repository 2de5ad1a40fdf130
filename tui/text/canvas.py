"""A canvas of dots: 2 × 4 braille dots in each cell, or one mark a cell in ASCII. Knows no price and no time."""

from collections.abc import Iterable

_LEFT = (0x01, 0x02, 0x04, 0x40)  # the bits of a braille cell's left dots from the top
_RIGHT = (0x08, 0x10, 0x20, 0x80)
_BRAILLE = {bits: chr(0x2800 + bits) for bits in range(256)} | {0: " "}


class Canvas:
    """`width` × `height` cells of dots; (0, 0) is the top left dot."""

    def __init__(self, width: int, height: int) -> None:
        self.dots_wide = width * 2
        self.dots_high = height * 4
        self._cells = [bytearray(width) for _ in range(height)]

    def bar(self, x: int, top: int, bottom: int) -> None:
        """Set the dots of column `x` from `top` down to `bottom`, both included and both on the canvas."""
        bits = _RIGHT if x & 1 else _LEFT
        column = x >> 1
        for y in range(top, bottom + 1):
            self._cells[y >> 2][column] |= bits[y & 3]

    def rows(self) -> list[str]:
        """One text per row of cells; a cell without a dot is a blank."""
        return [cells.decode("latin-1").translate(_BRAILLE) for cells in self._cells]


class AsciiCanvas:
    """`width` × `height` cells where a dot is a whole cell: `*` the newest value of a column, `|` its range."""

    def __init__(self, width: int, height: int) -> None:
        self.dots_wide = width
        self.dots_high = height
        self._cells = [bytearray(b" " * width) for _ in range(height)]

    def bar(self, x: int, top: int, bottom: int) -> None:
        """Set column `x` from `top` down to `bottom`, both included and both on the canvas."""
        for y in range(top, bottom + 1):
            self._cells[y][x] = ord("|")

    def mark(self, x: int, y: int) -> None:
        """Mark the newest value of column `x`."""
        self._cells[y][x] = ord("*")

    def rows(self) -> list[str]:
        """One text per row of cells."""
        return [cells.decode("ascii") for cells in self._cells]


def trace(canvas: Canvas | AsciiCanvas, columns: Iterable[tuple[int, int, int] | None]) -> None:
    """Draw one (highest, lowest, newest) dot row per dot column, joined to the column before; None = nothing known."""
    before: int | None = None
    for x, column in enumerate(columns):
        if column is None:
            continue
        top, bottom, newest = column
        if before is not None:
            top = min(top, before + 1)
            bottom = max(bottom, before - 1)
        canvas.bar(x, top, bottom)
        if isinstance(canvas, AsciiCanvas):
            canvas.mark(x, newest)
        before = newest
