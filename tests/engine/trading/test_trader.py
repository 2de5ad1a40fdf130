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
from tests.support.builders import EAGER, PERCENT, ms, tick
from tests.support.trader_harness import TraderHarness, entered

# ── Entry ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_enters_on_the_third_rising_tick_after_the_warm_up():
    harness = TraderHarness("strategy.use_ema_crossover=false", "strategy.min_warmup_ticks=5")
    harness.prices(100, 101, 102, 103)
    assert harness.orders == []
    assert harness.events_of(EntryRefused)[0].reason == "warming up"
    harness.prices(104)
    assert [order.side for order in harness.orders] == ["BUY"]


@pytest.mark.parametrize("last", [104.0, 103.95])
def test_an_equal_or_lower_tick_begins_the_count_anew(last):
    harness = TraderHarness("strategy.use_ema_crossover=false", "strategy.min_warmup_ticks=1")
    harness.prices(103, 103.5, 104, last, 104.5, 105)
    assert harness.orders == []
    assert len(harness.prices(105.5).orders) == 1


@pytest.mark.parametrize(
    ("clock", "enters"),
    [("09:19:57", False), ("09:19:59", True), ("15:09:57", True), ("15:09:58", False), ("15:29:00", False)],
)
def test_the_entry_window_begins_at_0920_and_ends_before_1510(clock, enters):
    harness = TraderHarness(*EAGER).at(clock)
    harness.prices(100, 101)  # the second one comes two seconds after `clock`
    assert bool(harness.orders) is enters


def test_size_is_what_cash_affords_with_costs():
    harness = entered(*PERCENT, price=100.0)
    # 100000 / (75 · 100) = 13.33 → 13 lots; 97500 and its costs of 0.0389 % fit.
    assert harness.orders[0].quantity == 13 * 75
    assert harness.trader.state.portfolio.cash == Decimal(100000) - Decimal(97500) * (
        1 + Decimal("0.00033") * Decimal("1.18")
    )


def test_costs_that_do_not_fit_lower_the_size_by_a_lot():
    harness = entered("capital.initial_capital=75000", price=100.0)
    assert harness.orders[0].quantity == 9 * 75


def test_cash_for_not_one_lot_is_a_refusal_told_once():
    harness = TraderHarness(*EAGER, "capital.initial_capital=5000").prices(100, 101, 102, 103)
    assert harness.orders == []
    assert [event.reason for event in harness.events_of(EntryRefused)] == ["cash for not one lot"]


def test_a_refusal_is_told_once_per_change_of_reason():
    harness = TraderHarness(*EAGER).command(PauseEntries()).prices(100, 101, 102, 103)
    assert [event.reason for event in harness.events_of(EntryRefused)] == ["paused"]
    harness.command(Lock("me")).prices(104, 105)
    assert [event.reason for event in harness.events_of(EntryRefused)] == ["paused", "locked: me"]
    harness.command(Unlock()).command(ResumeEntries()).prices(106)
    assert len(harness.orders) == 1


def test_the_days_limit_of_positions():
    harness = entered("risk.max_positions_per_day=1")
    harness.prices(84.0, 90, 91, 92, 93)
    assert [order.side for order in harness.orders] == ["BUY", "SELL"]
    assert harness.events_of(EntryRefused)[-1].reason == "day's limit of positions reached"


def test_slippage_moves_the_entry_up_and_the_exit_down():
    harness = entered("risk.slippage_points=0.5", "risk.slippage_points_exit=0.25", price=100.0)
    assert harness.orders[0].price == 10050
    harness.prices(85.5)  # 100.5 − 15
    assert harness.exits == [("Stop Loss", 85.25, harness.orders[0].quantity)]


# ── Exits ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_stop_loss_fires_at_the_level_and_fills_at_the_ticks_price():
    assert entered().prices(85.05).exits == []
    assert entered().prices(85.0).exits == [("Stop Loss", 85.0, 975)]
    assert entered().prices(70.0).exits == [("Stop Loss", 70.0, 975)]


def test_trailing_stop_follows_and_never_falls():
    harness = entered("risk.tp_points=[50]", "risk.tp_percents=[1]")
    harness.prices(104.95, 100.0)
    assert harness.exits == []  # not active before +5
    harness.prices(105.0, 106.0, 101.5, 101.05)
    assert harness.trader.state.portfolio.positions[0].trail_stop == 10100
    assert harness.prices(101.0).exits == [("Trailing Stop", 101.0, 975)]


