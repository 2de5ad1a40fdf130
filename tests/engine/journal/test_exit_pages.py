"""Pages of exits out of a journal: equal to its rows, bounded, and whatever the disk does, nobody waits for it."""

import random
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal import JOURNAL_FILE, SqliteJournal, read_events
from engine.journal import exit_pages as pages_module
from engine.journal.chain_reader import ChainReader
from engine.journal.days import day_trades
from engine.journal.exit_pages import MOST_WAITING, PAGES_KEPT, PLACES_KEPT, ExitPages
from engine.journal.exit_rows import exit_rows
from engine.journal.history import History
from engine.journal.months import closed_files
from engine.model.clock import VirtualClock
from engine.model.events import EntriesChanged, TradeClosed
from engine.model.exit_page import EXITS_A_PAGE, ExitPage
from engine.model.types import Trade
from tests.support.day_journals import Run
from tests.support.day_journals import write as write_days
from tests.support.thorough import examples
from tests.support.waiting import PATIENCE_S, until

EXITS = 5_000
OCTOBER_NS = 1_759_290_649 * 10**9
MONTH_NS = 31 * 86_400 * 10**9
SECOND = 10**9


def made(number: int, mark: int = 0) -> Trade:
    """Exit `number`; `mark` tells two of the same number apart."""
    net = Decimal(number % 7 - 3)
    return Trade(number, 0, number, number + 1, 10_000, 10_000 + mark, 75, net, Decimal(0), net, "Take Profit 1")


def write(folder: Path, numbers: range, clock: VirtualClock) -> None:
    """A run that goes on with the account of the one before, and closes."""
    journal = SqliteJournal.open(folder, "paper", clock)
    for number in numbers:
        journal.write(EntriesChanged("PAUSED", "another row", number))
        journal.write(TradeClosed(made(number)))
    assert journal.wait_durable(journal.write(EntriesChanged("RESUMED", "", 0)), PATIENCE_S)
    journal.close("well")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exits over three months and two runs, in three files."""
    folder = tmp_path_factory.mktemp("journal")
    clock = VirtualClock(OCTOBER_NS)
    write(folder, range(1, 2_001), clock)
    clock.advance(MONTH_NS)
    journal = SqliteJournal.open(folder, "paper", clock)
    for number in range(2_001, EXITS + 1):
        if number == 3_450:
            clock.advance(MONTH_NS)
            assert journal.turn_over()
        journal.write(TradeClosed(made(number)))
    journal.close("well")
    assert len(closed_files(folder)) == 2
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy that a test may do things to."""
    for path in written.iterdir():
        shutil.copy(path, tmp_path / path.name)
    return tmp_path


def rows(folder: Path) -> dict[int, Trade]:
    """All exits as they stand in the files."""
    files = (*closed_files(folder), folder / JOURNAL_FILE)
    entries = (event.entry() for path in files for event in read_events(path) if event.kind == "TradeClosed")
    return {entry.trade.number: entry.trade for entry in entries if isinstance(entry, TradeClosed)}


def opened(folder: Path, clock: VirtualClock | None = None, newest: int = EXITS) -> ExitPages:
    return ExitPages(folder, lambda: (0, newest), (clock or VirtualClock(OCTOBER_NS)).monotonic_ns)


def fetched(pages: ExitPages, first: int, last: int, rewinds: int = 0) -> ExitPage:
    """The page when it has been read, or could not be."""
    found: list[ExitPage] = []

    def came() -> bool:
        found[:] = [pages.page(first, last, rewinds)]
        return found[0].state != "LATER"

    until(came)
    return found[0]


def test_pages_in_any_order_are_the_rows_of_all_files(written: Path) -> None:
    expected = rows(written)
    assert len(expected) == EXITS
    pages = opened(written)
    starts = [*range(1, EXITS + 1, EXITS_A_PAGE)]
    random.Random(7).shuffle(starts)
    for first in (1, *starts, 1):  # the very first one at once, as after the key `home`
        page = fetched(pages, first, first + EXITS_A_PAGE - 1)
        assert page.state == "HERE", page.reason
        assert page.trades == tuple(expected[number] for number in range(first, first + EXITS_A_PAGE))
    assert [trade.number for trade in fetched(pages, 1_990, 2_010).trades] == [*range(1_990, 2_011)]


