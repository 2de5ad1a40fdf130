"""Candles as ticks: four of each, in the order of its colour, never before it begins nor after it ends."""

from itertools import accumulate
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


def minutes(*steps: int) -> list[int]:
    """Stamps that follow each other by so many minutes."""
    return [MINUTE * each for each in accumulate(steps, initial=1000)]


WEEK = (*(15,) * 24, 24 * 60 - 24 * 15) * 5  # 25 candles a day
HOLES = (1, 1, 3, 1, 2, 7, 1, 1, 2, 1, 5, 1)
PERIODS: dict[str, tuple[list[list[int]], int]] = {
    "a single row": ([[0]], 1),
    "nothing": ([[]], 1),
    "two rows": ([minutes(5)], 5),
    "days of 15 minutes": ([minutes(*WEEK)], 15),
    "one odd row before": ([minutes(1, *WEEK)], 15),
    "one odd row within": ([minutes(*WEEK[:9], 4, 11, *WEEK[9:])], 15),
    "rows that come twice": ([sorted(minutes(*WEEK) * 2)], 15),
    "newest first": ([minutes(*WEEK)[::-1]], 15),
    "holes": ([minutes(*HOLES)], 1),
    "two of four hours a day": ([minutes(*(240, 1200) * 5)], 240),
    "several symbols": ([minutes(*WEEK), minutes(*WEEK)], 15),
    "one of them with a row": ([minutes(*WEEK), minutes(), []], 15),
    "one of them hardly traded": ([minutes(*HOLES), minutes(7, 31, 2, 45)], 1),
    "all of them hardly traded": ([minutes(1, 1, 4, 9), minutes(3, 1, 7), minutes(8)], 1),
}


@pytest.mark.parametrize(("stamps", "period"), PERIODS.values(), ids=PERIODS.keys())
def test_candles_are_as_long_as_most_of_them_are_apart(stamps: list[list[int]], period: int) -> None:
    assert period_of(stamps) == period * MINUTE


NO_PERIODS: dict[str, tuple[list[list[int]], str]] = {
    "two lengths": ([minutes(*[1] * 60), minutes(*[15] * 4)], "some symbols have candles of 1 min, others of 15 min; one"),
    "two lengths, the longer first": ([minutes(*[60] * 9), minutes(*[5] * 9)], "candles of 5 min, others of 1 h"),
    "no length": ([minutes(7, 7, 3, 5, 9, 11)], "most often 7 min lie between two rows, and of 6 steps 2 agree with that"),
    "days": ([minutes(*[1440] * 9)], "a day apart or more"),
}  # fmt: skip


@pytest.mark.parametrize(("stamps", "said"), NO_PERIODS.values(), ids=NO_PERIODS.keys())
def test_where_their_length_is_not_clear_they_are_refused(stamps: list[list[int]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        period_of(stamps)


def test_the_line_says_how_long_they_are_and_each_symbol_is_asked(path: Path) -> None:
    """The second symbol's rows stand behind more of the first's than are looked at."""
    day = [f"2025-11-{18 + n // 360} {9 + n % 360 // 60:02d}:{n % 60:02d},A,100,104,99,103,80\n" for n in range(800)]
    head = "time,symbol,open,high,low,close,volume\n"
    alone = opened(path, head + "".join(day))
    assert "candles of 1 min as open, low and high, close" in alone.understood()
    other = [each.replace(",A,", ",B,") for each in day[::15]]
    with pytest.raises(InputError, match="some symbols have candles of 1 min, others of 15 min"):
        opened(path, head + "".join(day + other))
    assert "candles of 15 min as" in opened(path, head + "".join(other)).understood()
    hours = [row.replace(":00,", ":15,") for row in day[::60]]
    assert "candles of 1 h as" in opened(path, head + "".join(hours)).understood()


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
