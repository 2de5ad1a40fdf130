"""A trader takes one of his entries back by hand: what it stops, what it leaves alone, and what is refused."""

from engine.model.commands import BarEntries, Flat, Unlock, WithdrawEntry
from engine.model.events import CommandRefused, OperatorActed
from engine.model.marks import InputMark
from engine.model.trading_views import ActionView
from engine.text.sanitize import CleanText
from tests.simulation.engine_run import EngineRun
from tests.simulation.given_again import given_again
from tests.simulation.stage import LOT, NIFTY, Stage
from tests.simulation.trading_days import run_at_exchange, wandering


def thin(stage: Stage, lots: int) -> Stage:
    """So many lots are offered, and no more."""
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, 9_999)], [(10_010, lots * LOT)] if lots else [], 10_000)
    return stage


def tag(stage: Stage, number: int = 1) -> CleanText:
    return CleanText(stage.blotter.orders[number].tag)


def withdraw(stage: Stage, what: CleanText) -> list[str]:
    """The reasons for which it was refused."""
    before = len(stage.told)
    stage.command(WithdrawEntry(what, CleanText("pts/3")))
    return [event.reason for event in stage.told[before:] if isinstance(event, CommandRefused)]


def entered(lots: int, offered: int) -> Stage:
    """An entry that works, since less is offered."""
    stage = thin(Stage(), offered)
    stage.signal(0, lots * LOT, 10_000)
    return stage.go(500)


def test_an_entry_is_taken_back_and_bought_no_further() -> None:
    stage = entered(5, 2)
    assert withdraw(stage, tag(stage)) == []
    stage.go(3_000)
    assert (stage.writes, stage.states(), stage.held) == (["place", "cancel"], ["CANCELLED"], (2, 2))
    acted = next(event for event in stage.told if isinstance(event, OperatorActed))
    assert (acted.action, acted.by, acted.order, acted.quantity) == ("withdraw", "pts/3", 1, 3 * LOT)
    assert not stage.pursuit.wishes


def test_another_one_goes_on() -> None:
    stage = entered(5, 0)
    stage.exchange.set_book(stage.now_ms, stage.blotter.instruments[1].symbol, [(20_000, 99)], [], 20_000)
    stage.signal(1, 30, 20_000)
    stage.go(200)
    assert withdraw(stage, tag(stage)) == []
    stage.go(300)
    assert stage.states() == ["CANCELLED", "WORKING"]


def test_what_is_unknown_is_taken_back_as_soon_as_the_broker_is_known_to_have_it() -> None:
    stage = thin(Stage("at place 1: place after"), 0)
    stage.signal(0, LOT, 10_000)
    stage.go(50)
    assert withdraw(stage, tag(stage)) == []
    stage.go(30_000)
    assert (stage.states(), stage.held, stage.writes) == (["CANCELLED"], (0, 0), ["place", "cancel"])


def test_what_is_refused_says_why() -> None:
    stage = Stage().buy(2)
    assert withdraw(stage, tag(stage)) == [f"order {tag(stage)} is over: complete"]
    assert withdraw(stage, CleanText("L01A00010001E")) == ["there is no order L01A00010001E of today"]
    stage.exchange.set_book(stage.now_ms, NIFTY, [], [(10_010, 99)], 10_000)
    stage.sell(2).go(300)
    assert withdraw(stage, tag(stage, 2)) == [
        f"order {tag(stage, 2)} closes what is held: entries alone are withdrawn, all else is for a flat"
    ]


def test_twice_is_once() -> None:
    stage = entered(5, 0)
    assert withdraw(stage, tag(stage)) == []
    assert withdraw(stage, tag(stage)) == [f"order {tag(stage)} is being withdrawn already"]
    stage.go(2_000)
    assert stage.writes == ["place", "cancel"]


def test_a_flat_that_runs_takes_it_back_by_itself() -> None:
    stage = entered(5, 1)
    stage.command(Flat(CleanText("key")))
    assert withdraw(stage, tag(stage)) == ["joins the running flat (key), which takes all entries back"]


def waiting(run: EngineRun) -> EngineRun:
    """A run whose entry works, for nobody offers anything."""
    for each in wandering(200):
        run.pass_time(each.exch_ms)
        run.exchange.set_book(run.now_ms, run.parts.instruments[0].symbol, [], [], each.price)
        run.tick(each)
        if run.trader.orders.desk.blotter.open:
            run.pass_time(run.now_ms + 500)
            return run
    raise AssertionError("nothing was bought")


def test_it_is_an_input_that_is_recorded_and_gives_the_same_again() -> None:
    run = waiting(run_at_exchange(stream := wandering(200)))
    order = next(iter(run.trader.orders.desk.blotter.open.values()))
    command = WithdrawEntry(CleanText(order.tag), CleanText("ann"))
    run.command(command)
    assert [mark.command for mark in run.recorder.marks if isinstance(mark, InputMark) and mark.command] == [command]
    assert run.parts.action_receipt.view == ActionView(1, "withdraw", 0, "SENT", by="ann", quantity=order.quantity, price=run.trader.state.instrument_states[0].last_price)  # fmt: skip
    run.settle(5_000)
    assert run.parts.action_receipt.view.word == "CANCELLED"
    assert run.parts.action_receipt.take_lines() == [
        f"receipt of withdraw {run.parts.instruments[0].symbol} by ann: CANCELLED, 0 filled"
    ]
    given = given_again(run, run.recorder.marks, stream[: run.parts.cursor.position])
    assert given.state.dump() == run.trader.state.dump()


def test_a_withdrawal_survives_a_crash() -> None:
    stage = entered(5, 0)
    withdraw(stage, tag(stage))
    stage.crash(2_000)
    stage.go(20_000)
    assert set(stage.states()) == {"CANCELLED"}
    assert stage.held == (0, 0)


def test_bars_and_locks_stay_as_they_are() -> None:
    stage = entered(5, 0)
    stage.command(BarEntries(CleanText(NIFTY), CleanText("ann")))
    assert withdraw(stage, tag(stage)) == [f"order {tag(stage)} is being withdrawn already"]
    stage.command(Unlock())
    assert stage.trader.state.gate.barred == [0]
