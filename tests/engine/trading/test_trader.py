"""Screenplays: events in, effects out, by the trading rules."""

from decimal import Decimal

import pytest

from engine.model.broker_events import Filled, Rejected
from engine.model.commands import Arm, Disarm, Flat, Lock, PauseEntries, ResumeEntries, Unlock
from engine.model.events import (
    CommandRefused,
    DayStarted,
    EntriesChanged,
    EntryRefused,
    FlatChanged,
    SequenceGap,
    TickGap,
    TickRefused,
    TraderFault,
)
from engine.model.types import Fill
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER, Stage, ms, tick, ticks


def entered(*overrides: str, price: float = 100.0, **more: object) -> Stage:
    """A stage on which one position was opened at `price`."""
    stage = Stage(*EAGER, *overrides, **more)
    stage.prices(price - 1, price)
    assert stage.trader.state.book.positions[0] is not None
    return stage


# ── Entry ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_enters_on_the_third_rising_tick_after_the_warm_up():
    stage = Stage("strategy.use_ema_crossover=false", "strategy.min_warmup_ticks=5")
    stage.prices(100, 101, 102, 103)
    assert stage.orders == []
    assert stage.told(EntryRefused)[0].reason == "warming up"
    stage.prices(104)
    assert [order.side for order in stage.orders] == ["BUY"]


@pytest.mark.parametrize("last", [104.0, 103.95])
def test_an_equal_or_lower_tick_begins_the_count_anew(last):
    stage = Stage("strategy.use_ema_crossover=false", "strategy.min_warmup_ticks=1")
    stage.prices(103, 103.5, 104, last, 104.5, 105)
    assert stage.orders == []
    assert len(stage.prices(105.5).orders) == 1


@pytest.mark.parametrize(
    ("clock", "enters"),
    [("09:19:57", False), ("09:19:59", True), ("15:09:57", True), ("15:09:58", False), ("15:29:00", False)],
)
def test_the_entry_window_begins_at_0920_and_ends_before_1510(clock, enters):
    stage = Stage(*EAGER).at(clock)
    stage.prices(100, 101)  # the second one comes two seconds after `clock`
    assert bool(stage.orders) is enters


def test_size_is_what_cash_affords_with_costs():
    stage = entered(price=100.0)
    # 100000 / (75 · 100) = 13.33 → 13 lots; 97500 and its costs of 0.0389 % fit.
    assert stage.orders[0].quantity == 13 * 75
    assert stage.trader.state.book.cash == Decimal(100000) - Decimal(97500) * (1 + Decimal("0.00033") * Decimal("1.18"))


def test_costs_that_do_not_fit_lower_the_size_by_a_lot():
    stage = entered("capital.initial_capital=75000", price=100.0)
    assert stage.orders[0].quantity == 9 * 75


def test_cash_for_not_one_lot_is_a_refusal_told_once():
    stage = Stage(*EAGER, "capital.initial_capital=5000").prices(100, 101, 102, 103)
    assert stage.orders == []
    assert [fact.reason for fact in stage.told(EntryRefused)] == ["cash for not one lot"]


def test_a_refusal_is_told_once_per_change_of_reason():
    stage = Stage(*EAGER).do(PauseEntries()).prices(100, 101, 102, 103)
    assert [fact.reason for fact in stage.told(EntryRefused)] == ["paused"]
    stage.do(Lock("me")).prices(104, 105)
    assert [fact.reason for fact in stage.told(EntryRefused)] == ["paused", "locked: me"]
    stage.do(Unlock()).do(ResumeEntries()).prices(106)
    assert len(stage.orders) == 1


def test_the_days_limit_of_positions():
    stage = entered("risk.max_positions_per_day=1")
    stage.prices(84.0, 90, 91, 92, 93)
    assert [order.side for order in stage.orders] == ["BUY", "SELL"]
    assert stage.told(EntryRefused)[-1].reason == "day's limit of positions reached"


def test_slippage_moves_the_entry_up_and_the_exit_down():
    stage = entered("risk.slippage_points=0.5", "risk.slippage_points_exit=0.25", price=100.0)
    assert stage.orders[0].price == 10050
    stage.prices(85.5)  # 100.5 − 15
    assert stage.exits == [("Stop Loss", 85.25, stage.orders[0].quantity)]


# ── Exits ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_stop_loss_fires_at_the_level_and_fills_at_the_ticks_price():
    assert entered().prices(85.05).exits == []
    assert entered().prices(85.0).exits == [("Stop Loss", 85.0, 975)]
    assert entered().prices(70.0).exits == [("Stop Loss", 70.0, 975)]


