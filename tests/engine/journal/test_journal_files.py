"""What others make of the files of a journal while it is written: seen by who asks, told once for each time, and nothing else is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal, verify
from engine.journal.fold import fold
from engine.model.clock import VirtualClock
from tests.support.builders import EAGER
from tests.support.journal_faults import booked, submit
from tests.support.journal_harness import JournalHarness
from tests.support.waiting import PATIENCE_S, until


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    """One that has written a little."""
    opened = SqliteJournal.open(tmp_path, "paper", VirtualClock(1_759_290_649 * 10**9))
    written(opened, 1)
    assert opened.look() == ""
    return opened


def written(journal: SqliteJournal, order: int) -> None:
    journal.write(submit(order))
    assert journal.wait_durable(journal.write(booked(order)), PATIENCE_S)


def begun_anew(journal: SqliteJournal) -> None:
    journal.renew(None)
    until(lambda: not journal.problem and not journal.waiting, lambda: journal.problem)


def test_a_loss_is_said_until_another_file_is_begun_and_the_same_loss_anew_is_news(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    (tmp_path / JOURNAL_FILE).unlink()
    first = journal.look()
    assert "journal.db is gone" in first
    assert journal.look() == journal.look() == first
    begun_anew(journal)
    (tmp_path / JOURNAL_FILE).unlink()  # before anybody has seen that it was well
    second = journal.look()
    assert "journal.db is gone" in second
    assert second != first
    begun_anew(journal)
    assert journal.look() == ""
    journal.close("well")
    assert verify(tmp_path / JOURNAL_FILE) is None


@pytest.mark.parametrize("seen", [False, True])
def test_what_was_taken_away_just_before_the_end_is_begun_anew_with_the_account(tmp_path: Path, seen: bool) -> None:
    told: list[str] = []
    clock = VirtualClock(1_759_290_649 * 10**9)
    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=told.append)
    harness = JournalHarness(journal, *EAGER)
    harness.prices(100, 101)
    until(lambda: not journal.waiting)
    for path in tmp_path.glob(f"{JOURNAL_FILE}*"):
        path.unlink()
    if seen:
        assert journal.look()  # and nobody had the time to have it begun anew
    journal.close("stopped", account=harness.trader.state.keep(harness.now_ms))
    assert (journal.problem, journal.waiting, len(told)) == ("", 0, 1)
    assert verify(tmp_path / JOURNAL_FILE) is None
    account = fold(tmp_path / JOURNAL_FILE)
    assert account is not None
    assert account.net() == {0: harness.nets[0]} != {0: 0}
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert journal.opened.still_locked
    journal.close("well", account=harness.trader.state.keep(harness.now_ms))  # there is nothing to be begun anew
    assert not list(tmp_path.glob(f"{JOURNAL_FILE}.aside-*"))


# ── The write-ahead log ─────────────────────────────────────────────────────────────────────────────────────────────


def log_of(folder: Path) -> Path:
    return folder / f"{JOURNAL_FILE}-wal"


def operator(folder: Path, sql: str) -> None:
    """What somebody has SQLite do with the file from another process, as a program does that makes backups."""
    code = f"import sqlite3; print(sqlite3.connect({str(folder / JOURNAL_FILE)!r}).execute({sql!r}).fetchall())"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def older_log(folder: Path, journal: SqliteJournal) -> None:
    before = log_of(folder).read_bytes()
    written(journal, 100)
    with log_of(folder).open("r+b") as log:
        log.write(before)
        log.truncate()


CUT: dict[str, Callable[[Path, SqliteJournal], object]] = {
    "emptied": lambda folder, _: os.truncate(log_of(folder), 0),
    "cut in half": lambda folder, _: os.truncate(log_of(folder), log_of(folder).stat().st_size // 2),
    "an older one": older_log,
    "overwritten": lambda folder, _: log_of(folder).write_bytes(bytes(log_of(folder).stat().st_size)),
}


@pytest.mark.parametrize("rows_behind", [False, True])
@pytest.mark.parametrize("what", CUT)
def test_a_log_that_was_cut_is_found_out_also_where_new_rows_stand_behind_the_hole(
    journal: SqliteJournal, tmp_path: Path, what: str, rows_behind: bool
) -> None:
    written(journal, 2)  # since the last look
    CUT[what](tmp_path, journal)
    if rows_behind:
        for order in range(3, 6):
            written(journal, order)
    assert f"{JOURNAL_FILE}-wal" in journal.look()
    begun_anew(journal)
    assert journal.look() == ""
    journal.close("well")
    assert verify(tmp_path / JOURNAL_FILE) is None


@pytest.mark.parametrize("rows_behind", [False, True])
@pytest.mark.parametrize("how", ["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
def test_a_log_that_was_brought_home_by_somebody_else_is_none_that_was_cut(
    journal: SqliteJournal, tmp_path: Path, how: str, rows_behind: bool
) -> None:
    for order in range(2, 5):
        operator(tmp_path, f"PRAGMA wal_checkpoint({how})")
        if rows_behind:
            written(journal, order)
        assert journal.look() == ""
    for order in range(5, 8):
        written(journal, order)
        assert journal.look() == ""
    journal.close("well")
    assert (journal.problem, verify(tmp_path / JOURNAL_FILE)) == ("", None)


def test_a_log_that_was_brought_home_and_then_lost_rows_was_cut(journal: SqliteJournal, tmp_path: Path) -> None:
    operator(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert journal.look() == ""
    written(journal, 2)
    os.truncate(log_of(tmp_path), 0)
    assert "was cut off, 0 of " in journal.look()
    journal.close("well")


def test_what_the_writer_does_by_itself_is_nothing_of_others(journal: SqliteJournal) -> None:
    for order in range(2, 400):  # past several checkpoints
        written(journal, order)
        if order % 7 == 0:
            assert journal.look() == ""
    journal.close("well")
    assert journal.problem == ""


def test_a_look_drops_none_of_the_locks_that_keep_others_off(journal: SqliteJournal, tmp_path: Path) -> None:
    def locks() -> list[list[str]]:
        number = f":{(tmp_path / JOURNAL_FILE).stat().st_ino}"
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        return [line.split()[1:] for line in lines if line.split()[5].endswith(number)]

    operator(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
    before = locks()
    assert before
    assert journal.look() == ""
    assert locks() == before
    journal.close("well")
