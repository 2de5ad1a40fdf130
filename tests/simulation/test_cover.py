"""Somebody else closes what an exit of ours is about to close: what works is never more than what is held."""

import pytest

from engine.model.commands import Unlock
from engine.model.events import TradeClosed
from tests.simulation.stage import DEEP, LOT, NIFTY, Stage


def unsold(lots: int, script: str = "") -> Stage:
    """An exit of all works, and nobody buys."""
    stage = Stage(script).buy(lots)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    return stage.sell(lots).go(1_500)


def somebody_buys(stage: Stage) -> Stage:
    stage.price(NIFTY, 8_000)
    return stage.go(20_000)


def works(stage: Stage) -> int:
    """Lots that may be sold at the exchange."""
    return sum(order.quantity - order.filled for order in stage.exchange.working) // LOT


def trades(stage: Stage) -> list[tuple[int, str]]:
    return [(event.trade.quantity // LOT, event.trade.reason) for event in stage.told if isinstance(event, TradeClosed)]


@pytest.mark.parametrize("sold", [1, 2, 3])
def test_an_exit_is_no_larger_than_what_somebody_else_has_left(sold: int) -> None:
    stage = unsold(4)
    stage.exchange.fault(stage.now_ms, f"external {-sold * LOT} {NIFTY}")
    stage.go(7_000)
    assert (stage.held, works(stage)) == ((4 - sold, 4 - sold), 4 - sold)
    somebody_buys(stage)
    assert (stage.held, trades(stage)) == ((0, 0), [(sold, "External"), (4 - sold, "Stop Loss")])


@pytest.mark.parametrize("how", [f"external {-4 * LOT} {NIFTY}", "square_off"])
def test_an_exit_of_what_somebody_else_has_closed_is_over(how: str) -> None:
    stage = unsold(4)
    stage.exchange.fault(stage.now_ms, how)
    stage.go(12_000)
    assert (stage.held, works(stage), stage.pursuit.wishes) == ((0, 0), 0, {})
    stage.price(NIFTY, 10_000)
    stage.command(Unlock())
    assert not stage.trader.state.orders.entry_objection(0)
    assert stage.buy(1).held == (1, 1)


def test_of_two_exits_the_later_one_gives_way() -> None:
    stage = Stage().buy(4)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    stage.sell(1).go(500).sell(3).go(1_000)
    stage.exchange.fault(stage.now_ms, f"external {-2 * LOT} {NIFTY}")
    stage.go(7_000)
    assert works(stage) == 2
    somebody_buys(stage)
    assert (stage.held, [lots for lots, _ in trades(stage)]) == ((0, 0), [2, 1, 1])


def test_an_exit_that_is_unknown_is_counted_and_the_other_is_taken_back() -> None:
    stage = Stage("at place 2: place after").buy(4)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    stage.sell(2).go(100).sell(2).go(1_000)
    stage.exchange.fault(stage.now_ms, f"external {-2 * LOT} {NIFTY}")
    stage.go(20_000)
    assert works(stage) <= 2
    somebody_buys(stage)
    assert stage.held == (0, 0)


def test_a_flat_gives_way_too() -> None:
    stage = Stage().buy(4)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    stage.begin_flat("key")
    stage.go(2_000)
    stage.exchange.fault(stage.now_ms, f"external {-3 * LOT} {NIFTY}")
    stage.go(7_000)
    assert (stage.held, works(stage)) == ((1, 1), 1)
    somebody_buys(stage)
    assert (stage.held, stage.flat) == ((0, 0), "FLAT")
    assert all(order.side != "BUY" for order in stage.blotter.orders.values() if order.purpose == "FLAT")
