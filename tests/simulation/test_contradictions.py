"""What bears the name of an order of ours and cannot be of it is not believed, and locks entries."""

import pytest
from msgspec.structs import replace

from engine.model.order_reports import OrderReport, OrderSeen
from engine.text.sanitize import CleanText
from engine.trading.orders.live_order import LiveOrder
from tests.simulation.stage import DEEP, LOT, NIFTY, Stage

OTHERS = (
    {"side": "BUY", "filled": LOT},
    {"instrument": 1, "filled": LOT},
    {"filled": 100 * LOT},
    {"filled": 100 * LOT, "state": "complete"},
)


def unsold() -> tuple[Stage, LiveOrder]:
    """An exit of two lots works, and nobody buys."""
    stage = Stage().buy(2)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    stage.sell(2).go(1_200)
    return stage, list(stage.blotter.orders.values())[-1]


def told(stage: Stage, order: LiveOrder, **otherwise: object) -> OrderReport:
    row = OrderReport(
        CleanText(order.broker_id), CleanText(order.unique_id), CleanText(order.tag), order.instrument, NIFTY, order.side,
        order.quantity, order.filled, order.limit, 0, "working", CleanText("open"), stage.now_ms,
    )  # fmt: skip
    return replace(row, **otherwise)


@pytest.mark.parametrize("otherwise", OTHERS)
def test_an_update_that_cannot_be_moves_nothing_and_a_round_tells(otherwise: dict[str, object]) -> None:
    stage, order = unsold()
    stage.answer(OrderSeen(told(stage, order, **otherwise), stage.wire.generation))
    assert (stage.held, order.filled, order.is_over) == ((2, 2), 0, False)
    stage.go(3_000)
    assert stage.blotter.doubt == ""
    assert "is told to be" in stage.trader.state.gate.locked
    stage.price(NIFTY, 9_000)
    assert stage.go(8_000).held == (0, 0)


@pytest.mark.parametrize("otherwise", OTHERS)
def test_a_round_in_which_such_a_row_stands_is_not_believed(otherwise: dict[str, object]) -> None:
    stage, order = unsold()
    newest = stage.blotter.newest
    assert newest is not None
    rows = tuple(told(stage, order, **otherwise) if each.tag == order.tag else each for each in newest.orders)
    rows = rows if len(rows) > 1 else (*rows, told(stage, order, **otherwise))
    stage.answer(replace(newest, number=newest.number + 1, orders=rows))
    assert "is told to be" in stage.blotter.doubt
    assert (stage.held, stage.blotter.newest) == ((2, 2), newest)
    stage.begin_flat("key")
    stage.price(NIFTY, 9_000)
    stage.go(15_000)
    assert (stage.held, stage.flat) == ((0, 0), "FLAT")
