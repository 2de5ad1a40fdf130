"""Bad ticks are counted by reason and touch nothing; what looks wrong halts entries until it is lifted."""

from engine.model.commands import Unlock
from engine.model.events import (
    EntriesChanged,
    EntryRefused,
    SequenceGap,
    TickGap,
    TickRefused,
)
from tests.support.builders import EAGER, ms, tick, ticks
from tests.support.trader_harness import TraderHarness, entered


def test_bad_ticks_are_counted_by_reason_and_touch_nothing():
    harness = TraderHarness(*EAGER)
    good = ticks([100.0])
    bad = [
        tick(2, 0.0, "09:30:01"),
        tick(3, -5.0, "09:30:01"),
        tick(4, float("nan"), "09:30:01"),
        tick(5, 100.0, "09:29:58"),
    ]
    harness.play(good + bad)
    door = harness.trader.state.instrument_states[0].tick_filter
    assert door.refused == {"non_positive": 2, "nan": 1, "backwards": 1}
    assert [(event.reason, event.seq) for event in harness.events_of(TickRefused)] == [
        ("non_positive", 2),
        ("nan", 4),
        ("backwards", 5),
    ]
    assert harness.trader.state.instrument_states[0].strategy.ticks == 1


def test_a_second_backwards_is_still_a_tick():
    harness = TraderHarness(*EAGER).play([tick(1, 100.0, "09:30:01"), tick(2, 101.0, "09:30:00")])
    assert harness.trader.state.instrument_states[0].strategy.ticks == 2


def test_seven_bad_ticks_in_a_row_halt_entries_and_three_good_ones_lift_it():
    harness = TraderHarness(*EAGER).prices(100, 0, 0, 0, 0, 0, 0)
    assert harness.events_of(EntriesChanged) == []
    harness.prices(0)
    assert harness.events_of(EntriesChanged)[-1].state == "halted"
    harness.prices(101, 102)
    assert harness.orders == []
    assert harness.events_of(EntryRefused)[-1].reason.startswith("halted")
    harness.prices(103)
    assert harness.events_of(EntriesChanged)[-1].state == "recovered"
    assert len(harness.orders) == 1


def test_repeated_values_are_trades():
    harness = TraderHarness(*EAGER).play([tick(n, 100.0, "09:30:00") for n in range(1, 6)])
    assert harness.trader.state.instrument_states[0].strategy.ticks == 5


def test_gaps_in_the_exchanges_sequence_halt_until_unlocked():
    harness = TraderHarness(*EAGER, "risk.missed_ticks_before_stop=2")
    harness.play([tick(n, 100.0, "09:30:00", exch_seq=seq) for n, seq in enumerate((1, 2, 5, 6, 6, 4, 9), 1)])
    assert [event.missing for event in harness.events_of(SequenceGap)] == [2, 2]
    assert harness.trader.state.instrument_states[0].tick_filter.refused == {"duplicate": 1, "out_of_order": 1}
    assert harness.trader.state.gate.halted == "2 gaps in the exchange's sequence"
    harness.command(Unlock())
    assert harness.trader.state.gate.objection() == ""


def test_a_numbering_that_begins_anew_is_believed_after_three_ticks():
    harness = entered()
    for n, price in enumerate((100, 99, 98, 97, 85, 84), 1):
        harness.now_ms += 1000
        harness.play([tick(50 + n, price, harness.now_ms, exch_seq=5001 if n == 1 else n)])
    assert harness.exits == [("Stop Loss", 85.0, 975)]
    assert harness.trader.state.instrument_states[0].tick_filter.refused == {"out_of_order": 2}


def test_a_stamp_far_ahead_of_its_receipt_is_refused_and_blinds_nobody():
    harness = entered()
    ahead = tick(60, 100.0, "09:31:00", day="2031-01-01", recv_wall_ns=ms("09:30:10") * 1_000_000)
    harness.play([ahead]).at("09:30:10").prices(85)
    assert harness.exits == [("Stop Loss", 85.0, 975)]
    assert harness.trader.state.instrument_states[0].tick_filter.refused == {"future": 1}


def test_a_silence_is_told_and_changes_nothing():
    harness = entered().prices(100.5, step_ms=5000)
    assert harness.events_of(TickGap) == []
    harness.prices(100.6, step_ms=5001)
    (gap,) = harness.events_of(TickGap)
    assert (gap.gap_ms, gap.position_open) == (5001, True)
    assert harness.held == 975


def test_a_jump_is_held_until_confirmed():
    harness = entered("risk.jump_percent=10", "risk.use_trail_stop=false")
    harness.prices(80.0, step_ms=100)  # a stop loss, if it were true
    assert harness.exits == []
    harness.prices(100.2, step_ms=100)
    assert harness.exits == []
    assert harness.trader.state.instrument_states[0].tick_filter.refused == {"jump": 1}
    harness.prices(80.0, 80.1, step_ms=100)
    assert harness.exits == [("Stop Loss", 80.0, 975)]


def test_a_jump_is_believed_after_a_second_without_another_tick():
    harness = entered("risk.jump_percent=10").prices(80.0)
    harness.now_ms += 999
    assert harness.beat().exits == []
    harness.now_ms += 1
    assert harness.beat().exits == [("Stop Loss", 80.0, 975)]
