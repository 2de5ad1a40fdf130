"""Lines to the cells of rows, and why a line has none. Knows how wide a row is; what its columns are it does not."""

from collections.abc import Iterator

from engine.recording.foreign.cells import UnclosedError, split
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.lines import MAX_LINE_BYTES, Lines
from engine.recording.foreign.numbers import BLANKS
from engine.recording.foreign.rows import BadKind, BadRow
from engine.text.sanitize import clean


class Records:
    """The rows of a file behind its header, as cells."""

    def __init__(self, form: FileForm, lines: Lines) -> None:
        self._form = form
        self._lines = lines

    def batches(self, after: int) -> Iterator[tuple[int, list[bytes], bool]]:
        """(The row before, lines, whether each wants `cells_of`) of all that follows row `after` and the header; raises InputError."""
        after = max(after, self._form.begin)
        for batch in self._lines.batches(after):
            skipped = after - batch.row
            if skipped <= 0:
                yield batch.row, batch.lines, batch.careful
            elif skipped < len(batch.lines):
                yield after, batch.lines[skipped:], batch.careful

    def cells(self, after: int = 0) -> Iterator[tuple[int, list[bytes] | BadRow]]:
        """(Its number, its cells or why it has none) of each row behind row `after`; raises InputError."""
        for begin, lines, _ in self.batches(after):
            for row, line in enumerate(lines, begin + 1):
                if line and (found := self.cells_of(row, line)) is not None:
                    yield row, found

    def cells_of(self, row: int, line: bytes) -> list[bytes] | BadRow | None:
        """The cells of a line, why it has none, or None for one that is blank."""
        form = self._form
        if len(line) > MAX_LINE_BYTES:
            return not_text(row, line)
        try:
            cells = split(line, form.delimiter)
        except UnclosedError:
            return self.torn(row, line) or because(row, "columns", "has a quote that is not closed")
        if len(cells) == form.width:
            return cells
        if not any(map(bytes.strip, cells)):
            return None
        if len(cells) == form.width + 1 and not cells[-1].strip(BLANKS):
            return cells[:-1]  # a delimiter at the end
        what = f"has {len(cells)} columns; allowed: {form.width}, as in row {form.begin or 1}"
        return self.torn(row, line) or not_text(row, line) or because(row, "columns", what)

    def torn(self, row: int, line: bytes) -> BadRow | None:
        """Why the last line cannot be read, where it has no end."""
        if row != self._lines.unended:
            return None
        return BadRow(row, "torn", clean(f"row {row}, the last, breaks off: '{quoted(line)}'"))

    def broken(self) -> BadRow | None:
        """What the packed data lost at its end, once all rows were read."""
        if not self._lines.broken:
            return None
        what = f"the packed file breaks off or is damaged here ({self._lines.broken})"
        return because(self._lines.last_row + 1, "torn", what)


def because(row: int, kind: BadKind, what: str) -> BadRow:
    """A bad row, for a reason that concerns the whole of it."""
    return BadRow(row, kind, clean(f"row {row}: {what}"))


def not_text(row: int, line: bytes) -> BadRow | None:
    """What is wrong with a line as such."""
    if len(line) > MAX_LINE_BYTES:
        return because(row, "too long", f"is longer than {MAX_LINE_BYTES} bytes; is this a CSV file?")
    if b"\0" in line:
        return because(row, "not text", "holds a NUL byte; allowed: UTF-8 text")
    try:
        line.decode()
    except UnicodeDecodeError:
        return because(row, "not text", "is not UTF-8 text; is this a CSV file?")
    return None


def quoted(text: bytes) -> str:
    """The beginning of a cell or a line, for a message."""
    return text.decode(errors="replace")[:60]
