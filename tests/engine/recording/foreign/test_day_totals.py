"""Quantities out of a total of the day: within a date of the file's zone, never from one to the next, and no day's total as one trade."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.types import FLAG_STAMP_NS, Instrument, Tick
from engine.recording import CsvLayout
from engine.recording.foreign.day_totals import DayTotals
from engine.recording.foreign_source import ForeignSource

HEAD = "time,ltp,volume_traded\n"


def source(folder: Path, rows: list[tuple[str, int]], zone: str = "Asia/Kolkata") -> ForeignSource:
    """A file of these stamps and totals."""
    path = folder / "totals.csv"
    path.write_text(HEAD + "".join(f"{stamp},9,{total}\n" for stamp, total in rows))
    return ForeignSource(path, CsvLayout(symbol="A", zone=zone), Instrument)


def quantities(found: ForeignSource) -> list[int]:
    return [tick.quantity for tick in found.ticks()]


def of_a_day(day: str, totals: list[int]) -> list[tuple[str, int]]:
    return [(f"{day} 09:15:{second:02d}", total) for second, total in enumerate(totals)]


@pytest.mark.parametrize("second", [[5100, 5200, 5250], [60, 160, 210]])
def test_a_day_begins_with_its_date_whatever_its_total(tmp_path: Path, second: list[int]) -> None:
    found = source(tmp_path, of_a_day("2025-11-18", [4000, 4100, 4100, 4175]) + of_a_day("2025-11-19", second))
    assert quantities(found) == [0, 100, 0, 75, 0, 100, 50]
    assert [tick.day_volume for tick in found.ticks()][-3:] == second
    assert [tick.quantity for tick in found.ticks(3)] == [0, 75, 0, 100, 50]
    assert not found.notes()


def test_the_date_is_that_of_the_file_s_zone(tmp_path: Path) -> None:
    rows = [(f"2025-11-{18 + n // 24} {n % 24:02d}:00:00+00:00", 100 * n + 100) for n in range(40)]
    for zone, begins in (("UTC", 24), ("Asia/Kolkata", 19), ("America/New_York", 5)):
        found = quantities(source(tmp_path, rows, zone))
        first = [place for place, quantity in enumerate(found) if not quantity]
        assert first[:2] == [0, begins]
        assert set(found) == {0, 100}


def test_a_total_that_falls_within_its_day_counts_nothing_and_is_told(tmp_path: Path) -> None:
    found = source(tmp_path, of_a_day("2025-11-18", [1000, 1075, 950, 1150, 1, 1200]))
    assert quantities(found) == [0, 75, 0, 75, 0, 50]
    told = "2 rows say less than the day's total before them and count nothing, first row 4"
    assert found.notes() == (told,)
    assert quantities(found)[2:] == [tick.quantity for tick in found.ticks(3)]
    assert found.notes() == (told,)


def test_a_total_that_begins_anew_within_its_day_goes_on_from_there(tmp_path: Path) -> None:
    assert quantities(source(tmp_path, of_a_day("2025-11-18", [1000, 1075, 75, 150, 300]))) == [0, 75, 0, 75, 150]


def test_a_row_without_a_total_does_not_begin_anew(tmp_path: Path) -> None:
    assert quantities(source(tmp_path, of_a_day("2025-11-18", [0, 1000, 0, 1075]))) == [0, 0, 0, 75]


def test_a_row_that_is_passed_over_takes_no_part(tmp_path: Path) -> None:
    rows = of_a_day("2025-11-18", [1000 + 10 * n for n in range(60)])
    ahead = ("2025-11-18 14:15:00", 900_000)
    for place in (20, 1):
        found = source(tmp_path, [*rows[:place], ahead, *rows[place:]])
        assert found.losses()
        assert quantities(found) == [0, *[10] * 59]


def test_instruments_have_totals_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    rows = [f"2025-11-18 09:15:{n:02d},9,{1000 * (n % 2) + n},{'AB'[n % 2]}\n" for n in range(2, 20)]
    path.write_text("time,ltp,volume_traded,symbol\n" + "".join(rows))
    assert quantities(ForeignSource(path, CsvLayout(), Instrument)) == [0, 0, *[2] * 16]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**9)), max_size=30))
def test_no_quantity_is_below_nought_or_more_than_the_day_has_grown(rows: list[tuple[int, int]]) -> None:
    at_ns = 1_763_437_500_000_000_000
    ticks = [
        Tick(row, 0, FLAG_STAMP_NS, at_ns + day * 86_400 * 10**9, 0, 0, 0, 900, total, 0)
        for row, (day, total) in enumerate(sorted(rows, key=lambda each: each[0]), 2)
    ]
    found = list(DayTotals(1, "Asia/Kolkata").grown(iter(ticks)))
    for day in range(4):
        totals = [total for of, total in rows if of == day and total]
        some = [tick.quantity for tick in found if (tick.recv_wall_ns - at_ns) // (86_400 * 10**9) == day]
        assert all(each >= 0 for each in some)
        assert max(some, default=0) <= max(totals, default=0)
        assert not some or some[0] == 0
