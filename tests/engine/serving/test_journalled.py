"""What a directory tells of an engine that is gone: what is not known never looks like nothing."""

import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, LOCK_FILE, SqliteJournal, StateDir
from engine.journal.state_dir import STAMP_FILE
from engine.model.clock import VirtualClock
from engine.model.commands import Unlock
from engine.model.errors import InputError
from engine.model.events import Submit
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import PartFilled
from engine.model.types import Fill, Order
from engine.serving.candidates import candidates
from engine.serving.journalled import left_in
from engine.serving.offline_flat import find_account
from engine.serving.paper_account import reset
from engine.serving.state_dirs import place_of, usual_folder
from engine.serving.status import status_of
from tests.support.builders import EAGER, ms
from tests.support.journal_harness import JournalHarness, ran
from tests.support.waiting import until

CLOCK = VirtualClock(ms("09:30:00") * 1_000_000)
HELD = (99, 100)  # prices after which something is held


def without_journal(folder: Path) -> None:
    ran(folder, *HELD)
    for path in folder.glob(f"{JOURNAL_FILE}*"):
        path.unlink()


def begun_over_damage(folder: Path) -> None:
    """A run found a journal that it could not read, and has kept an account since, as locked as it was found."""
    ran(folder, *HELD)
    (folder / JOURNAL_FILE).write_bytes(b"garbage" * 1000)
    for _ in range(2):
        ran(folder, lock="the journal was damaged")


def begun_over_nothing(folder: Path) -> None:
    without_journal(folder)
    with StateDir.open(folder, "paper"):
        SqliteJournal.open(folder, "paper", CLOCK, used=True).close("not started")


def killed_and_its_log_cut(folder: Path, *before: float) -> None:
    """What it did after these prices stood in the part of the log that is gone."""
    running = folder.with_name("running")
    ran(running)
    with StateDir.open(running, "paper"):
        journal = SqliteJournal.open(running, "paper", CLOCK)
        harness = JournalHarness(journal, *EAGER, kept=journal.opened.kept)
        harness.prices(*before)
        until(lambda: not journal.waiting)
        begun = (running / f"{JOURNAL_FILE}-wal").stat().st_size
        harness.prices(*(HELD if not before else (84,)))
        until(lambda: not journal.waiting)
        shutil.copytree(running, folder)
        journal.close("stopped")
    os.truncate(folder / f"{JOURNAL_FILE}-wal", begun)


def its_stamp_gone_too(folder: Path) -> None:
    killed_and_its_log_cut(folder)
    (folder / STAMP_FILE).unlink()


def elsewhere(folder: Path) -> None:
    """A link to a disk that is not there."""
    folder.parent.mkdir(parents=True)
    folder.symlink_to(folder.parent / "unmounted")


def all_elsewhere(folder: Path) -> None:
    folder.parent.parent.mkdir(parents=True)
    folder.parent.symlink_to(folder.parent.parent / "unmounted")


