"""Days, positions and exits of a report as JSON and CSV, written as the days come: none of them is kept."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Self, TextIO, cast

import msgspec
from msgspec import Struct

from engine.model.session_result import ReportedDay
from engine.reports.day_records import cells_of, columns_of, csv_line
from engine.reports.mode_report import ModeReport
from engine.reports.own_files import begins_with, own_file
from engine.reports.report import Report, Told
from engine.reports.report_records import (
    ExitRecord,
    PositionRecord,
    SessionDayRecord,
    exit_records,
    mode_record,
    position_record,
    session_day_record,
)

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class JsonLists:
    """Keeps positions and exits as lines of JSON in files without a name; `write` makes one object of all."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._positions: BinaryIO
        self._exits: BinaryIO

    def __enter__(self) -> Self:
        self._positions = cast(BinaryIO, self._open.enter_context(TemporaryFile()))
        self._exits = cast(BinaryIO, self._open.enter_context(TemporaryFile()))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def take(self, _day: ReportedDay, positions: Told, report: ModeReport) -> None:
        """Take a day."""
        for position, found in positions:
            _append(self._positions, position_record(position, found, report.zone))
            for each in exit_records(position, report.zone):
                _append(self._exits, each)

    def write(self, out: TextIO, report: Report, sources: Sequence[Struct], more: dict[str, object]) -> None:
        """The whole report as one object."""
        head = {"schema": 1, "sources": sources, **more, "remarks": report.remarks}
        head["modes"] = [mode_record(each) for each in report.modes.values()]
        out.write(_ENCODER.encode(head).decode()[:-1])
        for name, file in (("positions", self._positions), ("exits", self._exits)):
            out.write(f',"{name}":[')
            _put(file, out)
            out.write("]")
        out.write("}\n")


def _append(file: BinaryIO, record: Struct) -> None:
    file.write(_ENCODER.encode(record) + b"\n")


def _put(file: BinaryIO, out: TextIO) -> None:
    """The records of `file`, a line each, with commas between them."""
    file.seek(0)
    out.writelines(("," if number else "") + line[:-1].decode() for number, line in enumerate(file))


class CsvLists:
    """Three tables beside the report: `STEM.positions.csv`, `STEM.exits.csv` and, at the end, `STEM.days.csv`."""

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._open = ExitStack()
        self._positions: BinaryIO
        self._exits: BinaryIO

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._positions = opened.enter_context(self._file("positions", PositionRecord))
            self._exits = opened.enter_context(self._file("exits", ExitRecord))
            self._open = opened.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.__exit__(*raised)  # type: ignore[arg-type]

    def path(self, table: str) -> Path:
        """Where one of the tables goes."""
        return self._stem.with_name(f"{self._stem.name}.{table}.csv")

    def _file(self, table: str, kind: type[Struct]) -> AbstractContextManager[BinaryIO]:
        return _table(self.path(table), kind)

    def take(self, _day: ReportedDay, positions: Told, report: ModeReport) -> None:
        """Take a day."""
        for position, found in positions:
            self._positions.write(_row(position_record(position, found, report.zone)))
            self._exits.writelines(map(_row, exit_records(position, report.zone)))

    def finish(self, report: Report) -> None:
        """Write the table of days, now that all are known."""
        with _table(self.path("days"), SessionDayRecord, "mode") as file:
            for mode, found in report.modes.items():
                file.writelines(_row(session_day_record(each), mode) for each in found.days)


def _row(record: Struct, *before: str) -> bytes:
    return csv_line((*before, *cells_of(record))).encode()


@contextmanager
def _table(path: Path, kind: type[Struct], *before: str) -> Iterator[BinaryIO]:
    """A table with its head; only one with the same head is written over."""
    head = csv_line((*before, *columns_of(kind)))
    with own_file(path, begins_with(head)) as file:
        file.write(head.encode())
        yield file
