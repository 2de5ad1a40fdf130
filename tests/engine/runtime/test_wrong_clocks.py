"""A machine's clock that is wrong, and is set right: what is due comes at the market's time, and is replayed so."""

from pathlib import Path

import pytest

from engine.model.clock import SteadyClock
from engine.model.commands import Flat
from engine.model.events import ClosedBlind, DayStarted, HeldOver, HeldSilent
from engine.model.types import FLAG_NEW_LINK
from engine.runtime.closing import Closing
from engine.runtime.durability import Durability
from engine.runtime.housekeeping import Housekeeping
from engine.runtime.loop_stats import LoopStats
from engine.runtime.new_day import NewDay
from engine.runtime.open_hours import OpenHours, session_view
from engine.runtime.process_stats import ProcessStats
from tests.support.builders import ms
from tests.support.clocked_runs import HOUR_MS, ClockedRun, HandClock, account

SILENCE = ('operator.on_silence="flat"', "operator.silence_flat_s=600")
INDIA_MS = 19_800_000  # 5:30, what a zone mistaken for another makes of a clock
NIGHT = "2026-03-07"
FRIDAY = "2025-10-03"


# ── A clock that no tick has confirmed ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("off_ms", [0, INDIA_MS, -INDIA_MS, 2 * 24 * HOUR_MS])
def test_a_wrong_clock_takes_no_stop_from_what_ticks(tmp_path, off_ms):
    at = ms("01:30:00", NIGHT)  # 20:00 UTC of the day before, by which a coin's days are counted
    kept = account(tmp_path, "00:30:00", "01:00:00", NIGHT, "24x7")
    run = ClockedRun(
        tmp_path, "risk.base_sl_points=5", at=at, off_ms=off_ms, market="24x7", takes_over=kept
    ).beat()  # fmt: skip
    for second in range(1, 30):
        run.until(at + second * 1000 - 100)
        run.tick(100 - second, at + second * 1000, flags=FLAG_NEW_LINK if second == 1 else 0)
    assert run.exits == [("Stop Loss", 95.0, False)]
    assert run.events_of(DayStarted) == []
    assert run.verified() == "same"


def test_the_clock_of_a_run_that_ticked_begins_the_next_day_at_its_opening(tmp_path):
    run = ClockedRun(tmp_path, at=ms("15:00:00")).tick(99, ms("15:00:00")).tick(99, ms("15:00:01"))
    run.until(ms("09:14:59", FRIDAY), 60_000).until(ms("09:15:01", FRIDAY))
    assert [(event.date, event.at_ms) for event in run.events_of(DayStarted)][1:] == [(FRIDAY, ms("09:15:00", FRIDAY))]
    assert run.verified() == "same"


# ── A clock that is set right ───────────────────────────────────────────────────────────────────────────────────────


