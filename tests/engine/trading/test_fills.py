"""A broker that is slow, says no, or fills what nobody asked for: orders and positions stay true."""

from engine.model.broker_events import Filled, Rejected
from engine.model.commands import Flat
from engine.model.events import (
    EntryRefused,
)
from engine.model.types import Fill
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER, Stage, entered


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