def test_what_is_kept_is_bounded(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "PLACES_KEPT", 10)
    pages = opened(written)
    for first in range(EXITS - 40, 0, -40):
        assert fetched(pages, first, first + 39).state == "HERE"
        assert len(pages._pages) <= PAGES_KEPT
        assert len(pages._places) <= 10 <= PLACES_KEPT
    assert not pages._failed_ns
    assert not pages._waiting


@pytest.mark.parametrize(
    ("first", "last"), [(0, 5), (5, 4), (1, EXITS_A_PAGE + 1), (EXITS, EXITS + 1), (2**62, 2**62), (-7, -3)]
)
def test_what_is_no_page_is_refused_without_a_read(written: Path, first: int, last: int) -> None:
    pages = opened(written)
    assert pages.page(first, last, 0).reason == "there are no such exits"
    assert pages._thread is None


def test_a_journal_that_is_gone_costs_its_pages_until_it_is_back(folder: Path) -> None:
    clock = VirtualClock(OCTOBER_NS)
    pages = opened(folder, clock)
    kept = fetched(pages, 4_901, 5_000)
    (folder / JOURNAL_FILE).rename(folder / "elsewhere")
    assert fetched(pages, 4_801, 4_900).state == "UNREADABLE"
    assert pages.page(4_901, 5_000, 0) == kept  # nothing of it changes any more
    (folder / "elsewhere").rename(folder / JOURNAL_FILE)
    clock.advance(2 * SECOND)
    until(lambda: pages.page(4_801, 4_900, 0).state == "HERE")


@pytest.mark.parametrize("what", ["closed file", "garbage", "older copy", "empty"])
def test_what_is_not_the_journal_is_said_and_never_shown(folder: Path, what: str) -> None:
    newest = folder / JOURNAL_FILE
    if what == "closed file":
        closed_files(folder)[-1].unlink()
    elif what == "older copy":
        shutil.copy(closed_files(folder)[0], newest)
    else:
        newest.write_bytes(b"no journal " * 900 if what == "garbage" else b"")
    page = fetched(opened(folder), 3_001, 3_100)
    assert (page.state, page.trades) == ("UNREADABLE", ())
    assert page.reason


