"""Days that begin, are over, or are none any more, while something is held."""

import pytest

from engine.assembly.market_hours import MarketHours
from engine.config import instrument_for
from engine.model.events import DayStarted, HeldOver, TickRefused
from tests.support.builders import EAGER, config, ms, nifty, tick
from tests.support.clock_runs import VirtualRun
from tests.support.clocked_runs import WIDE
from tests.support.trader_harness import TraderHarness

COIN = ("session.daily=false", "session.zone=UTC", "risk.base_sl_points=5")
LATE, EARLY = "2025-10-02", "2025-10-01"


def begun_by_another(*overrides: str) -> TraderHarness:
    """A position, and a day that a tick of another instrument has begun too soon."""
    harness = TraderHarness(*EAGER, *WIDE, *overrides, instruments=2)
    harness.play([tick(1, 99, "20:00:00", day=EARLY), tick(2, 100, "20:00:01", day=EARLY)])
    assert harness.held
    return harness.play([tick(3, 50, "06:00:00", day=LATE, instrument=1)])


def test_a_tick_of_a_day_that_is_over_still_closes_what_was_held_by_then():
    harness = begun_by_another(*COIN)
    harness.play([tick(4, 96, "20:00:02", day=EARLY)])
    assert harness.exits == []
    harness.play([tick(5, 94, "20:00:03", day=EARLY)])
    assert [exit_[:2] for exit_ in harness.exits] == [("Stop Loss", 94.0)]
    assert harness.trader.state.instrument_states[0].tick_filter.refused == {"past_day": 2}
    told = [(event.reason, event.seq) for event in harness.events_of(TickRefused)]
    assert told == [("past_day", 4)]


def test_such_a_tick_is_no_silence():
    harness = begun_by_another(*COIN, 'operator.on_silence="flat"')
    for second in range(2, 90):
        harness.play([tick(second + 2, 99, ms("20:00:00", EARLY) + second * 1000)]).beat()
    assert harness.exits == []


def test_such_a_tick_enters_nothing_and_touches_nothing_that_was_bought_later():
    harness = TraderHarness(*EAGER, *WIDE, *COIN, instruments=2)
    harness.play([tick(1, 50, "20:00:00", day=EARLY, instrument=1), tick(2, 99, "06:00:00", day=LATE)])
    harness.play([tick(3, 100, "06:00:01", day=LATE)])
    harness.play([tick(4, 1, "20:00:05", day=EARLY, instrument=1), tick(5, 2, "20:00:06", day=EARLY, instrument=1)])
    assert harness.exits == []
    assert len(harness.orders) == 1


# ── A day that is no session any more ───────────────────────────────────────────────────────────────────────────────


def restarted(at: str, day: str, *overrides: str, entered: str = "2025-10-01") -> TraderHarness:
    """What was bought on `entered`, taken over by a run under `overrides`."""
    cfg = config(*EAGER, *WIDE, "instrument.market=NSE", *overrides)
    listed = (instrument_for(cfg, "NIFTY"),)
    first = TraderHarness(*EAGER, *WIDE, f'session.special=["{entered}"]', listed=listed)
    first.play([tick(1, 99, "09:30:00", day=entered), tick(2, 100, "09:30:01", day=entered)])
    second = TraderHarness(
        *EAGER, *WIDE, *overrides, listed=listed, hours_of=MarketHours(cfg, "paper")
    ).at(at, day)  # fmt: skip
    second.trader.state.restore(first.trader.state.keep(first.now_ms))
    second.broker.hold([first.held])
    return second.beat()


def on_beats(harness: TraderHarness, to: str, day: str) -> TraderHarness:
    while harness.now_ms < ms(to, day):
        harness.now_ms = min(ms(to, day), max(harness.now_ms + 100, harness.trader.agenda.due_ms))
        harness.beat()
    return harness


@pytest.mark.parametrize(
    ("entered", "at", "overrides", "closes"),
    [
        ("2025-10-04", ("12:00:00", "2025-10-04"), (), "2025-10-06"),  # a Saturday that was a drill
        ("2025-10-04", ("09:00:00", "2025-10-06"), (), "2025-10-06"),
        ("2025-10-01", ("11:00:00", "2025-10-01"), ("session.holidays=[2025-10-01]",), "2025-10-03"),
    ],
)
def test_what_was_bought_on_a_day_that_is_no_session_any_more_is_told_and_closed_by_the_next(
    entered, at, overrides, closes
):
    harness = restarted(*at, *overrides, entered=entered)
    assert [event.at_ms for event in harness.events_of(HeldOver)] == [ms(*at)]
    on_beats(harness, "15:10:59", closes)
    assert harness.exits == []
    on_beats(harness, "15:11:00", closes)
    assert [(each.reason, each.blind) for each in harness.trades] == [("Session End", True)]


# ── Which day a clock begins ────────────────────────────────────────────────────────────────────────────────────────


def test_a_restart_in_the_night_leaves_the_new_day_to_its_first_tick():
    harness = restarted("09:14:59", "2025-10-03")
    on_beats(harness, "09:20:00", "2025-10-03")
    assert harness.events_of(DayStarted) == []
    harness.play([tick(1, 101, "09:20:01", day="2025-10-03")])
    assert [event.date for event in harness.events_of(DayStarted)] == ["2025-10-03"]


def test_a_restart_that_hears_the_day_it_knows_begins_the_next_by_its_clock():
    harness = restarted("10:00:00", "2025-10-01")
    harness.play([tick(1, 100, "10:00:01", day="2025-10-01"), tick(2, 100, "10:00:02", day="2025-10-01")])
    on_beats(harness, "09:15:01", "2025-10-03")
    assert [(each.date, each.at_ms) for each in harness.events_of(DayStarted)] == [
        ("2025-10-03", ms("09:15:00", "2025-10-03"))
    ]


def test_a_clock_that_finds_itself_behind_an_opening_begins_no_day():
    harness = TraderHarness(*EAGER, *WIDE).play([tick(1, 99, "14:00:00")])
    harness.at("11:00:00", "2025-10-02").beat()
    assert len(harness.events_of(DayStarted)) == 1
    on_beats(harness, "09:15:01", "2025-10-03")
    assert [event.date for event in harness.events_of(DayStarted)][1:] == ["2025-10-03"]


def test_a_recordings_clock_passes_through_each_opening():
    run = VirtualRun(*EAGER, *WIDE, instruments=(nifty(),))
    run.play([tick(1, 99, "14:00:00"), tick(2, 99, "10:00:00", day="2025-10-03")])
    assert [event.date for event in run.events_of(DayStarted)] == ["2025-10-01", "2025-10-02", "2025-10-03"]