def test_each_target_sells_its_share_and_the_last_one_the_rest():
    harness = entered("risk.use_trail_stop=false")
    harness.prices(105, 112, 120, 130)
    assert harness.exits == [
        ("Take Profit 1", 105.0, 375),  # floor(13 · 0.4) = 5 lots
        ("Take Profit 2", 112.0, 225),
        ("Take Profit 3", 120.0, 150),
        ("Take Profit 4", 130.0, 225),
    ]
    assert harness.held == 0


def test_a_gap_takes_several_targets_on_one_tick():
    harness = entered("risk.use_trail_stop=false").prices(121)
    assert [reason for reason, _, _ in harness.exits] == ["Take Profit 1", "Take Profit 2", "Take Profit 3"]
    assert {price for _, price, _ in harness.exits} == {121.0}


def test_a_single_lot_goes_with_the_first_target():
    harness = entered("capital.initial_capital=8000").prices(112)
    assert harness.exits == [("Take Profit 1", 112.0, 75)]
    assert harness.held == 0


def test_session_end_closes_at_1510_and_nothing_is_entered_after_it():
    harness = TraderHarness(*EAGER).at("15:09:50").prices(99, 100)
    harness.at("15:09:59").prices(101)
    assert harness.exits == [("Session End", 101.0, 975)]
    assert len(harness.prices(102, 103, 104).orders) == 2


def test_outside_the_session_nothing_is_touched():
    harness = TraderHarness(*EAGER).at("09:14:57").prices(100, 101)
    assert harness.trader.state.instrument_states[0].strategy.ticks == 0
    harness.prices(102)  # 09:15:00
    assert harness.trader.state.instrument_states[0].strategy.ticks == 1
    harness.at("15:29:59").prices(103, 104)
    assert harness.trader.state.instrument_states[0].strategy.ticks == 2


def test_a_holiday_has_no_session():
    harness = TraderHarness(*EAGER, 'session.holidays=["2025-10-01"]').prices(100, 101, 102)
    assert harness.orders == []
    assert harness.trader.state.instrument_states[0].strategy.ticks == 0


def test_an_exit_and_an_entry_never_share_a_tick():
    harness = entered("risk.tp_points=[5]", "risk.tp_percents=[1]").prices(106)
    assert [order.side for order in harness.orders] == ["BUY", "SELL"]
    assert [order.side for order in harness.prices(107).orders] == ["BUY", "SELL", "BUY"]


def test_after_a_stop_loss_more_green_ticks_are_asked_for():
    harness = entered().prices(85, 86)  # one green tick is not enough now
    assert len(harness.orders) == 2
    assert len(harness.prices(87).orders) == 3


def test_a_profit_puts_the_green_ticks_back():
    harness = entered().prices(85, 86, 87)  # stopped, and in again after two
    harness.prices(93, 86)  # Take Profit 1, then the trailing stop
    assert harness.exits[-1][0] == "Trailing Stop"
    count = len(harness.orders)
    assert len(harness.prices(87).orders) == count + 1


def test_max_duration_and_emergency():
    harness = entered("risk.max_position_duration_minutes=1").prices(101, step_ms=59_999)
    assert harness.exits == []
    assert harness.prices(101, step_ms=1).exits == [("Max Duration", 101.0, 975)]

    harness = entered("risk.emergency_exit_percent=5", "risk.emergency_window_s=10").prices(95.05)
    assert harness.exits == []
    assert harness.prices(95.0).exits == [("Emergency", 95.0, 975)]
    late = entered("risk.emergency_exit_percent=5", "risk.emergency_window_s=10").prices(95.0, step_ms=10_001)
    assert late.exits == []


def test_the_daily_loss_limit_goes_flat_and_locks():
    harness = entered("risk.max_daily_loss=1000").prices(99.05)
    assert harness.exits == []
    harness.prices(98.9).beat().beat()
    assert [reason for reason, _, _ in harness.exits] == ["Daily Loss"]
    assert harness.trader.state.gate.locked.startswith("flat: daily loss")
    assert harness.events_of(FlatChanged)[-1].state == "FLAT"
    assert len(harness.prices(100, 101, 102).orders) == 2


@pytest.mark.parametrize("command", [Lock("me"), Arm()])
def test_a_lock_does_not_switch_the_daily_loss_limit_off(command):
    harness = entered("risk.max_daily_loss=1000").command(command).command(Disarm()).prices(98.9)
    assert [reason for reason, _, _ in harness.exits] == ["Daily Loss"]


def test_an_entry_whose_own_costs_pass_the_daily_loss_is_closed_at_once():
    harness = TraderHarness(*EAGER, "risk.max_daily_loss=10").prices(99, 100)
    assert [reason for reason, _, _ in harness.exits] == ["Daily Loss"]