def set_right(run: ClockedRun, machine: HandClock) -> None:
    """A time server answers, and the engine's next look at the clock follows it."""
    parts = run.parts
    durability = Durability(None, None, parts.post, holds=False)
    keeping = Housekeeping(
        parts, run.turn, LoopStats(), ProcessStats(lambda: 0.0), durability, lambda _: None, Closing(parts, None)
    )
    machine.off_ms = 0
    keeping._follow_exchange(run.clock.monotonic_ns())
    assert abs(run.clock.wall_ns() // 1_000_000 - machine.true_ms) < 1_000


@pytest.mark.parametrize("off_ms", [-HOUR_MS, HOUR_MS, -7 * HOUR_MS])
@pytest.mark.parametrize(
    ("begin", "overrides"),
    [("14:20:00", ()), ("14:00:00", SILENCE), ("11:20:00", ("risk.max_position_duration_minutes=30",))],
)
def test_setting_the_clock_right_closes_nothing(tmp_path, off_ms, begin, overrides):
    at = ms(begin)
    machine = HandClock(at, off_ms)
    clock = SteadyClock(machine, slept_ns=lambda: 0, boot_ns=machine.monotonic_ns)
    run = ClockedRun(tmp_path, *overrides, at=at, clock=clock)
    run.machine = machine
    run.enter(at)
    for second in range(2, 8):
        run.tick(100, at + second * 1000).until(at + second * 1000 + 900)
    set_right(run, machine)
    run.until(machine.true_ms + 2_500)
    assert run.exits == []
    run.tick(100, machine.true_ms + 100).until(machine.true_ms + 10_000)
    assert (run.exits, run.events_of(ClosedBlind)) == ([], [])
    assert [event.silent_ms // 1000 for event in run.events_of(HeldSilent)] in ([3], [3, 3])
    assert run.verified() == "same"


@pytest.mark.parametrize("off_ms", [-HOUR_MS, HOUR_MS])
def test_a_clock_that_is_set_right_by_the_only_tick_is_the_markets(tmp_path, off_ms):
    machine = HandClock(ms("11:00:00"), off_ms)
    clock = SteadyClock(machine, slept_ns=lambda: 0, boot_ns=machine.monotonic_ns)
    run = ClockedRun(tmp_path, at=ms("11:00:00"), clock=clock)
    run.machine = machine
    run.tick(100, ms("11:00:01"), flags=FLAG_NEW_LINK).beat()
    set_right(run, machine)
    assert run.parts.market_clock.now_ms == machine.true_ms
    run.until(ms("11:30:00"), 1000)
    assert run.parts.market_clock.now_ms == ms("11:30:00")
    assert run.verified() == "same"


# ── A clock that was fast, until ticks said so ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("off_ms", [0, HOUR_MS, 2 * HOUR_MS, -HOUR_MS])
def test_after_a_clock_that_was_fast_everything_is_due_in_time(tmp_path, off_ms):
    kept = account(tmp_path, "13:40:00", "13:54:00")
    run = ClockedRun(tmp_path, *SILENCE, at=ms("13:55:00"), off_ms=off_ms, takes_over=kept).beat()
    for second in range(5, 21):
        at = ms("13:55:00") + second * 1000
        run.until(at - 100).tick(100, at, flags=FLAG_NEW_LINK if second == 5 else 0)
    run.until(ms("14:05:21"))
    assert list(dict.fromkeys(run.exits)) == [("Flat", 100.0, False)]
    last = [event.at_ms for event in run.events_of(HeldSilent)][-1]
    assert last == ms("14:04:50")
    assert run.verified() == "same"


def test_an_end_that_a_fast_clock_saw_pass_is_kept_all_the_same(tmp_path):
    kept = account(tmp_path, "13:40:00", "13:54:00")
    run = ClockedRun(tmp_path, at=ms("13:55:00"), off_ms=2 * HOUR_MS, takes_over=kept).beat()
    assert len(run.events_of(HeldOver)) == 1  # as far as anybody knew
    for second in range(5, 12):
        run.until(ms("13:55:00") + second * 1000 - 100).tick(100, ms("13:55:00") + second * 1000)
    run.until(ms("15:11:01"), 1000)
    assert run.exits == [("Session End", 100.0, True)]
    assert run.events_of(ClosedBlind)[0].at_ms == ms("15:11:00")
    assert run.verified() == "same"


# ── A flat by the market's time ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("off_ms", [0, HOUR_MS, -HOUR_MS])
def test_a_flat_is_held_until_the_market_opens_by_its_own_time(tmp_path, off_ms):
    kept = account(tmp_path, "09:30:00", "15:00:00")
    run = ClockedRun(tmp_path, at=ms("08:28:00", FRIDAY), off_ms=off_ms, takes_over=kept).beat()
    for second in range(1, 6):
        run.until(ms("08:28:00", FRIDAY) + second * 1000 - 100).tick(100, ms("08:28:00", FRIDAY) + second * 1000)
    run.until(ms("08:45:00", FRIDAY), 1000).send(Flat("me"))
    assert (run.flat_states[-1], run.state.flat.until_ms) == ("HELD", ms("09:15:00", FRIDAY))
    run.until(ms("09:14:59", FRIDAY), 1000)
    assert (run.flat_states[-1], run.exits) == ("HELD", [])
    run.until(ms("09:15:04.900", FRIDAY))
    assert (run.flat_states[-1], run.exits) == ("CLOSING", [])  # a first price of the session may come
    run.until(ms("09:15:06", FRIDAY))
    assert run.flat_states[-1] == "FLAT"
    assert run.verified() == "same"


@pytest.mark.parametrize("off_ms", [HOUR_MS, -HOUR_MS])
def test_a_wrong_clock_makes_no_flat_seem_late(tmp_path, off_ms):
    run = ClockedRun(tmp_path, *SILENCE, at=ms("11:00:00"), off_ms=off_ms)
    run.enter(ms("11:00:00"))
    for second in range(2, 10):
        run.tick(100, ms("11:00:00") + second * 1000).until(ms("11:00:00") + second * 1000 + 900)
    run.until(ms("11:10:11"), 100)
    assert run.flat_states == ["LOCKED", "CLOSING", "VERIFYING", "FLAT"]
    assert run.verified() == "same"


@pytest.mark.parametrize(("at", "day"), [("20:00:00", "2025-10-01"), ("08:00:00", FRIDAY)])
def test_packets_that_repeat_an_old_stamp_open_no_closed_market(tmp_path, at, day):
    kept = account(tmp_path, "09:30:00", "15:00:00")
    begin = ms(at, day)
    run = ClockedRun(tmp_path, at=begin - 10_000, takes_over=kept).beat()
    for second in range(8):
        flags = 0 if second else FLAG_NEW_LINK
        run.tick(100, begin - 9_000 + second * 1000, stamped=ms("12:00:00"), flags=flags).beat()
    run.send(Flat("me")).until(begin + 2_000)
    assert (run.flat_states[-1], run.exits) == ("HELD", [])
    assert run.verified() == "same"


# ── Hours are asked by the market's time ────────────────────────────────────────────────────────────────────────────


def ticking(folder: Path, begin: int, off_ms: int) -> ClockedRun:
    """A run that has had ticks for some seconds from `begin` on."""
    run = ClockedRun(folder, at=begin, off_ms=off_ms)
    for second in range(6):
        flags = 0 if second else FLAG_NEW_LINK
        run.tick(100, begin + second * 1000, flags=flags).until(begin + second * 1000 + 900)
    return run


@pytest.mark.parametrize("off_ms", [0, HOUR_MS, -7 * HOUR_MS, 5 * 24 * HOUR_MS])
def test_while_a_market_ticks_no_wrong_clock_closes_it(tmp_path, off_ms):
    run = ticking(tmp_path, ms("14:45:00"), off_ms)
    hours = OpenHours(run.state, run.parts.market_clock)
    assert (hours.is_open(), hours.closed()) == (True, None)
    run.until(ms("14:55:00"), 1000)  # nor does it when it is silent later on
    assert (hours.is_open(), hours.closed()) == (True, None)
    assert session_view(run.state.all_hours, run.parts.market_clock.now_ms).end_ms == ms("15:30:00")
    assert run.verified() == "same"


@pytest.mark.parametrize("off_ms", [0, HOUR_MS, -HOUR_MS])
def test_a_feed_rests_and_a_day_begins_by_the_markets_time(tmp_path, off_ms):
    run = ticking(tmp_path, ms("15:29:50"), off_ms)
    hours = OpenHours(run.state, run.parts.market_clock)
    day = NewDay(
        run.turn, run.parts.market_clock, run.parts.cursor, run.parts.persistence,
        run.state.all_hours, None, lambda: (),
    )  # fmt: skip
    run.until(ms("15:39:00"), 1000)
    assert hours.closed() is None
    run.until(ms("15:41:00"), 1000)
    assert hours.closed().until == "until Fri 09:15"
    run.until(ms("09:04:00", FRIDAY), 60_000)
    day.look(run.clock.monotonic_ns())
    assert day.date.isoformat() == "2025-10-01"
    run.until(ms("09:06:00", FRIDAY), 60_000)
    day.look(run.clock.monotonic_ns())
    assert day.date.isoformat() == FRIDAY
    assert run.verified() == "same"
