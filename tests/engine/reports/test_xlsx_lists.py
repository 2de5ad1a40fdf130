"""The workbook of a report: five sheets, each text a text, and one clear line where the extra is missing."""

import sys
import zipfile
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.session_result import ReportedDay
from engine.reports.report import Report
from engine.reports.xlsx_lists import XlsxLists
from engine.text.sanitize import CleanText
from tests.support.position_samples import BEGIN_MS, position

EVIL = '=HYPERLINK("http://x","y")<&'


def book(path: Path, *reasons: str) -> Report:
    positions = tuple(position(20_000, (21_000, 150), reason=each) for each in reasons)
    day = ReportedDay(
        mode="paper", date="2025-10-01", zone="Asia/Kolkata", source=CleanText("x"), began_ms=BEGIN_MS, cash=None,
        net=sum(each.net for each in positions), costs_by_kind={}, positions=positions, exits=(),
    )  # fmt: skip
    with XlsxLists(path) as lists:
        report = Report([lists])
        report.settings = {"risk.base_sl_points": "15", "odd": EVIL}
        report.take(day)
        lists.finish(report)
    return report


def test_its_five_sheets_hold_what_was_told_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book(path, "Stop Loss", EVIL)
    with zipfile.ZipFile(path) as zipped:
        sheets = [zipped.read(f"xl/worksheets/sheet{number}.xml").decode() for number in range(1, 6)]
        names = zipped.read("xl/workbook.xml").decode()
    assert [name in names for name in ("Summary", "Days", "Positions", "Exits", "Settings")] == [True] * 5
    assert "<f>" not in "".join(sheets)
    assert "hyperlink" not in "".join(sheets)
    assert [sheet.count("<row ") for sheet in sheets[1:]] == [2, 3, 3, 2]
    assert "HYPERLINK" in sheets[3]
    assert "<v>1499</v>" in sheets[3]  # a number is one
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_a_workbook_of_ours_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book(path, "Stop Loss")
    book(path, "Stop Loss")
    path.write_bytes(b"PK of somebody else")
    with pytest.raises(InputError, match="no report of this program"):
        book(path, "Stop Loss")
    assert path.read_bytes() == b"PK of somebody else"


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), XlsxLists(tmp_path / "book.xlsx"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(InputError, match=r"--xlsx needs XlsxWriter: pip install 'myquant-tui\[xlsx\]'"):
        XlsxLists(tmp_path / "book.xlsx")
