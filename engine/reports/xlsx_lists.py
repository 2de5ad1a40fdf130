"""A report as a workbook: Summary, Days, Positions, Exits, Settings. Rows go to the disk as they come: it takes no more room than one.

Every text is written as text: none becomes a formula or a link.
"""

import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from msgspec import Struct

from engine.model.errors import InputError
from engine.model.session_result import ReportedDay
from engine.reports import figure_words as words
from engine.reports.day_records import columns_of
from engine.reports.mode_report import ModeReport
from engine.reports.own_files import MARK, own_file
from engine.reports.report import Report, Told, title_of
from engine.reports.report_records import (
    ExitRecord,
    PositionRecord,
    SessionDayRecord,
    exit_records,
    position_record,
    session_day_record,
)

_SHEETS: Final = ("Summary", "Days", "Positions", "Exits", "Settings")
_MOST_ROWS: Final = 1_048_576
_WIDE: Final = 22  # characters, of columns with moments and words
_MONEY_FORMAT: Final = "#,##0.00"
_MOMENT_FORMAT: Final = "yyyy-mm-dd hh:mm:ss"


def require_extra() -> Any:
    """What writes workbooks; raises InputError in one line where it is not installed."""
    try:
        return import_module("xlsxwriter")
    except ImportError:
        raise InputError("--xlsx needs XlsxWriter: pip install 'myquant-tui[xlsx]'") from None


def is_our_workbook(_begin: bytes, path: Path) -> bool:
    """Whether the workbook at `path` says that it is a report of ours."""
    try:
        with zipfile.ZipFile(path) as book:
            return MARK.encode() in book.read("docProps/core.xml")
    except (OSError, KeyError, zipfile.BadZipFile):
        return False


class XlsxLists:
    """Writes a workbook at `path` while days come in; `finish` writes what is known at the end only."""

    def __init__(self, path: Path) -> None:
        """Raises InputError where the extra is not installed."""
        self.path = path
        self._library = require_extra()
        self._open = ExitStack()
        self._rows = dict.fromkeys(_SHEETS, 0)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            file: BinaryIO = opened.enter_context(own_file(self.path, is_our_workbook))
            options = {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "nan_inf_to_errors": True,
            }
            self._book = self._library.Workbook(file, options)
            self._book.set_properties({"author": MARK, "title": MARK})
            self._sheets = {name: self._book.add_worksheet(name) for name in _SHEETS}
            self._bold = self._book.add_format({"bold": True})
            self._money = self._book.add_format({"num_format": _MONEY_FORMAT})
            self._moment = self._book.add_format({"num_format": _MOMENT_FORMAT})
            self._head("Days", ("mode", *columns_of(SessionDayRecord)))
            self._head("Positions", columns_of(PositionRecord))
            self._head("Exits", columns_of(ExitRecord))
            self._open = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._book.fileclosed = True  # what was begun is thrown away with its files
            for sheet in self._sheets.values():
                sheet.row_data_fh.close()
        self._open.__exit__(kind, error, trace)

    def _head(self, sheet: str, names: Sequence[str]) -> None:
        self._sheets[sheet].freeze_panes(1, 0)
        self._sheets[sheet].set_column(0, len(names) - 1, _WIDE / 2)
        for column, name in enumerate(names):
            if "time" in name or name in {"symbol", "reason", "date"}:
                self._sheets[sheet].set_column(column, column, _WIDE)
        self._put(sheet, names, bold=True)

    def _put(self, sheet: str, cells: Sequence[object], *, bold: bool = False) -> None:
        """A row behind those that are there; beyond what a sheet holds there is none."""
        row, page = self._rows[sheet], self._sheets[sheet]
        if row >= _MOST_ROWS:
            return
        for column, value in enumerate(cells):
            match value:
                case None:
                    continue
                case Decimal():
                    page.write_number(row, column, float(value), self._money)
                case bool() | str():
                    page.write_string(row, column, str(value), self._bold if bold else None)
                case int() | float():
                    page.write_number(row, column, value)
                case datetime():
                    page.write_datetime(row, column, value, self._moment)
        self._rows[sheet] = row + 1

    def take(self, _day: ReportedDay, positions: Told, report: ModeReport) -> None:
        """Take a day."""
        for position, found in positions:
            self._put("Positions", _cells(position_record(position, found, report.zone)))
            for each in exit_records(position, report.zone):
                self._put("Exits", _cells(each))

    def finish(self, report: Report) -> None:
        """Write the summary, the days and the settings, and close the book."""
        self._sheets["Summary"].set_column(0, 0, _WIDE)
        self._sheets["Summary"].set_column(1, 1, 3 * _WIDE)
        for line in (*report.heads, *report.remarks):
            self._put("Summary", (line,))
        for mode, found in report.modes.items():
            self._put("Summary", (title_of(found),), bold=True)
            for row in (*words.money_rows(found), *words.position_rows(found.sums, found.zone), *words.day_rows(found)):
                self._put("Summary", row)
            for each in found.days:
                self._put("Days", (mode, *_cells(session_day_record(each))))
        self._sheets["Settings"].set_column(0, 1, 2 * _WIDE)
        for setting in report.settings.items():
            self._put("Settings", setting)
        self._book.close()


def _cells(record: Struct) -> list[object]:
    """A record as cells; a moment is one, by the clocks of the session."""
    found: list[object] = []
    for name in columns_of(type(record)):
        value = getattr(record, name)
        found.append(_moment(value) if name.endswith("_time") and isinstance(value, str) else value)
    return found


def _moment(stamp: str) -> object:
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=None)
    except ValueError:
        return stamp
