"""Writing a recording: a file of whole blocks, and a writer that packs ticks into them. Starts no thread."""

import os
import struct
from contextlib import suppress
from errno import EIO
from itertools import accumulate
from pathlib import Path
from typing import Self

from msgspec.structs import astuple

from engine.model.errors import InputError
from engine.model.types import FLAG_HAS_BOOK, Tick
from engine.outside.files import claim, create_private, lost
from engine.recording.format import (
    BOOK_RECORD,
    KIND_BOOK_TICKS,
    KIND_END,
    KIND_TICKS,
    RECORD_SIZES,
    TICK_RECORD,
    DamageError,
    Header,
    encode_block,
    encode_header,
    most_instrument,
)

BLOCK_BYTES = 64 * 1024


class BlockFile:
    """A new recording that takes whole blocks; after a failed write it is cut back to its last good block.

    The constructor, `write` and `close` raise OSError; the constructor and `add` InputError for what no reader would accept.
    """

    def __init__(self, path: Path, header: Header) -> None:
        try:
            self._waiting = [encode_header(header)]
        except (DamageError, ValueError) as damage:
            raise InputError(f"{path}: the header {damage}") from None
        self._path = path
        self._instruments = len(header.instruments)
        self._ticks = 0
        self._good_bytes = 0
        self._file = create_private(path)
        claim(self._file)  # so that nobody tidies it away
        try:
            self.write()
        except OSError:
            os.close(self._file)
            with suppress(OSError):
                path.unlink()
            raise

    def add(self, kind: int, payload: bytes | bytearray | memoryview) -> None:
        """Put one block of `kind` behind what waits for `write`."""
        size = RECORD_SIZES[kind]
        if size and most_instrument(payload, size) >= self._instruments:
            raise InputError(
                f"{self._path}: a tick speaks of an instrument beyond the {self._instruments} of the header"
            )
        block, count = encode_block(kind, payload, self._ticks)
        self._waiting.append(block)
        if size:
            self._ticks += count

    def write(self) -> None:
        """Write all that was added, in one go."""
        blocks, self._waiting = self._waiting, []
        if os.fstat(self._file).st_size != self._good_bytes:
            raise OSError(EIO, "it was cut off, or written to by another")
        data = memoryview(b"".join(blocks))
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            whole = max((end for end in accumulate(map(len, blocks)) if end <= written), default=0)
            with suppress(OSError):  # half a block would only cost the reader a question
                os.ftruncate(self._file, self._good_bytes + whole)
            raise
        self._good_bytes += written

    def free_bytes(self) -> int:
        """What is left on the file's disk for this user."""
        disk = os.fstatvfs(self._file)
        return disk.f_bavail * disk.f_frsize

    def lost(self) -> str:
        """What has become of the file at its path; "" while it is there, with all that was written."""
        return lost(self._path, self._file, self._good_bytes)

    def close(self, finished: bool) -> None:
        """Close; `finished` puts the end block, without which a reader says that the recording was cut short."""
        try:
            if finished:
                self.add(KIND_END, b"")
                self.write()
            os.fsync(self._file)
        finally:
            os.close(self._file)


class RecordingWriter:
    """Writes a recording from the caller's own thread. Raises OSError."""

    def __init__(self, path: Path, header: Header) -> None:
        self._file = BlockFile(path, header)
        self._buffer = bytearray(BLOCK_BYTES)
        self._fill = 0
        self._kind = KIND_TICKS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        self.close(finished=failed is None)

    def append_tick(self, tick: Tick) -> None:
        """Keep one tick; raises InputError when a value does not fit a record."""
        if self._fill > BLOCK_BYTES - BOOK_RECORD.size:
            self.flush()
        if tick.flags & FLAG_HAS_BOOK and self._kind == KIND_TICKS:
            self.flush()
            self._kind = KIND_BOOK_TICKS  # from the first tick with a book on, so that blocks stay long
        try:
            if self._kind == KIND_TICKS:
                TICK_RECORD.pack_into(self._buffer, self._fill, *astuple(tick)[:-2])  # without bid and ask
            else:
                BOOK_RECORD.pack_into(self._buffer, self._fill, *astuple(tick))
        except struct.error as error:
            raise InputError(f"tick {tick.seq} does not fit a record: {error}") from None
        self._fill += RECORD_SIZES[self._kind]

    def flush(self) -> None:
        """Write a block of what is waiting."""
        if self._fill:
            self._file.add(self._kind, memoryview(self._buffer)[: self._fill])
            self._fill = 0
        self._file.write()

    def close(self, finished: bool = True) -> None:
        """Write what is waiting and close; without `finished` the end mark is left out, as a kill would."""
        try:
            self.flush()
        except OSError:
            self._file.close(finished=False)
            raise
        self._file.close(finished)
