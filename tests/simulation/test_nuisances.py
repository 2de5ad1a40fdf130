"""What goes on and on: a refusal, an order of somebody else. A person is told twice, and exits are not held up."""

import pytest
from msgspec.structs import replace

from engine.model.order_reports import OrderReport, OrderSeen
from engine.text.sanitize import CleanText
from tests.simulation.stage import LOT, NIFTY, Stage


@pytest.mark.parametrize("family", ["lot", "product"])
def test_a_refusal_that_goes_on_is_told_twice_and_not_with_every_try(family: str) -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, f"place reject {family} x1000")
    stage.sell(2).go(60_000)
    assert stage.sent > 10
    assert [text.partition(" is ")[2].partition(": close it")[0] for text in stage.warned] == [
        f"refused: {family}",
        f"refused again and again: {family}",
    ]
    stage.exchange.end_faults(stage.now_ms)
    assert stage.go(8_000).held == (0, 0)


def test_an_order_of_others_that_is_moved_again_and_again_holds_no_exit_up() -> None:
    stage = Stage().buy(2)
    theirs = OrderReport(
        CleanText("777"), CleanText("u777"), CleanText(""), 0, NIFTY, "BUY", LOT, 0, 5_000, 0, "working",
        CleanText("open"), stage.now_ms,
    )  # fmt: skip
    newest = stage.blotter.newest
    assert newest is not None
    stage.answer(OrderSeen(theirs, stage.wire.generation))
    assert 0 in stage.blotter.others.stirred
    stage.blotter.others.stirred.clear()
    stage.blotter.newest = replace(newest, orders=(*newest.orders, theirs))
    stage.answer(OrderSeen(theirs, stage.wire.generation))
    assert 0 not in stage.blotter.others.stirred
