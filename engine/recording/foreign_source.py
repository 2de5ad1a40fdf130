"""A file of others as it is to be traded by: looked through first, bad rows and strays left out and counted, in order of time."""

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.model.errors import InputError
from engine.model.sources import PassedOver
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.csv_source import CsvSource
from engine.recording.foreign.clocks import OverMidnight
from engine.recording.foreign.repeated import Repeated
from engine.recording.foreign.rows import BadRow
from engine.recording.foreign.spill import OrderedTicks, ordered
from engine.recording.foreign.survey import TOLERANCE_MS, survey
from engine.recording.stamps import StampWriter


class ForeignSource(CsvSource):
    """A CsvSource whose rows come in order of time; raises InputError when it is made, before anything is traded.

    With `skip_bad` rows that cannot be read are passed over. Rows that are out of order by `tolerance_ms` at most stay
    where they are.
    """

    def __init__(
        self,
        path: Path,
        layout: CsvLayout,
        instrument_for: Callable[[str], Instrument],
        *,
        skip_bad: bool = False,
        tolerance_ms: int = TOLERANCE_MS,
    ) -> None:
        super().__init__(path, layout, instrument_for)
        stamps = StampWriter(self.zone)
        self._skip_bad = skip_bad
        self._survey = survey(
            self._reader,
            skip_bad=skip_bad,
            says_bad=self._refusal,
            stamp=lambda at_ms: stamps.write(at_ms * 1_000_000),
            tolerance_ms=max(tolerance_ms, TOLERANCE_MS),
            clock=self._reader.clock,
        )
        if self._survey.steps_back:
            self._reader.refuse_blocks(self._survey.steps_back)
        midnights = self._survey.midnights
        self._by_day = OverMidnight(self._reader, midnights, self._reader.clock.zone) if midnights else self._reader
        self._ordered: OrderedTicks | None = None
        if self._survey.sort:
            backwards = self._survey.backwards
            self._ordered = ordered(self._read(0), backwards=backwards)
            if self._totals is not None:
                self._ordered = ordered(self._totals.grown(self._ordered.rows()), backwards=backwards)
        elif self._totals is not None:
            self.count()  # so that what it tells is told from the start
        self._repeated = Repeated()
        if self._ordered is not None and not self._survey.unordered and not self.candles:
            for tick in self._ordered.rows():
                self._repeated.add(tick)
        if next(self.ticks(), None) is None:
            raise InputError(f"{path}: has no row that can be read; allowed: at least one")

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on, in order of time; raises InputError."""
        return super().ticks(first) if self._ordered is None else self._ordered.ticks(first)

    def count(self) -> int:
        """How many ticks there are; raises InputError."""
        return super().count() if self._ordered is None else self._ordered.count

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose own time is ≤ `at_ms`; 0 if there is none. Raises InputError."""
        return super().number_at(at_ms) if self._ordered is None else self._ordered.number_at(at_ms)

    def row_of(self, seq: int) -> str:
        """`row 17`: the line of the file, the header counted."""
        return super().row_of(seq) if self._ordered is None else f"row {self._ordered.row(seq)}"

    def fraction_read(self) -> float:
        """Which part the latest reading has passed, of the file or of what was sorted."""
        return super().fraction_read() if self._ordered is None else self._ordered.fraction_read

    def passed_over(self) -> tuple[PassedOver, ...]:
        """Rows that are no ticks here: unreadable ones, and those whose time contradicts the rows around them."""
        return self._survey.passed_over

    def losses(self) -> tuple[str, ...]:
        """A line for each reason to pass rows over."""
        return tuple(each.text for each in self._survey.passed_over)

    def notes(self) -> tuple[str, ...]:
        """How the file is read where that is not as it stands."""
        totals = self._totals.told() if self._totals is not None else ()
        return (*self._survey.notes, *self._repeated.told(), *totals, *self._reader.told())

    def understood(self) -> str:
        """How its rows are written, in one line."""
        return self._reader.understood()

    def _read(self, after: int) -> Iterator[Tick]:
        strays = self._survey.strays
        for row in self._by_day.rows(after):
            if isinstance(row, BadRow):
                if not row.may_be_passed_over(asked=self._skip_bad):
                    raise self._refusal(row)  # the file is changing while it is read
            elif not strays or row.seq not in strays:
                yield row

    def _refusal(self, row: BadRow) -> InputError:
        hint = "; --skip-bad-rows passes over such rows" if row.may_be_passed_over(asked=True) else ""
        return InputError(f"{self._path}: {row.text}{hint}")
