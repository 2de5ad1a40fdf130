"""What a kill in the middle of something leaves: orders without an outcome, half a flat, rows that nobody can follow."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.journal import SqliteJournal, read_events
from engine.journal.fold import fold, folded
from engine.journal.takeover import NOT_PLACED
from engine.model.clock import VirtualClock
from engine.model.commands import Flat, Unlock
from engine.model.events import AnyEvent, FillBooked, StateKept, Submit
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import PartFilled
from engine.model.types import Fill, Order, TradeMode
from engine.trading.kept_orders import orders_in
from tests.support.brokers import LateBroker
from tests.support.builders import EAGER, ms
from tests.support.journal_faults import booked, submit
from tests.support.journal_harness import JournalHarness, MemoryJournal, exact_fields
from tests.support.processes.restart_harness import READY, RestartHarness


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(ms("09:30:00") * 1_000_000)


@pytest.fixture
def restarts(tmp_path: Path, clock: VirtualClock) -> RestartHarness:
    return RestartHarness(tmp_path / "state", clock)


ALL_THE_SAME = ", unless it went out without its rows: then its tag finds it"


# ── Orders without an outcome ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["paper", "mock"])
def test_in_a_simulation_an_order_without_an_outcome_was_not_placed(
    tmp_path: Path, clock: VirtualClock, mode: TradeMode
) -> None:
    restarts = RestartHarness(tmp_path / "state", clock, mode)
    harness, journal = restarts.start(broker=LateBroker(1))
    harness.prices(99, 100)
    restarts.kill(journal)
    opened = restarts.peek()
    assert opened.unresolved_orders == ("P1-1",)
    assert opened.report[1] == (
        "order P1-1 BUY 975 NIFTY (Entry): not placed: the engine ended before it was carried out; it is not repeated"
    )
    second, journal = restarts.start()
    second.prices(101, 102)
    assert second.orders == []
    assert second.trader.state.gate.day_entries == 0
    assert [order.number for order in second.command(Unlock()).prices(103).orders] == [2]
    journal.close("stopped")


def test_in_a_simulation_an_exit_without_an_outcome_is_judged_again(restarts: RestartHarness) -> None:
    broker = LateBroker(1)
    harness, journal = restarts.start(broker=broker)
    harness.prices(99, 100)
    harness.answer(*broker.answers())
    harness.prices(105)
    restarts.kill(journal)
    assert restarts.peek().report[2] == (
        "order P1-2 SELL 375 NIFTY (Take Profit 1): not placed: the engine ended before it was carried out;"
        " the exit is judged again"
    )
    second, journal = restarts.start()
    assert second.trader.state.portfolio.positions[0].taken == 0
    second.prices(105)
    journal.close("stopped")
    assert second.exits == [("Take Profit 1", 105.0, 375)]


def test_live_orders_without_an_outcome_stay_open_and_lock(tmp_path: Path, clock: VirtualClock) -> None:
    restarts = RestartHarness(tmp_path / "state", clock, "live")
    _, journal = restarts.start()
    for number, part in ((1, 75), (2, 0), (4, 150)):
        order = Order(number, f"LA{number}", 0, "BUY", 150, 10_000, "Entry", 1, 1)
        placed = PlaceOrder(number, order.tag, 0, "BUY", 150, 10_000, "ENTRY", 10_000, "Entry", wish=number)
        journal.write(Submit(order))
        journal.write(placed)
        if part:
            journal.write(PartFilled(Fill(number, 0, "BUY", part, 10_000, 1), None, "1", {}))
    journal.write(Submit(replace(order, number=3, tag="LA3", side="SELL", reason="Stop Loss")))
    journal.close("stopped")
    opened = restarts.peek()
    assert opened.still_locked == "the last run left something open"
    assert opened.unresolved_orders == ("LA3", "LA1", "LA2", "LA4")
    assert opened.report[:4] == (
        f"order LA3 SELL 150 NIFTY (Stop Loss): {NOT_PLACED}; the exit is judged again{ALL_THE_SAME}",
        "order LA1 BUY 75 of 150 NIFTY (Entry): without an outcome; it may stand at the broker, whose books tell",
        "order LA2 BUY 150 NIFTY (Entry): without an outcome; it may stand at the broker, whose books tell",
        "order LA4 BUY 150 NIFTY (Entry): filled and not settled; the broker's trades tell what it came to",
    )
    assert opened.report[-1] == "NOT READY: orders without an outcome; the broker's books are read first"
    assert opened.kept is not None
    assert set(orders_in(opened.kept.fields)) == {1, 2, 4}
    assert opened.kept.fields["gate.day_entries"] == 3


# ── A flat that was cut short ───────────────────────────────────────────────────────────────────────────────────────


def _cut(path: Path, number: int) -> None:
    """Leave of the journal what a kill after event `number` would have left."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER events_stay")
        for table, column in (("events", "number"), ("fills", "event"), ("orders", "event")):
            connection.execute(f"DELETE FROM {table} WHERE {column} > ?", (number,))
        connection.execute("UPDATE runs SET ended_ns = NULL")


