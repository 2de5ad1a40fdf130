"""Of what goes on only the beginning and the changes are told; the rest is counted, and the count is told."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.commands import Lock, PauseEntries, ResumeEntries
from engine.model.events import DayStarted, EntryRefused, GapsCounted, RefusalsCounted, TickGap
from engine.trading.stretches import AGAIN_MS, CALM_MS, MOST_REASONS, TOLD_WHILE_HELD, EntryRefusals, Silences
from tests.support.builders import EAGER, ms, tick
from tests.support.trader_harness import TraderHarness

Steps = Sequence[tuple[int, int]]  # so many ticks, each so many ms after the one before
LEVEL = ("strategy.min_warmup_ticks=1000000",)  # nothing is ever entered


def silent(*steps: tuple[int, int], more: tuple[str, ...] = LEVEL) -> TraderHarness:
    """A harness after a first tick and `steps`, at a price that never moves."""
    harness = TraderHarness(*more).prices(100)
    for count, step_ms in steps:
        harness.prices(*[100.0] * count, step_ms=step_ms)
    return harness


@pytest.mark.parametrize(
    ("steps", "told", "counted"),
    [
        pytest.param([(50, 5000)], [], [], id="none is longer than allowed"),
        pytest.param([(1, 5001)], [(5001, 0)], [], id="one alone"),
        pytest.param([(1, 6000), (61, 1000), (1, 6000)], [(6000, 0), (6000, 0)], [], id="two, a calm minute apart"),
        pytest.param([(1, 6000), (54, 1000), (1, 6000)], [(6000, 0)], [], id="two within a minute: one stretch"),
        pytest.param([(100, 10_000)], [(10_000, 0)], [], id="habitual: it is told once while it goes on"),
        pytest.param([(100, 10_000), (70, 1000)], [(10_000, 0)], [(99, 10_000)], id="and counted when it is over"),
        pytest.param([(9, 10_000), (1, 19_999)], [(10_000, 0)], [], id="not twice as long"),
        pytest.param([(9, 10_000), (1, 20_000)], [(10_000, 0), (20_000, 8)], [], id="twice as long is news"),
        pytest.param([(5, 120_000)], [(120_000, 0)], [], id="each longer than the calm itself"),
    ],
)
def test_a_stretch_of_silences(steps: Steps, told: list[tuple[int, int]], counted: list[tuple[int, int]]) -> None:
    harness = silent(*steps)
    assert [(event.gap_ms, event.untold) for event in harness.events_of(TickGap)] == told
    assert [(event.untold, event.longest_ms) for event in harness.events_of(GapsCounted)] == counted
    assert harness.trader.state.instrument_states[0].gaps == sum(count for count, step_ms in steps if step_ms > 5000)


def test_a_counted_stretch_says_when_it_began() -> None:
    harness = silent((3, 10_000), (70, 1000))
    (counted,) = harness.events_of(GapsCounted)
    assert counted.since_ms == ms("09:30:01")
    assert counted.at_ms - ms("09:30:31") in range(CALM_MS, CALM_MS + 6000)  # looked at every few seconds


def test_silences_of_what_is_held_are_told_each_then_one_a_minute() -> None:
    harness = TraderHarness(*EAGER).prices(99, 100)
    assert harness.held > 0
    harness.prices(*[100.0] * 40, step_ms=6000)
    told = harness.events_of(TickGap)
    assert all(event.position_open for event in told)
    assert [event.untold for event in told] == [0] * TOLD_WHILE_HELD + [9, 9, 9]
    assert harness.trader.state.instrument_states[0].gaps == 40


def test_a_position_makes_the_next_silence_of_a_habitual_one_an_error() -> None:
    harness = TraderHarness(*EAGER).command(PauseEntries()).prices(99, 100, *[100.0] * 20, step_ms=10_000)
    assert [event.position_open for event in harness.events_of(TickGap)] == [False]
    harness.command(ResumeEntries()).prices(100.1, 100.1, step_ms=10_000)
    assert harness.held > 0
    assert [(event.position_open, event.untold) for event in harness.events_of(TickGap)][1:] == [(True, 21)]


def test_a_new_day_tells_what_the_old_one_counted() -> None:
    harness = silent((20, 10_000)).at("09:15:00", "2025-10-03").prices(100)
    kinds = [type(event) for event in harness.events if isinstance(event, DayStarted | GapsCounted | TickGap)]
    assert kinds == [DayStarted, TickGap, DayStarted, GapsCounted]
    assert [event.untold for event in harness.events_of(GapsCounted)] == [19]
    harness.prices(100, step_ms=10_000)
    assert len(harness.events_of(TickGap)) == 2


def test_the_end_of_a_run_tells_what_was_counted_and_changes_nothing_that_decides() -> None:
    harness = silent((20, 10_000))
    before = harness.trader.state.dump()
    harness.carry_out(harness.trader.on_end(harness.now_ms))
    assert [event.untold for event in harness.events_of(GapsCounted)] == [19]
    assert harness.trader.state.dump() == before
    assert harness.trader.on_end(harness.now_ms) == []


@given(st.lists(st.integers(1, 100_000), max_size=200))
def test_every_silence_is_told_or_counted(gaps: list[int]) -> None:
    harness = TraderHarness(*LEVEL).prices(100)
    for gap_ms in gaps:
        harness.prices(100, step_ms=gap_ms)
    harness.carry_out(harness.trader.on_end(harness.now_ms))
    told = harness.events_of(TickGap)
    counted = sum(event.untold for event in (*told, *harness.events_of(GapsCounted)))
    assert (
        len(told) + counted == harness.trader.state.instrument_states[0].gaps == sum(gap_ms > 5000 for gap_ms in gaps)
    )


def test_a_silence_is_counted_in_one_call_exactly_where_it_is_no_news() -> None:
    silences = Silences()
    assert not silences.counts(6000, 10_000)
    assert silences.note(6000, 10_000, held=False) == 0
    assert silences.counts(6000, 16_000)
    assert not silences.counts(12_000, 28_000)
    assert not silences.counts(6000, 16_000 + CALM_MS + 6001)
    assert (silences.untold, silences.longest_ms) == (1, 6000)


# ── Refusals to enter ───────────────────────────────────────────────────────────────────────────────────────────────


def flap(harness: TraderHarness, ticks: int) -> TraderHarness:
    """A signal with every tick, refused for another reason each time."""
    for number in range(ticks):
        harness.command(Lock("me" if number % 2 else "you")).prices(100 + number * 0.05, step_ms=500)
    return harness


def test_reasons_that_come_and_go_with_every_tick_are_told_once_in_five_minutes_each() -> None:
    harness = flap(TraderHarness(*EAGER), 2_400)  # twenty minutes
    told = harness.events_of(EntryRefused)
    assert [event.reason for event in told] == ["locked: me", "locked: you"] * 4
    assert [event.untold for event in told] == [0, 0] + [598, 0] * 3
    assert harness.trader.state.instrument_states[0].objection == "locked: me"  # as it is now, told or not
    harness.carry_out(harness.trader.on_end(harness.now_ms))
    counted = sum(event.untold for event in (*told, *harness.events_of(RefusalsCounted)))
    assert len(told) + counted == 2_399  # the first tick is no signal


def test_another_reason_is_told_at_once_in_spite_of_them() -> None:
    harness = flap(TraderHarness(*EAGER), 21).command(Lock("they")).prices(200)
    last = harness.events_of(EntryRefused)[-1]
    assert (last.reason, last.untold) == ("locked: they", 18)


def test_the_same_reason_for_hours_is_told_once() -> None:
    harness = TraderHarness(*EAGER).command(Lock("me")).prices(*[100 + n * 0.05 for n in range(2000)])
    assert [event.reason for event in harness.events_of(EntryRefused)] == ["locked: me"]


def test_after_an_entry_the_same_reason_is_told_again() -> None:
    harness = TraderHarness(*EAGER).command(PauseEntries()).prices(99, 100).command(ResumeEntries()).prices(101)
    assert harness.held > 0
    harness.prices(50).command(PauseEntries()).prices(51, 52, 53)
    assert harness.held == 0
    assert [event.reason for event in harness.events_of(EntryRefused)] == ["paused", "paused"]


def test_reasons_without_end_are_bounded_and_counted() -> None:
    refusals = EntryRefusals()
    told = [refusals.note(f"reason {number}", number) for number in range(1000)]
    assert told == [0] * MOST_REASONS + [None] * (1000 - MOST_REASONS)
    assert refusals.note("one more", AGAIN_MS + 2000) == 1000 - MOST_REASONS


def test_going_back_begins_afresh() -> None:
    harness = flap(silent((20, 10_000)), 10)
    harness.trader.load(harness.trader.state.dump())
    inst = harness.trader.state.instrument_states[0]
    assert (inst.silences.untold, inst.refusals.untold, inst.gaps) == (0, 0, 20)
    harness.now_ms += 6000
    assert [type(event) for event in harness.trader.on_tick(tick(99, 100.0, harness.now_ms))] == [TickGap]
