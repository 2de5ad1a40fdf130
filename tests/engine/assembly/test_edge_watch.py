"""What a run writes to is asked after: taken away, replaced, cut off or closed to us, it is told, and put right where that is safe."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.assembly import Run
from engine.assembly.edge_watch import EdgeWatch
from engine.journal import JOURNAL_FILE, read_events, verify
from engine.journal.fold import fold
from engine.journal.ownership import LOCK_FILE
from engine.logs.book import LOG_FILE
from engine.model.commands import PauseEntries, ResumeEntries
from engine.model.errors import InputError
from engine.runtime.turn_parts import JournalLost
from tests.support.processes.process_harness import unstarted_run
from tests.support.waiting import PATIENCE_S, until

OLDER = "older"


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.assembly.edge_watch.LOOK_NS", 20_000_000)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run that was built; its turn is had by the test."""
    with unstarted_run(tmp_path) as built:
        built.engine.prepare()
        until(lambda: built.journal is not None and not built.journal.waiting)
        keep_older(built.folder)
        carry_out(built, PauseEntries())
        yield built


def carry_out(run: Run, *commands: PauseEntries | ResumeEntries) -> None:
    """Have `commands`, and what waits, carried out and journalled."""
    for command in commands:
        run.engine.send(command)
    with run.engine.turn.lock:
        run.engine.turn.take_inputs()
        run.engine.turn.beat()
    assert run.journal is not None
    until(lambda: not run.journal.waiting, lambda: run.journal.problem)


def keep_older(folder: Path) -> None:
    (folder.parent / OLDER).mkdir()
    for path in folder.glob(f"{JOURNAL_FILE}*"):
        shutil.copy(path, folder.parent / OLDER / path.name)


def of(folder: Path, act: Callable[[Path], object]) -> None:
    for path in sorted(folder.glob(f"{JOURNAL_FILE}*")):
        act(path)


def older_copy(folder: Path) -> None:
    of(folder, Path.unlink)
    shutil.copytree(folder.parent / OLDER, folder, dirs_exist_ok=True)


def older_written_over(folder: Path) -> None:
    """As `cp` does: into the very files that are open."""
    for path in (folder.parent / OLDER).iterdir():
        if not path.name.endswith("-shm"):
            (folder / path.name).write_bytes(path.read_bytes())


def older_written_over_with_its_index(folder: Path) -> None:
    """As `cp -a` of all three does, but for the moment in which a file is empty: that kills whoever looks into the index."""
    older_written_over(folder)
    name = f"{JOURNAL_FILE}-shm"
    with (folder / name).open("r+b") as index:
        index.write((folder.parent / OLDER / name).read_bytes())


def another_program(folder: Path) -> None:
    of(folder, Path.unlink)
    with closing(sqlite3.connect(folder / JOURNAL_FILE)) as other:  # by itself it is committed, and stays open
        other.execute("CREATE TABLE events (number INTEGER, hash BLOB)")


def directory_removed(folder: Path) -> None:
    """At once, as far as anybody sees."""
    gone = folder.rename(folder.with_name("gone"))
    shutil.rmtree(gone)


