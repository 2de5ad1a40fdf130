"""The journal on a disk that refuses, lies or is full, and under kill -9: nothing acknowledged is lost, nothing stands twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal, StateDir, read_events, verify
from engine.journal.rows import RunEnded
from engine.model.clock import VirtualClock
from engine.model.errors import DiskError
from tests.support.journal_faults import booked, full_while, refusing, rows, submit
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S, until


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_759_290_649 * 10**9)


def numbers(directory: Path) -> list[int]:
    return [event.number for event in read_events(directory / JOURNAL_FILE)]


def begun(directory: Path, clock: VirtualClock) -> None:
    """A journal that exists, so that the next opening writes through the connection that it is given."""
    SqliteJournal.open(directory, "paper", clock).close("well")


def test_every_commit_waits_for_the_disk(tmp_path: Path, clock: VirtualClock) -> None:
    opened: list[sqlite3.Connection] = []

    class Seen(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            opened.append(self)

    journal = SqliteJournal.open(tmp_path, "paper", clock, factory=Seen)
    (writer,) = opened  # one connection for all writes and checkpoints
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    journal.close("well")


@pytest.mark.parametrize(
    "commits",
    [
        ["there"],
        ["lost"],
        ["well", "there"],
        ["well", "lost"],
        ["well", "lost", "lost"],
        ["well", "lost", "there"],
        ["lost", "there", "lost", "lost", "well", "there"],
    ],
)
def test_a_commit_that_raises_is_looked_into(tmp_path: Path, clock: VirtualClock, commits: list[str]) -> None:
    begun(tmp_path, clock)
    told: list[str] = []
    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=told.append, factory=refusing(commits))
    for order in range(1, 8):
        journal.write(submit(order))
        assert journal.wait_durable(journal.write(booked(order)), PATIENCE_S)
    journal.close("well")
    assert (journal.problem, told) == ("", [])
    assert numbers(tmp_path) == list(range(1, 19))
    assert verify(tmp_path / JOURNAL_FILE) is None
    assert rows(tmp_path / JOURNAL_FILE, "SELECT count(*), sum(filled) FROM orders") == [(7, 7 * 75)]


def test_a_disk_that_goes_on_refusing_is_told_once_and_keeps_the_rows_for_later(
    tmp_path: Path, clock: VirtualClock
) -> None:
    begun(tmp_path, clock)
    told: list[str] = []
    refusals = ["well", *["lost"] * 3]  # the run's row, then the three attempts of one batch
    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=told.append, factory=refusing(refusals))
    before = journal.durable
    assert not journal.wait_durable(journal.write(submit(1)), PATIENCE_S)
    while_refusing = journal.problem
    journal.write(submit(2))
    journal.close("the disk came back")  # the next try takes everything that waited

    assert while_refusing == "journal: disk I/O error"
    assert told == ["journal: disk I/O error"]
    assert journal.durable == before + 3
    assert numbers(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert verify(tmp_path / JOURNAL_FILE) is None


def test_a_disk_that_fails_again_after_it_went_well_is_told_again(tmp_path: Path, clock: VirtualClock) -> None:
    begun(tmp_path, clock)
    told: list[str] = []
    refusals = ["well", *["lost"] * 3, "well", *["lost"] * 3]  # a batch is tried three times
    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=told.append, factory=refusing(refusals))
    assert not journal.wait_durable(journal.write(submit(1)), PATIENCE_S)
    row = journal.write(submit(2))
    until(lambda: journal.durable == row)
    assert not journal.wait_durable(journal.write(submit(3)), PATIENCE_S)
    journal.close("the disk came back")
    assert told == ["journal: disk I/O error"] * 2
    assert verify(tmp_path / JOURNAL_FILE) is None


def test_after_a_failed_fsync_nothing_more_is_written_or_believed(tmp_path: Path, clock: VirtualClock) -> None:
    begun(tmp_path, clock)
    told: list[str] = []
    journal = SqliteJournal.open(
        tmp_path, "paper", clock, on_failure=told.append, factory=refusing(["well", "well", "fsync"])
    )
    good = journal.write(submit(1))
    assert journal.wait_durable(good, PATIENCE_S)
    doubtful = journal.write(booked(1))
    assert not journal.wait_durable(doubtful, PATIENCE_S)  # it can be read, and is not believed
    later = journal.write(submit(2))
    log = (tmp_path / "journal.db-wal").read_bytes()
    journal.close("the disk failed")

    assert journal.durable == good
    assert told == ["journal: the disk did not confirm a write (fsync failed)"]
    assert later not in numbers(tmp_path)
    assert (tmp_path / "journal.db-wal").read_bytes() == log  # not carried over into the file either
    again = SqliteJournal.open(tmp_path, "paper", clock)
    again.close("well")
    assert "did not end in good order" in again.opened.unclean


def test_a_full_disk_gets_the_reserve_and_exits_are_still_written(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.reserve.LOOK_S", 3_600)  # the reserve is not taken again meanwhile
    begun(tmp_path, clock)
    reserve = tmp_path / "journal.reserve"
    full = threading.Event()
    disk = full_while(lambda: full.is_set() and reserve.exists())
    told: list[str] = []
    journal = SqliteJournal.open(tmp_path, "paper", clock, reserve_kb=64, on_failure=told.append, factory=disk)
    assert reserve.stat().st_blocks * 512 >= 64 * 1024  # really allocated, not a hole
    full.set()
    last = 0
    for order in range(1, 200):
        journal.write(submit(order))
        last = journal.write(booked(order))
    assert journal.wait_durable(last, PATIENCE_S)
    journal.close("the disk was full")
    assert told == ["journal: the disk is full; the journal goes on in its reserve"]
    assert not reserve.exists()
    assert numbers(tmp_path)[-1] == last + 1
    assert verify(tmp_path / JOURNAL_FILE) is None


def test_a_disk_that_stays_full_is_told_and_the_rows_wait(tmp_path: Path, clock: VirtualClock) -> None:
    begun(tmp_path, clock)
    full = threading.Event()
    told: list[str] = []
    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=told.append, factory=full_while(full.is_set))
    full.set()
    number = 0
    while not journal.problem:  # it goes well as long as no new page is needed
        number = journal.write(submit(number))
        journal.wait_durable(number, PATIENCE_S)
    assert told == ["journal: database or disk is full"]
    assert journal.durable < number
    full.clear()
    journal.close("there was room again")
    assert journal.durable == number + 1
    assert verify(tmp_path / JOURNAL_FILE) is None


def test_without_room_for_the_first_row_there_is_no_run(tmp_path: Path, clock: VirtualClock) -> None:
    begun(tmp_path, clock)
    with pytest.raises(DiskError, match=r"journal .*: disk I/O error") as raised:
        SqliteJournal.open(tmp_path, "paper", clock, factory=refusing(["lost"] * 3))
    assert raised.value.exit_status == 74
    assert numbers(tmp_path) == [1, 2]


def test_a_broken_thread_is_told_and_nobody_waits_for_it(tmp_path: Path, clock: VirtualClock) -> None:
    told: list[str] = []
    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=told.append)
    number = journal.write(object())  # type: ignore[arg-type]
    assert not journal.wait_durable(number, PATIENCE_S)
    journal.close("broken")
    assert told == [journal.problem]
    assert "the journal broke, not the disk" in journal.problem
    assert journal.broken


def test_a_warning_made_an_error_is_no_broken_disk(tmp_path: Path, clock: VirtualClock) -> None:
    class Warned(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
            if sql == "BEGIN IMMEDIATE":
                warnings.warn("on its way out", DeprecationWarning, stacklevel=1)
            return super().execute(sql, parameters)

    told: list[str] = []
    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=told.append, factory=Warned)
    journal.write(submit(1))
    journal.close("broken")
    assert told == ["journal: the journal broke, not the disk: DeprecationWarning: on its way out"]
    assert (journal.broken, journal.problem) == (True, told[0])


def test_a_disk_that_refuses_is_no_fault_of_the_program(tmp_path: Path, clock: VirtualClock) -> None:
    begun(tmp_path, clock)
    journal = SqliteJournal.open(tmp_path, "paper", clock, factory=refusing(["well", *["lost"] * 9]))
    journal.write(submit(1))
    journal.close("failed")
    assert journal.problem
    assert not journal.broken


def test_a_failure_may_be_answered_by_closing_from_the_journals_own_thread(tmp_path: Path, clock: VirtualClock) -> None:
    begun(tmp_path, clock)
    answered = threading.Event()

    def answer(_text: str) -> None:
        journal.close("failed")
        answered.set()

    journal = SqliteJournal.open(tmp_path, "paper", clock, on_failure=answer, factory=refusing(["well", *["lost"] * 3]))
    journal.write(submit(1))
    assert answered.wait(PATIENCE_S)
    journal.close("failed")
    assert isinstance(list(read_events(tmp_path / JOURNAL_FILE))[-1].entry(), RunEnded)


def child(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.support.journal_process", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


@pytest.mark.slow
def test_no_acknowledged_row_is_lost_by_kill_9(tmp_path: Path) -> None:
    chance = random.Random(20251001)
    path = tmp_path / JOURNAL_FILE
    for run in range(1, 11):
        with child("killed", str(tmp_path), str(run)) as program:
            assert program.stdout
            for _ in range(chance.randint(1, 60)):
                program.stdout.readline()
            os.kill(program.pid, signal.SIGKILL)  # it goes on writing at this moment
            program.wait()
            acknowledged = [int(line) for line in program.stdout.read().split(b"\n")[:-1]]
        stored = numbers(tmp_path)
        assert stored[-1] >= max(acknowledged, default=0)
        assert stored == list(range(1, len(stored) + 1))
        assert verify(path) is None
    with StateDir.open(tmp_path, "paper") as state:  # the killed one's lock is gone with it
        journal = SqliteJournal.open(state.path, "paper", VirtualClock())
        journal.close("well")
    assert journal.opened.damage == ""
    assert journal.opened.run == 11
    assert "run 10 (paper)" in journal.opened.unclean
    orders = rows(path, "SELECT run, sum(filled) FROM orders GROUP BY run")
    assert orders == rows(path, "SELECT run, sum(quantity) FROM positions GROUP BY run")


def test_a_file_that_may_not_grow_stops_the_journal_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with child("refused", str(tmp_path)) as program:
        output, _ = program.communicate(timeout=PATIENCE_S)
    report = json.loads(output)
    assert report["problem"].startswith("journal: ")
    assert len(report["told"]) == 1
    assert not report["acknowledged"]
    assert not report["later"]
    assert 10 < report["durable"] < report["written"]
    assert numbers(tmp_path) == list(range(1, report["durable"] + 1))
    assert verify(tmp_path / JOURNAL_FILE) is None
