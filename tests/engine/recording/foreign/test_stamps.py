"""Of each text that a stamp may be there is one form at most, so that no order of a set, and no chance, decides the year."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from engine.recording.foreign.stamps import forms_of
from tests.support.thorough import examples

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
OURS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31))  # noqa: DTZ001 - as a file writes them
UNITS = {"epoch-s": 10**9, "epoch-ms": 10**6, "epoch-us": 10**3, "epoch-ns": 1}


def ns(moment: datetime) -> int:
    since = moment.replace(tzinfo=UTC) - BEGIN
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def read(folder: Path, texts: list[str]) -> tuple[str, list[int]]:
    """The form of a column, and its times in UTC nanoseconds."""
    path = folder / "a.csv"
    path.write_text("time,price\n" + "".join(f"{text},9\n" for text in texts))
    reader = ForeignReader(path, CsvLayout(zone="UTC"), Instrument)
    return reader.form.stamp, [row.recv_wall_ns for row in reader.rows() if isinstance(row, Tick)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stamps")


@settings(deadline=None)
@given(OURS, st.integers(0, 9), st.integers(0, 10**9 - 1), st.booleans())
def test_a_date_and_a_time_in_one_number_is_one_with_a_fraction_of_any_length(
    folder: Path, moment: datetime, digits: int, fraction: int, minutes: bool
) -> None:
    text = f"{moment:%Y%m%d%H%M}" if minutes else f"{moment:%Y%m%d%H%M%S}" + f"{fraction:09d}"[:digits]
    wanted = ns(moment.replace(second=0 if minutes else moment.second, microsecond=0))
    part = 0 if minutes else int(f"{fraction:09d}"[:digits].ljust(9, "0"))
    assert forms_of(text.encode()) == {"one number"}
    assert read(folder, [text]) == ("one number", [wanted + part])


@given(st.datetimes(datetime(2001, 9, 10), datetime(2032, 12, 31)), st.sampled_from(sorted(UNITS)))  # noqa: DTZ001
def test_a_count_since_1970_stays_one_in_each_unit(moment: datetime, unit: str) -> None:
    text = str(ns(moment) // UNITS[unit])
    assert forms_of(text.encode()) == {unit}


@settings(max_examples=examples(60), deadline=None)
@given(
    st.datetimes(datetime(2033, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["epoch-us", "epoch-ns"]),
    st.integers(0, 10**6),
)
def test_a_column_of_counts_whose_digits_might_be_dates_is_known_by_its_other_rows(
    folder: Path, moment: datetime, unit: str, seed: int
) -> None:
    steps = [random.Random(seed + number).randint(0, 5_000_000) for number in range(40)]
    times = [ns(moment) + 1000 * sum(steps[:count]) for count in range(len(steps))]
    assert read(folder, [str(at // UNITS[unit]) for at in times]) == (unit, times)


_MARKS = st.sampled_from(["", "-", "/", ".", " ", "T", ":", "_", ", ", "Z", "+05:30", " PM", "Nov", "November"])


@settings(max_examples=examples(1500))
@given(st.lists(st.tuples(st.integers(0, 10**10).map(str), _MARKS), min_size=1, max_size=8))
def test_no_text_has_two_forms(parts: list[tuple[str, str]]) -> None:
    assert len(forms_of("".join(number + mark for number, mark in parts).encode())) <= 1


WRITTEN = [
    *("%Y-%m-%d %H:%M:%S", "%Y/%m/%d, %H:%M", "%Y.%m.%d %H:%M:%S.%f", "%Y%m%d %H%M%S", "%Y%m%d-%H:%M:%S"),
    *("%d-%m-%Y %H:%M", "%d/%m/%y %H:%M:%S", "%y-%m-%d %H:%M:%S", "%d.%m.%Y %H%M", "%d-%b-%Y %I:%M:%S %p"),
    *("%d%b%y %H:%M", "%b %d, %Y %H:%M", "%B-%d-%Y %H:%M", "%Y-%b-%d %H:%M", "%a %b %d %Y %H:%M:%S GMT+0530"),
]


@given(OURS, st.sampled_from(WRITTEN), st.sampled_from(["", "Z", " IST", "+05:30", " +0530"]))
def test_no_way_of_writing_has_two_forms(moment: datetime, way: str, zone: str) -> None:
    assert len(forms_of((moment.strftime(way) + zone).encode())) <= 1


@given(st.integers(10**7, 10**22))
def test_no_number_has_two_forms(number: int) -> None:
    assert len(forms_of(str(number).encode())) <= 1


@given(st.integers(0, 10**5), st.timedeltas(timedelta(0), timedelta(days=1)))
def test_numbers_of_years_that_are_none_of_ours_are_counts(years: int, within: timedelta) -> None:
    moment = datetime(2101 + years % 7800, 3, 1) + within  # noqa: DTZ001
    assert "one number" not in forms_of(f"{moment:%Y%m%d%H%M%S}00".encode())
