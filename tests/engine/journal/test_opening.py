"""A journal that cannot be trusted is found out on opening, kept aside byte for byte, and the engine is told."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal, read_events, verify
from engine.journal.opening import CHAIN_CHECKED_ON_OPEN
from engine.model.clock import VirtualClock
from engine.model.errors import DiskError
from tests.support.journal_faults import booked, submit
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_759_290_649 * 10**9)


@pytest.fixture
def sound(tmp_path: Path, clock: VirtualClock) -> Path:
    """A closed journal of some hundred events."""
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    for order in range(1, 201):
        journal.write(submit(order))
        journal.write(booked(order, held=75 * order))
    journal.close("well")
    return tmp_path / JOURNAL_FILE


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def cut(path: Path, size: int) -> None:
    os.truncate(path, size if size >= 0 else path.stat().st_size + size)


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "zero length": (lambda path: cut(path, 0), "empty"),
    "cut within the header": (lambda path: cut(path, 60), "not an SQLite file"),
    "cut after the first page": (lambda path: cut(path, 4096), "bytes instead of"),
    "cut in the middle": (lambda path: cut(path, path.stat().st_size // 2), "bytes instead of"),
    "last page missing": (lambda path: cut(path, -4096), "bytes instead of"),
    "last byte missing": (lambda path: cut(path, -1), "bytes instead of"),
    "another file": (lambda path: path.write_text("shopping list\n" * 500) and None, "not an SQLite file"),
    "page of noise": (lambda path: overwrite(path, 3 * 4096, bytes(range(1, 256)) * 16), "ree|malformed|atabase"),
    "another program's": (lambda path: change(path, "PRAGMA application_id = 7"), "another program"),
    "a newer program's": (lambda path: change(path, "PRAGMA user_version = 5"), "newer program"),
    "never finished": (lambda path: change(path, "PRAGMA user_version = 0"), "schema 0"),
    "table missing": (lambda path: change(path, "DROP TABLE runs"), "no such table: runs"),
    "run row missing": (lambda path: change(path, "DELETE FROM runs"), "row of run 1 is missing"),
    "no events": (lambda path: change(path, "DROP TRIGGER events_stay", "DELETE FROM events"), "no events"),
    "event changed": (
        lambda path: change(
            path,
            "DROP TRIGGER events_stay_as_they_are",
            "UPDATE events SET body = replace(body, '216', '217') WHERE number = 40",
        ),
        "event 40 was changed",
    ),
    "event removed": (
        lambda path: change(path, "DROP TRIGGER events_stay", "DELETE FROM events WHERE number = 40"),
        "event 40 is missing",
    ),
    "hash exchanged": (
        lambda path: change(
            path, "DROP TRIGGER events_stay_as_they_are", "UPDATE events SET previous = zeroblob(32) WHERE number = 40"
        ),
        "event 40 does not follow",
    ),
    "another mode's": (lambda path: change(path, "UPDATE runs SET mode = 'live'"), "mode live"),
    "a single flipped bit": (
        lambda path: overwrite(
            path, (place := path.read_bytes().index(b'"price":21600') + 10), bytes([path.read_bytes()[place] ^ 1])
        ),
        "was changed",
    ),
}


@pytest.mark.parametrize("form", DAMAGE)
def test_damage_is_found_and_kept_aside(sound: Path, clock: VirtualClock, form: str) -> None:
    damage, told = DAMAGE[form]
    damage(sound)
    before = sound.read_bytes()
    assert verify(sound) or form == "another mode's"  # sound, but not ours

    journal = SqliteJournal.open(sound.parent, "paper", clock)
    journal.close("well")

    opened = journal.opened
    assert opened.fresh
    assert any(part in opened.damage for part in told.split("|")), opened.damage
    assert opened.kept_as == "journal.db.damaged-20251001T035049Z"
    assert (sound.parent / opened.kept_as).read_bytes() == before
    assert opened.lines() == (f"journal was damaged: {opened.damage}; kept as {opened.kept_as}, a new one begins",)
    assert verify(sound) is None
    assert [event.kind for event in read_events(sound)] == ["RunStarted", "RunEnded"]
    assert opened.damage in next(read_events(sound)).body.replace('\\"', '"')


def test_a_second_damaged_file_does_not_replace_the_first(sound: Path, clock: VirtualClock) -> None:
    for content in (b"first", b"second"):
        sound.write_bytes(content)
        SqliteJournal.open(sound.parent, "paper", clock).close("well")
    kept = {entry.name: entry.read_bytes() for entry in sound.parent.glob("*.damaged-*")}
    assert kept == {
        "journal.db.damaged-20251001T035049Z": b"first",
        "journal.db.damaged-20251001T035049Z-2": b"second",
    }


def test_a_write_ahead_log_without_its_file_is_not_taken_for_the_new_ones(tmp_path: Path, clock: VirtualClock) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    assert journal.wait_durable(journal.write(submit(1)), PATIENCE_S)
    log = (tmp_path / "journal.db-wal").read_bytes()
    journal.close("well")
    (tmp_path / JOURNAL_FILE).unlink()
    (tmp_path / "journal.db-wal").write_bytes(log)

    again = SqliteJournal.open(tmp_path, "paper", clock)
    again.close("well")
    assert "the file is gone" in again.opened.damage
    assert (tmp_path / f"{again.opened.kept_as}-wal").read_bytes() == log
    assert verify(tmp_path / JOURNAL_FILE) is None


def test_a_link_is_not_followed(tmp_path: Path, clock: VirtualClock) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.write_bytes(b"")
    state = tmp_path / "state"
    state.mkdir()
    (state / JOURNAL_FILE).symlink_to(elsewhere)
    journal = SqliteJournal.open(state, "paper", clock)
    journal.close("well")
    assert journal.opened.damage == "it is not a plain file"
    assert elsewhere.read_bytes() == b""
    assert (state / journal.opened.kept_as).is_symlink()


def test_a_killed_run_is_no_damage_but_is_told(tmp_path: Path, clock: VirtualClock) -> None:
    running = SqliteJournal.open(tmp_path, "paper", clock)
    assert running.wait_durable(running.write(submit(1)), PATIENCE_S)
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in (JOURNAL_FILE, f"{JOURNAL_FILE}-wal"):  # what a kill at this moment leaves on the disk
        shutil.copyfile(tmp_path / name, killed / name)
    running.close("well")

    journal = SqliteJournal.open(killed, "paper", clock)
    journal.close("well")
    assert (journal.opened.damage, journal.opened.run) == ("", 2)
    assert journal.opened.lines() == (
        "journal: run 1 (paper) of 20251001T035049Z did not end in good order",
        "journal: orders without an outcome: R1",
    )
    assert [event.kind for event in read_events(killed / JOURNAL_FILE)] == [
        "RunStarted",
        "Submit",
        "RunStarted",
        "RunEnded",
    ]


def test_a_kill_while_the_log_was_brought_home_is_no_damage(tmp_path: Path, clock: VirtualClock) -> None:
    running = SqliteJournal.open(tmp_path, "paper", clock)
    assert running.wait_durable(running.write(submit(1)), PATIENCE_S)
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in (JOURNAL_FILE, f"{JOURNAL_FILE}-wal"):
        shutil.copyfile(tmp_path / name, killed / name)
    running.close("well")
    with (killed / JOURNAL_FILE).open("ab") as file:
        file.write(bytes(1000))  # a page that was just being copied; the log still has it

    journal = SqliteJournal.open(killed, "paper", clock)
    journal.close("well")
    assert journal.opened.damage == ""
    assert verify(killed / JOURNAL_FILE) is None


def test_a_first_start_that_was_killed_leaves_nothing_to_stumble_over(tmp_path: Path, clock: VirtualClock) -> None:
    for name in ("journal.db.new", "journal.db.new-journal"):
        (tmp_path / name).write_bytes(b"half a journal")
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    journal.close("well")
    assert (journal.opened.fresh, journal.opened.lines()) == (True, ())
    assert [entry.name for entry in tmp_path.iterdir()] == [JOURNAL_FILE]


def test_opening_checks_the_end_of_a_long_chain_and_verify_all_of_it(tmp_path: Path, clock: VirtualClock) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    for order in range(CHAIN_CHECKED_ON_OPEN + 50):
        journal.write(submit(order))
    journal.close("well")
    path = tmp_path / JOURNAL_FILE
    change(path, "DROP TRIGGER events_stay_as_they_are", "UPDATE events SET at_ms = 0 WHERE number = 20")
    again = SqliteJournal.open(tmp_path, "paper", clock)
    again.close("well")
    assert again.opened.damage == ""
    assert verify(path) == "event 20 was changed (hash chain)"


def test_another_program_that_holds_the_file_is_no_damage(
    sound: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.schema.BUSY_TIMEOUT_S", 0.0)
    with closing(sqlite3.connect(sound, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DiskError, match="locked"):
            SqliteJournal.open(sound.parent, "paper", clock)
        holder.execute("ROLLBACK")
    assert not list(sound.parent.glob("*.damaged-*"))
    assert verify(sound) is None