@pytest.mark.parametrize("late", [False, True])
def test_a_flat_that_is_cut_after_any_row_comes_to_the_same_end(restarts: RestartHarness, late: bool) -> None:
    broker = LateBroker(1)
    first, journal = restarts.start(broker=broker if late else None)
    first.prices(99, 100)
    first.answer(*broker.answers()).prices(105)
    first.answer(*broker.answers()).beat()  # 105 is the last price, which nothing but an order's row tells
    before = journal.durable + journal.waiting
    first.command(Flat("me"))
    while first.trader.state.flat.state != "FLAT":
        first.answer(*broker.answers())
        first.beat()
    journal.close("stopped")
    events = list(read_events(restarts.path, after=before))
    kinds = [event.kind for event in events]
    assert {"EntriesChanged", "FlatChanged", "Submit", "FillBooked", "TradeClosed", "StateKept"} <= set(kinds)
    for event in events[:-1]:
        cut = RestartHarness(restarts.folder.with_name(f"cut{event.number}"), restarts.clock)
        shutil.copyfile(restarts.path, cut.path)
        _cut(cut.path, event.number)
        found = cut.peek()
        harness, journal = cut.start()
        beats = 0
        while harness.trader.state.flat.state != "FLAT":
            harness.beat()
            beats += 1
            assert beats < 5, event
        journal.close("stopped")
        assert (harness.held, harness.trader.state.gate.locked) == (0, "flat: me"), event
        assert harness.trader.state.portfolio.cash == first.trader.state.portfolio.cash, event
        assert harness.trader.state.portfolio.trades == first.trader.state.portfolio.trades, event
        assert found.report[-1].startswith("NOT READY: the flat is finished first") or not beats
        assert any(line.endswith(": RESUMED") for line in found.report) == bool(beats)


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_that_cannot_be_followed_puts_the_journal_aside(restarts: RestartHarness) -> None:
    harness, journal = restarts.start()
    harness.prices(99, 100)
    kept = harness.trader.state.keep(0)
    journal.write(StateKept({name: value for name, value in kept.fields.items() if name != "book.cash"}, ("X",), 0))
    journal.close("stopped")
    opened = restarts.peek()
    assert opened.kept is None
    assert opened.still_locked == "the journal was damaged"
    assert (
        "(StateKept) cannot be followed: the state that was kept cannot be read: KeyError 'book.cash'" in opened.damage
    )
    assert opened.kept_as


def test_a_run_that_traded_and_kept_nothing_is_told_by_its_tables(restarts: RestartHarness) -> None:
    harness, journal = restarts.start()
    harness.prices(99, 98)
    journal.close("stopped")
    without = SqliteJournal.open(restarts.folder, "paper", restarts.clock)
    for fact in (submit(1), booked(1)):
        without.write(fact)
    without.close("stopped")
    assert fold(restarts.path) is None
    opened = restarts.peek()
    assert opened.kept is None
    assert opened.still_locked == "the last run left something open"
    assert opened.report == (
        "journal: the run before left open: 75 of instrument 0",
        "the account of before is not known: this one begins with the configured capital",
        READY,
    )


def _steps(path: Path) -> int:
    """How many hundreds of its instructions SQLite needs to find and read what is folded."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(sqlite3.connect(path)) as connection:
        connection.set_progress_handler(count, 100)
        assert folded(connection, path) is not None
    return steps


def test_only_the_end_of_a_journal_is_read(restarts: RestartHarness, clock: VirtualClock) -> None:
    rows = MemoryJournal()
    harness = JournalHarness(rows, *EAGER).prices(99, 100, 105, 84)
    last: list[AnyEvent] = [harness.trader.state.keep(0), *(submit(100 + number) for number in range(5))]
    steps = []
    for length in (1, 200):
        journal = SqliteJournal.open(restarts.folder, "paper", clock)
        for _ in range(length):
            for row in rows:
                journal.write(row)
        for row in last:
            journal.write(row)
        journal.close("stopped")
        steps.append(_steps(restarts.path))
    assert sum(1 for _ in read_events(restarts.path)) > 2000
    assert steps[1] <= steps[0] + 1


def test_what_is_read_back_is_what_the_trader_had(restarts: RestartHarness) -> None:
    harness, journal = restarts.start()
    harness.prices(99, 100, 105, 107, 112).beat()
    restarts.kill(journal)
    account = fold(restarts.path)
    assert account is not None
    assert exact_fields(account.state()) == exact_fields(harness.trader.state.keep(0))
    fills = [event.entry() for event in read_events(restarts.path) if event.kind == "FillBooked"]
    assert account.net() == {0: sum(_signed(fill) for fill in fills)}  # type: ignore[arg-type]


def _signed(booked: FillBooked) -> int:
    return booked.fill.quantity if booked.fill.side == "BUY" else -booked.fill.quantity
