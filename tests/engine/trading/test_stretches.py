"""Of what goes on only the beginning and the changes are told; the rest is counted, and the count is told."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.commands import Lock, PauseEntries, ResumeEntries
from engine.model.events import DayStarted, EntryRefused, GapsCounted, RefusalsCounted, TickGap
from engine.trading.stretches import AGAIN_MS, CALM_MS, MOST_REASONS, TOLD_WHILE_HELD, Refusals, Silences
from tests.support.builders import EAGER, Stage, ms, tick

Steps = Sequence[tuple[int, int]]  # so many ticks, each so many ms after the one before
LEVEL = ("strategy.min_warmup_ticks=1000000",)  # nothing is ever entered


def silent(*steps: tuple[int, int], more: tuple[str, ...] = LEVEL) -> Stage:
    """A stage after a first tick and `steps`, at a price that never moves."""
    stage = Stage(*more).prices(100)
    for count, step_ms in steps:
        stage.prices(*[100.0] * count, step_ms=step_ms)
    return stage


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
    stage = silent(*steps)
    assert [(fact.gap_ms, fact.untold) for fact in stage.told(TickGap)] == told
    assert [(fact.untold, fact.longest_ms) for fact in stage.told(GapsCounted)] == counted
    assert stage.trader.state.instrument_states[0].gaps == sum(count for count, step_ms in steps if step_ms > 5000)


def test_a_counted_stretch_says_when_it_began() -> None:
    stage = silent((3, 10_000), (70, 1000))
    (counted,) = stage.told(GapsCounted)
    assert counted.since_ms == ms("09:30:01")
    assert counted.at_ms - ms("09:30:31") in range(CALM_MS, CALM_MS + 6000)  # looked at every few seconds


def test_silences_of_what_is_held_are_told_each_then_one_a_minute() -> None:
    stage = Stage(*EAGER).prices(99, 100)
    assert stage.held > 0
    stage.prices(*[100.0] * 40, step_ms=6000)
    told = stage.told(TickGap)
    assert all(fact.position_open for fact in told)
    assert [fact.untold for fact in told] == [0] * TOLD_WHILE_HELD + [9, 9, 9]
    assert stage.trader.state.instrument_states[0].gaps == 40


def test_a_position_makes_the_next_silence_of_a_habitual_one_an_error() -> None:
    stage = Stage(*EAGER).do(PauseEntries()).prices(99, 100, *[100.0] * 20, step_ms=10_000)
    assert [fact.position_open for fact in stage.told(TickGap)] == [False]
    stage.do(ResumeEntries()).prices(100.1, 100.1, step_ms=10_000)
    assert stage.held > 0
    assert [(fact.position_open, fact.untold) for fact in stage.told(TickGap)][1:] == [(True, 21)]


def test_a_new_day_tells_what_the_old_one_counted() -> None:
    stage = silent((20, 10_000)).at("09:15:00", "2025-10-03").prices(100)
    kinds = [type(fact) for fact in stage.facts if isinstance(fact, DayStarted | GapsCounted | TickGap)]
    assert kinds == [DayStarted, TickGap, DayStarted, GapsCounted]
    assert [fact.untold for fact in stage.told(GapsCounted)] == [19]
    stage.prices(100, step_ms=10_000)
    assert len(stage.told(TickGap)) == 2


def test_the_end_of_a_run_tells_what_was_counted_and_changes_nothing_that_decides() -> None:
    stage = silent((20, 10_000))
    before = stage.trader.dump()
    stage.carry(stage.trader.on_end(stage.now_ms))
    assert [fact.untold for fact in stage.told(GapsCounted)] == [19]
    assert stage.trader.dump() == before
    assert stage.trader.on_end(stage.now_ms) == []


@given(st.lists(st.integers(1, 100_000), max_size=200))
def test_every_silence_is_told_or_counted(gaps: list[int]) -> None:
    stage = Stage(*LEVEL).prices(100)
    for gap_ms in gaps:
        stage.prices(100, step_ms=gap_ms)
    stage.carry(stage.trader.on_end(stage.now_ms))
    told = stage.told(TickGap)
    counted = sum(fact.untold for fact in (*told, *stage.told(GapsCounted)))
    assert len(told) + counted == stage.trader.state.instrument_states[0].gaps == sum(gap_ms > 5000 for gap_ms in gaps)


def test_a_silence_is_counted_in_one_call_exactly_where_it_is_no_news() -> None:
    silences = Silences()
    assert not silences.counts(6000, 10_000)
    assert silences.note(6000, 10_000, held=False) == 0
    assert silences.counts(6000, 16_000)
    assert not silences.counts(12_000, 28_000)
    assert not silences.counts(6000, 16_000 + CALM_MS + 6001)
    assert (silences.untold, silences.longest_ms) == (1, 6000)


# ── Refusals to enter ───────────────────────────────────────────────────────────────────────────────────────────────


def flap(stage: Stage, ticks: int) -> Stage:
    """A signal with every tick, refused for another reason each time."""
    for number in range(ticks):
        stage.do(Lock("me" if number % 2 else "you")).prices(100 + number * 0.05, step_ms=500)
    return stage


def test_reasons_that_come_and_go_with_every_tick_are_told_once_in_five_minutes_each() -> None:
    stage = flap(Stage(*EAGER), 2_400)  # twenty minutes
    told = stage.told(EntryRefused)
    assert [fact.reason for fact in told] == ["locked: me", "locked: you"] * 4
    assert [fact.untold for fact in told] == [0, 0] + [598, 0] * 3
    assert stage.trader.state.instrument_states[0].objection == "locked: me"  # as it is now, told or not
    stage.carry(stage.trader.on_end(stage.now_ms))
    counted = sum(fact.untold for fact in (*told, *stage.told(RefusalsCounted)))
    assert len(told) + counted == 2_399  # the first tick is no signal


def test_another_reason_is_told_at_once_in_spite_of_them() -> None:
    stage = flap(Stage(*EAGER), 21).do(Lock("they")).prices(200)
    last = stage.told(EntryRefused)[-1]
    assert (last.reason, last.untold) == ("locked: they", 18)


def test_the_same_reason_for_hours_is_told_once() -> None:
    stage = Stage(*EAGER).do(Lock("me")).prices(*[100 + n * 0.05 for n in range(2000)])
    assert [fact.reason for fact in stage.told(EntryRefused)] == ["locked: me"]


def test_after_an_entry_the_same_reason_is_told_again() -> None:
    stage = Stage(*EAGER).do(PauseEntries()).prices(99, 100).do(ResumeEntries()).prices(101)
    assert stage.held > 0
    stage.prices(50).do(PauseEntries()).prices(51, 52, 53)
    assert stage.held == 0
    assert [fact.reason for fact in stage.told(EntryRefused)] == ["paused", "paused"]


def test_reasons_without_end_are_bounded_and_counted() -> None:
    refusals = Refusals()
    told = [refusals.note(f"reason {number}", number) for number in range(1000)]
    assert told == [0] * MOST_REASONS + [None] * (1000 - MOST_REASONS)
    assert refusals.note("one more", AGAIN_MS + 2000) == 1000 - MOST_REASONS


def test_going_back_begins_afresh() -> None:
    stage = flap(silent((20, 10_000)), 10)
    stage.trader.load(stage.trader.dump())
    inst = stage.trader.state.instrument_states[0]
    assert (inst.silences.untold, inst.refusals.untold, inst.gaps) == (0, 0, 20)
    stage.now_ms += 6000
    assert [type(fact) for fact in stage.trader.on_tick(tick(99, 100.0, stage.now_ms))] == [TickGap]
