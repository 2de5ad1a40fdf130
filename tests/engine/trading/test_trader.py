"""Screenplays: events in, effects out, by the trading rules."""

from decimal import Decimal

import pytest

from engine.model.commands import Arm, Disarm, Flat, Lock, PauseEntries, ResumeEntries, Unlock
from engine.model.events import (
    DayStarted,
    EntryRefused,
    FlatChanged,
    TraderFault,
)
from tests.support.builders import EAGER, Stage, entered, ms, tick

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
