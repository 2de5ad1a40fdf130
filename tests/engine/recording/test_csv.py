"""CSV files become the ticks they say, exactly; what is wrong in them is told with row and column."""

import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import FLAG_STAMP_NS, Instrument, Tick
from engine.recording import CsvLayout
from engine.recording.csv_source import CsvSource
from engine.recording.decimals import to_minor
from engine.recording.stamps import StampReader, StampWriter
from tests.support.paths import ROOT
from tests.support.shared_data import shared

HEAD = b"timestamp,price,volume\n"
ROW = b"2025-10-01 09:15:18+05:30,235.85,75\n"
ROW_NS = 1_759_290_318 * 10**9


def source(path: Path, data: bytes | None = None, **layout: object) -> CsvSource:
    if data is not None:
        path.write_bytes(data)
    return CsvSource(path, CsvLayout(**layout), Instrument)  # type: ignore[arg-type]


def rows(path: Path, data: bytes, **layout: object) -> list[tuple[int, int, int]]:
    """(stamp in ns, price, volume) of each tick."""
    return [(tick.recv_wall_ns, tick.price, tick.quantity) for tick in source(path, data, **layout).ticks()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def test_a_row_becomes_a_tick(path: Path) -> None:
    found = source(path, HEAD + ROW, symbol="NIFTY 25000 CE")
    assert list(found.ticks()) == [
        Tick(1, 0, FLAG_STAMP_NS, ROW_NS, 0, ROW_NS // 10**6, 0, 23585, 75, 0),
    ]
    assert found.instruments == (Instrument("NIFTY 25000 CE"),)
    assert (found.name, found.zone, found.row_of(1), found.losses(), list(found.marks())) == (
        "a.csv",
        "Asia/Kolkata",
        "row 2",
        (),
        [],
    )


@pytest.mark.parametrize(
    "data",
    [
        b"timestamp,price,volume\n2025-10-01 09:15:18+05:30,235.85,75\n",
        b"\xef\xbb\xbftimestamp,price,volume\r\n2025-10-01T09:15:18+05:30,235.85,75\r\n\r\n\n",
        b"VOLUME, Price ,TimeStamp\n75,235.85,2025-10-01 09:15:18",
        b"qty,open,ltp,time\n+75.0,nan,+235.850,2025-10-01 03:45:18Z\n",
        b"size,last,datetime,\xc3\xbc\n75.00,235.85,2025-10-01T09:15:18+0530,\xe2\x82\xac\n",
        b"2025-10-01 09:15:18.000,235.85,75\n",
        b"\xef\xbb\xbf2025-10-01 09:15:18.000000000,235.85,75\n",
    ],
)
def test_the_ways_to_write_the_same_row(path: Path, data: bytes) -> None:
    assert rows(path, data) == [(ROW_NS, 23585, 75)]


def test_without_a_volume_it_is_nought(path: Path) -> None:
    assert rows(path, b"2025-10-01 09:15:18,235.85\n") == [(ROW_NS, 23585, 0)]
    assert rows(path, b"time,price\n2025-10-01 09:15:18,235.85\n") == [(ROW_NS, 23585, 0)]


@pytest.mark.parametrize(
    ("row", "layout"),
    [
        (b"1759290318,235.85,75", {"time_format": "epoch-s"}),
        (b"1759290318.000,235.85,75", {"time_format": "epoch-s"}),
        (b"1759290318000.0,235.85,75", {"time_format": "epoch-ms"}),
        (b"1759290318000000000,235.85,75", {"time_format": "epoch-ns"}),
        (b"33318000,235.85,75", {"time_format": "ms-of-day", "date": "2025-10-01"}),
        (b"33318000.000000,235.85,75", {"time_format": "ms-of-day", "date": "2025-10-01"}),
        (b"2025-10-01 09:15:18,2358500,75", {"price_divisor": 10_000}),
        (b"75,x,235.85,y,2025-10-01 09:15:18", {"columns": ("Size", "-", "LTP", "-", "time")}),
        (b"2025-10-01 03:45:18,235.85,75", {"zone": "UTC"}),
        (b"2025-09-30 23:45:18,235.85,75", {"zone": "America/New_York"}),
    ],
)
def test_foreign_layouts(path: Path, row: bytes, layout: dict[str, object]) -> None:
    (found,) = rows(path, row + b"\n", **layout)
    scale = 100 if "price_divisor" in layout else 1
    assert found == (ROW_NS, 23585 * scale, 75)


def test_named_columns_with_and_without_a_header(path: Path) -> None:
    columns = ("time", "price", "-")
    for begin in (b"a,b,c\n", b""):
        assert rows(path, begin + b"2025-10-01 09:15:18,235.85,x\n", columns=columns) == [(ROW_NS, 23585, 0)]
    assert rows(path, b"a,b,c\n" + ROW, columns=columns, has_header=True) == [(ROW_NS, 23585, 0)]
    with pytest.raises(InputError, match="row 1, column 'time': 'a' is not a stamp"):
        rows(path, b"a,b,c\n" + ROW, columns=columns, has_header=False)


def test_a_header_that_is_denied_is_data(path: Path) -> None:
    with pytest.raises(InputError, match="row 1, column 'time': 'timestamp' is not a stamp"):
        rows(path, HEAD + ROW, has_header=False)


# ── Numbers. ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "price"),
    [
        (b"216.05", 21605),
        (b"216", 21600),
        (b"216.0500000000", 21605),
        (b"25974.900390625", 2597490),  # a 32-bit float's idea of 25974.90
        (b"25974.95117", 2597495),
        (b"216.074", 21605),
        (b"216.075", 21610),
        (b"0", 0),
        (b"-1.5", -150),
        (b"-0.001", 0),
        (b"00216.05", 21605),
        (b"9999999999999999", 999999999999999900),
    ],
)
def test_prices_are_exact_or_snapped_to_the_tick(path: Path, text: bytes, price: int) -> None:
    assert rows(path, HEAD + b"2025-10-01 09:15:18," + text + b",75\n") == [(ROW_NS, price, 75)]


@given(st.integers(-(10**10), 10**10), st.integers(0, 12), st.sampled_from([1, 100, 10**4, 10**8]))
def test_any_decimal_is_read_exactly_or_to_the_nearest_step(units: int, decimals: int, scale: int) -> None:
    value = Decimal(units).scaleb(-decimals)
    exact = value * scale
    minor = to_minor(f"{value:f}".encode(), scale, snap=5)
    if exact == exact.to_integral_value():
        assert minor == exact
    else:
        assert minor % 5 == 0
        assert abs(minor - exact) <= Decimal("2.5")


def test_a_divisor_makes_prices_finer(path: Path) -> None:
    path.write_bytes(b"2025-10-01 09:15:18,1674251,75\n")
    for divisor, expected in (
        (10_000, (10_000, 500, 1674251)),
        (100, (100, 5, 1674251)),
        (10, (100, 5, 16742510)),
        (32, (100, 5, 5232035)),  # 52320.34375 rounded to five paise
    ):
        found = CsvSource(path, CsvLayout(price_divisor=divisor), Instrument)
        (instrument,), (tick,) = found.instruments, found.ticks()
        assert (instrument.price_scale, instrument.tick_size, tick.price) == expected


def test_quantities_in_parts_of_a_unit(path: Path) -> None:
    path.write_bytes(HEAD + b"2025-10-01 09:15:18,61837.63,0.02\n")
    coin = CsvSource(path, CsvLayout(), lambda symbol: Instrument(symbol, quantity_scale=10**8))
    assert [tick.quantity for tick in coin.ticks()] == [2_000_000]
    with pytest.raises(InputError, match=r"row 2, column 'volume': '0\.02' is not a volume \(finer than 1/1\)"):
        rows(path, path.read_bytes())


def test_impossible_values_are_passed_on_for_the_engine_to_refuse(path: Path) -> None:
    data = HEAD + ROW + b"2025-10-01 09:15:17+05:30,0,0\n1970-01-01 05:30:00,-5.05,1\n"
    assert rows(path, data)[1:] == [(ROW_NS - 10**9, 0, 0), (0, -505, 1)]


# ── Stamps. ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    b"2025-10-01 09:15:18.1234567890",
    b"2025-10-01 09:15:18+24:00",
    b"2025-10-01 09:15:18+05:60",
    b"2025-10-01 09:15:18 +05:30",
    b"2025-10-01  09:15:18",
    b" 2025-10-01 09:15:18",
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
        ("epoch-s", [b"1e9", b"-1", b"+1", b"1.", b".5", b"0x10", b"1759290318.1234567890", b"99999999999", b" 1"]),
        ("epoch-ms", [b"1759290318000.1234567", b"99999999999999", b""]),
        ("epoch-ns", [b"1.5", b"9223372036854775808", b"99999999999999999999"]),
        ("ms-of-day", [b"86400000", b"-1", b"1.1234567", b"09:15"]),
    ],
)
def test_numbers_that_are_no_time_are_told(path: Path, time_format: str, texts: list[bytes]) -> None:
    for text in texts:
        with pytest.raises(InputError, match=r"row 1, column 'time': '.*' is not a stamp.*; allowed: .*since"):
            rows(path, text + b",235.85,75\n", time_format=time_format, date="2025-10-01", has_header=False)


