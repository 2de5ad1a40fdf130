"""From a run at a simulated exchange to what the screen lists of it: every order as the exchange has it, at each moment."""

from collections.abc import Iterator

from msgspec.structs import replace

from engine.model.commands import Flat, WithdrawEntry
from engine.presentation import live
from engine.text.sanitize import CleanText
from tests.simulation.engine_run import EngineRun
from tests.simulation.recorded import FAULTS
from tests.simulation.trading_days import play, run_at_exchange, wandering
from tests.simulator.exchange.settings import Delays
from tests.support.screens.live_snapshots import live as live_snapshot
from tests.support.screens.snapshots import view
from tui.frame import flatplan
from tui.panes import orders
from tui.text.rows import plain, width_of
from tui.view.model import Ui


def seen(run: EngineRun):
    """The snapshot with the run's orders in it."""
    rows, standing = run.trader.orders.view(run.now_ms)
    return live_snapshot(
        orders=rows, live=standing, instruments=run.parts.instruments, at_ms=run.now_ms,
        session=replace(live_snapshot().session, zone="Asia/Kolkata"),
    )  # fmt: skip


def listed(run: EngineRun) -> list[str]:
    lines = orders.rows(view(seen(run), ui=Ui(dialog="orders")), 130, 60)
    assert all(width_of(line) <= 130 for line in lines)
    return plain(lines).split("\n")


def moments(run: EngineRun, count: int) -> Iterator[EngineRun]:
    for each in wandering(count, step_ms=500):
        yield play(run, [each])


def test_every_order_is_listed_as_the_exchange_has_it() -> None:
    run = run_at_exchange(stream := wandering(200))
    play(run, stream)
    run.settle(10_000)
    at_exchange = {order.tag: order for order in run.exchange.orders}
    rows = seen(run).orders
    assert len(rows) > 10
    assert {row.tag for row in rows} == set(at_exchange)
    for row in rows:
        there = at_exchange[row.tag]
        assert (row.side, row.quantity, row.filled) == (there.side, there.quantity, there.filled)
        assert not live.is_open(row)
    lines = listed(run)
    assert all(any(row.tag in line for line in lines) for row in rows[:40])


def test_whatever_the_broker_does_each_moment_is_drawn_and_what_is_unknown_comes_first() -> None:
    run, states = run_at_exchange(wandering(1), script=FAULTS, delays=Delays()), set()
    for _ in moments(run, 300):
        rows = seen(run).orders
        states |= {row.state for row in rows}
        ranks = [(row.state != "UNKNOWN", not live.is_open(row)) for row in rows]
        assert ranks == sorted(ranks)
        assert listed(run)
    assert {"UNKNOWN", "FILLED", "CANCELLED", "REFUSED", "NOT_PLACED"} <= states


def test_an_entry_is_withdrawn_by_the_tag_that_is_listed() -> None:
    run = run_at_exchange(wandering(1))
    symbol = run.parts.instruments[0].symbol
    for each in wandering(200):
        run.pass_time(each.exch_ms)
        run.exchange.set_book(run.now_ms, symbol, [], [], each.price)
        run.tick(each)
        run.pass_time(run.now_ms + 300)
        if found := [row for row in seen(run).orders if row.withdrawable]:
            break
    (row,) = found
    run.command(WithdrawEntry(CleanText(row.tag), CleanText("ann")))
    assert "being withdrawn" in listed(run)[1]
    run.settle(5_000)
    (after,) = seen(run).orders
    assert (after.tag, after.state, after.withdrawable) == (row.tag, "CANCELLED", False)


def test_each_leg_of_a_flat_says_what_becomes_of_it_until_it_is_proven() -> None:
    stream = wandering(200)
    run = run_at_exchange(stream, script="at place 3: place reject price\nat place 4: place partial 40")
    for each in stream:
        play(run, [each])
        if len(run.trader.orders.desk.blotter.orders) == 2 and run.trader.state.portfolio.net(0):
            break
    run.exchange.set_book(run.now_ms, run.parts.instruments[0].symbol, [], [], stream[0].price)
    run.command(Flat(CleanText("key")))
    words, left = set(), set()
    for _ in range(300):
        run.pass_time(run.now_ms + 100)
        flat = run.parts.receipt.view(run.now_ms)
        looked = replace(seen(run), flat=flat)
        shown = plain(flatplan.rows(view(looked, ui=Ui(dialog="flat")), 76, 20))
        if flat.legs and flat.state not in {"FLAT", "NORMAL"}:
            assert flat.legs[0].word in shown
            words.add(flat.legs[0].word.split(" ")[0])
            left |= set(looked.live.unresolved)
        if run.now_ms % 5_000 < 100:
            run.exchange.set_book(
                run.now_ms, run.parts.instruments[0].symbol, [(stream[0].price, 10**6)], [], stream[0].price
            )
        if flat.state == "FLAT":
            break
    assert flat.state == "FLAT"
    assert {"ACK", "SENT"} & words, words
    assert any(run.parts.instruments[0].symbol in each for each in left), left
    assert flat.receipt[-1] == "  unresolved: nothing"
    assert any("DONE" in line for line in flat.receipt)
    assert seen(run).live.unresolved == ()