def directory_replaced(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.mkdir(mode=0o700)


JOURNAL: dict[str, Callable[[Path], object]] = {
    "removed": lambda folder: of(folder, Path.unlink),
    "only the file removed": lambda folder: (folder / JOURNAL_FILE).unlink(),
    "only its log removed": lambda folder: (folder / f"{JOURNAL_FILE}-wal").unlink(),
    "moved away": lambda folder: of(folder, lambda path: path.rename(folder.parent / path.name)),
    "renamed": lambda folder: (folder / JOURNAL_FILE).rename(folder / "journal.bak"),
    "replaced": lambda folder: [of(folder, Path.unlink), (folder / JOURNAL_FILE).write_text("no journal")],
    "replaced by another program's": another_program,
    "replaced by an older copy": older_copy,
    "written over by an older copy": older_written_over,
    "written over by an older copy with its index": older_written_over_with_its_index,
    "truncated": lambda folder: os.truncate(folder / JOURNAL_FILE, 100),
    "emptied": lambda folder: os.truncate(folder / JOURNAL_FILE, 0),
    "its log emptied": lambda folder: os.truncate(folder / f"{JOURNAL_FILE}-wal", 0),
    "directory removed": directory_removed,
    "directory moved away": lambda folder: folder.rename(folder.with_name("moved")),
    "directory replaced": directory_replaced,
}


@pytest.mark.parametrize("what", JOURNAL)
def test_a_journal_that_others_have_taken_is_begun_anew_and_entries_lock(run: Run, what: str) -> None:
    JOURNAL[what](run.folder)
    until(lambda: run.engine.turn.inputs or run.trader.state.gate.locked)
    is_begun_anew(run)


def test_what_the_journal_s_own_thread_comes_upon_first_is_begun_anew_as_well(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as blind:
        blind.setattr("engine.journal.journal_files.JournalFiles.lost", lambda *_: "")
        with monkeypatch.context() as away:
            away.setattr("engine.assembly.edge_watch.EdgeWatch._look", lambda _: None)  # a file is empty for a moment
            older_written_over_with_its_index(run.folder)
        run.engine.send(ResumeEntries())
        with run.engine.turn.lock:
            run.engine.turn.take_inputs()
        until(lambda: any(isinstance(each, JournalLost) for each in run.engine.turn.inputs))
        is_begun_anew(run)
    assert "which is not the one that was written" in run.trader.state.gate.locked


def is_begun_anew(run: Run) -> None:
    journal = run.journal
    assert journal is not None
    number = journal.opened.run
    until(lambda: carry_out(run) or run.trader.state.gate.locked.startswith("journal"), lambda: run.watch.problems)  # type: ignore[func-returns-value]
    until(
        lambda: carry_out(run) or not (journal.problem or run.watch.problems),
        lambda: (journal.problem, run.watch.problems),
    )  # type: ignore[func-returns-value]
    path = run.folder / JOURNAL_FILE
    assert verify(path) is None
    assert {event.run for event in read_events(path)} == {number}
    account = fold(path)
    assert account is not None
    assert account.gate.locked == run.trader.state.gate.locked
    assert account.gate.paused == run.trader.state.gate.paused  # what happened before is known
    rows = len(list(read_events(path)))
    carry_out(run, PauseEntries())
    assert len(list(read_events(path))) > rows
    run.close()
    assert (journal.problem, verify(path)) == ("", None)


def test_what_stood_in_its_place_is_kept(run: Run) -> None:
    of(run.folder, Path.unlink)
    (run.folder / JOURNAL_FILE).write_text("somebody's")
    until(lambda: carry_out(run) or list(run.folder.glob(f"{JOURNAL_FILE}.aside-*")))  # type: ignore[func-returns-value]
    kept = run.folder.glob(f"{JOURNAL_FILE}.aside-*")
    (aside,) = (
        path for path in kept if not path.name.endswith(("-wal", "-shm"))
    )  # a look in between may have made them
    assert aside.read_text() == "somebody's"


def test_a_journal_that_cannot_be_begun_anew_keeps_what_comes_and_tries_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = run.journal
    assert journal is not None

    def no_room(_path: Path) -> None:
        raise OSError(28, "no room")

    with monkeypatch.context() as refused:
        refused.setattr("engine.journal.ledger.create", no_room)
        of(run.folder, Path.unlink)
        until(lambda: run.engine.turn.inputs)
        with run.engine.turn.lock:
            run.engine.turn.take_inputs()
        until(lambda: journal.problem and journal.waiting)
        assert not (run.folder / JOURNAL_FILE).exists()
    until(lambda: not journal.waiting)
    assert (journal.problem, verify(run.folder / JOURNAL_FILE)) == ("", None)


# ── Lock, log, and the thread itself ────────────────────────────────────────────────────────────────────────────────


def test_who_was_at_the_lock_locks_entries(run: Run) -> None:
    (run.folder / LOCK_FILE).unlink()
    until(lambda: carry_out(run) or run.trader.state.gate.locked)  # type: ignore[func-returns-value]
    assert run.trader.state.gate.locked == "state directory: the lock file is gone; made again and locked"
    until(lambda: not run.watch.problems)
    assert (run.folder / LOCK_FILE).exists()


LOG: dict[str, tuple[Callable[[Path], object], str]] = {
    "removed": (Path.unlink, "it is gone"),
    "moved away": (lambda path: path.rename(path.with_name("log.bak")), "it is gone"),
    "replaced": (lambda path: [path.unlink(), path.write_text("another\n")], "another file stands in its place"),
    "truncated": (lambda path: os.truncate(path, 3), "it was cut off, 3 of "),
    "permissions taken": (lambda path: path.chmod(0), "its permissions were taken away; they are given back"),
    "directory removed": (lambda path: directory_removed(path.parent), "it is gone"),
}


@pytest.mark.parametrize("what", LOG)
def test_a_log_that_was_taken_away_is_told_in_a_new_one(run: Run, what: str) -> None:
    act, told = LOG[what]
    run.say("before")
    assert run.logs.flush(PATIENCE_S)
    path = run.folder / LOG_FILE
    act(path)
    until(lambda: path.exists() and f"log: {LOG_FILE}: {told}" in path.read_text(errors="replace"))
    run.say("after")
    assert run.logs.flush(PATIENCE_S)
    assert "after" in path.read_text(errors="replace")
    assert path.stat().st_mode & 0o777 == 0o600
    assert run.logs.problem == ""


class Flaky:
    """An edge of which is said what a test wants."""

    def __init__(self) -> None:
        self.says: str | Exception = ""

    def look(self) -> str:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def test_what_is_found_is_told_once_and_when_it_is_well_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    flaky, lost = Flaky(), []
    watch = EdgeWatch(tmp_path)
    watch.add("it", flaky, lost.append)
    watch.start()
    for says, shown in (("gone", "gone"), (InputError("no room"), "no room"), (OSError(5, "worn out"), "worn out")):
        flaky.says = says
        until(lambda shown=shown: dict(watch.problems) == {"it": shown})
    flaky.says = RuntimeError("broken")
    until(lambda: "looking after files failed and goes on: RuntimeError: broken" in caplog.text)
    flaky.says = ""
    until(lambda: not watch.problems)
    assert lost == ["gone", "no room", "worn out"]
    assert [line.getMessage() for line in caplog.records if line.levelname == "WARNING"] == ["it: it is well again"]
    done: list[int] = []
    for number in range(100):
        watch.do(lambda number=number: done.append(number))
    watch.stop()
    assert done == list(range(100))
    assert watch.free_mb > 0