def test_trailing_stop_follows_and_never_falls():
    stage = entered("risk.tp_points=[50]", "risk.tp_percents=[1]")
    stage.prices(104.95, 100.0)
    assert stage.exits == []  # not active before +5
    stage.prices(105.0, 106.0, 101.5, 101.05)
    assert stage.trader.state.book.positions[0].trail_stop == 10100
    assert stage.prices(101.0).exits == [("Trailing Stop", 101.0, 975)]


def test_each_target_sells_its_share_and_the_last_one_the_rest():
    stage = entered("risk.use_trail_stop=false")
    stage.prices(105, 112, 120, 130)
    assert stage.exits == [
        ("Take Profit 1", 105.0, 375),  # floor(13 · 0.4) = 5 lots
        ("Take Profit 2", 112.0, 225),
        ("Take Profit 3", 120.0, 150),
        ("Take Profit 4", 130.0, 225),
    ]
    assert stage.held == 0


def test_a_gap_takes_several_targets_on_one_tick():
    stage = entered("risk.use_trail_stop=false").prices(121)
    assert [reason for reason, _, _ in stage.exits] == ["Take Profit 1", "Take Profit 2", "Take Profit 3"]
    assert {price for _, price, _ in stage.exits} == {121.0}


def test_a_single_lot_goes_with_the_first_target():
    stage = entered("capital.initial_capital=8000").prices(112)
    assert stage.exits == [("Take Profit 1", 112.0, 75)]
    assert stage.held == 0


def test_session_end_closes_at_1510_and_nothing_is_entered_after_it():
    stage = Stage(*EAGER).at("15:09:50").prices(99, 100)
    stage.at("15:09:59").prices(101)
    assert stage.exits == [("Session End", 101.0, 975)]
    assert len(stage.prices(102, 103, 104).orders) == 2


def test_outside_the_session_nothing_is_touched():
    stage = Stage(*EAGER).at("09:14:57").prices(100, 101)
    assert stage.trader.state.instrument_states[0].strategy.ticks == 0
    stage.prices(102)  # 09:15:00
    assert stage.trader.state.instrument_states[0].strategy.ticks == 1
    stage.at("15:29:59").prices(103, 104)
    assert stage.trader.state.instrument_states[0].strategy.ticks == 2


def test_a_holiday_has_no_session():
    stage = Stage(*EAGER, 'session.holidays=["2025-10-01"]').prices(100, 101, 102)
    assert stage.orders == []
    assert stage.trader.state.instrument_states[0].strategy.ticks == 0


def test_an_exit_and_an_entry_never_share_a_tick():
    stage = entered("risk.tp_points=[5]", "risk.tp_percents=[1]").prices(106)
    assert [order.side for order in stage.orders] == ["BUY", "SELL"]
    assert [order.side for order in stage.prices(107).orders] == ["BUY", "SELL", "BUY"]


def test_after_a_stop_loss_more_green_ticks_are_asked_for():
    stage = entered().prices(85, 86)  # one green tick is not enough now
    assert len(stage.orders) == 2
    assert len(stage.prices(87).orders) == 3


def test_a_profit_puts_the_green_ticks_back():
    stage = entered().prices(85, 86, 87)  # stopped, and in again after two
    stage.prices(93, 86)  # Take Profit 1, then the trailing stop
    assert stage.exits[-1][0] == "Trailing Stop"
    count = len(stage.orders)
    assert len(stage.prices(87).orders) == count + 1


def test_max_duration_and_emergency():
    stage = entered("risk.max_position_duration_minutes=1").prices(101, step_ms=59_999)
    assert stage.exits == []
    assert stage.prices(101, step_ms=1).exits == [("Max Duration", 101.0, 975)]

    stage = entered("risk.emergency_exit_percent=5", "risk.emergency_window_s=10").prices(95.05)
    assert stage.exits == []
    assert stage.prices(95.0).exits == [("Emergency", 95.0, 975)]
    late = entered("risk.emergency_exit_percent=5", "risk.emergency_window_s=10").prices(95.0, step_ms=10_001)
    assert late.exits == []


def test_the_daily_loss_limit_goes_flat_and_locks():
    stage = entered("risk.max_daily_loss=1000").prices(99.05)
    assert stage.exits == []
    stage.prices(98.9).beat().beat()
    assert [reason for reason, _, _ in stage.exits] == ["Daily Loss"]
    assert stage.trader.state.gate.locked.startswith("flat: daily loss")
    assert stage.told(FlatChanged)[-1].state == "FLAT"
    assert len(stage.prices(100, 101, 102).orders) == 2


