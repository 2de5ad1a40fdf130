"""A journal is a chain of files, one a month: begun at a start or while it runs, whatever moment a kill comes at."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal, months, read_events, verify
from engine.journal import ledger as ledger_module
from engine.journal.fold import fold
from engine.journal.months import closed_files
from engine.model.clock import VirtualClock
from engine.model.errors import DiskError
from engine.model.state import Plain
from tests.support.builders import EAGER
from tests.support.journal_harness import JournalHarness, chain_problems
from tests.support.waiting import PATIENCE_S, until

DAY_NS = 86_400 * 10**9
OCTOBER_NS = 1_759_290_649 * 10**9


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(OCTOBER_NS)


def run(folder: Path, clock: VirtualClock, *, trades: bool = True, outcome: str = "well") -> JournalHarness:
    """One run that keeps its account, and trades where asked; it goes on with what was left, and ends."""
    journal = SqliteJournal.open(folder, "paper", clock)
    harness = JournalHarness(journal, *EAGER, kept=journal.opened.kept)
    if trades:
        harness.prices(100, 101, 60)
    journal.turn_over()
    assert journal.wait_durable(journal.write(harness.trader.state.keep(harness.now_ms)), PATIENCE_S)
    if outcome:
        journal.close(outcome)
    return harness


def names(folder: Path) -> list[str]:
    return [path.name for path in closed_files(folder)]


def cash(folder: Path) -> Plain:
    account = fold(folder / JOURNAL_FILE)
    assert account is not None
    return account.state().fields["book.cash"]


def test_a_start_in_another_month_begins_another_file_that_goes_on_where_the_last_ended(tmp_path, clock):
    run(tmp_path, clock)
    before = cash(tmp_path)
    last = list(read_events(tmp_path / JOURNAL_FILE))[-1]
    clock.advance(31 * DAY_NS)
    run(tmp_path, clock, trades=False)
    assert names(tmp_path) == ["journal-2025-10.db"]
    first, started, *_ = read_events(tmp_path / JOURNAL_FILE)
    assert (first.number, first.previous, first.kind) == (last.number + 1, last.hash, "Continued")
    assert (started.kind, started.run) == ("RunStarted", 2)
    assert cash(tmp_path) == before
    assert verify(tmp_path / JOURNAL_FILE) is None
    assert verify(tmp_path / names(tmp_path)[0]) is None
    assert chain_problems(tmp_path) == []


def test_a_start_in_the_same_month_goes_on_in_the_file(tmp_path, clock):
    for _ in range(3):
        run(tmp_path, clock)
        clock.advance(DAY_NS)
    assert names(tmp_path) == []
    assert verify(tmp_path / JOURNAL_FILE) is None


def test_an_engine_that_stays_up_turns_over_by_itself(tmp_path, clock):
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    harness = JournalHarness(journal, *EAGER)
    assert not journal.turn_over()
    for _ in range(4):
        harness.prices(100, 101, 60)
        clock.advance(31 * DAY_NS)
        assert journal.turn_over()
        assert not journal.turn_over()
        number = journal.write(harness.trader.state.keep(harness.now_ms))
        assert journal.wait_durable(number, PATIENCE_S)
        assert journal.look() == ""  # the file in its place is its own
    journal.close("well")
    assert not journal.problem
    assert names(tmp_path) == [f"journal-2025-{month}.db" for month in (10, 11, 12)] + ["journal-2026-01.db"]
    assert chain_problems(tmp_path) == []
    assert cash(tmp_path) == str(harness.trader.state.portfolio.cash)
    numbers = [
        event.number for path in (*closed_files(tmp_path), tmp_path / JOURNAL_FILE) for event in read_events(path)
    ]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_turn_over_that_could_not_be_is_tried_again_in_an_hour(tmp_path, clock):
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    harness = JournalHarness(journal, *EAGER)
    clock.advance(31 * DAY_NS)
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        assert journal.turn_over()
        assert journal.wait_durable(journal.write(harness.trader.state.keep(0)), PATIENCE_S)
    assert (names(tmp_path), journal.look()) == ([], "")
    assert not journal.turn_over()
    clock.advance(DAY_NS // 24)
    assert journal.turn_over()
    assert journal.wait_durable(journal.write(harness.trader.state.keep(0)), PATIENCE_S)
    assert names(tmp_path) == ["journal-2025-10.db"]
    assert not journal.turn_over()
    journal.close("well")
    assert chain_problems(tmp_path) == []


def test_a_next_file_that_cannot_be_opened_is_a_loss_like_any_other(tmp_path, clock, monkeypatch):
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    harness = JournalHarness(journal, *EAGER)
    clock.advance(31 * DAY_NS)
    with monkeypatch.context() as refused:
        refused.setattr(ledger_module, "open_writer", lambda *_: (_ for _ in ()).throw(OSError(24, "too many files")))
        assert journal.turn_over()
        until(journal.look)
        assert "the next file cannot be opened" in journal.look()
    kept = harness.trader.state.keep(harness.now_ms)
    journal.renew(kept)
    until(lambda: not journal.problem, lambda: journal.problem)
    journal.close("well")
    assert (verify(tmp_path / JOURNAL_FILE), names(tmp_path)) == (None, ["journal-2025-10.db"])
    assert cash(tmp_path) == kept.fields["book.cash"]


def test_a_start_that_could_not_turn_over_leaves_it_to_the_run(tmp_path, clock):
    run(tmp_path, clock)
    clock.advance(31 * DAY_NS)
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert names(tmp_path) == []
    assert journal.turn_over()
    harness = JournalHarness(journal, *EAGER, kept=journal.opened.kept)
    assert journal.wait_durable(journal.write(harness.trader.state.keep(0)), PATIENCE_S)
    assert names(tmp_path) == ["journal-2025-10.db"]
    journal.close("well")
    assert chain_problems(tmp_path) == []


def test_the_trader_asks_for_it_only_while_nothing_is_open(tmp_path, clock):
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    harness = JournalHarness(journal, *EAGER)
    harness.prices(100, 101)
    clock.advance(31 * DAY_NS)
    harness.persistence.beat(10**12, harness.now_ms)
    assert harness.held
    harness.prices(60)
    harness.persistence.beat(2 * 10**12, harness.now_ms)
    journal.close("well")
    assert names(tmp_path) == ["journal-2025-10.db"]
    kinds = [event.kind for event in read_events(tmp_path / JOURNAL_FILE)]
    assert kinds[:2] == ["Continued", "StateKept"]


def test_a_run_with_something_open_goes_on_in_its_own_file(tmp_path, clock):
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    JournalHarness(journal, *EAGER).prices(100, 101)
    journal.close("well")
    clock.advance(31 * DAY_NS)
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert journal.opened.open_positions
    journal.close("well")
    assert names(tmp_path) == []


def test_a_kill_before_the_account_is_kept_in_the_new_file_loses_nothing(tmp_path, clock):
    run(tmp_path, clock)
    before = cash(tmp_path)
    clock.advance(31 * DAY_NS)
    SqliteJournal.open(tmp_path, "paper", clock).close("killed")
    assert names(tmp_path)
    assert cash(tmp_path) == before
    clock.advance(31 * DAY_NS)
    SqliteJournal.open(tmp_path, "paper", clock).close("killed again")
    assert cash(tmp_path) == before
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert journal.opened.kept.fields["book.cash"] == before
    journal.close("well")


@pytest.mark.parametrize("step", ["create_continued", "link", "rename", "sync_directory"])
def test_a_kill_at_any_step_leaves_a_journal_that_goes_on(tmp_path, clock, monkeypatch, step):
    run(tmp_path, clock)
    before, rows = cash(tmp_path), len(list(read_events(tmp_path / JOURNAL_FILE)))
    clock.advance(31 * DAY_NS)

    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    where = {"create_continued": ledger_module, "sync_directory": months}.get(step, os)
    monkeypatch.setattr(where, step, kill)
    with pytest.raises((Killed, DiskError)):
        SqliteJournal.open(tmp_path, "paper", clock)
    monkeypatch.undo()
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert not journal.opened.damage
    assert journal.opened.kept.fields["book.cash"] == before
    journal.close("well")
    assert names(tmp_path) == ["journal-2025-10.db"]
    assert len(list(read_events(tmp_path / "journal-2025-10.db"))) == rows
    assert chain_problems(tmp_path) == []
    assert not months.unfinished(tmp_path / JOURNAL_FILE).exists()


def test_somebody_who_reads_puts_it_off_and_loses_nothing(tmp_path, clock):
    run(tmp_path, clock)
    clock.advance(31 * DAY_NS)
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        run(tmp_path, clock)
    assert names(tmp_path) == []
    assert verify(tmp_path / JOURNAL_FILE) is None
    run(tmp_path, clock)
    assert names(tmp_path) == ["journal-2025-10.db"]


def test_an_older_copy_in_the_place_of_the_open_file_is_found_out(tmp_path, clock):
    run(tmp_path, clock)
    shutil.copy(tmp_path / JOURNAL_FILE, tmp_path / "copy")
    clock.advance(31 * DAY_NS)
    run(tmp_path, clock)
    os.replace(tmp_path / "copy", tmp_path / JOURNAL_FILE)
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert "older than journal-2025-10.db" in journal.opened.damage
    assert journal.opened.still_locked
    journal.close("well")
    clock.advance(DAY_NS)
    journal = SqliteJournal.open(tmp_path, "paper", clock)  # one that was begun anew is not older
    assert not journal.opened.damage
    journal.close("well")


@pytest.mark.parametrize("more", [False, True])
def test_a_copy_of_the_open_file_beside_it_is_no_file_that_was_closed_before_it(tmp_path, clock, more):
    """As a backup is, which somebody has given the name of one that was closed."""
    run(tmp_path, clock)
    with (
        closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as source,
        closing(sqlite3.connect(tmp_path / "journal-2025-10.db")) as copy,
    ):
        source.backup(copy)
    if more:
        with_log_gone = closing(sqlite3.connect(tmp_path / "journal-2025-10.db"))
        with with_log_gone as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
        run(tmp_path, clock)
    before = cash(tmp_path)
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert not journal.opened.damage
    assert journal.opened.kept.fields["book.cash"] == before
    journal.close("well")
    clock.advance(31 * DAY_NS)
    run(tmp_path, clock)
    assert names(tmp_path) == ["journal-2025-10.db", "journal-2025-10-2.db"]


def test_a_journal_that_was_begun_while_the_clock_was_lost_is_not_older_than_what_was_closed(tmp_path, clock):
    run(tmp_path, clock)
    clock.advance(31 * DAY_NS)
    run(tmp_path, clock)
    (tmp_path / JOURNAL_FILE).write_bytes(b"power cut")
    lost = VirtualClock(946_700_000 * 10**9)
    run(tmp_path, lost)
    before = cash(tmp_path)
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert (journal.opened.damage, journal.opened.kept.fields["book.cash"]) == ("", before)
    journal.close("well")


def test_a_copy_of_any_file_that_was_closed_is_found_out(tmp_path, clock):
    """Also of the first one, which begins with row 1, and of which another was closed since."""
    for _ in range(3):
        run(tmp_path, clock)
        clock.advance(31 * DAY_NS)
    for closed in closed_files(tmp_path):
        shutil.copy(closed, tmp_path / JOURNAL_FILE)
        journal = SqliteJournal.open(tmp_path, "paper", clock)
        assert "older than" in journal.opened.damage, closed
        journal.close("well")


def test_an_archive_that_is_not_there_now_keeps_nobody_from_starting(tmp_path, clock):
    for _ in range(2):
        run(tmp_path, clock)
        clock.advance(31 * DAY_NS)
    before = cash(tmp_path)
    (closed,) = closed_files(tmp_path)
    closed.rename(tmp_path / "away")
    closed.symlink_to(tmp_path / "archives" / closed.name)
    assert fold(tmp_path / JOURNAL_FILE) is not None
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert (journal.opened.damage, journal.opened.kept.fields["book.cash"]) == ("", before)
    journal.close("well")
    assert [line for line in chain_problems(tmp_path) if closed.name in line]
    assert closed.is_symlink()


def test_a_closed_file_that_is_damaged_or_gone_is_told_and_stops_nothing(tmp_path, clock):
    for _ in range(3):
        run(tmp_path, clock)
        clock.advance(31 * DAY_NS)
    first, second = closed_files(tmp_path)
    changed = second.read_bytes().replace(b'"reason"', b'"raison"', 1)
    assert changed != second.read_bytes()
    second.write_bytes(changed)
    assert [line for line in chain_problems(tmp_path) if second.name in line]
    first.unlink()
    assert len(chain_problems(tmp_path)) == 2
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert not journal.opened.damage
    journal.close("well")


def test_opening_reads_no_closed_file_whole(tmp_path, clock, monkeypatch):
    """A year of months costs a start no more than one of them."""
    for _ in range(12):
        run(tmp_path, clock)
        clock.advance(31 * DAY_NS)
    opened: list[str] = []
    connect = sqlite3.connect

    def counted(name, *args, **more):
        opened.append(Path(name.split("?")[0]).name)
        return connect(name, *args, **more)

    monkeypatch.setattr(sqlite3, "connect", counted)
    run(tmp_path, clock, trades=False)
    assert len(set(opened) - {JOURNAL_FILE, f"{JOURNAL_FILE}.new"}) <= 1


def test_a_journal_of_before_is_written_on_and_closed_at_its_month(tmp_path, clock):
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    journal.close("well")
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("DROP TRIGGER events_follow")
        connection.execute(
            "CREATE TRIGGER events_follow BEFORE INSERT ON events"
            " WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM events)"
            " BEGIN SELECT raise(ABORT, 'events are numbered without holes'); END"
        )
    run(tmp_path, clock)
    clock.advance(31 * DAY_NS)
    run(tmp_path, clock)
    assert names(tmp_path) == ["journal-2025-10.db"]
    assert chain_problems(tmp_path) == []


def test_a_replay_s_journal_is_one_file(tmp_path, clock):
    SqliteJournal.open(tmp_path, "replay", clock).close("well")
    clock.advance(62 * DAY_NS)
    SqliteJournal.open(tmp_path, "replay", clock).close("well")
    assert names(tmp_path) == []
