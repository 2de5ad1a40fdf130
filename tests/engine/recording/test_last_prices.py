"""What instruments closed at, out of the newest earlier recordings; and what a run makes of it."""

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly.look_back import look_back
from engine.assembly.watch_list import WatchList
from engine.model.past_prices import PastPrices
from engine.model.types import Instrument, Tick
from engine.recording.last_prices import last_prices
from engine.recording.writer import RecordingWriter
from engine.venues.supply import LiveSupply
from tests.support.builders import ms, ticks
from tests.support.recordings.recording_samples import header
from tests.support.trader_harness import TraderHarness
from tests.support.waiting import PATIENCE_S

FRIDAY, MONDAY = "2025-10-03", "2025-10-06"
CALL, PUT = Instrument("CALL"), Instrument("PUT")


def record(folder: Path, stamp: str, *stream: Tick, listed=(CALL, PUT), name="paper-CALL", source="a test") -> None:
    with RecordingWriter(folder / f"{name}-{stamp}.mqr", replace(header(*listed), source=source)) as writer:
        for tick in stream:
            writer.append_tick(tick)


def at(clock: str, price: float, day: str = FRIDAY, instrument: int = 0) -> Tick:
    (tick,) = ticks([price], start=clock, day=day)
    tick.instrument = instrument
    return tick


def anything(_symbol: str, _at_ms: int) -> bool:
    return True


def test_each_instrument_has_its_newest_price_wherever_it_stands(tmp_path):
    record(tmp_path, "20251001-091500", at("10:00:00", 90), at("10:00:01", 50, instrument=1))
    record(tmp_path, "20251003-091500", at("10:00:00", 100), at("15:29:59", 101))
    found = last_prices(tmp_path, frozenset({"CALL", "PUT"}), anything)
    assert found["CALL"] == (10_100, 100, ms("15:29:59", FRIDAY))
    assert found["PUT"][0] == 5_000


def test_generated_sessions_and_what_cannot_be_read_are_passed_over(tmp_path):
    record(tmp_path, "20251001-091500", at("10:00:00", 90))
    record(tmp_path, "20251003-091500", at("10:00:00", 100), source="synthetic session 7")
    (tmp_path / "paper-CALL-20251004-091500.mqr").write_bytes(b"nothing of ours")
    assert last_prices(tmp_path, frozenset({"CALL"}), anything)["CALL"][0] == 9_000


def test_only_the_end_of_a_recording_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.recording.last_prices._MOST_BLOCKS", 1)
    early = at("09:15:01", 50, instrument=1)
    record(tmp_path, "20251003-091500", early, *[at("10:00:00", 100) for _ in range(2_000)])
    assert last_prices(tmp_path, frozenset({"CALL", "PUT"}), anything).keys() == {"CALL"}


@pytest.mark.parametrize("begun", ["09:00:00", "11:00:00"])
def test_a_run_knows_fridays_close_on_monday_and_nothing_of_monday_itself(tmp_path, begun):
    record(tmp_path, "20251003-091500", at("15:29:59", 101), at("15:45:00", 140))
    record(tmp_path, "20251006-090000", at("09:08:00", 120, MONDAY), at("10:30:00", 130, MONDAY))
    instruments = TraderHarness(listed=(PUT, CALL)).trader.state.instrument_states
    past = PastPrices()
    look_back(tmp_path, instruments, lambda: ms(begun, MONDAY), past, today=False).join(PATIENCE_S)
    assert past.close(1, date(2025, 10, 6)) == (10_100, FRIDAY)
    assert past.close(1, date(2025, 10, 3)) == (0, "")
    assert past.close(0, date(2025, 10, 6)) == (0, "")


def test_of_what_is_added_later_the_close_is_found_too_and_those_known_stay(tmp_path):
    record(tmp_path, "20251003-091500", at("15:29:58", 51, instrument=1), at("15:29:59", 101))
    instruments = TraderHarness(listed=(CALL, PUT)).trader.state.instrument_states
    past, done = PastPrices(), []
    source = LiveSupply("by hand", (CALL,), lambda _tell, _in_session: None)
    listing = WatchList(source, (CALL.symbol,), None, {}, tmp_path, lambda work: work())
    listing.look_back = lambda first: done.append(
        look_back(tmp_path, instruments[first:], lambda: ms("11:00:00", MONDAY), past, today=True).join(PATIENCE_S)
    )
    look_back(tmp_path, instruments[:1], lambda: ms("09:00:00", MONDAY), past, today=True).join(PATIENCE_S)
    listing.follow((CALL, PUT))
    listing.follow((replace(CALL, removed=True), PUT))  # nothing that was not known
    assert len(done) == 1
    assert [past.close(number, date(2025, 10, 6))[0] for number in (0, 1)] == [10_100, 5_100]


def test_where_there_is_no_folder_nothing_is_known(tmp_path):
    past = PastPrices()
    look_back(tmp_path / "none", [], lambda: 0, past, today=True).join(PATIENCE_S)
    assert past.close(0, date(2025, 10, 6)) == (0, "")
