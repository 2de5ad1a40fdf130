"""What a flat says of itself: each leg, and that it was closed at a price that is no news any more."""

import pytest

from engine.model.commands import Flat
from engine.model.events import EntriesChanged, FlatChanged, OrderCancelled, Submit
from engine.runtime.receipt import Receipt
from tests.support.builders import EAGER
from tests.support.scripted_feed import ScriptedRun
from tests.support.trader_harness import TraderHarness


def test_a_leg_that_is_closed_at_an_old_price_is_blind(tmp_path) -> None:
    live = ScriptedRun(tmp_path, "engine.delivery=queued")
    with live.run:
        live.tick(100)
        live.tick(101)
        live.worked()
        live.tick(101, late_ns=22_000_000_000)
        live.worked()
        assert live.held
        live.run.engine.send(Flat("operator"), 1)
        assert live.done(1) == "DONE"
        flat = live.run.engine.snapshot.flat
        assert [leg.word for leg in flat.legs] == ["BLIND 22 s DONE"]
        assert "BLIND 22 s DONE" in "\n".join(flat.receipt)


def test_a_leg_at_a_fresh_price_is_not(tmp_path) -> None:
    live = ScriptedRun(tmp_path, "engine.delivery=queued")
    with live.run:
        live.tick(100)
        live.tick(101)
        live.worked()
        live.run.engine.send(Flat("operator"), 1)
        assert live.done(1) == "DONE"
        assert [leg.word for leg in live.run.engine.snapshot.flat.legs] == ["DONE"]


@pytest.mark.parametrize(("live", "word"), [(False, "SENT"), (True, "BLIND 60 s SENT")])
def test_only_live_prices_grow_old(live, word) -> None:
    harness = TraderHarness(*EAGER)
    harness.prices(100, 101)
    receipt = Receipt(harness.trader.state, live=live)
    for fact in harness.trader.on_command(Flat(), harness.now_ms):
        receipt.note(fact, 60_000_000_000)
    assert [leg.word for leg in receipt.view().legs] == [word]


def test_an_exit_that_was_taken_back_is_said_to_be() -> None:
    harness = TraderHarness(*EAGER).prices(99, 100, 101)
    receipt = Receipt(harness.trader.state, live=False)
    sent = [event for event in harness.trader.on_command(Flat(), harness.now_ms) if not receipt.note(event, 0)]
    (order,) = [event.order for event in sent if isinstance(event, Submit)]
    receipt.note(OrderCancelled(order.number, 0), 0)
    assert [leg.word for leg in receipt.view().legs] == ["CANCELLED"]


def test_what_the_run_before_held_and_nobody_knows_is_unresolved_until_a_person_unlocks() -> None:
    receipt = Receipt(TraderHarness().trader.state, live=False, unknown="the journal was damaged")
    last = []
    for state in ("locked", "unlocked"):
        receipt.note(EntriesChanged(state, "operator", 0), 0)
        receipt.note(FlatChanged("FLAT", "operator", 0), 0)
        last.append(receipt.lines[-1])
    assert last == ["  unresolved: the journal was damaged", "  unresolved: nothing"]


def test_a_flat_that_begins_at_once_behind_another_takes_nothing_of_its_receipt_away() -> None:
    receipt = Receipt(TraderHarness().trader.state, live=False)
    for reason in ("one", "two"):
        for state in ("LOCKED", "FLAT"):
            receipt.note(FlatChanged(state, reason, 0), 0)
    receipt.note(FlatChanged("LOCKED", "three", 0), 0)
    heads = [lines[0] for lines in receipt.take_finished()]
    assert [head.rpartition(" ")[2] for head in heads] == ["(one)", "(two)"]
    assert receipt.take_finished() == []