def test_slippage_never_asks_for_less_than_one_tick():
    harness = entered("risk.slippage_points_exit=0.5", "risk.base_sl_points=1", price=2.0).prices(0.05)
    assert harness.orders[-1].price == 5
    assert harness.held == 0


# ── Days ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_day_begins_anew_and_closes_what_was_left():
    harness = entered("strategy.min_warmup_ticks=2", "risk.max_positions_per_day=1")
    harness.at("09:30:00", "2025-10-03").prices(120)
    assert harness.exits == [("Session End", 120.0, 975)]
    strategy = harness.trader.state.instrument_states[0].strategy
    assert (strategy.ticks, strategy.green, strategy.needed) == (1, 0, 1)
    assert harness.trader.state.gate.day_entries == 0
    assert [event.date for event in harness.events_of(DayStarted)] == ["2025-10-01", "2025-10-03"]
    assert len(harness.prices(121).orders) == 3


ROUND_THE_CLOCK = ("session.daily=false", "session.zone=UTC", "risk.use_trail_stop=false", "risk.tp_points=[900]")


def test_round_the_clock_midnight_is_a_moment_like_any_other():
    harness = TraderHarness(*EAGER, *ROUND_THE_CLOCK, "risk.tp_percents=[1]", "risk.max_positions_per_day=1")
    harness.at("05:28:00", "2025-10-02").prices(99, 100)  # 23:58 UTC
    ticks = harness.trader.state.instrument_states[0].strategy.ticks
    harness.at("05:29:58.999", "2025-10-02").prices(100, 100)  # 23:59:59.999, and the next date
    assert (harness.exits, harness.held) == ([], 975)
    assert harness.trader.state.instrument_states[0].strategy.ticks == ticks + 2
    assert [event.date for event in harness.events_of(DayStarted)] == ["2025-10-01", "2025-10-02"]
    assert harness.trader.state.gate.day_entries == 0  # counts are the date's
    harness.prices(80)
    assert harness.exits == [("Stop Loss", 80.0, 975)]
    assert harness.prices(81, 82, 83).held > 0  # a date may have its own entries


def test_round_the_clock_a_stop_fires_in_the_last_millisecond_of_a_date():
    harness = TraderHarness(*EAGER, *ROUND_THE_CLOCK, "risk.tp_percents=[1]")
    harness.at("05:28:00", "2025-10-02").prices(99, 100).at("05:29:58.999", "2025-10-02").prices(80)
    assert harness.exits == [("Stop Loss", 80.0, 975)]


def test_a_session_over_midnight_is_one_day_and_ends_once():
    harness = TraderHarness(*EAGER, "session.start=18:00", "session.end=02:00", "risk.max_positions_per_day=1")
    harness.at("23:59:57").prices(99, 100, 101, 101)  # 00:00:01 is of the same day
    assert (harness.exits, harness.held) == ([], 975)
    harness.at("01:39:59", "2025-10-02").prices(102)
    assert harness.exits == [("Session End", 102.0, 975)]
    harness.at("17:59:59", "2025-10-02").prices(103, 104)
    assert [event.date for event in harness.events_of(DayStarted)] == ["2025-10-01", "2025-10-02"]


# ── A strategy that breaks ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_raising_strategy_halts_entries_while_exits_go_on(monkeypatch):
    harness = entered()

    def broken(*_):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(type(harness.trader.state.instrument_states[0].strategy), "on_tick", broken)
    harness.prices(99, 98, 85)
    assert harness.exits == [("Stop Loss", 85.0, 975)]
    assert harness.trader.state.faults == 3
    assert [event.seq for event in harness.events_of(TraderFault)] == [3, 4]
    assert harness.trader.state.gate.halted == "strategy raised ZeroDivisionError"
    harness.command(Flat()).beat().beat()
    assert harness.events_of(FlatChanged)[-1].state == "FLAT"


# ── State ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_instruments_share_cash_and_keep_their_own_levels():
    harness = TraderHarness(*EAGER, "risk.max_position_value_percent=50", instruments=2)
    start = ms("09:30:00")
    for n, (instrument, price) in enumerate([(0, 99), (1, 199), (0, 100), (1, 200), (0, 85), (1, 190)]):
        harness.play([tick(n + 1, price, start + n, instrument=instrument)])
    assert [(order.instrument, order.side) for order in harness.orders] == [(0, "BUY"), (1, "BUY"), (0, "SELL")]
    assert harness.trader.state.portfolio.net(1) > 0
