"""Times in CSV files are read and written to the nanosecond, whatever the zone; what is none is told."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.recording.stamps import StampReader, StampWriter
from tests.support.recordings.csv_files import HEAD, ROW, ROW_NS, rows


@given(st.integers(86_400, 9_214_560_000), st.integers(0, 10**9 - 1), st.integers(-14 * 60, 14 * 60))
def test_any_stamp_with_an_offset_is_read_to_the_nanosecond(second: int, ns: int, offset_min: int) -> None:
    sign = "-" if offset_min < 0 else "+"
    hours, minutes = divmod(abs(offset_min), 60)
    moment = datetime.fromtimestamp(second, timezone(timedelta(minutes=offset_min)))
    text = f"{moment:%Y-%m-%d %H:%M:%S}.{ns:09d}{sign}{hours:02d}:{minutes:02d}"
    assert StampReader("iso", "UTC").read(text.encode()) == second * 10**9 + ns


@given(st.integers(0, 2**63 - 10**12), st.sampled_from(["Asia/Kolkata", "America/New_York", "UTC", "Australia/Sydney"]))
def test_a_written_stamp_is_read_back(stamp_ns: int, zone: str) -> None:
    text = StampWriter(zone).write(stamp_ns)
    assert StampReader("iso", "Pacific/Apia").read(text.encode()) == stamp_ns


def test_written_stamps_have_a_fraction_only_where_there_is_one() -> None:
    writer = StampWriter("Asia/Kolkata")
    found = [writer.write(ROW_NS + ns) for ns in (0, 5_000_000, 570_000, 1)]
    ends = ["", ".005", ".000570", ".000000001"]
    assert found == [f"2025-10-01T09:15:18{end}+05:30" for end in ends]


def test_hours_around_a_change_of_clocks() -> None:
    reader = StampReader("iso", "America/New_York")
    assert reader.read(b"2025-11-02 01:30:00") == 1_762_061_400 * 10**9  # the first of two
    with pytest.raises(ValueError, match="that hour does not exist there"):
        reader.read(b"2025-03-09 02:30:00")
    day = StampReader("ms-of-day", "America/New_York", "2025-03-09")
    assert day.read(b"%d" % (4 * 3_600_000)) == 1_741_507_200 * 10**9  # by the clock on the wall
    with pytest.raises(ValueError, match="does not exist"):
        day.read(b"%d" % (2 * 3_600_000))


BAD_ISO = [
    b"2025-02-30 09:15:18",
    b"2025-13-01 09:15:18",
    b"2025-10-01 25:15:18",
    b"2025-10-01 24:00:00",
    b"2025-10-01 09:61:18",
    b"2025-10-01 09:15:60",
    b"2025-10-01 09:15:18.",
    b"2025-10-01 09:15:18+24:00",
    b"2025-10-01 09:15:18+05:60",
    b"2025-10-01  09:15:18",
    b"2025-10-01",
    b"20251001 09:15:18",
    b"1969-12-31 09:15:18",
    b"0001-01-01 00:00:00",
    b"9999-12-31 23:59:59-14:00",
    b"2300-01-01 00:00:00",
    b"25-10-01 09:15:18",
    "٢٠٢٥-10-01 09:15:18".encode(),
    b"",
    b"now",
]


@pytest.mark.parametrize("text", BAD_ISO)
def test_a_stamp_that_is_none_is_told(path: Path, text: bytes) -> None:
    with pytest.raises(InputError) as told:
        rows(path, HEAD + ROW + text + b",235.85,75\n")
    assert str(told.value).startswith(f"{path}: row 3, column 'timestamp': '{text.decode()}' is not a stamp")
    assert "allowed: a date and time such as 2025-10-01 09:15:18.250+05:30" in str(told.value)


@pytest.mark.parametrize(
    ("time_format", "texts"),
    [
        ("epoch-s", [b"1e9", b"-1", b"+1", b"1.", b".5", b"0x10", b"1759290318.1234567890", b"99999999999"]),
        ("epoch-ms", [b"1759290318000.1234567", b"99999999999999", b""]),
        ("epoch-ns", [b"1.5", b"9223372036854775808", b"99999999999999999999"]),
        ("ms-of-day", [b"86400000", b"-1", b"1.1234567", b"09:15"]),
    ],
)
def test_numbers_that_are_no_time_are_told(path: Path, time_format: str, texts: list[bytes]) -> None:
    for text in texts:
        with pytest.raises(InputError, match=r"row 1, column 'time': '.*' is not a stamp.*; allowed: .*since"):
            rows(path, text + b",235.85,75\n", time_format=time_format, date="2025-10-01", has_header=False)