@pytest.mark.parametrize("command", [Lock("me"), Arm()])
def test_a_lock_does_not_switch_the_daily_loss_limit_off(command):
    stage = entered("risk.max_daily_loss=1000").do(command).do(Disarm()).prices(98.9)
    assert [reason for reason, _, _ in stage.exits] == ["Daily Loss"]


def test_an_entry_whose_own_costs_pass_the_daily_loss_is_closed_at_once():
    stage = Stage(*EAGER, "risk.max_daily_loss=10").prices(99, 100)
    assert [reason for reason, _, _ in stage.exits] == ["Daily Loss"]


def test_slippage_never_asks_for_less_than_one_tick():
    stage = entered("risk.slippage_points_exit=0.5", "risk.base_sl_points=1", price=2.0).prices(0.05)
    assert stage.orders[-1].price == 5
    assert stage.held == 0


# ── Days ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_day_begins_anew_and_closes_what_was_left():
    stage = entered("strategy.min_warmup_ticks=2", "risk.max_positions_per_day=1")
    stage.at("09:30:00", "2025-10-03").prices(120)
    assert stage.exits == [("Session End", 120.0, 975)]
    strategy = stage.trader.state.instrument_states[0].strategy
    assert (strategy.ticks, strategy.green, strategy.needed) == (1, 0, 1)
    assert stage.trader.state.gate.day_entries == 0
    assert [fact.date for fact in stage.told(DayStarted)] == ["2025-10-01", "2025-10-03"]
    assert len(stage.prices(121).orders) == 3


# ── Bad ticks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_bad_ticks_are_counted_by_reason_and_touch_nothing():
    stage = Stage(*EAGER)
    good = ticks([100.0])
    bad = [
        tick(2, 0.0, "09:30:01"),
        tick(3, -5.0, "09:30:01"),
        tick(4, float("nan"), "09:30:01"),
        tick(5, 100.0, "09:29:58"),
    ]
    stage.play(good + bad)
    door = stage.trader.state.instrument_states[0].tick_filter
    assert door.refused == {"non_positive": 2, "nan": 1, "backwards": 1}
    assert [(fact.reason, fact.seq) for fact in stage.told(TickRefused)] == [
        ("non_positive", 2),
        ("nan", 4),
        ("backwards", 5),
    ]
    assert stage.trader.state.instrument_states[0].strategy.ticks == 1


def test_a_second_backwards_is_still_a_tick():
    stage = Stage(*EAGER).play([tick(1, 100.0, "09:30:01"), tick(2, 101.0, "09:30:00")])
    assert stage.trader.state.instrument_states[0].strategy.ticks == 2


def test_seven_bad_ticks_in_a_row_halt_entries_and_three_good_ones_lift_it():
    stage = Stage(*EAGER).prices(100, 0, 0, 0, 0, 0, 0)
    assert stage.told(EntriesChanged) == []
    stage.prices(0)
    assert stage.told(EntriesChanged)[-1].state == "halted"
    stage.prices(101, 102)
    assert stage.orders == []
    assert stage.told(EntryRefused)[-1].reason.startswith("halted")
    stage.prices(103)
    assert stage.told(EntriesChanged)[-1].state == "recovered"
    assert len(stage.orders) == 1


def test_repeated_values_are_trades():
    stage = Stage(*EAGER).play([tick(n, 100.0, "09:30:00") for n in range(1, 6)])
    assert stage.trader.state.instrument_states[0].strategy.ticks == 5


def test_gaps_in_the_exchanges_sequence_halt_until_unlocked():
    stage = Stage(*EAGER, "risk.missed_ticks_before_stop=2")
    stage.play([tick(n, 100.0, "09:30:00", exch_seq=seq) for n, seq in enumerate((1, 2, 5, 6, 6, 4, 9), 1)])
    assert [fact.missing for fact in stage.told(SequenceGap)] == [2, 2]
    assert stage.trader.state.instrument_states[0].tick_filter.refused == {"duplicate": 1, "out_of_order": 1}
    assert stage.trader.state.gate.halted == "2 gaps in the exchange's sequence"
    stage.do(Unlock())
    assert stage.trader.state.gate.objection() == ""


def test_a_numbering_that_begins_anew_is_believed_after_three_ticks():
    stage = entered()
    for n, price in enumerate((100, 99, 98, 97, 85, 84), 1):
        stage.now_ms += 1000
        stage.play([tick(50 + n, price, stage.now_ms, exch_seq=5001 if n == 1 else n)])
    assert stage.exits == [("Stop Loss", 85.0, 975)]
    assert stage.trader.state.instrument_states[0].tick_filter.refused == {"out_of_order": 2}


