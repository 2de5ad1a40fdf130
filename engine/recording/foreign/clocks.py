"""Tells a clock that has gone round from a file that goes back: one of twelve hours, and one that passes midnight under one date.

Where a file has times only, the date being an option's, a clock that passes midnight begins the next day; else it is told.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.neighbours import StepBack
from engine.recording.foreign.records import Records
from engine.recording.foreign.rows import Row, RowReader
from engine.recording.foreign.sniff import stamp_text
from engine.recording.foreign.stamps import EPOCHS, may_be_of_twelve
from engine.recording.stamps import MINUTES_KEPT, zone_named
from engine.text.sanitize import CleanText

_HOUR_MS: Final = 3_600_000
_HALF_ROUND_MS: Final = (8 * _HOUR_MS, 12 * _HOUR_MS)  # from 12:59 to 01:00, or after a pause of some hours
_WHOLE_ROUND_MS: Final = 22 * _HOUR_MS  # from 23:59 to 00:00, or after two hours without a trade
_MINUTE_NS: Final = 60 * 10**9

Midnights = tuple[tuple[int, ...], ...]  # for each instrument the rows where a day begins


class Clock:
    """The clock that the stamps of a file were read from."""

    def __init__(self, path: Path, form: FileForm, records: Records, layout: CsvLayout) -> None:
        self.zone = zone_named(form.zone)
        self._path = path
        self._form = form
        self._records = records
        self._shift_ms = layout.shift_ns // 1_000_000
        self._no_dates = bool(form.before) or form.stamp == "ms-of-day"

    def midnights(self, steps: Sequence[Sequence[StepBack]], *, backwards: bool, in_blocks: bool) -> Midnights:
        """The rows where a file without dates goes on into the next day; raises InputError where only a person can say what the clock did.

        `steps` are the places where each instrument's rows go back in time and stay there, `backwards` whether the newest row comes first,
        `in_blocks` whether the rows between such places are in order.
        """
        if self._form.stamp in EPOCHS or not any(steps):
            return ()
        every = [step for some in steps for step in some if not step.few]
        if 2 * sum(map(self._is_half_round, every)) > len(every) and self._is_of_twelve():
            what = "as a clock of twelve hours without AM and PM does; write hours of 24, or cut the file there and say"
            self._refuse(every, f"{what} --shift 12:00 for the rest")
        if not in_blocks:
            return ()
        if not self._no_dates:
            whole = [step for step in every if _is_whole_round(step) and self._is_of_one_date(step)]
            if whole:
                self._refuse(whole, f"and the date stays the same; {self._how_to_say_the_date(whole[0])}")
            return ()
        far = [step for step in every if step.size_ms >= _HOUR_MS and (backwards or not _is_whole_round(step))]
        if far:
            what = "and there is no date: another day, or another instrument? cut the file there, and say"
            self._refuse(far, f"{what} --date, or --symbol, for each part")
        return () if backwards else tuple(tuple(step.row for step in some if _is_whole_round(step)) for some in steps)

    def _local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp((at_ms - self._shift_ms) / 1000, self.zone)

    def _is_of_one_date(self, step: StepBack) -> bool:
        return self._local(step.before_ms).date() == self._local(step.at_ms).date()

    def _is_half_round(self, step: StepBack) -> bool:
        return _HALF_ROUND_MS[0] <= step.size_ms <= _HALF_ROUND_MS[1] and self._is_of_one_date(step)

    def _is_of_twelve(self) -> bool:
        """Whether every hour that is written is 1 to 12, and none says in which half of the day."""
        form = self._form
        return all(
            may_be_of_twelve(form.stamp, stamp_text(cells, form.places, form.before, form.after))
            for _, cells in self._records.cells()
            if isinstance(cells, list)
        )

    def _how_to_say_the_date(self, step: StepBack) -> str:
        if "date" in self._form.places:
            date = f"{self._local(step.before_ms):%Y-%m-%d}"
            return f"has it passed midnight? say --columns -={self._form.said_as(self._form.places['date'])} and --date {date}"
        return "has it passed midnight? cut the file there, and say --shift 24:00 for the rest"

    def _refuse(self, steps: Sequence[StepBack], what: str) -> None:
        first = min(steps)
        times = f"from {self._local(first.before_ms):%H:%M:%S} back to {self._local(first.at_ms):%H:%M:%S}"
        raise InputError(f"{self._path}: row {first.row}: the time goes {times}, {what}")


def _is_whole_round(step: StepBack) -> bool:
    return step.size_ms >= _WHOLE_ROUND_MS


class OverMidnight:
    """A RowReader of the same rows, those behind each midnight as many days later."""

    def __init__(self, reader: RowReader, midnights: Midnights, zone: ZoneInfo) -> None:
        self._reader = reader
        self._midnights = midnights
        self._zone = zone
        self._later_ns = lru_cache(MINUTES_KEPT)(self._later)

    @property
    def name(self) -> CleanText:
        """The file's name."""
        return self._reader.name

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments."""
        return self._reader.instruments

    def rows(self, after: int = 0) -> Iterator[Row]:
        """The rows whose number is greater than `after`; raises InputError."""
        for row in self._reader.rows(after):
            if isinstance(row, Tick) and (days := bisect_right(self._midnights[row.instrument], row.seq)):
                later_ns = self._later_ns(row.recv_wall_ns // _MINUTE_NS, days)
                row.recv_wall_ns += later_ns
                row.exch_ms += later_ns // 1_000_000
            yield row

    def fraction_read(self) -> float:
        """Which part of the file the latest reading has passed."""
        return self._reader.fraction_read()

    def _later(self, minute: int, days: int) -> int:
        """How much later the clock of the zone shows that minute's time so many days on; a day is not always 24 hours."""
        moment = datetime.fromtimestamp(minute * 60, self._zone)
        return round((moment + timedelta(days=days)).timestamp() - minute * 60) * 10**9
