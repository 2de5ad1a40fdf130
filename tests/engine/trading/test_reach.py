"""Every tick that did not come to a decision is counted by reason, with its first and last place; so is every signal not followed."""

import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.commands import Lock, PauseEntries
from engine.model.types import FLAG_AHEAD, FLAG_LATE, FLAG_NEW_LINK, PRICE_MISSING, PRICE_NAN, Tick
from engine.trading.reach import MOST_REASONS, Places, Reach
from tests.support.builders import EAGER, ms, priced, tick, ticks
from tests.support.trader_harness import TraderHarness, entered

GOOD = tick(1, 100, "09:30:00")
LEFT_OUT: dict[str, tuple[str, Sequence[Tick]]] = {  # what comes behind a good tick, and why it is left out
    "before the session": ("outside_session", [tick(2, 100, "09:14:59.999", day="2025-10-02")]),
    "after it": ("outside_session", [tick(2, 100, "15:30:00.001"), tick(3, 100, "18:00:00")]),
    "of another night": ("outside_session", [tick(2, 100, "03:00:00", day="2025-10-02")]),
    "backwards": ("backwards", [tick(2, 100, "09:29:00"), tick(3, 101, "09:28:00")]),
    "no number": ("nan", [priced(2, PRICE_NAN, "09:30:01")]),
    "no price": ("missing", [priced(2, PRICE_MISSING, "09:30:01")]),
    "zero": ("non_positive", [tick(2, 0, "09:30:01")]),
    "too large": ("too_large", [priced(2, 10**17, "09:30:01")]),
    "far ahead of its receipt": ("future", [tick(2, 100, "14:30:00", recv_wall_ns=ms("09:30:01") * 10**6)]),
    "ahead, as the feed says": ("future", [tick(2, 100, "09:30:01", flags=FLAG_AHEAD)]),
    "a number again": ("duplicate", [tick(2, 100, "09:30:01", exch_seq=5), tick(3, 100, "09:30:01", exch_seq=5)]),
    "a number of before": (
        "out_of_order",
        [tick(2, 100, "09:30:01", exch_seq=5), tick(3, 100, "09:30:01", exch_seq=4)],
    ),
    "late": (
        "late",
        [tick(2, 100, "09:30:01", flags=FLAG_LATE), tick(3, 100, "09:30:02", flags=FLAG_LATE | FLAG_NEW_LINK)],
    ),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_is_left_out_is_counted_with_its_places(kind: str) -> None:
    reason, behind = LEFT_OUT[kind]
    harness = TraderHarness().play([GOOD, *behind])
    left_out = harness.trader.state.reach.left_out()
    assert list(left_out) == [reason]
    found = left_out[reason]
    ours = behind[1:] if kind.startswith("a number") else behind
    assert (found.count, found.first.seq, found.first.exch_ms) == (len(ours), ours[0].seq, ours[0].exch_ms)
    assert (found.last.seq, found.last.exch_ms) == (ours[-1].seq, ours[-1].exch_ms)


def test_a_held_jump_that_is_not_confirmed_is_counted_at_its_own_place() -> None:
    jump = [tick(1, 100, "09:30:00"), tick(2, 500, "09:30:01"), tick(3, 100, "09:30:01.500")]
    harness = TraderHarness("risk.jump_percent=20").play(jump)
    assert harness.trader.state.reach.refused["jump"].first.seq == 2


def test_a_day_that_is_over_is_named_for_the_instrument_that_still_speaks_of_it() -> None:
    harness = TraderHarness(instruments=2)
    late = tick(3, 100, "10:00:00", instrument=1)
    harness.play([tick(1, 100, "09:30:00"), tick(2, 100, "09:30:00", day="2025-10-02"), late])
    assert harness.trader.state.first_refused == {"past_day": 3}


@given(st.lists(st.sampled_from(["09:00:00", "09:30:00", "12:00:00", "15:31:00"]), min_size=1, max_size=40))
def test_every_tick_is_taken_or_counted_once(times: list[str]) -> None:
    stream = [tick(number, 100 + number % 3, at) for number, at in enumerate(times, 1)]
    harness = TraderHarness(*EAGER).play(stream)
    state = harness.trader.state
    assert harness.trader.findings.facts(len(stream)).taken + state.reach.kept_out() == len(stream)
    assert {reason: places.count for reason, places in state.reach.refused.items()} == state.instrument_states[
        0
    ].tick_filter.refused


def test_signals_not_followed_are_counted_by_what_refused_them() -> None:
    harness = TraderHarness(*EAGER, "strategy.use_vwap=true", "risk.max_positions_per_day=1")
    harness.at("09:16:00").prices(100, 101, 102)  # before the entry window
    harness.at("09:30:00").prices(103, 104)  # the entry: a price above the average
    assert harness.held
    harness.prices(105, 106, 60)  # out by the stop
    harness.prices(61, 62, 63)
    assert harness.trader.state.reach.objections == {
        "outside the entry window": 2,
        "day's limit of positions reached": 2,
    }


@pytest.mark.parametrize(
    ("prices", "waited"),
    [
        ((100, 100, 100), 3),
        ((100, 101), 1),
        ((100, 101, 102, 103), 1),  # entered with the second, held with the others
        ((100, 101, 80, 80), 2),  # the stop's tick found it held
    ],
)
def test_green_ticks_refuse_where_nothing_is_held_and_none_rose(prices: Sequence[int], waited: int) -> None:
    harness = TraderHarness(*EAGER).at("09:30:00").prices(*prices)
    assert harness.trader.findings.waited() == waited


def test_what_is_held_over_night_is_held_on_both_days() -> None:
    harness = TraderHarness(*EAGER).at("15:00:00").prices(100, 101, 102)
    harness.at("09:30:00", "2025-10-02").prices(103, 103)
    assert not harness.held
    assert harness.trader.findings.facts(5).taken == 5
    assert harness.trader.findings.waited() == 2  # the first of all, and the one behind the exit


def test_signals_are_those_of_the_run_whatever_its_account_has_traded_before() -> None:
    first = TraderHarness(*EAGER).at("09:30:00").prices(100, 101, 80)
    second = TraderHarness(*EAGER)
    second.trader.state.restore(first.trader.state.keep(first.now_ms))
    second.at("09:40:00").command(PauseEntries()).prices(100, 101)
    reach = second.trader.state.reach
    assert second.trader.state.portfolio.entries == 1
    assert (reach.signals, reach.followed, reach.objections) == (1, 0, {"paused": 1})
    assert second.trader.findings.waited() == 1
    assert first.trader.state.reach.followed == 1


def test_a_locked_and_a_paused_run_say_so() -> None:
    harness = TraderHarness(*EAGER).command(PauseEntries()).at("09:30:00").prices(100, 101)
    harness.command(Lock("a reason")).prices(102)
    assert harness.trader.state.reach.objections == {"paused": 1, "locked: a reason": 1}


def test_reasons_that_are_made_up_stay_few() -> None:
    reach = Reach()
    for number in range(3 * MOST_REASONS):
        reach.object(f"price {number}")
    assert len(reach.objections) == MOST_REASONS + 1
    assert sum(reach.objections.values()) == 3 * MOST_REASONS


def test_none_of_it_decides() -> None:
    quiet, busy = entered(), TraderHarness(*EAGER)
    busy.play([tick(1, 50, "08:00:00"), tick(2, 50, "08:00:01")])
    busy.at("09:30:00").prices(99, 100)
    assert busy.trader.state.dump().keys() == quiet.trader.state.dump().keys()
    assert busy.trader.state.portfolio.cash == quiet.trader.state.portfolio.cash


def test_what_is_taken_back_counts_as_it_did() -> None:
    harness = entered().prices(101, 102, 60)
    harness.play([tick(9, 0, harness.now_ms), tick(10, 100, "08:00:00"), tick(11, 100, "18:00:00")])
    told: dict[str, object] = {}
    harness.trader.state.dump_told(told)
    counted = {reason: places.dump() for reason, places in harness.trader.state.reach.left_out().items()}
    facts, waited = harness.trader.findings.facts(7), harness.trader.findings.waited()
    outside = harness.trader.state.reach.outside
    harness.prices(100, 0).play([tick(12, 100, "19:00:00")])
    assert harness.trader.state.reach.left_out().keys() == counted.keys()
    assert outside.count == counted["outside_session"][0] + 2
    fields = harness.trader.state.dump()
    other = TraderHarness(*EAGER)
    other.trader.load(fields)
    other.trader.state.load_told(told)
    assert {reason: places.dump() for reason, places in other.trader.state.reach.left_out().items()} == counted
    assert other.trader.state.reach.objections == {}
    assert waited >= 0
    assert facts.taken == 5


def test_a_tick_outside_leaves_nothing_in_memory() -> None:
    places, stream = Places(), ticks([100] * 2, step_ms=1)
    places.note(stream[0])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10_000):
            places.note(stream[1])
        assert tracemalloc.get_traced_memory()[0] - before < 2_000
    finally:
        tracemalloc.stop()
    assert places.count == 10_001
