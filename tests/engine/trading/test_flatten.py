"""An emergency flat locks, closes, verifies with the broker, and stays locked."""

from engine.model.commands import Arm, Disarm, Flat, Unlock
from engine.model.events import ClosedBlind, CommandRefused, FlatChanged
from engine.trading.flatten import FIRST_PRICE_MS
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER, ms, tick
from tests.support.trader_harness import TraderHarness, entered


def test_flat_locks_closes_verifies_and_stays_locked():
    harness = entered().prices(101).command(Flat("test"))
    assert harness.exits == [("Flat", 101.0, 975)]
    harness.beat().beat()
    assert [event.state for event in harness.events_of(FlatChanged)] == ["LOCKED", "CLOSING", "VERIFYING", "FLAT"]
    assert len(harness.prices(102, 103, 104).orders) == 2
    harness.command(Unlock()).prices(105)
    assert len(harness.orders) == 3


def test_flat_is_not_said_while_the_broker_still_holds_something():
    broker = LateBroker(1)
    harness = TraderHarness(*EAGER, broker=broker).prices(100, 101)
    harness.answer(*broker.answers()).command(Flat()).beat().beat()
    assert harness.trader.state.flat.state == "CLOSING"
    harness.answer(*broker.answers()).beat()
    assert harness.trader.state.flat.state == "VERIFYING"
    harness.answer(*broker.answers(lie=75)).beat().answer(*broker.answers(lie=75))
    assert harness.trader.state.flat.state == "VERIFYING"
    harness.beat().answer(*broker.answers()).beat().answer(*broker.answers())
    assert harness.trader.state.flat.state == "FLAT"


def test_a_second_flat_joins_the_first_and_no_unlock_ends_it():
    harness = TraderHarness(*EAGER, broker=LateBroker(1)).prices(100, 101)
    harness.answer(*harness.broker.answers()).command(Flat("one")).command(Flat("two")).command(Unlock())
    assert [event.command for event in harness.events_of(CommandRefused)] == ["flat", "unlock"]
    assert [order.side for order in harness.orders] == ["BUY", "SELL"]
    assert harness.trader.state.gate.locked == "flat: one"


def test_flat_takes_back_an_entry_that_is_still_working():
    broker = LateBroker(1)
    harness = TraderHarness(*EAGER, broker=broker).prices(100, 101).command(Flat())
    assert harness.events_of(FlatChanged)[1].state == "CANCELLING"
    harness.answer(*broker.answers()).beat().answer(*broker.answers()).beat().answer(*broker.answers())
    assert harness.held == 0
    assert harness.events_of(FlatChanged)[-1].state == "FLAT"


def test_looking_at_the_plan_locks_entries_and_closing_it_leaves_them_locked():
    harness = entered().command(Arm())
    assert (harness.trader.state.flat.state, harness.trader.state.gate.locked) == ("ARMED", "flat armed")
    harness.command(Disarm()).prices(90, 84, 86, 88, 90)
    assert harness.trader.state.flat.state == "NORMAL"
    assert [order.side for order in harness.orders] == ["BUY", "SELL"]
    harness.command(Arm()).command(Flat()).command(Disarm()).beat().beat()
    assert harness.events_of(FlatChanged)[-1].state == "FLAT"


def test_flat_with_nothing_open_is_verified_too():
    harness = TraderHarness(*EAGER).command(Flat()).beat().beat()
    assert harness.events_of(FlatChanged)[-1].state == "FLAT"


def test_a_flat_sells_in_orders_that_the_exchange_takes():
    harness = TraderHarness(*EAGER, "capital.initial_capital=1000000", "instrument.freeze_quantity=1000")
    harness.prices(100, 101)
    held_before = harness.held
    assert held_before > 3000
    harness.command(Flat()).beat().beat()
    sold = [order.quantity for order in harness.orders if order.side == "SELL"]
    assert set(sold[:-1]) == {975}  # 1,000 down to lots of 75
    assert sum(sold) == held_before
    assert harness.held == 0
    assert harness.trader.state.flat.state == "FLAT"


# ── Right behind an opening ─────────────────────────────────────────────────────────────────────────────────────────

NEXT_DAY = "2025-10-02"
OPENS_MS = ms("09:15:00", NEXT_DAY)


def morning(*overrides: str, **more: object) -> TraderHarness:
    """An engine that has just started, right behind an opening; what the day before has left, 300 and 150, is held."""
    rules = (*EAGER, *overrides, "risk.max_position_value_percent=30")
    before, harness = TraderHarness(*rules, instruments=2), TraderHarness(*rules, instruments=2, **more)
    before.play(tick(n, 99 + n // 2, ms("10:00:00") + n * 1000, instrument=n % 2) for n in range(4))
    harness.trader.state.restore(before.trader.state.keep(before.now_ms))
    harness.broker.hold([300, 150])
    harness.now_ms = OPENS_MS + 100
    return harness


def test_behind_an_opening_a_flat_waits_for_the_first_price_of_the_session():
    harness = morning().command(Flat("me"))
    assert (harness.held, harness.orders) == (300, [])
    for harness.now_ms in range(OPENS_MS + 200, OPENS_MS + FIRST_PRICE_MS, 100):
        harness.beat()
    assert harness.orders == []
    assert harness.trader.state.flat.shown == "CLOSING"
    harness.play([tick(5, 90, harness.now_ms)]).beat()
    assert [(trade.instrument, trade.exit_price, trade.blind) for trade in harness.trades] == [(0, 9_000, False)]
    harness.play([tick(6, 80, harness.now_ms, instrument=1)]).beat().beat()
    assert not any(trade.blind for trade in harness.trades)
    assert not harness.events_of(ClosedBlind)
    assert harness.trader.state.flat.state == "FLAT"


def test_where_no_price_comes_it_is_closed_blind_and_that_is_told_once():
    harness = morning(broker=RejectingBroker(2, {3, 4, 5, 6})).command(Flat("me"))
    for harness.now_ms in range(OPENS_MS + FIRST_PRICE_MS, OPENS_MS + FIRST_PRICE_MS + 2_000, 100):
        harness.beat()
    assert [(trade.exit_price, trade.blind) for trade in harness.trades] == [(10_000, True)] * 2
    assert len(harness.orders) == 6
    told = harness.events_of(ClosedBlind)
    assert [(each.instrument, each.reason, each.quantity, each.price) for each in told] == [
        (0, "Flat", 300, 10_000),
        (1, "Flat", 150, 10_000),
    ]
    assert {(each.age_ms, each.at_ms) for each in told} == {(-1, OPENS_MS + FIRST_PRICE_MS)}


def test_anyway_waits_for_nothing_and_a_market_without_an_end_has_no_opening():
    harness = morning().command(Flat("me", anyway=True))
    assert [trade.blind for trade in harness.trades] == [True, True]
    harness = morning("session.daily=false").command(Flat("me"))
    assert [trade.blind for trade in harness.trades] == [False, False]