def test_a_reader_leaves_the_log_of_an_emptied_journal_as_it_is(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", VirtualClock(OCTOBER_NS))
    assert journal.wait_durable(journal.write(TradeClosed(made(1))), PATIENCE_S)
    shutil.copytree(tmp_path, tmp_path / "killed")
    journal.close("well")
    log = tmp_path / "killed" / f"{JOURNAL_FILE}-wal"
    before = log.read_bytes()
    (tmp_path / "killed" / JOURNAL_FILE).write_bytes(b"")
    page = fetched(opened(tmp_path / "killed"), 1, 1)
    assert log.read_bytes() == before
    assert page.reason == "the file is empty"


def test_a_hole_is_no_page(folder: Path) -> None:
    """Rows that are not on the disk yet, or never will be."""
    page = fetched(opened(folder, newest=EXITS + 50), EXITS - 9, EXITS + 10)
    assert page.state == "UNREADABLE"
    assert "5,010" in page.reason


def test_a_disk_that_hangs_holds_nobody_and_is_said_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock(OCTOBER_NS)
    pages = opened(folder, clock)
    kept = fetched(pages, 4_901, 5_000)
    answers, read = Event(), pages_module.exit_rows

    def hangs(*args: Any) -> Any:
        answers.wait(PATIENCE_S)
        return read(*args)

    monkeypatch.setattr(pages_module, "exit_rows", hangs)
    assert pages.page(4_801, 4_900, 0).state == "LATER"
    until(lambda: pages._reading_since_ns is not None)
    clock.advance(3 * SECOND)
    for first in range(1, 4_800, 100):
        assert pages.page(first, first + 99, 0).reason == "the disk does not answer"
    assert pages.page(4_901, 5_000, 0) == kept
    assert len(pages._waiting) <= MOST_WAITING
    assert pages._thread is not None
    assert pages._thread.daemon
    answers.set()

    def back() -> bool:
        clock.advance(2 * SECOND)
        return pages.page(4_801, 4_900, 0).state == "HERE"

    until(back)


def test_a_writer_is_not_in_the_way_and_is_not_held_up(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", VirtualClock(OCTOBER_NS))
    count = [0]
    pages = ExitPages(tmp_path, lambda: (0, count[0]), VirtualClock(OCTOBER_NS).monotonic_ns)
    try:
        for until_number in range(200, 2_001, 200):
            for number in range(count[0] + 1, until_number + 1):
                row = journal.write(TradeClosed(made(number)))
            assert journal.wait_durable(row, PATIENCE_S)
            count[0] = until_number
            page = fetched(pages, until_number - 199, until_number - 100)
            assert page.trades == tuple(map(made, range(until_number - 199, until_number - 99)))
        assert not journal.problem
    finally:
        journal.close("well")


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["close", "back"]), st.integers(0, 40)), max_size=12), st.integers(1, 30))
def test_whatever_a_replay_went_back_over_is_never_shown(steps: list[tuple[str, int]], size: int) -> None:
    stands: list[Trade] = []
    rewinds = mark = 0
    with TemporaryDirectory() as folder:
        journal = SqliteJournal.open(Path(folder), "replay", VirtualClock(OCTOBER_NS))
        pages = ExitPages(Path(folder), lambda: (rewinds, len(stands)), VirtualClock(OCTOBER_NS).monotonic_ns)
        try:
            for what, amount in steps:
                if what == "back":
                    del stands[max(0, len(stands) - amount) :]
                    journal.rewind(len(stands))
                    rewinds += 1
                for _ in range(amount if what == "close" else 0):
                    mark += 1
                    stands.append(made(len(stands) + 1, mark))
                    journal.write(TradeClosed(stands[-1]))
                assert journal.wait_durable(journal.write(EntriesChanged("PAUSED", "", 0)), PATIENCE_S)
                for first in range(1, len(stands) + 1, size):
                    last = min(first + size - 1, len(stands))
                    assert fetched(pages, first, last, rewinds).trades == tuple(stands[first - 1 : last])
        finally:
            journal.close("well")


def test_what_was_counted_before_a_replay_went_back_is_not_answered(written: Path) -> None:
    at = [0]
    pages = ExitPages(written, lambda: (at[0], EXITS), VirtualClock(OCTOBER_NS).monotonic_ns)
    assert fetched(pages, 1, 100).state == "HERE"
    at[0] = 1
    assert pages.page(1, 100, 0) == ExitPage(1, 100, 0, "LATER")
    assert fetched(pages, 1, 100, 1).state == "HERE"
    assert {key[2] for key in pages._pages} == {1}


def test_an_exit_of_a_run_that_numbered_instruments_otherwise_is_of_its_own_instrument(tmp_path: Path) -> None:
    write_days(tmp_path, [Run(("2026-10-27",), ("A", "B", "C"), 40, 3), Run(("2026-10-28",), ("C", "A", "B"), 40, 5)])
    entries = [row.entry() for row in read_events(tmp_path / JOURNAL_FILE)]
    newest = max(entry.trade.number for entry in entries if isinstance(entry, TradeClosed))
    trades, _ = exit_rows(tmp_path, 1, newest, symbols=("B", "C"))
    history = History(ChainReader(tmp_path))
    marks = history.days(9)
    named = [each for mark in marks for each in day_trades(history, marks, mark.date) if each.exit_ms is not None]
    assert {each.instrument.symbol for each in named} == {"A", "B", "C"}
    assert [trade.instrument for trade in trades] == [
        ("B", "C").index(each.instrument.symbol) if each.instrument.symbol in "BC" else -1 for each in named
    ]
