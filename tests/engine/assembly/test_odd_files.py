"""What stands in a state directory where a file of ours belongs, and is none, keeps nobody from a start: it is put aside."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.assembly.edges import NOTHING_HELD, RECORDING_NOTE, keep_receipt
from engine.assembly.uptime_file import UPTIME_FILE
from engine.journal import JOURNAL_FILE, verify
from engine.journal.ownership import LOCK_FILE
from engine.journal.sqlite_journal import RESERVE_FILE
from engine.journal.state_dir import STAMP_FILE
from engine.logs.book import LOG_FILE
from engine.model.commands import PauseEntries
from engine.model.errors import UserError
from engine.serving.state_dirs import FLAT_FILE
from engine.serving.watchdog import STACKS_FILE
from tests.support.processes.process_harness import unstarted_run
from tests.support.waiting import PATIENCE_S, until


def folder(path: Path) -> None:
    path.mkdir()
    (path / "full").touch()


ODD: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": folder,
    "a dangling link": lambda path: path.symlink_to(path.parent / "nowhere" / "at all"),
    "a full device": lambda path: path.symlink_to("/dev/full"),
}
SIDES = ("-wal", "-shm", "-journal")
NAMES = (
    LOCK_FILE,
    f"{STAMP_FILE}.new",
    NOTHING_HELD,
    RECORDING_NOTE,
    STACKS_FILE,
    LOG_FILE,
    f"{LOG_FILE}.1",
    f"{LOG_FILE}.new",
    UPTIME_FILE,
    f"{UPTIME_FILE}.part",
    FLAT_FILE,
    f"{FLAT_FILE}.taken",
    RESERVE_FILE,
    "journal-2025-10.db",
    f"{JOURNAL_FILE}.new",
    *(f"{JOURNAL_FILE}{side}" for side in SIDES),
    *(f"{JOURNAL_FILE}.new{side}" for side in SIDES),
)


def one_run(tmp_path: Path) -> tuple[int, str]:
    """The number of a run that writes a little and ends in good order, and what was wrong with the journal before it."""
    with unstarted_run(tmp_path) as run:
        assert run.journal is not None
        run.engine.prepare()
        run.engine.send(PauseEntries())
        with run.engine.turn.lock:
            run.engine.turn.take_inputs()
            run.engine.turn.beat()
        until(lambda: not run.journal.waiting, lambda: run.journal.problem)  # type: ignore[union-attr]
        assert run.logs.flush(PATIENCE_S)
        assert (run.journal.problem, run.logs.problem) == ("", "")
        return run.opened.run, run.opened.damage + run.opened.missing


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_keeps_nobody_from_a_start_and_from_what_was_known(tmp_path: Path, kind: str) -> None:
    one_run(tmp_path)
    for name in NAMES:
        place = tmp_path / "state" / name
        place.unlink(missing_ok=True)
        ODD[kind](place)
    assert [one_run(tmp_path) for _ in range(2)] == [(2, ""), (3, "")]
    assert verify(tmp_path / "state" / JOURNAL_FILE) is None


@pytest.mark.parametrize("kind", ODD)
def test_in_place_of_the_journal_it_is_damage(tmp_path: Path, kind: str) -> None:
    one_run(tmp_path)
    place = tmp_path / "state" / JOURNAL_FILE
    place.unlink()
    ODD[kind](place)
    assert one_run(tmp_path)[1] == "it is not a plain file"
    assert verify(place) is None


@pytest.mark.parametrize("kind", ODD)
def test_in_place_of_the_stamp_a_person_is_asked_at_once(tmp_path: Path, kind: str) -> None:
    one_run(tmp_path)
    place = tmp_path / "state" / STAMP_FILE
    place.unlink()
    ODD[kind](place)
    with pytest.raises(UserError):
        one_run(tmp_path)


def test_a_receipt_is_kept_beside_whatever_there_is(tmp_path: Path) -> None:
    keep_receipt(tmp_path, ("FLAT",))
    (kept,) = tmp_path.glob("flat-*.txt")
    assert kept.read_text() == "FLAT\n"
