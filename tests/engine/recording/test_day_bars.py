"""The day so far, out of the recordings of earlier runs of the day: what a chart shows after a restart."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.assembly.look_back import look_back
from engine.model.bars import LINES, NOTHING, STOP, merged
from engine.model.past_prices import PastPrices
from engine.model.types import Instrument, Tick
from engine.recording.day_bars import day_bars
from engine.recording.writer import RecordingWriter
from tests.support.builders import ms, ticks
from tests.support.recordings.recording_samples import header
from tests.support.thorough import examples
from tests.support.trader_harness import TraderHarness
from tests.support.waiting import PATIENCE_S

FRIDAY, MONDAY = "2025-10-03", "2025-10-06"
CALL, PUT = Instrument("CALL"), Instrument("PUT")
MINUTE_MS = 60_000


def record(folder: Path, stamp: str, *stream: Tick, source: str = "a test") -> None:
    with RecordingWriter(folder / f"paper-CALL-{stamp}.mqr", replace(header(CALL, PUT), source=source)) as writer:
        for tick in stream:
            writer.append_tick(tick)


def at(clock: str, *prices: float, day: str = MONDAY, instrument: int = 0) -> list[Tick]:
    stream = ticks(prices, start=clock, day=day)
    for tick in stream:
        tick.instrument = instrument
    return stream


def anything(_symbol: str, _at_ms: int) -> bool:
    return True


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.integers(90, 110), min_size=1, max_size=200))
def test_the_bars_are_those_of_the_ticks(tmp_path_factory, prices):
    folder = tmp_path_factory.mktemp("bars")
    record(folder, "20251006-091500", *at("09:15:00", *prices))
    found = day_bars(folder, frozenset({"CALL"}), anything, MINUTE_MS)["CALL"]
    each = [(tick.exch_ms, *(tick.price,) * 4, tick.quantity) for tick in at("09:15:00", *prices)]
    assert found.bars == merged(each, MINUTE_MS)


def test_runs_of_one_day_follow_each_other_and_yesterdays_is_left_alone(tmp_path):
    record(tmp_path, "20251003-091500", *at("10:00:00", 50, day=FRIDAY))
    record(tmp_path, "20251006-091500", *at("09:15:00", 100, 101), *at("09:20:00", 70, instrument=1))
    record(tmp_path, "20251006-110000", *at("11:00:00", 104))
    record(tmp_path, "20251006-113000")
    found = day_bars(tmp_path, frozenset({"CALL", "PUT"}), lambda _, now: now > ms("00:00:00", MONDAY), MINUTE_MS)
    assert [bar[4] for bar in found["CALL"].bars] == [10_100, 10_400]
    assert [bar[4] for bar in found["PUT"].bars] == [7_000]


def test_of_a_long_recording_blocks_are_read_that_are_evenly_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.recording.day_bars._MOST_BLOCKS", 3)
    record(tmp_path, "20251006-091500", *at("09:15:00", *range(100, 9_100)))
    bars = day_bars(tmp_path, frozenset({"CALL"}), anything, MINUTE_MS)["CALL"].bars
    assert 3 <= len(bars) < 150
    assert bars[-1][4] == 909_900


@pytest.fixture
def past(tmp_path) -> PastPrices:
    """What a run knows that begins at eleven, after one that ended at half past nine."""
    record(tmp_path, "20251003-091500", *at("10:00:00", 50, day=FRIDAY))
    record(tmp_path, "20251006-091500", *at("09:10:00", 40), *at("09:15:00", 100, 103, 99, 101))
    past, instruments = PastPrices(), TraderHarness(listed=(PUT, CALL)).trader.state.instrument_states
    look_back(tmp_path, instruments, lambda: ms("11:00:00", MONDAY), past, today=True).join(PATIENCE_S)
    return past


def test_a_chart_goes_on_where_the_run_before_has_ended(past):
    now = tuple((ms("11:00:00", MONDAY), 5, 5, 5, 5, 75, NOTHING, 7) for _ in "1")
    (before, live) = past.with_past(1, now, date(2025, 10, 6))
    assert before[:STOP] == (ms("09:15:00", MONDAY), 10_000, 10_300, 9_900, 10_100, 300)
    assert before[STOP:] == (NOTHING, NOTHING)
    assert live == now[0]
    assert past.with_past(1, (), date(1, 1, 1)) == ((*before[:STOP], *(NOTHING,) * (LINES - STOP)),)
    assert past.close(1, date(2025, 10, 6)) == (5_000, FRIDAY)


def test_it_is_not_of_another_day_nor_twice_what_this_run_has_seen_itself(past):
    tuesday = ((ms("11:00:00", "2025-10-07"), 5, 5, 5, 5, 75, NOTHING, 7),)
    assert past.with_past(1, tuesday, date(2025, 10, 7)) == tuesday
    same = ((ms("09:15:00", MONDAY), 5, 5, 5, 5, 75, NOTHING, 7),)
    assert past.with_past(1, same, date(2025, 10, 6)) == same


def test_no_chart_is_told_while_its_beginning_is_still_looked_for():
    past, bars = PastPrices(), ((1, 5, 5, 5, 5, 75, NOTHING, 7),)
    past.begin()
    assert past.with_past(0, bars, date(2025, 10, 6)) == ()
    past.end()
    assert past.with_past(0, bars, date(2025, 10, 6)) == bars
