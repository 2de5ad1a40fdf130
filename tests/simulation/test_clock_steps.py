"""Our clock is set while something is under way: nothing stands still, and nothing is proven too early."""

import pytest

from engine.model.order_reports import RoundRead
from tests.simulation.stage import DEEP, LOT, NIFTY, Stage

MINUTES = 60_000
STEPS = (-5 * MINUTES, -30 * MINUTES, 5 * MINUTES, -900)


def unsold() -> Stage:
    """An exit works, and nobody buys."""
    stage = Stage().buy(2)
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, DEEP)], 10_000)
    return stage.sell(2).go(700)


def same_again(stage: Stage) -> bool:
    """Whether the recording gives the same state."""
    return stage.replayed() == stage.trader.state.dump()


@pytest.mark.parametrize("step_ms", STEPS)
def test_an_exit_goes_on_climbing(step_ms: int) -> None:
    stage = unsold()
    stage.off_ms = step_ms
    stage.go(5_000)
    assert list(stage.blotter.orders.values())[-1].rung >= 3
    stage.price(NIFTY, 9_000)
    assert stage.go(4_000).held == (0, 0)
    assert same_again(stage)


@pytest.mark.parametrize("step_ms", STEPS)
def test_a_flat_is_proven(step_ms: int) -> None:
    stage = Stage().buy(2)
    stage.begin_flat("key")
    stage.go(300)
    stage.off_ms = step_ms
    stage.go(12_000)
    assert (stage.flat, stage.held) == ("FLAT", (0, 0))
    assert same_again(stage)


@pytest.mark.parametrize("step_ms", STEPS)
def test_what_never_arrived_is_found_to_be_missing_and_not_before_its_time(step_ms: int) -> None:
    stage = Stage("at place 2: place lost").buy(2).sell(2).go(1_000)
    stage.off_ms = step_ms
    stage.go(25_000)
    assert (stage.held, stage.states()) == ((0, 0), ["FILLED", "NOT_PLACED", "FILLED"])
    assert same_again(stage)


def test_a_clock_that_is_set_back_again_and_again_while_nothing_happens_changes_nothing() -> None:
    stage = Stage().buy(1)
    for times in range(1, 6):
        stage.off_ms = -times * MINUTES
        stage.go(10_000)
    assert stage.sell(1).go(5_000).held == (0, 0)
    assert same_again(stage)


def test_a_round_during_which_the_clock_was_set_back_proves_nothing() -> None:
    stage = Stage().buy(1)
    newest = stage.blotter.newest
    assert newest is not None
    stage.answer(RoundRead(99, stage.now_ms, stage.now_ms - MINUTES, 1, (), (), ()))
    assert (stage.blotter.newest, stage.blotter.doubt) == (newest, "the clock was set back while it was read")
    assert stage.go(10_000).blotter.net[0] == LOT
