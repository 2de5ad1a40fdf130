"""An emergency flat locks, closes, verifies with the broker, and stays locked."""

from engine.model.commands import Arm, Disarm, Flat, Unlock
from engine.model.events import (
    CommandRefused,
    FlatChanged,
)
from tests.support.brokers import LateBroker
from tests.support.builders import EAGER, Stage, entered


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


def test_a_flat_sells_in_orders_that_the_exchange_takes():
    stage = Stage(*EAGER, "capital.initial_capital=1000000", "instrument.freeze_quantity=1000")
    stage.prices(100, 101)
    held_before = stage.held
    assert held_before > 3000
    stage.do(Flat()).beat().beat()
    sold = [order.quantity for order in stage.orders if order.side == "SELL"]
    assert set(sold[:-1]) == {975}  # 1,000 down to lots of 75
    assert sum(sold) == held_before
    assert stage.held == 0
    assert stage.trader.state.flat.state == "FLAT"
