"""Text to lines, in bounded memory: batches of them with the number of the row before, from any row on. Knows no columns."""

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from engine.outside.files import regular_size
from engine.recording.foreign.text import Encoding, chunks
from engine.recording.foreign.unpack import BrokenError, Unpacked, opened

MAX_LINE_BYTES: Final = 16_384  # of a row: some keep a whole message in one of its columns
_MAX_QUOTED_LINES = 64
_NOTED_EVERY = 5000


class Batch:
    """Lines that follow row `row`, without their ends; `careful`: there are quotes among them, or one is too long.

    A row whose quotes hold line ends is joined, and blank lines stand where its others were.
    """

    __slots__ = ("careful", "lines", "row")

    def __init__(self, row: int, lines: list[bytes], quoted: bool = False) -> None:
        self.row = row
        self.lines = lines
        self.careful = quoted or max(map(len, lines), default=0) > MAX_LINE_BYTES


class Lines:
    """The lines of a file, again and again.

    Once all were read `unended` is the row that has no line end, or 0, `broken` why the packed data ends early, or empty,
    and `last_row` the number of the last row that is not blank.
    """

    def __init__(self, path: Path, how: Unpacked, encoding: Encoding) -> None:
        self.unended = self.last_row = 0
        self.broken = ""
        self._path = path
        self._how = how
        self._encoding = encoding
        self._size = max(1, regular_size(path))
        self._position = 0
        self._begin_anywhere = not how.kind and encoding.plain
        self._noted_rows, self._noted_offsets = [0], [encoding.mark]

    def batches(self, after: int = 0) -> Iterator[Batch]:
        """All lines from some row ≤ `after` + 1 on; raises InputError."""
        with opened(self._path, self._how) as stream:
            noted = bisect_right(self._noted_rows, after) - 1
            if self._begin_anywhere:
                stream.seek(self._noted_offsets[noted])
            elif self._encoding.mark:
                stream.read(self._encoding.mark)
            yield from self._of(stream, self._noted_rows[noted], self._noted_offsets[noted])
        self._position = self._size

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return min(1.0, self._position / self._size)

    def _of(self, stream: IO[bytes], row: int, offset: int) -> Iterator[Batch]:
        rest, discarding, blank = b"", False, 0
        try:
            for chunk in chunks(stream, self._encoding):
                text = chunk
                if discarding:  # what follows of a line that is too long
                    end = chunk.find(b"\n") + 1
                    offset += end or len(chunk)
                    text, discarding = (chunk[end:], False) if end else (b"", True)
                text = rest + text
                cut = text.rfind(b"\n") + 1
                if cut:
                    batch, cut = _batch(row, text, cut)
                    yield batch
                    row += len(batch.lines)
                    blank = _blank_at_the_end(batch.lines, blank)
                    offset += cut
                    self._note(row, offset)
                rest = text[cut:]
                if len(rest) - rest.rfind(b"\n") - 1 > MAX_LINE_BYTES + 1:  # whatever ends it, a carriage return too
                    *lines, last = rest.split(b"\n")
                    yield Batch(row, [*lines, last[: MAX_LINE_BYTES + 1]])
                    row += len(lines) + 1
                    offset += len(rest)
                    rest, discarding = b"", True
        except BrokenError as error:
            self.broken = str(error) or "it breaks off"
        if rest and not self.broken:
            batch = Batch(row, *_joined(_lines(rest), last=True))
            row += len(batch.lines)
            blank = _blank_at_the_end(batch.lines, blank)
            self.unended = row
            yield batch
        self.last_row = row - blank

    def _note(self, row: int, offset: int) -> None:
        if self._begin_anywhere:
            self._position = offset
            if row >= self._noted_rows[-1] + _NOTED_EVERY:
                self._noted_rows.append(row)
                self._noted_offsets.append(offset)


def _blank_at_the_end(lines: list[bytes], before: int) -> int:
    """How many lines at the end hold nothing, those of the batch before counted where all of these do."""
    for count, line in enumerate(reversed(lines)):
        if line.strip():
            return count
    return before + len(lines)


def _batch(row: int, text: bytes, cut: int) -> tuple[Batch, int]:
    """The lines of text[:cut], and how much of it they are: a quote that is open at their end leaves the last of them for later."""
    lines = _lines(text[:cut])
    lines.pop()
    if b'"' not in text:
        return Batch(row, lines), cut
    lines, quoted, left = *_joined(lines, last=False), 0
    while lines and lines[-1] is _LATER:
        lines.pop()
        left += 1
    for _ in range(left + 1 if left else 0):
        cut = text.rfind(b"\n", 0, cut)
    return Batch(row, lines, quoted), cut + 1 if left else cut


_LATER: Final = b"\n"  # no line holds one


def _lines(text: bytes) -> list[bytes]:
    if b"\r" in text:
        text = text.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    return text.split(b"\n")


def _opens(line: bytes) -> bool:
    """Whether the quotes of `line` begin where cells do, so that the last of them may enclose what follows."""
    outside = line.split(b'"')[:-1:2]
    return not outside[0].strip() or all(not each or each.rstrip(b" ")[-1:] in b",;\t|" for each in outside)


def _joined(lines: list[bytes], *, last: bool) -> tuple[list[bytes], bool]:
    """`lines` with those of one quoted row in one; those of a row that is still open are _LATER, unless these are the last."""
    quoted = False
    place = 0
    while place < len(lines):
        line = lines[place]
        if b'"' in line:
            quoted = True
            if line.count(b'"') % 2 and _opens(line):
                whole, end = line, place + 1
                while end < len(lines) and end - place < _MAX_QUOTED_LINES and len(whole) <= MAX_LINE_BYTES:
                    whole += b"\n" + lines[end]
                    end += 1
                    if whole.count(b'"') % 2 == 0:
                        lines[place:end] = [whole, *[b""] * (end - place - 1)]
                        break
                else:
                    if (
                        end == len(lines)
                        and not last
                        and end - place < _MAX_QUOTED_LINES
                        and len(whole) <= MAX_LINE_BYTES
                    ):
                        lines[place:] = [_LATER] * (end - place)
                        break
                    end = place + 1  # it is never closed: a row that cannot be read, and the next begins anew
                place = end
                continue
        place += 1
    return lines, quoted
