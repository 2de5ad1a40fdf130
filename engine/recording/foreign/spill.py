"""Ticks in order of time out of rows in any order: sorted in memory that does not grow, by way of files without a name.

A file without a name is gone with the process, however that ends.
"""

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from heapq import merge
from itertools import islice
from struct import Struct
from typing import BinaryIO, Final, cast

from engine.model.errors import DiskError, reason
from engine.model.types import FLAG_STAMP_NS, Tick

RUN_TICKS: Final = 20_000  # sorted at once
_FAN_IN: Final = 64  # sorted runs that are merged at once
_CHUNK: Final = 256  # ticks read or written in one go
# What is sorted by, in the order of its bytes: time, row (from the end where the file runs backwards), place within the row.
_KEY: Final = Struct(">QQH")
_BODY: Final = Struct("<QHIQqqqqqqq")
_SIZE: Final = _KEY.size + _BODY.size
_BIAS: Final = 1 << 63
_LAST_ROW: Final = (1 << 63) - 1


class OrderedTicks:
    """Ticks in order of their own time, those of one moment in the file's order; `ticks` numbers them from 1."""

    def __init__(self, file: BinaryIO, count: int) -> None:
        self.count = count
        self.fraction_read = 0.0  # of the latest reading
        self._file = file
        weakref.finalize(self, file.close)

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on."""
        for number, tick in enumerate(self.rows(first), max(first, 1)):
            tick.seq = number
            yield tick

    def rows(self, first: int = 1) -> Iterator[Tick]:
        """The same, their `seq` still the row."""
        number = max(first, 1) - 1
        while number < self.count:
            block = self._read(number, _CHUNK)
            self.fraction_read = number / self.count
            number += len(block) // _SIZE
            yield from (_tick(block, start) for start in range(0, len(block), _SIZE))
        self.fraction_read = 1.0

    def row(self, number: int) -> int:
        """The row that tick `number` stands in."""
        return _tick(self._read(number - 1, 1), 0).seq

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`; 0 if there is none."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if _tick(self._read(middle, 1), 0).exch_ms <= at_ms:
                low = middle + 1
            else:
                high = middle
        return low

    def _read(self, start: int, count: int) -> bytes:
        """So many records; beside other readers, for it moves no place."""
        return os.pread(self._file.fileno(), count * _SIZE, start * _SIZE)


def ordered(rows: Iterable[Tick], *, backwards: bool = False, run_ticks: int = RUN_TICKS) -> OrderedTicks:
    """Sort `rows` (their `seq` is the row's number) by time; `backwards`: those of one moment from the file's end. Raises DiskError."""
    with _told(), ExitStack() as files:
        file = files.enter_context(_nameless())
        runs: list[tuple[int, int]] = []  # where in the file each begins, and how many ticks it has
        records = _records(rows, backwards)
        while run := sorted(islice(records, run_ticks)):
            runs.append((file.tell(), len(run)))
            file.write(b"".join(run))
        while len(runs) > 1:
            file.flush()
            target = files.enter_context(_nameless())
            runs = _merged(file, runs, target)
            file.close()
            file = target
        file.flush()
        files.pop_all()
        return OrderedTicks(file, runs[0][1] if runs else 0)


def _merged(file: BinaryIO, runs: list[tuple[int, int]], target: BinaryIO) -> list[tuple[int, int]]:
    """Write every `_FAN_IN` runs of `file` as one to `target`; where those are."""
    merged = []
    for first in range(0, len(runs), _FAN_IN):
        part = runs[first : first + _FAN_IN]
        merged.append((target.tell(), sum(count for _, count in part)))
        together = merge(*(_run(file, start, count) for start, count in part))
        while chunk := list(islice(together, _CHUNK)):
            target.write(b"".join(chunk))
    return merged


def _run(file: BinaryIO, start: int, count: int) -> Iterator[bytes]:
    end = start + count * _SIZE
    while start < end:
        block = os.pread(file.fileno(), min(_CHUNK * _SIZE, end - start), start)
        start += len(block)
        for place in range(0, len(block), _SIZE):
            yield block[place : place + _SIZE]


def _records(rows: Iterable[Tick], backwards: bool) -> Iterator[bytes]:
    row = within = 0
    for tick in rows:
        within = within + 1 if tick.seq == row else 0
        row = tick.seq
        at_ns = tick.recv_wall_ns if tick.flags & FLAG_STAMP_NS else tick.exch_ms * 1_000_000
        key = _KEY.pack(at_ns + _BIAS, _LAST_ROW - row if backwards else row, within)
        yield key + _BODY.pack(
            row,
            tick.instrument,
            tick.flags,
            tick.recv_wall_ns + _BIAS,
            tick.exch_ms,
            tick.exch_seq,
            tick.price,
            tick.quantity,
            tick.day_volume,
            tick.bid,
            tick.ask,
        )


def _tick(block: bytes, start: int) -> Tick:
    row, instrument, flags, wall_ns, exch_ms, exch_seq, *values = _BODY.unpack_from(block, start + _KEY.size)
    return Tick(row, instrument, flags, wall_ns - _BIAS, 0, exch_ms, exch_seq, *values)


def _nameless() -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile(prefix="myquant-tui-"))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(
            f"sorting by time: {tempfile.gettempdir()}: {reason(error)}; TMPDIR names another folder"
        ) from None