def test_a_stamp_far_ahead_of_its_receipt_is_refused_and_blinds_nobody():
    stage = entered()
    ahead = tick(60, 100.0, "09:31:00", day="2031-01-01", recv_wall_ns=ms("09:30:10") * 1_000_000)
    stage.play([ahead]).at("09:30:10").prices(85)
    assert stage.exits == [("Stop Loss", 85.0, 975)]
    assert stage.trader.state.instrument_states[0].tick_filter.refused == {"future": 1}


def test_a_silence_is_told_and_changes_nothing():
    stage = entered().prices(100.5, step_ms=5000)
    assert stage.told(TickGap) == []
    stage.prices(100.6, step_ms=5001)
    (gap,) = stage.told(TickGap)
    assert (gap.gap_ms, gap.position_open) == (5001, True)
    assert stage.held == 975


def test_a_jump_is_held_until_confirmed():
    stage = entered("risk.jump_percent=10", "risk.use_trail_stop=false")
    stage.prices(80.0, step_ms=100)  # a stop loss, if it were true
    assert stage.exits == []
    stage.prices(100.2, step_ms=100)
    assert stage.exits == []
    assert stage.trader.state.instrument_states[0].tick_filter.refused == {"jump": 1}
    stage.prices(80.0, 80.1, step_ms=100)
    assert stage.exits == [("Stop Loss", 80.0, 975)]


def test_a_jump_is_believed_after_a_second_without_another_tick():
    stage = entered("risk.jump_percent=10").prices(80.0)
    stage.now_ms += 999
    assert stage.beat().exits == []
    stage.now_ms += 1
    assert stage.beat().exits == [("Stop Loss", 80.0, 975)]


# ── A broker that is slow or says no ────────────────────────────────────────────────────────────────────────────────


def test_an_exit_that_was_rejected_fires_again():
    stage = entered("risk.use_trail_stop=false", broker=RejectingBroker(1, rejects={2, 3}))
    stage.prices(105, 105, 105)
    assert [order.reason for order in stage.orders] == ["Entry", *["Take Profit 1"] * 3]
    assert stage.exits == [("Take Profit 1", 105.0, 375)]
    assert len(stage.prices(105).orders) == 4


def test_a_rejected_entry_gives_its_place_in_the_day_back():
    stage = Stage(*EAGER, "risk.max_positions_per_day=1", broker=RejectingBroker(1, rejects={1}))
    stage.prices(100, 101)
    assert stage.trader.state.gate.day_entries == 0
    assert len(stage.prices(102).orders) == 2


def test_unanswered_orders_are_not_sent_twice():
    broker = LateBroker(1)
    stage = Stage(*EAGER, broker=broker).prices(100, 101, 102, 103)
    assert len(stage.orders) == 1
    assert stage.told(EntryRefused)[-1].reason == "entry order unanswered"
    stage.answer(*broker.answers()).prices(86.0, 85.0, 84.0)
    assert [order.side for order in stage.orders] == ["BUY", "SELL"]
    stage.answer(*broker.answers())
    assert stage.held == 0


def test_partial_fills_share_the_position():
    broker = LateBroker(1)
    stage = Stage(*EAGER, broker=broker).prices(100, 101)
    number = stage.orders[0].number
    stage.answer(*[Filled(Fill(number, 0, "BUY", n, 10100, stage.now_ms)) for n in (75, 150, 750)])
    assert stage.held == 975
    stage.prices(85)
    sell = stage.orders[1].number
    stage.answer(Filled(Fill(sell, 0, "SELL", 900, 8500, stage.now_ms)), Rejected(sell, "freeze"))
    assert stage.held == 75
    stage.prices(85)
    assert stage.orders[2].quantity == 75


def test_a_target_that_was_filled_in_part_is_not_sold_again():
    broker = LateBroker(1)
    stage = Stage(*EAGER, "risk.use_trail_stop=false", broker=broker).prices(99, 100)
    stage.answer(*broker.answers()).prices(105)
    number = stage.orders[-1].number
    stage.answer(Filled(Fill(number, 0, "SELL", 300, 10500, stage.now_ms)), Rejected(number, "freeze")).prices(105)
    assert len(stage.orders) == 2
    assert stage.held == 675


