"""A stretch of a recording that is being made: packed into by the turn, written by a thread, without a lock.

The recording is a chain of segments; each field has one writer:

* whoever holds the engine's turn packs records behind `fill` of the last segment, then raises `fill`, then (when the
  segment is at its end) hangs the next one into `following`;
* the writer thread reads `following` first and `fill` second, so that a segment with a successor is known to be complete,
  and writes the bytes between `written` and `fill`, which nobody changes any more.
"""

from typing import Final

from engine.model.types import FLAG_HAS_BOOK
from engine.recording.format import (
    BOOK_RECORD,
    KIND_BOOK_TICKS,
    KIND_END,
    KIND_MARKS,
    KIND_TICKS,
    RECORD_SIZES,
    TICK_RECORD,
)
from engine.recording.writer import BLOCK_BYTES

_LAST_PLACE: Final = BLOCK_BYTES - BOOK_RECORD.size


class RecordSegment:
    """A stretch in one kind of block: `data` from `start` to `fill`; no record begins beyond `limit`.

    `written` is the thread's: how far the file has it.
    """

    __slots__ = ("data", "fill", "following", "kind", "limit", "refused_flags", "size", "start", "written")

    def __init__(self, kind: int, data: bytearray, start: int, fill: int, limit: int) -> None:
        self.kind = kind
        self.data = data
        self.start = self.written = start
        self.fill = fill
        self.limit = limit
        self.size = RECORD_SIZES[kind] or TICK_RECORD.size  # of a record; where none is kept it only must fit
        self.refused_flags = FLAG_HAS_BOOK if kind == KIND_TICKS else 0
        self.following: RecordSegment | None = None

    @classmethod
    def first(cls) -> "RecordSegment":
        """The one that a file begins with: of ticks."""
        return cls(KIND_TICKS, bytearray(BLOCK_BYTES), 0, 0, _LAST_PLACE)

    def next_of_ticks(self, flags: int) -> "RecordSegment":
        """One for a tick with these flags, behind this one, which is the last of ticks: in the same buffer where that has room."""
        # From the first tick with a book on every record has one, so that mixed ticks still share long blocks.
        kind = KIND_BOOK_TICKS if flags & FLAG_HAS_BOOK else self.kind
        data, start = (self.data, self.fill) if self.fill <= _LAST_PLACE else (bytearray(BLOCK_BYTES), 0)
        return RecordSegment(kind, data, start, start, _LAST_PLACE)

    @classmethod
    def of_mark(cls, line: bytes) -> "RecordSegment":
        """One mark, complete."""
        return cls(KIND_MARKS, bytearray(line), 0, len(line), -1)

    @classmethod
    def nowhere(cls) -> "RecordSegment":
        """What takes the ticks of a recording that has ended: each in the place of the one before."""
        return cls(KIND_END, bytearray(BOOK_RECORD.size), 0, 0, -1)

    def size_bytes(self) -> int:
        """How long it is by now."""
        return self.fill - self.start if self.kind != KIND_END else 0

    def ticks(self) -> int:
        """How many ticks it holds by now."""
        size = RECORD_SIZES[self.kind]
        return (self.fill - self.start) // size if size else 0
