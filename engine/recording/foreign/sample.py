"""The first rows of a file under one delimiter: which of them are a header, what that calls the columns, which are data. Knows no roles but the time's."""

from collections import Counter

from engine.model.errors import InputError
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.cells import UnclosedError, split
from engine.recording.foreign.numbers import BLANKS, looks_numeric
from engine.recording.foreign.stamps import forms_of, is_date
from engine.recording.foreign.vocabulary import role_of

_MAX_COLUMNS = 200
_MAX_PREAMBLE = 30
LONGEST_NAME = 80


class Sample:
    """The first rows of a file under one delimiter: their cells, how many there usually are, and which rows are data."""

    def __init__(self, lines: list[tuple[int, bytes]], delimiter: bytes) -> None:
        self.delimiter = delimiter
        self.quoted = any(b'"' in line for _, line in lines)
        self.lines = dict(lines)
        self.rows: list[tuple[int, list[bytes]]] = []
        for row, line in lines:
            try:
                self.rows.append((row, [cell.strip(BLANKS) for cell in split(line, delimiter)]))
            except UnclosedError:
                continue
        if not self.rows:
            raise InputError(f"row {lines[0][0]}: has a quote that is not closed")
        usual = Counter(len(cells) for _, cells in self.rows[1:] or self.rows).most_common(1)
        self.width = usual[0][0]
        widest = max(self.width, len(self.rows[0][1]))
        if widest > _MAX_COLUMNS:
            raise InputError(f"row {self.rows[0][0]} has {widest} columns; allowed: up to {_MAX_COLUMNS}")

    def begin(self, layout: CsvLayout) -> int:
        """The row before the first of data: 0 where there is no header."""
        if layout.has_header is not None:
            return self.rows[0][0] if layout.has_header else 0
        first = self.rows[: _MAX_PREAMBLE + 1]
        named = before = next((row for row, cells in first if names_columns(cells)), 0)
        for row, cells in first:
            if row > before and abs(len(cells) - self.width) <= 1 and any(_is_datum(cell) for cell in cells):
                return before
            before = max(before, row)
        return named or self.rows[0][0]

    def data(self, begin: int) -> list[list[bytes]]:
        """The rows of data behind row `begin` that have the usual width."""
        return [cells for row, cells in self.rows if row > begin and len(cells) == self.width]

    def headers(self, begin: int) -> list[list[bytes]]:
        """The rows up to `begin` that can name the columns, the last one first; the usual width is theirs where they know better."""
        found = [cells for row, cells in self.rows if row <= begin]
        for cells in reversed(found):
            if names_columns(cells):
                self._fit_to(cells, begin)
                break
        return [cells for cells in reversed(found) if abs(len(cells) - self.width) <= 1]

    def above(self, begin: int) -> list[str]:
        """The lines that stand over the one that names the columns."""
        named = max((row for row, cells in self.rows if row <= begin and names_columns(cells)), default=0)
        return [line.decode(errors="replace") for row, line in self.lines.items() if row < named]

    def _fit_to(self, header: list[bytes], begin: int) -> None:
        """Take the header's width, unless a delimiter at the end of each row, or of the header, makes the difference."""
        rows = self.data(begin)
        if len(header) == self.width - 1 and rows and not any(cells[-1] for cells in rows):
            return
        if len(header) == self.width + 1 and not header[-1]:
            return
        self.width = len(header)


def names_columns(cells: list[bytes]) -> bool:
    """Whether a row calls one of its columns a time and another something else, and holds no value."""
    roles = {claim[0] for cell in cells if (claim := role_of(_text_of(cell)))}
    named = bool(roles & {"time", "date"}) and bool(roles - {"time", "date"})
    return named and not any(_is_datum(cell) for cell in cells)


def _text_of(cell: bytes) -> str:
    """A cell of a header as text."""
    return cell.decode(errors="replace").strip()[:LONGEST_NAME]


def names_of(headers: list[list[bytes]], width: int) -> list[list[str]]:
    """What each column is called: the names of the last header row first."""
    return [
        [_text_of(cells[place]) for cells in headers if place < len(cells) and cells[place]] for place in range(width)
    ]


def _is_datum(cell: bytes) -> bool:
    return bool(cell) and (looks_numeric(cell) or bool(forms_of(cell)) or is_date(cell))