# ── Hostile files. ──────────────────────────────────────────────────────────────────────────────────────────────────

BAD_PRICES = [
    "abc",
    "",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "1e400",
    "1e2",
    "1_000",
    " 1",
    "1 ",
    "0x1F",
    "--1",
]
BAD_PRICES += ["٢١٦", "２１６", "216.٠٥", "1.2.3", ".5", "5.", "+", "-", "$5", "'5'", '"5"', "1" * 31, "9" * 17]


@pytest.mark.parametrize("text", BAD_PRICES)
def test_a_price_that_is_none_is_told(path: Path, text: str) -> None:
    data = HEAD + ROW * 2 + f"2025-10-01 09:15:18,{text},75\n".encode()
    with pytest.raises(InputError) as told:
        rows(path, data)
    too_large = " (too large)" if text == "9" * 17 else ""
    assert str(told.value) == (
        f"{path}: row 4, column 'price': '{text}' is not a price{too_large}; allowed: a decimal number such as 216.05"
    )


@pytest.mark.parametrize("text", ["-75", "1.5", "abc", "", "nan"])
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
        (HEAD + ROW + b" \n", "row 3: has 1 columns; allowed: 3, as in row 1"),
        (HEAD + ROW + b"\n" + ROW, "row 3: is blank; allowed: blank lines at the end only"),
        (HEAD + b"2025-10-01 09:15:18,1\0,1\n", "row 2: holds a NUL byte; allowed: UTF-8 text"),
        (HEAD + b"2025-10-01 09:15:18,\xff,1\n", "row 2: is not UTF-8 text; is this a CSV file?"),
        ("timestamp,price\n".encode("utf-16"), "row 1: holds a NUL byte"),
        (b"\x7fELF\x02\x01\x01\xff\xfe\n", "row 1: is not UTF-8 text"),
        (b"\x89PNG\r\n", "row 1: is not UTF-8 text"),
        (b"hello\n", "row 1: no column is the time in 'hello'; allowed: one of timestamp, time,"),
        (b"time,open,close\n", "row 1: no column is the price in 'time,open,close'; allowed: one of price, ltp,"),
        (b"time,ltp,last\n" + ROW, "row 1: 'ltp' and 'last' are both the price; allowed: one of them"),
        (b"1,2,3,4\n", "row 1 has 4 columns and no header; allowed: stamp,price[,volume], or columns named"),
        (b"1\n", "row 1 has 1 columns and no header"),
        (b"," * 1000 + b"\n", "row 1 has 1001 columns; allowed: up to 200"),
        (b"time,\x1b[31mprice\n" + ROW, "row 1: no column is the price in 'time,\ufffd[31mprice'"),
        (HEAD + b"a" * 4097 + b"\n", "row 2: is longer than 4096 bytes; is this a CSV file?"),
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
    assert told.stdout.strip() == f"{path}: row 3: is longer than 4096 bytes; is this a CSV file?"


