"""The orders of a day out of the journal: each as the trader had it, over runs and files, and nothing of another day."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal
from engine.journal.day_orders import day_orders
from engine.model.clock import VirtualClock
from engine.model.errors import InputError
from engine.model.order_reports import Accepted, Refused, Unclear
from engine.model.order_requests import AmendOrder, PlaceOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended, External, SendBegun
from engine.model.types import TradeMode
from engine.text.sanitize import CleanText
from tests.simulation.play import MISCHIEF, START, Journalled, Play
from tests.support.journal_faults import submit

DAY_NS = 24 * 3_600 * 10**9
SINCE_NS = START * 1_000_000 - DAY_NS // 4


def run(folder: Path, mode: TradeMode, now_ns: int, *rows: object) -> None:
    """A run that writes these rows."""
    folder.mkdir(exist_ok=True)
    journal = SqliteJournal.open(folder, mode, VirtualClock(now_ns))
    for row in rows:
        journal.write(row)  # type: ignore[arg-type]
    journal.close("well")
    assert not journal.problem


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Journalled, Path]:
    """A session at a real broker with mischief of all kinds, and the folder with its journal."""
    session, folder = Play(5, MISCHIEF).go(60), tmp_path_factory.mktemp("played")
    run(folder, "live", START * 1_000_000, session.begun, *session.rows)
    return session, folder


def test_each_order_is_as_the_trader_had_it(played: tuple[Journalled, Path]) -> None:
    session, folder = played
    found = day_orders(folder, SINCE_NS, SINCE_NS + DAY_NS)
    orders = session.trader.orders.desk.blotter.orders
    ours = [each for each in found.courses if each.number]
    assert found.real
    assert len(ours) == len(orders) > 5
    for course, order in zip(ours, orders.values(), strict=True):
        assert (course.number, course.tag, course.filled) == (order.number, order.tag, order.filled)
        assert (course.instrument.symbol, course.decided, course.decided_ms) == (
            session.trader.state.instruments[order.instrument].symbol, order.decided, order.at_ms,
        )  # fmt: skip
        assert course.state == order.state or not order.is_over
        assert course.turnover == order.exact_turnover or not order.is_over
    spent = sum((sum(each.costs.values(), Decimal(0)) for each in found.courses), Decimal(0))
    assert spent == session.trader.state.portfolio.costs_paid


def test_of_another_day_there_is_nothing(played: tuple[Journalled, Path]) -> None:
    folder = played[1]
    assert day_orders(folder, SINCE_NS + DAY_NS, SINCE_NS + 2 * DAY_NS).courses == ()
    assert day_orders(folder, SINCE_NS - DAY_NS, SINCE_NS).courses == ()


def test_what_became_of_an_order_goes_on_over_runs(tmp_path: Path) -> None:
    placed = PlaceOrder(1, "R1", 0, "BUY", 75, 10_050, "ENTRY", 10_000, "Entry", wish=1)
    other = PlaceOrder(2, "R2", 0, "SELL", 75, 9_950, "EXIT", 10_000, "Stop Loss", wish=2)
    adopted = Adopted(3, "L13", 0, "SELL", 75, 9_900, "EXIT")
    outside = External("B9", "F9", -1, CleanText("GOLD"), "SELL", 10, 500, 0)
    first = (submit(1), placed, SendBegun(1), Accepted(1, "place", CleanText("B1"), CleanText("")), AmendOrder(1, "B1", 0, 75, 10_100, "ENTRY"))  # fmt: skip
    second = (Ended(1, "CANCELLED", 0, 0), submit(2), other, SendBegun(2), Unclear(2, "place", CleanText("cut")), adopted, adopted, ClosedOthers(3, 75, 9_890), outside)  # fmt: skip
    begun = Play(1, "").session.begun
    for at, rows in enumerate((first, second)):
        run(tmp_path / "state", "live", START * 1_000_000 + at * 60 * 10**9, begun, *rows)
    entry, exit_, found, theirs = day_orders(tmp_path / "state", SINCE_NS, SINCE_NS + DAY_NS).courses
    assert (entry.state, entry.first_limit, entry.limit, entry.filled) == ("CANCELLED", 10_050, 10_100, 0)
    assert exit_.state == "UNKNOWN"
    assert (found.state, found.filled, found.turnover, found.decided) == ("WORKING", 75, 75 * 9_890, 0)
    assert (theirs.purpose, theirs.instrument.symbol, theirs.tag, theirs.turnover) == ("EXTERNAL", "GOLD", "", 5_000)


def test_a_refusal_has_its_words(tmp_path: Path) -> None:
    placed = PlaceOrder(1, "R1", 0, "BUY", 75, 10_050, "ENTRY", 10_000, "Entry", wish=1)
    refused = Refused(1, "place", "funds", CleanText("Insufficient funds"))
    begun = Play(1, "").session.begun
    run(
        tmp_path / "state",
        "live",
        START * 1_000_000,
        begun,
        submit(1),
        placed,
        refused,
        Ended(1, "REFUSED", 0, 0),
    )
    (order,) = day_orders(tmp_path / "state", SINCE_NS, SINCE_NS + DAY_NS).courses
    assert (order.state, order.said) == ("REFUSED", "Insufficient funds")


def test_a_journal_of_paper_has_none_and_says_so(tmp_path: Path) -> None:
    run(tmp_path / "state", "paper", START * 1_000_000, submit(1))
    assert day_orders(tmp_path / "state", SINCE_NS, SINCE_NS + DAY_NS) == ((), False)


def test_a_file_that_cannot_be_read_is_no_day_without_orders(tmp_path: Path) -> None:
    run(tmp_path / "state", "live", START * 1_000_000, submit(1))
    (tmp_path / "state" / JOURNAL_FILE).write_bytes(b"SQLite format 3\0" + bytes(5_000))
    with pytest.raises(InputError):
        day_orders(tmp_path / "state", SINCE_NS, SINCE_NS + DAY_NS)
