"""The engine carries a run at a real broker: what is asked goes out behind its row, what the broker says is an input."""

import pytest

from engine.model.commands import Flat
from engine.model.events import FillBooked, FlatChanged, Submit, TradeClosed
from engine.model.marks import InputMark
from engine.model.order_reports import RoundAgain, RoundRead
from engine.model.order_requests import PlaceOrder, WriteRequest
from engine.trading.orders.desk import OrderDesk
from tests.simulation.given_again import given_again
from tests.simulation.recorded import FAULTS
from tests.simulation.trading_days import play, run_at_exchange, wandering
from tests.simulator.exchange.settings import Delays


def test_what_is_asked_of_the_broker_is_a_row_before() -> None:
    run = play(run_at_exchange(stream := wandering(200)), stream)
    writes = [(request, row) for request, row in run.lanes.asked if isinstance(request, WriteRequest)]
    assert len(writes) > 10
    assert all(run.journal.numbered[row] is request for request, row in writes)
    asked = [request.order for request, _ in writes if isinstance(request, PlaceOrder)]
    assert [event.order.number for event in run.events_of(Submit)] == asked
    assert len(run.events_of(TradeClosed)) > 3


def test_what_the_broker_says_is_recorded_and_gives_the_same_again() -> None:
    run = play(run_at_exchange(stream := wandering(300)), stream)
    marks = run.recorder.marks
    answers = [mark.answer for mark in marks if isinstance(mark, InputMark) and mark.answer is not None]
    assert {RoundRead, RoundAgain} <= {type(answer) for answer in answers}
    assert given_again(run, marks, stream).state.dump() == run.trader.state.dump()


@pytest.mark.parametrize("every", [1, 7])
def test_a_state_that_is_put_aside_leads_on_to_the_same(every: int) -> None:
    run = play(run_at_exchange(stream := wandering(120, step_ms=500), delays=Delays()), stream)
    assert len(run.events_of(TradeClosed)) > 1
    assert given_again(run, run.recorder.marks, stream, every).state.dump() == run.trader.state.dump()


def test_what_is_kept_of_orders_to_be_compared_stays_short_and_names_what_differs() -> None:
    run = run_at_exchange(stream := wandering(400), script="at place 20: place slow 3000")
    for each in stream:
        play(run, [each])
        if (fields := run.trader.state.dump())["orders.working"] and len(run.trader.orders.desk.blotter.orders) == 20:
            break
    orders = {name: value for name, value in fields.items() if name.startswith("orders.")}
    assert len(repr(orders)) < 1_000 < 15_000 < len(run.trader.orders.desk.dump())
    order = run.trader.orders.order(20)
    assert orders["orders.working"] == f"{order.tag} INTENT 0/{order.quantity} @ {order.limit}"
    before = dict(orders)
    order.rung += 1
    changed = run.trader.state.dump()
    assert [name for name, value in before.items() if changed[name] != value] == ["orders.blotter"]


def test_a_beat_that_moves_nothing_leaves_no_mark() -> None:
    run = run_at_exchange(stream := wandering(3))
    play(run, stream)
    run.turn.beat()
    before = len(run.recorder.marks)
    for _ in range(30):
        run.turn.beat()
    assert len(run.recorder.marks) == before


def test_a_beat_that_says_so_has_moved_nothing_that_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, quiet = OrderDesk.beat, 0

    def beat(desk: OrderDesk, now_ms: int) -> bool:
        nonlocal quiet
        before = desk.dump()
        moved = whole(desk, now_ms)
        assert moved or desk.dump() == before
        quiet += desk.busy and not moved
        return moved

    monkeypatch.setattr(OrderDesk, "beat", beat)
    play(run_at_exchange(stream := wandering(200, step_ms=500), script=FAULTS, delays=Delays()), stream)
    assert quiet > 20


def test_an_order_waits_for_an_answer_until_the_broker_has_said_anything_of_it() -> None:
    run = run_at_exchange(stream := wandering(200), script="at place 1: place slow 2000")
    told = []
    for each in stream:
        play(run, [each])
        told.append((run.parts.effects.oldest_order_ns > 0, bool(run.events_of(FillBooked))))
        if told[-1][1]:
            break
    assert (True, False) in told
    assert told[-1] == (False, True)


def test_a_flat_is_proven_by_the_brokers_books() -> None:
    run = run_at_exchange(stream := wandering(200))
    for each in stream:
        play(run, [each])
        if run.trader.state.portfolio.net(0):
            break
    run.command(Flat("enough"))
    run.settle(20_000)
    assert [event.state for event in run.events_of(FlatChanged)][-1] == "FLAT"
    assert not any(run.exchange.net.values())
    assert (
        given_again(run, run.recorder.marks, stream[: run.parts.cursor.position]).state.dump()
        == run.trader.state.dump()
    )
