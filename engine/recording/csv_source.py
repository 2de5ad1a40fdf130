"""A file of others as a source of ticks: numbered, found again from any of them on. Knows no format; that is the reader's."""

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.model.errors import InputError
from engine.model.ports import Undamaged
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from engine.recording.foreign.rows import BadRow
from engine.recording.index import SparseIndex, Stretch

_INDEX_SPACING = 5000
_FAR_MS = 2**62


class CsvSource(Undamaged):
    """A TickSource over a CSV file; raises InputError for a file, an option or a row that is not what it should be."""

    def __init__(self, path: Path, layout: CsvLayout, instrument_for: Callable[[str], Instrument]) -> None:
        self._path = path
        self._reader = ForeignReader(path, layout, instrument_for)
        self.name, self.zone = self._reader.name, self._reader.zone
        self.instruments = self._reader.instruments
        self._index = SparseIndex(_INDEX_SPACING, Stretch(1, 0, 0))

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on, one for each row; raises InputError."""
        begin = self._index.before(first)
        number, started, earliest_ms, row = begin.number - 1, begin, _FAR_MS, begin.counted
        for tick in self._reader.rows(begin.counted):
            if isinstance(tick, BadRow):
                raise InputError(f"{self._path}: {tick.text}")
            number += 1
            if number - started.number >= _INDEX_SPACING:
                self._index.add(started.number, 0, started.counted, earliest_ms)
                started, earliest_ms = Stretch(number, 0, row), _FAR_MS
            row, tick.seq = tick.seq, number
            if tick.exch_ms < earliest_ms:
                earliest_ms = tick.exch_ms
            if number >= first:
                yield tick
        self._index.add(started.number, 0, started.counted, earliest_ms)
        self._index.total = number

    def count(self) -> int:
        """How many rows there are; the first call reads and checks all of them. Raises InputError."""
        while self._index.total < 0:
            for _ in self.ticks():
                continue
        return self._index.total

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`; 0 if there is none. Raises InputError."""
        self.count()
        return self._index.number_at(at_ms, self.ticks)

    def row_of(self, seq: int) -> str:
        """`row 17`: the line of the file, the header counted."""
        return f"row {seq + self._reader.header_rows}"

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._reader.fraction_read()
