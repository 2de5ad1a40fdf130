"""A file of others as a source of ticks, as it stands: numbered, found again from any of them on. Knows no format; that is the reader's."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from engine.model.errors import InputError
from engine.model.sources import Undamaged
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.day_totals import DayTotals
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
        self.instruments, self.candles = self._reader.instruments, self._reader.candles
        self.market = self._reader.form.market  # whose hours its layout keeps; "" for one that says nothing of it
        self._totals = (
            DayTotals(len(self.instruments), self._reader.form.zone) if self._reader.counts_by_total else None
        )
        self._index = SparseIndex(_INDEX_SPACING, Stretch(1, 0, 0))

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on, one for each row; raises InputError."""
        begin = self._index.before(first)
        number, started, earliest_ms, row = begin.number - 1, begin, _FAR_MS, begin.counted
        for tick in self._rows(begin.counted):
            number += 1
            if number - started.number >= _INDEX_SPACING and tick.seq != row:  # never between the ticks of one candle
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
        begin = self._index.before(seq)
        tick = next(islice(self._rows(begin.counted), seq - begin.number, None), None)
        return f"row {tick.seq}" if tick else f"tick {seq}"

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._reader.fraction_read()

    def _rows(self, after: int) -> Iterator[Tick]:
        """The ticks behind row `after`, their `seq` still the row; raises InputError for one that cannot be read."""
        if self._totals is None:
            return self._read(after)
        return (tick for tick in self._totals.grown(self._read(0)) if tick.seq > after)

    def _read(self, after: int) -> Iterator[Tick]:
        """The same with the quantities that the file says."""
        for row in self._reader.rows(after):
            if isinstance(row, BadRow):
                raise self._bad(row)
            yield row

    def _bad(self, row: BadRow) -> InputError:
        return InputError(f"{self._path}: {row.text}")