# ── Several instruments, places. ────────────────────────────────────────────────────────────────────────────────────


def test_a_symbol_column_gives_several_instruments(path: Path) -> None:
    lines = [b"symbol,time,price"]
    lines += [b"%s,2025-10-01 09:15:%02d,%d" % ((b"B&B", b"A", b"C:D 1")[n % 3], n, 100 + n) for n in range(30)]
    asked: list[str] = []

    def instrument_for(symbol: str) -> Instrument:
        asked.append(symbol)
        return Instrument(symbol, price_scale=1 if symbol == "A" else 100)

    path.write_bytes(b"\n".join(lines))
    found = CsvSource(path, CsvLayout(symbol="unused"), instrument_for)
    assert asked == ["B&B", "A", "C:D 1"]
    assert [tick.instrument for tick in found.ticks()] == [n % 3 for n in range(30)]
    assert [tick.price for tick in islice(found.ticks(), 3)] == [10_000, 101, 10_200]


@pytest.mark.parametrize("symbol", ["", "\x1b[31m", "a/b", "x" * 81, "ü", "a\tb", "'"])
def test_a_symbol_that_is_none_is_told(path: Path, symbol: str) -> None:
    with pytest.raises(InputError, match=r"row 3, column 'Symbol': '.*' is not a symbol; allowed: 1 to 80 of"):
        source(path, f"time,price,Symbol\n2025-10-01 09:15:18,1,OK\n2025-10-01 09:15:18,1,{symbol}\n".encode())