def test_a_fill_nobody_asked_for_is_booked_and_flat_sees_it():
    stage = entered()
    stage.answer(Filled(Fill(99, 0, "SELL", 1050, 10000, stage.now_ms)))
    assert stage.held == -75
    stage.do(Flat())
    assert stage.trader.state.flat.state == "CLOSING"


# ── Flat ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_flat_locks_closes_verifies_and_stays_locked():
    stage = entered().prices(101).do(Flat("test"))
    assert stage.exits == [("Flat", 101.0, 975)]
    stage.beat().beat()
    assert [fact.state for fact in stage.told(FlatChanged)] == ["LOCKED", "CLOSING", "VERIFYING", "FLAT"]
    assert len(stage.prices(102, 103, 104).orders) == 2
    stage.do(Unlock()).prices(105)
    assert len(stage.orders) == 3


def test_flat_is_not_said_while_the_broker_still_holds_something():
    broker = LateBroker(1)
    stage = Stage(*EAGER, broker=broker).prices(100, 101)
    stage.answer(*broker.answers()).do(Flat()).beat().beat()
    assert stage.trader.state.flat.state == "CLOSING"
    stage.answer(*broker.answers()).beat()
    assert stage.trader.state.flat.state == "VERIFYING"
    stage.answer(*broker.answers(lie=75)).beat().answer(*broker.answers(lie=75))
    assert stage.trader.state.flat.state == "VERIFYING"
    stage.beat().answer(*broker.answers()).beat().answer(*broker.answers())
    assert stage.trader.state.flat.state == "FLAT"


def test_a_second_flat_joins_the_first_and_no_unlock_ends_it():
    stage = Stage(*EAGER, broker=LateBroker(1)).prices(100, 101)
    stage.answer(*stage.broker.answers()).do(Flat("one")).do(Flat("two")).do(Unlock())
    assert [fact.command for fact in stage.told(CommandRefused)] == ["flat", "unlock"]
    assert [order.side for order in stage.orders] == ["BUY", "SELL"]
    assert stage.trader.state.gate.locked == "flat: one"


def test_flat_takes_back_an_entry_that_is_still_working():
    broker = LateBroker(1)
    stage = Stage(*EAGER, broker=broker).prices(100, 101).do(Flat())
    assert stage.told(FlatChanged)[1].state == "CANCELLING"
    stage.answer(*broker.answers()).beat().answer(*broker.answers()).beat().answer(*broker.answers())
    assert stage.held == 0
    assert stage.told(FlatChanged)[-1].state == "FLAT"


def test_looking_at_the_plan_locks_entries_and_closing_it_leaves_them_locked():
    stage = entered().do(Arm())
    assert (stage.trader.state.flat.state, stage.trader.state.gate.locked) == ("ARMED", "flat armed")
    stage.do(Disarm()).prices(90, 84, 86, 88, 90)
    assert stage.trader.state.flat.state == "NORMAL"
    assert [order.side for order in stage.orders] == ["BUY", "SELL"]
    stage.do(Arm()).do(Flat()).do(Disarm()).beat().beat()
    assert stage.told(FlatChanged)[-1].state == "FLAT"


def test_flat_with_nothing_open_is_verified_too():
    stage = Stage(*EAGER).do(Flat()).beat().beat()
    assert stage.told(FlatChanged)[-1].state == "FLAT"


# ── A strategy that breaks ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_raising_strategy_halts_entries_while_exits_go_on(monkeypatch):
    stage = entered()

    def broken(*_):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(type(stage.trader.state.instrument_states[0].strategy), "on_tick", broken)
    stage.prices(99, 98, 85)
    assert stage.exits == [("Stop Loss", 85.0, 975)]
    assert stage.trader.state.faults == 3
    assert [fact.seq for fact in stage.told(TraderFault)] == [3, 4]
    assert stage.trader.state.gate.halted == "strategy raised ZeroDivisionError"
    stage.do(Flat()).beat().beat()
    assert stage.told(FlatChanged)[-1].state == "FLAT"


# ── State ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_instruments_share_cash_and_keep_their_own_levels():
    stage = Stage(*EAGER, "risk.max_position_value_percent=50", instruments=2)
    start = ms("09:30:00")
    for n, (instrument, price) in enumerate([(0, 99), (1, 199), (0, 100), (1, 200), (0, 85), (1, 190)]):
        stage.play([tick(n + 1, price, start + n, instrument=instrument)])
    assert [(order.instrument, order.side) for order in stage.orders] == [(0, "BUY"), (1, "BUY"), (0, "SELL")]
    assert stage.trader.state.book.net(1) > 0
