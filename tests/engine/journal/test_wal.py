"""A write-ahead log that was cut off beside the journal of a program that is gone: told by whoever reads it, and never taken for all there was."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal, unknown_after
from engine.journal.fold import fold
from engine.journal.schema import create, open_left, open_writer
from engine.journal.wal import of_one_generation
from engine.model.clock import VirtualClock
from engine.outside.files import regular_size
from tests.support.builders import EAGER
from tests.support.journal_harness import JournalHarness
from tests.support.waiting import until

LOG = f"{JOURNAL_FILE}-wal"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_759_290_649 * 10**9)


@pytest.fixture
def left(tmp_path: Path, clock: VirtualClock) -> Path:
    """What a kill leaves of a run that holds something, behind one that ended well and held nothing."""
    folder = tmp_path / "runs"
    folder.mkdir()
    journal = SqliteJournal.open(folder, "paper", clock)
    journal.write(JournalHarness(journal, *EAGER).trader.state.keep(0))
    journal.close("well")
    journal = SqliteJournal.open(folder, "paper", clock)
    JournalHarness(journal, *EAGER, kept=journal.opened.kept).prices(100, 101)
    until(lambda: not journal.waiting)
    shutil.copytree(folder, tmp_path / "left")
    journal.close("well")
    return tmp_path / "left"


def test_whoever_leaves_the_index_as_it_is_does_not_make_it_so_for_the_writer_beside_it(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    create(path).close()
    with closing(open_writer(path, sqlite3.Connection)) as writer:
        path.with_name(f"{JOURNAL_FILE}-shm").touch()  # as a reader in another process makes it
        with closing(open_left(path)) as reader:
            assert reader.execute("SELECT count(*) FROM events").fetchone() == (0,)
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("COMMIT")


CUT: dict[str, Callable[[Path], object]] = {
    "one byte": lambda log: os.truncate(log, regular_size(log) - 1),
    "half": lambda log: os.truncate(log, regular_size(log) // 2),
    "emptied": lambda log: os.truncate(log, 0),
    "removed": Path.unlink,
    "overwritten": lambda log: log.write_bytes(bytes(regular_size(log))),
}


@pytest.mark.parametrize("what", CUT)
def test_a_log_that_was_cut_is_told_as_often_as_somebody_asks(left: Path, clock: VirtualClock, what: str) -> None:
    CUT[what](left / LOG)
    for _ in range(2):
        assert "journal.db-wal was cut off" in unknown_after(left / JOURNAL_FILE)
        assert "its last row is of 20251001T" in unknown_after(left / JOURNAL_FILE)
        assert fold(left / JOURNAL_FILE) is not None  # as far as it goes
    journal = SqliteJournal.open(left, "paper", clock)
    opened = journal.opened
    journal.close("well")
    assert (opened.damage, opened.still_locked) == ("", "the last run ended uncleanly")
    assert "journal.db-wal was cut off" in opened.unclean + opened.report[0]
    assert unknown_after(left / JOURNAL_FILE) == ""


def test_a_log_that_is_whole_leaves_nothing_unknown(left: Path) -> None:
    assert unknown_after(left / JOURNAL_FILE) == ""
    account = fold(left / JOURNAL_FILE)
    assert account is not None
    assert account.net()
    assert unknown_after(left / JOURNAL_FILE) == ""


def test_a_log_that_was_all_brought_home_is_missed_by_nobody(tmp_path: Path, clock: VirtualClock) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    JournalHarness(journal, *EAGER).prices(100, 101)
    journal.close("well")
    assert unknown_after(tmp_path / JOURNAL_FILE) == ""


def _begun_anew(log: Path) -> None:
    """A log of another generation, of which its header is all that came to the disk."""
    header = bytearray(log.read_bytes()[:32])
    header[16:24] = b"\x01" * 8
    log.write_bytes(header)


@pytest.mark.parametrize(
    ("done", "one"),
    [
        (lambda log: None, True),
        (lambda log: os.truncate(log, 0), True),
        (lambda log: os.truncate(log, 2_000), True),
        (Path.unlink, True),
        (_begun_anew, False),
    ],
    ids=["whole", "empty", "cut off", "gone", "of another generation"],
)
def test_an_index_is_followed_only_through_its_own_log(left: Path, done: Callable[[Path], object], one: bool) -> None:
    journal = left / JOURNAL_FILE
    done(left / f"{JOURNAL_FILE}-wal")
    assert of_one_generation(journal) is one
    assert fold(journal) is not None