def only(*names: str) -> Callable[[Path], None]:
    def left(folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text("paper\n" if name == STAMP_FILE else "")

    return left


UNKNOWN: dict[str, tuple[Callable[[Path], object], str]] = {
    "its journal is gone": (without_journal, "journal.db is missing in"),
    "begun over damage": (begun_over_damage, "does not tell what was before it: .*a damaged one was put aside as"),
    "begun over nothing": (begun_over_nothing, "does not tell what was before it: what is held is not known"),
    "killed, and its log cut": (killed_and_its_log_cut, "its last row is of .*, what came after is not known"),
    "killed, its log cut, its stamp gone": (its_stamp_gone_too, "its last row is of .*, what came after is not known"),
    "a link to nowhere": (elsewhere, "cannot be looked into: No such file or directory"),
    "a folder above it is a link to nowhere": (all_elsewhere, "cannot be looked into: No such file or directory"),
    "a file in its place": (
        lambda folder: (folder.parent.mkdir(parents=True), folder.touch()),
        "cannot be looked into",
    ),
    "a stamp alone": (only(STAMP_FILE), "journal.db is missing"),
    "a lock alone": (only(LOCK_FILE), "journal.db is missing"),
    "a journal that was put aside alone": (only(f"{JOURNAL_FILE}.damaged-20261001T000000Z"), "one was put aside as"),
    "an empty journal": (only(STAMP_FILE, JOURNAL_FILE), "the file is empty"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return usual_folder("paper")


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_known_is_told_by_all_who_ask(folder: Path, what: str) -> None:
    happens, why = UNKNOWN[what]
    happens(folder)
    warned: list[str] = []
    assert [each.out_of_reach for each in candidates() if each.place.folder == folder] == [True]
    status = status_of(place_of(folder), warned.append)
    assert (status.state, status.problem, status.positions) == ("dead", *warned, ())
    with pytest.raises(Exception, match=why):
        find_account(place_of(folder), named=True)


def test_what_is_known_to_be_held_is_in_reach_though_what_came_after_is_not_known(folder: Path) -> None:
    killed_and_its_log_cut(folder, *HELD)
    (found,) = (each for each in candidates() if each.place.folder == folder)
    assert not found.out_of_reach
    assert "its journal holds" in found.line
    assert "what came after is not known" in found.line
    with pytest.raises(InputError, match="what came after is not known"):
        reset(folder, Decimal(1000))


def first_start_that_failed(folder: Path) -> None:
    """Its journal was begun, and nothing came of it: neither the first time nor the second."""
    for _ in range(2):
        with StateDir.open(folder, "paper") as state:
            SqliteJournal.open(folder, "paper", CLOCK, used=state.used).close("not started")


def unlocked_over_damage(folder: Path) -> None:
    begun_over_damage(folder)
    with StateDir.open(folder, "paper"):
        journal = SqliteJournal.open(folder, "paper", CLOCK)
        JournalHarness(journal, kept=journal.opened.kept).command(Unlock())
        journal.close("stopped")


NOTHING: dict[str, Callable[[Path], object]] = {
    "never used": lambda _: None,
    "an empty folder": only(),
    "a log alone": only("engine.log", "engine.out"),
    "a first start that failed": first_start_that_failed,
    "sold": lambda folder: ran(folder, 99, 100, 84),
    "a person has looked, and unlocked": unlocked_over_damage,
}


@pytest.mark.parametrize("what", NOTHING)
def test_where_nothing_is_held_for_certain_nobody_is_alarmed(folder: Path, what: str) -> None:
    NOTHING[what](folder)
    assert (candidates(), left_in(place_of(folder)).open, left_in(place_of(folder)).problem) == ([], (), "")


def test_without_its_stamp_the_journal_tells_the_mode(folder: Path) -> None:
    ran(folder, *HELD)
    (folder / STAMP_FILE).unlink()
    (found,) = candidates()
    assert (found.place.mode, found.out_of_reach, len(found.holds)) == ("paper", False, 1)
    assert "its journal holds" in found.line
    assert status_of(place_of(folder), str).mode == "paper"


def test_an_order_without_an_outcome_is_something(folder: Path) -> None:
    with StateDir.open(folder, "live"):
        journal = SqliteJournal.open(folder, "live", CLOCK)
        JournalHarness(journal)
        journal.write(Submit(Order(1, "L1-1", 0, "BUY", 75, 10_000, "Entry", ms("09:30:00"), 1)))
        journal.write(PlaceOrder(2, "LA2", 0, "SELL", 75, 10_000, "EXIT", 10_000, "Stop Loss"))
        journal.write(PlaceOrder(3, "LA3", 0, "BUY", 75, 10_000, "ENTRY", 10_000, "Entry"))
        journal.write(PartFilled(Fill(3, 0, "BUY", 75, 10_000, 1), None, "1", {}))
        journal.close("killed")
    (found,) = candidates()
    assert found.holds == (
        "order L1-1 without an outcome, BUY 75 NIFTY",
        "order LA2 without an outcome, SELL 75 NIFTY",
        "order LA3 filled and not settled, BUY 75 NIFTY",
    )
    assert status_of(place_of(folder), str).alarms == found.holds


def test_a_folder_that_is_closed_to_us_is_told(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0)
    root = os.geteuid() == 0
    os.seteuid(65_534) if root else None
    try:
        (found,) = (each for each in candidates() if each.place.folder == folder)
        status = status_of(place_of(folder), str)
    finally:
        os.seteuid(0) if root else None
        folder.chmod(0o700)
    assert (found.out_of_reach, status.problem) == (True, found.problem)
    assert "cannot be looked into: Permission denied" in found.problem