def test_too_many_symbols_are_told(path: Path) -> None:
    data = b"time,price,symbol\n" + b"".join(b"2025-10-01 09:15:18,1,S%d\n" % number for number in range(1001))
    with pytest.raises(InputError, match="row 1002: is the 1001th symbol; allowed: up to 1000"):
        source(path, data)


def numbered(path: Path, rows: int, line: Callable[[int], bytes]) -> CsvSource:
    return source(path, HEAD + b"".join(line(number) for number in range(1, rows + 1)))


def test_starting_anywhere_equals_skipping(path: Path) -> None:
    def line(number: int) -> bytes:
        return b"2025-10-01 %02d:%02d:%02d,%d.%d,75\n" % (
            9 + number // 3600,
            number // 60 % 60,
            number % 60,
            number,
            number % 10,
        )

    whole = list(numbered(path, 12_001, line).ticks())
    fresh, used = numbered(path, 12_001, line), numbered(path, 12_001, line)
    assert used.count() == fresh.count() == 12_001
    for first in [-1, 0, 1, 2, 4999, 5000, 5001, 5002, 10_000, 10_001, 10_002, 12_001, 12_002, 99_999]:
        for found in (used, numbered(path, 12_001, line)):
            assert list(islice(found.ticks(first), 3)) == whole[max(first, 1) - 1 :][:3]
    assert used.row_of(12_001) == "row 12002"


def test_a_row_that_is_wrong_is_named_after_a_start_in_the_middle_too(path: Path) -> None:
    lines = [ROW] * 12_000
    lines[11_998] = b"2025-10-01 09:15:18,x,75\n"
    found = source(path, HEAD + b"".join(lines))
    for first in (1, 11_000):
        with pytest.raises(InputError, match="row 12000, column 'price': 'x' is not a price"):
            list(found.ticks(first))
    with pytest.raises(InputError, match="row 12000"):
        found.count()


def test_number_at(path: Path) -> None:
    found = numbered(path, 12_000, lambda number: b"2025-10-01 09:%02d:18,1,75\n" % (number // 1000))
    first_ms = ROW_NS // 10**6 - 15 * 60_000
    assert [found.number_at(first_ms + minutes * 60_000) for minutes in (-1, 0, 5, 11, 12, 99)] == [
        0,
        999,
        5999,
        11_999,
        12_000,
        12_000,
    ]


def test_memory_does_not_grow_with_the_file(path: Path) -> None:
    numbered(path, 60_000, lambda number: b"2025-10-01 09:15:18,%d.%d,%d\n" % (number, number % 10, number))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in source(path).ticks()) == 60_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8192  # KiB


# ── Real recordings. ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_real_option_session() -> None:
    found = source(shared("nifty_option_20251001.csv"))
    ticks = list(found.ticks())
    assert found.count() == len(ticks) == 32_591
    assert (ticks[0].exch_ms, ticks[0].price, ticks[-1].price) == (ROW_NS // 10**6, 23585, 39200)
    assert {tick.quantity % 75 for tick in ticks} == {0}
    assert all(before.exch_ms <= after.exch_ms for before, after in pairwise(ticks))


def test_a_real_index_without_header_and_zone() -> None:
    ticks = list(source(shared("nifty50_index_fyers_20250211.csv")).ticks())
    assert len(ticks) == 1650
    assert ticks[0].recv_wall_ns == 1_739_250_283_722_570_000
    assert (ticks[0].exch_ms, ticks[0].price, ticks[0].quantity) == (1_739_250_283_722, 2_327_170, 0)
    assert sum(tick.exch_ms < ticks[0].exch_ms + 100 for tick in ticks) == 12


def test_a_real_foreign_layout(tmp_path: Path) -> None:
    with zipfile.ZipFile(shared("spy_trades_20131008.zip")) as packed, packed.open(packed.namelist()[0]) as file:
        (tmp_path / "spy.csv").write_bytes(b"".join(islice(file, 20_000)))
    layout = CsvLayout(
        columns=("time", "price", "size", "exchange", "condition", "suspicious"),
        time_format="ms-of-day",
        date="2013-10-08",
        zone="America/New_York",
        price_divisor=10_000,
        symbol="SPY",
    )
    found = CsvSource(tmp_path / "spy.csv", layout, lambda symbol: Instrument(symbol, tick_size=1, lot_size=1))
    ticks = list(found.ticks())
    assert len(ticks) == 20_000
    assert found.instruments[0].price_scale == 10_000
    assert (ticks[0].exch_ms, ticks[0].price, ticks[0].quantity) == (1_381_219_217_034, 1_674_200, 210)
