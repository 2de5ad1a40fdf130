"""What a trader would ask about a program that dies, or a disk that is slow: one story a test, and the right end."""

import pytest

from engine.model.order_rows import Ended, External, PartFilled
from tests.simulation.stage import LOT, NIFTY, Stage


def test_a_crash_while_an_exit_is_out_is_found_by_its_tag() -> None:
    stage = Stage("at place 2: place slow 3000").buy(1).sell(1).go(1_200)
    stage.crash(2_000)
    assert stage.blotter.locked
    stage.go(14_000)
    assert stage.states()[1] in {"FILLED", "CANCELLED"}
    stage.sell(1).go(10_000)  # what is still held is judged anew
    assert stage.held == (0, 0)


def test_an_entry_whose_sending_had_not_begun_is_not_out_there_after_a_crash() -> None:
    stage = Stage()
    stage.journal._lag_ms = lambda: 400
    stage.signal(0, LOT, 10_000)
    stage.go(700)
    stage.crash(1_000)
    stage.go(20_000)
    assert (stage.held, stage.sent, stage.states()) == ((0, 0), 0, ["NOT_PLACED"])


def test_a_flat_goes_on_after_a_crash() -> None:
    stage = Stage("at place 2: place lost").buy(2)
    stage.begin_flat("key")
    stage.go(1_000)
    stage.crash(3_000)
    assert stage.trader.state.flat.reason == "key"
    stage.go(40_000)
    assert (stage.flat, stage.held) == ("FLAT", (0, 0))


def test_an_exit_that_left_without_its_rows_is_ours_after_two_crashes() -> None:
    stage = Stage().buy(1)
    stage.journal._lag_ms = lambda: 60_000
    stage.sell(1).go(2_000)
    assert stage.exchange.net[NIFTY] == 0
    stage.crash(1_000)
    stage.journal._lag_ms = lambda: 0
    stage.go(6_000)
    for _ in range(2):
        assert (stage.held, stage.sent, stage.states()) == ((0, 0), 2, ["FILLED", "FILLED"])
        assert not any(stage.blotter.broker_net(at) for at in range(2))
        stage.crash(1_000)
        stage.go(6_000)


@pytest.mark.parametrize("while_it_is_sent", [True, False])
def test_an_exit_that_lost_answer_and_tag_is_booked_once_also_after_a_crash(while_it_is_sent: bool) -> None:
    stage = Stage(f"at place 2: place {'after' if while_it_is_sent else 'reset taken'} untagged").buy(1).sell(1)
    stage.go(30_000)
    for _ in range(2):
        assert (stage.held, stage.sent, stage.states()) == ((0, 0), 2, ["FILLED", "FILLED"])
        assert stage.blotter.locked
        assert not any(stage.blotter.broker_net(at) for at in range(2))
        stage.crash(1_000)
        stage.go(6_000)
    assert not any(isinstance(row, External) for row in stage.journal.crash(stage.now_ms))


def test_entries_stay_locked_after_a_crash_until_a_person_unlocks() -> None:
    stage = Stage()
    stage.crash(1_000)
    stage.go(15_000).buy(1)
    assert stage.sent == 0
    stage.unlock()
    stage.buy(1)
    assert stage.held == (1, 1)


def test_an_exit_whose_rows_are_late_goes_out_all_the_same() -> None:
    stage = Stage().buy(1)
    stage.journal._lag_ms = lambda: 60_000
    stage.sell(1).go(3_000)
    assert stage.exchange.net[NIFTY] == 0


def test_an_entry_whose_rows_are_late_is_not_sent() -> None:
    stage = Stage()
    stage.journal._lag_ms = lambda: 60_000
    stage.buy(1)
    assert (stage.sent, stage.states()) == (0, ["NOT_PLACED"])


def test_rows_tell_all_that_a_restart_must_know() -> None:
    stage = Stage().buy(1).sell(1).go(5_000)
    kinds = [type(row) for row in stage.journal.crash(stage.now_ms + 1_000)]
    assert kinds.count(PartFilled) == kinds.count(Ended) == 2
    assert External not in kinds


def test_empty_books_behind_a_crash_prove_nothing() -> None:
    stage = Stage().buy(2).sell(1).go(5_000)
    stage.crash(1_000)
    stage.exchange.fault(stage.now_ms, "book empty x1000")
    stage.begin_flat("key")
    stage.go(30_000)
    assert (stage.flat != "FLAT", stage.held) == (True, (1, 1))
    stage.exchange.end_faults(stage.now_ms)
    stage.go(15_000)
    assert (stage.flat, stage.held) == ("FLAT", (0, 0))


def test_nothing_is_bought_after_a_crash_before_it_could_be_closed_again() -> None:
    stage = Stage().buy(1).sell(1).go(4_000)
    stage.crash(500)
    stage.unlock()
    stage.go(6_000)
    assert "nothing may be closed yet" in stage.trader.orders.objection()
    stage.buy(1)
    assert (stage.held, stage.sent) == ((0, 0), 2)
    stage.go(6_000)
    assert stage.trader.orders.objection() == ""
    stage.buy(1).sell(1).go(3_000)
    assert (stage.held, stage.sent) == ((0, 0), 4)
