"""CSV files that are wrong: what is wrong is told in one line, with row and column."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.model.errors import InputError
from tests.support.paths import ROOT
from tests.support.recordings.csv_files import HEAD, ROW, rows, source

BAD_PRICES = [
    "abc",
    "1e400",
    "1e2",
    "1_000",
    "0x1F",
    "--1",
    "٢١٦",
    "２１６",
    "216.٠٥",
    "1.2.3",
    ".5",
    "5.",
    "+",
    "$5",
    "'5'",
]
BAD_PRICES += ["1" * 31, "9" * 17, "1 0", "12 34", "1 2345"]


@pytest.mark.parametrize("text", BAD_PRICES)
def test_a_price_that_is_none_is_told(path: Path, text: str) -> None:
    data = HEAD + ROW * 2 + f"2025-10-01 09:15:18,{text},75\n".encode()
    with pytest.raises(InputError) as told:
        rows(path, data)
    too_large = " (too large)" if text == "9" * 17 else ""
    assert str(told.value) == (
        f"{path}: row 4, column 'price': '{text}' is not a price{too_large}; allowed: a decimal number such as 216.05"
    )


@pytest.mark.parametrize("text", ["-75", "abc", "7.5.", "1e2"])
def test_a_volume_that_is_none_is_told(path: Path, text: str) -> None:
    with pytest.raises(InputError, match=rf"row 2, column 'qty': '{text}' is not a volume.*; allowed: a whole number"):
        rows(path, f"time,price,qty\n2025-10-01 09:15:18,1,{text}\n".encode())


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "row 1: is blank; allowed: a header or a row"),
        (b"\xef\xbb\xbf", "row 1: is blank"),
        (HEAD, "has a header and no rows; allowed: at least one row"),
        (HEAD + b"\r\n\n", "has a header and no rows"),
        (HEAD + ROW + b"2025-10-01 09:15:18,1\n", "row 3: has 2 columns; allowed: 3, as in row 1"),
        (HEAD + ROW + b"2025-10-01 09:15:18,1,1,1\n", "row 3: has 4 columns; allowed: 3, as in row 1"),
        (HEAD + ROW + b"2025-10-01 09:15:18\n", "row 3: has 1 columns; allowed: 3, as in row 1"),
        (HEAD + ROW + b'2025-10-01 09:15:18,1,"1\n', "row 3: has a quote that is not closed"),
        (HEAD + ROW + b'2025-10-01 09:15:18,"1"2,1\n', "row 3: has a quote that is not closed"),
        (b'"' + HEAD + ROW, "row 1: has a quote that is not closed"),
        (HEAD + b"2025-10-01 09:15:18,1\0,1\n", "row 2: holds a NUL byte; allowed: UTF-8 text"),
        (HEAD + b"2025-10-01 09:15:18,\xff,1\n", "row 2: is not UTF-8 text; is this a CSV file?"),
        ("timestamp,price\n".encode("utf-16"), "has a header and no rows"),
        (b"\x7fELF\x02\x01\x01\xff\xfe\n", "is a program; allowed: text, plain or packed"),
        (b"\x89PNG\r\n", "is a picture; allowed: text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel workbook; allowed: text"),
        (b"\x01\x02,\x03\n", "row 1: holds control characters; allowed: text"),
        (b"hello\n", "row 1: no column is the time in 'hello'; allowed: one of timestamp, time,"),
        (b"time,open,settle\n", "row 1: no column is the price in 'time,open,settle'; allowed: one of price, ltp,"),
        (b"time,open,close\n", "has a header and no rows"),
        (b"time,ltp,last\n" + ROW, "row 1: 'ltp' and 'last' are both the price; allowed: one of them"),
        (b"1,2,3,4\n", "row 1 has 4 columns and no header; allowed: stamp,price[,volume], or columns named"),
        (b"1\n", "row 1 has 1 columns and no header"),
        (b"," * 1000 + b"\n", "row 1 has 1001 columns; allowed: up to 200"),
        (b"time,\xc2\x9bmprice\n" + ROW, "row 1: no column is the price in 'time,\ufffdmprice,'"),
        (HEAD + b"a" * 16_385 + b"\n", "row 2: is longer than 16384 bytes; is this a CSV file?"),
    ],
)
def test_files_that_are_none_are_told_in_one_line(path: Path, data: bytes, told: str) -> None:
    with pytest.raises(InputError) as error:
        rows(path, data)
    assert str(error.value).startswith(f"{path}: {told}")
    assert "\n" not in str(error.value)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "missing.csv", "No such file"), (tmp_path, "is a directory; allowed: a file")):
        with pytest.raises(InputError, match=told):
            source(path)


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ({"zone": "Asia/Nowhere"}, "'Asia/Nowhere' is not a time zone"),
        ({"time_format": "ms-of-day"}, "'' is not a date; allowed, where stamps are milliseconds of a day"),
        ({"time_format": "ms-of-day", "date": "8.10.2013"}, "'8.10.2013' is not a date"),
        ({"price_divisor": 0}, "the price divisor is 0; allowed: 1 to 1000000000"),
        ({"columns": ("time", "price")}, "row 1 has 3 columns; the options name 2"),
        ({"columns": ("time", "price", "last")}, "'price' and 'last' are both the price"),
        ({"symbol": "a\x1bb"}, "the options: 'a\ufffdb' is not a symbol"),
        ({"symbol": "x" * 81}, "is not a symbol; allowed: 1 to 80 of A-Z"),
    ],
)
def test_options_that_make_no_sense_are_told(path: Path, layout: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as error:
        source(path, HEAD + ROW, **layout)
    assert told in str(error.value)


def test_a_line_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(HEAD + ROW + b"2025-10-01 09:15:18,")
        file.truncate(1 << 30)
    program = f"""
import resource
from pathlib import Path
from engine.recording.csv_source import CsvSource
from engine.recording import CsvLayout
from engine.model.types import Instrument
from engine.model.errors import InputError
resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))
try:
    list(CsvSource(Path({str(path)!r}), CsvLayout(), Instrument).ticks())
except InputError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True)
    assert told.stdout.strip() == f"{path}: row 3: is longer than 16384 bytes; is this a CSV file?"
