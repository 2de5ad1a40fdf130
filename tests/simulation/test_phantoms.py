"""A journal that is taken away while orders stand, and then a kill: what is held is booked once; and what is not held is told, however it got into the account."""

import pytest

from engine.model.events import FillBooked
from engine.model.order_rows import External
from tests.simulation.planted import day_forgotten
from tests.simulation.stage import LOT, NIFTY, Stage

PHANTOM = f"MISMATCH {NIFTY}: {4 * LOT} of ours, {2 * LOT} at the broker"


class Looked(Stage):
    """A stage on which nobody else looks at the account."""

    def judge(self) -> None:
        """Only the program itself tells."""


def lost_and_killed(stage: Stage) -> Stage:
    """The journal is taken away and begun anew; then the process dies, and another begins."""
    stage.lose_journal()
    stage.go(1_000).crash(1_000)
    stage.told.clear()
    return stage


@pytest.mark.parametrize("sold", [0, 1, 2])
def test_a_run_behind_a_journal_begun_anew_books_nothing_twice(sold: int) -> None:
    stage = Stage().buy(2)
    if sold:
        stage.sell(sold).go(6_000)
    cash = stage.trader.state.portfolio.cash
    lost_and_killed(stage).go(20_000)
    portfolio = stage.trader.state.portfolio
    assert (portfolio.net(0), stage.held) == ((2 - sold) * LOT, (2 - sold, 2 - sold))
    assert (portfolio.cash, stage.warned) == (cash, [])
    assert not [event for event in stage.told if isinstance(event, FillBooked)]


def test_nor_what_others_did() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, f"external {-LOT} {NIFTY}")
    stage.go(9_000)
    cash = stage.trader.state.portfolio.cash
    lost_and_killed(stage).go(20_000)
    assert (stage.trader.state.portfolio.net(0), stage.held) == (LOT, (1, 1))
    assert stage.trader.state.portfolio.cash == cash
    assert not [event for event in stage.told if isinstance(event, External)]


def test_a_phantom_in_the_account_is_told_behind_three_rounds_and_locks_entries() -> None:
    stage = Looked().buy(2)
    with day_forgotten():
        lost_and_killed(stage)
    trusted = 0
    while PHANTOM not in stage.warned:
        stage.go(100)
        trusted = stage.blotter.trusted
        assert trusted <= 3
    assert trusted == 3
    assert (stage.trader.state.portfolio.net(0), stage.held) == (4 * LOT, (2, 2))  # by its orders all seems well
    assert stage.trader.state.gate.locked
    (shown,) = stage.trader.orders.view(stage.clock_ms)[1].mismatches
    assert (shown.ours, shown.theirs) == (4 * LOT, 2 * LOT)


@pytest.mark.parametrize("lots", [1, -1])
def test_and_so_is_any_other_mistake_in_the_account(lots: int) -> None:
    stage = Looked().buy(2)
    stage.go(15_000)
    position = stage.trader.state.portfolio.positions[0]
    assert position is not None
    position.quantity += lots * LOT
    stage.go(16_000)
    assert stage.warned == [f"MISMATCH {NIFTY}: {(2 + lots) * LOT} of ours, {2 * LOT} at the broker"]
    assert stage.trader.state.gate.locked == f"{NIFTY}: we hold {(2 + lots) * LOT}, the broker {2 * LOT}"


def test_what_an_earlier_day_has_left_in_the_account_and_the_broker_does_not_hold_is_told_soon() -> None:
    kept = Stage().buy(2).trader.state.keep(0)
    stage = Looked()
    stage.restart((), (), kept, 1_000)
    stage.told.clear()
    stage.go(10_000)
    assert stage.warned == [f"MISMATCH {NIFTY}: {2 * LOT} of ours, 0 at the broker"]
    assert stage.trader.state.gate.locked == f"{NIFTY}: we hold {2 * LOT}, the broker 0"
    assert stage.sent == 0
