"""A broker that is slow, says no, or fills what nobody asked for: orders and positions stay true."""

from engine.model.broker_events import Filled, Rejected
from engine.model.commands import Flat
from engine.model.events import (
    EntryRefused,
)
from engine.model.types import Fill
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER
from tests.support.trader_harness import TraderHarness, entered


def test_an_exit_that_was_rejected_fires_again():
    harness = entered("risk.use_trail_stop=false", broker=RejectingBroker(1, rejects={2, 3}))
    harness.prices(105, 105, 105)
    assert [order.reason for order in harness.orders] == ["Entry", *["Take Profit 1"] * 3]
    assert harness.exits == [("Take Profit 1", 105.0, 375)]
    assert len(harness.prices(105).orders) == 4


def test_a_rejected_entry_gives_its_place_in_the_day_back():
    harness = TraderHarness(*EAGER, "risk.max_positions_per_day=1", broker=RejectingBroker(1, rejects={1}))
    harness.prices(100, 101)
    assert harness.trader.state.gate.day_entries == 0
    assert len(harness.prices(102).orders) == 2


def test_unanswered_orders_are_not_sent_twice():
    broker = LateBroker(1)
    harness = TraderHarness(*EAGER, broker=broker).prices(100, 101, 102, 103)
    assert len(harness.orders) == 1
    assert harness.events_of(EntryRefused)[-1].reason == "entry order unanswered"
    harness.answer(*broker.answers()).prices(86.0, 85.0, 84.0)
    assert [order.side for order in harness.orders] == ["BUY", "SELL"]
    harness.answer(*broker.answers())
    assert harness.held == 0


def test_partial_fills_share_the_position():
    broker = LateBroker(1)
    harness = TraderHarness(*EAGER, broker=broker).prices(100, 101)
    number = harness.orders[0].number
    harness.answer(*[Filled(Fill(number, 0, "BUY", n, 10100, harness.now_ms)) for n in (75, 150, 750)])
    assert harness.held == 975
    harness.prices(85)
    sell = harness.orders[1].number
    harness.answer(Filled(Fill(sell, 0, "SELL", 900, 8500, harness.now_ms)), Rejected(sell, "freeze"))
    assert harness.held == 75
    harness.prices(85)
    assert harness.orders[2].quantity == 75


def test_a_target_that_was_filled_in_part_is_not_sold_again():
    broker = LateBroker(1)
    harness = TraderHarness(*EAGER, "risk.use_trail_stop=false", broker=broker).prices(99, 100)
    harness.answer(*broker.answers()).prices(105)
    number = harness.orders[-1].number
    harness.answer(Filled(Fill(number, 0, "SELL", 300, 10500, harness.now_ms)), Rejected(number, "freeze")).prices(105)
    assert len(harness.orders) == 2
    assert harness.held == 675


def test_a_fill_nobody_asked_for_is_booked_and_flat_sees_it():
    harness = entered()
    harness.answer(Filled(Fill(99, 0, "SELL", 1050, 10000, harness.now_ms)))
    assert harness.held == -75
    harness.command(Flat())
    assert harness.trader.state.flat.state == "CLOSING"
