"""An emergency flat locks, closes, verifies with the broker, and stays locked."""

from engine.model.commands import Arm, Disarm, Flat, Unlock
from engine.model.events import (
    CommandRefused,
    FlatChanged,
)
from tests.support.brokers import LateBroker
from tests.support.builders import EAGER
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
