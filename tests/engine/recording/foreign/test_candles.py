"""Candles as ticks: four of each, in the order of its colour, never before it begins nor after it ends."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.sources import of_candles
from engine.model.types import Instrument, Tick
from engine.recording import CsvLayout, MqrSource
from engine.recording.convert import import_file
from engine.recording.csv_source import CsvSource
from engine.recording.foreign.candles import period_of, ticks_of
from engine.recording.foreign.reader import ForeignReader
from engine.recording.format import Header
from engine.recording.info import info_lines, inspect_file

MINUTE = 60 * 10**9
HEADER = Header(
    instruments=(),
    session_zone="Asia/Kolkata",
    session_start="09:15",
    session_end="15:30",
    source="",
    program_version="1",
)
ROWS = "time,open,high,low,close,volume\n2025-11-18 09:15,100,104,99,103,80\n2025-11-18 09:16,103,105,98,99,83\n"


def opened(path: Path, text: str) -> ForeignReader:
    path.write_text(text)
    return ForeignReader(path, CsvLayout(candles=True), Instrument)


def test_a_candle_is_four_ticks_in_the_order_of_its_colour(path: Path) -> None:
    found = [each for each in opened(path, ROWS).rows() if isinstance(each, Tick)]
    assert [each.price // 100 for each in found] == [100, 99, 104, 103, 103, 105, 98, 99]
    assert [each.quantity for each in found] == [20, 20, 20, 20, 20, 20, 20, 23]
    assert [each.seq for each in found] == [2, 2, 2, 2, 3, 3, 3, 3]
    begin = found[0].exch_ms
    assert [each.exch_ms - begin for each in found] == [0, 20_000, 40_000, 59_999, 60_000, 80_000, 100_000, 119_999]


@given(st.integers(1, 86_399), st.lists(st.integers(1, 10**6), min_size=4, max_size=4), st.integers(0, 10**9))
def test_a_candle_s_ticks_stay_within_it(seconds: int, prices: list[int], quantity: int) -> None:
    low, opened_at, close, high = sorted(prices)
    found = ticks_of(2, 0, 10**18, seconds * 10**9, (opened_at, high, low, close), quantity)
    times = [each.recv_wall_ns for each in found]
    assert times == sorted(times)
    assert times[0] == 10**18
    assert times[-1] < 10**18 + seconds * 10**9
    assert sum(each.quantity for each in found) == quantity
    assert {each.price for each in found} == set(prices)


def test_stamps_at_the_end_of_a_minute_are_the_minute_s(path: Path) -> None:
    text = ROWS.replace("09:15,", "09:15:59,").replace("09:16,", "09:16:59,")
    first = next(opened(path, text).rows())
    assert isinstance(first, Tick)
    assert first.exch_ms % 60_000 == 0


def test_what_is_no_candle_is_told(path: Path) -> None:
    bad = list(opened(path, ROWS + "2025-11-18 09:17,100,99,98,100,80\n").rows())[-1]
    assert not isinstance(bad, Tick)
    assert bad.text == "row 4: is no candle: its low is not the lowest, or its high not the highest"
    with pytest.raises(InputError, match="no column is the open; --candles needs open, high, low and close"):
        opened(path, "time,price\n2025-11-18 09:15,100\n")
    with pytest.raises(InputError, match="the rows are a day apart or more"):
        opened(path, ROWS.replace("2025-11-18 09:16", "2025-11-19 09:15"))
    assert period_of([0]) == MINUTE


def test_a_seek_into_candles_is_as_a_run(path: Path) -> None:
    rows = "".join(
        f"2025-11-{3 + n // 375:02d} {9 + (15 + n % 375) // 60:02d}:{(15 + n % 375) % 60:02d},100,104,99,103,80\n"
        for n in range(3000)
    )
    path.write_text("time,open,high,low,close,volume\n" + rows)
    source = CsvSource(path, CsvLayout(candles=True), Instrument)
    whole = [(each.seq, each.price, each.exch_ms) for each in source.ticks()]
    assert source.count() == 12_000
    for first in (2, 4999, 5001, 5003, 11_998):
        assert [(each.seq, each.price, each.exch_ms) for each in source.ticks(first)] == whole[first - 1 :]
    assert source.row_of(7) == "row 3"


def test_a_recording_says_that_it_was_made_of_candles(path: Path, tmp_path: Path) -> None:
    for candles in (True, False):
        path.write_text(ROWS)
        source = CsvSource(path, CsvLayout(candles=candles), Instrument)
        import_file(source, tmp_path / "a.mqr", HEADER, max_backwards_ms=1000, force=True)
        made = MqrSource(tmp_path / "a.mqr")
        assert (of_candles(source), of_candles(made), b"candles" in (tmp_path / "a.mqr").read_bytes()) == (
            candles,
            candles,
            candles,
        )
        assert any(line.startswith("made of       candles") for line in info_lines(inspect_file(made))) == candles
