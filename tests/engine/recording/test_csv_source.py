"""CSV files become the ticks they say, exactly, from any place on and whatever their layout."""

import resource
import zipfile
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import FLAG_STAMP_NS, Instrument, Tick
from engine.recording import CsvLayout
from engine.recording.csv_source import CsvSource
from tests.support.recordings.csv_files import HEAD, ROW, ROW_NS, rows, source
from tests.support.shared_data import shared


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


@pytest.mark.parametrize("symbol", ["", "\x1b[31m", "a;b", "x" * 81, "ü", "a\tb", "'"])
def test_a_symbol_that_is_none_is_told(path: Path, symbol: str) -> None:
    with pytest.raises(InputError, match=r"row 3, column 'Symbol': '.*' is not a symbol; allowed: 1 to 80 of"):
        rows(path, f"time,price,Symbol\n2025-10-01 09:15:18,1,OK\n2025-10-01 09:15:18,1,{symbol}\n".encode())


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
