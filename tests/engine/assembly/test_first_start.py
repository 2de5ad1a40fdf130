"""What a start leaves in a directory: nothing that looks like a run before there is one, and nothing certain where nobody knows."""

from errno import ENOSPC
from pathlib import Path

import pytest

from engine.assembly import Run, build
from engine.assembly.edges import NOTHING_HELD
from engine.journal import JOURNAL_FILE
from engine.journal.opening import MISSING
from engine.journal.state_dir import STAMP_FILE
from engine.model.errors import DiskError, InputError
from engine.serving.journalled import left_in
from engine.serving.state_dirs import place_of
from engine.shortcut.engines import holds_nothing
from engine.venues.simulated.source import mock_source
from tests.support.builders import config
from tests.support.journal_harness import ran

OFF = "journal.enabled=false"


def mock(folder: Path, *overrides: str) -> Run:
    chosen = config("feed.source=mock", "recording.enabled=off", *overrides)
    return build(chosen, mock_source(chosen), "mock", state_root=folder)


def no_room(_path: Path) -> None:
    raise OSError(ENOSPC, "no room")


def test_a_first_start_that_fails_locks_no_later_one_and_alarms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    with monkeypatch.context() as refused:
        refused.setattr("engine.journal.ledger.create", no_room)
        with pytest.raises(DiskError):
            mock(folder)
    assert not (folder / STAMP_FILE).exists()
    assert (holds_nothing(str(folder)), left_in(place_of(folder)).problem) == (True, "")
    with mock(folder) as run:
        assert (run.opened.still_locked, run.opened.missing) == ("", "")
        assert (folder / STAMP_FILE).exists()
        assert not (folder / NOTHING_HELD).exists()  # from now on something may be held


def test_without_its_journal_a_directory_that_was_used_comes_up_locked_also_where_it_was_not_stamped(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "state"
    ran(folder, 99, 100, mode="mock")
    (folder / STAMP_FILE).unlink()
    (folder / JOURNAL_FILE).rename(folder / f"{JOURNAL_FILE}.mine")
    with mock(folder) as run:
        assert run.opened.still_locked == MISSING


def test_a_run_without_a_journal_is_refused_where_there_is_one(tmp_path: Path) -> None:
    """Whatever it held, the journal would go on telling of the time before."""
    folder = tmp_path / "state"
    ran(folder, 99, 100, mode="mock")
    with pytest.raises(InputError, match=r"there is a journal in .*; allowed: another --state-dir"):
        mock(folder, OFF)
    assert left_in(place_of(folder)).open


def test_a_run_without_a_journal_says_what_it_knows(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with mock(folder, OFF) as run:
        assert run.opened.still_locked == ""
        run.engine.start()
        assert "journal.db is missing" in left_in(place_of(folder)).problem  # as it is found after a kill
    assert holds_nothing(str(folder))
    with mock(folder, OFF) as run:
        assert run.opened.still_locked == ""  # the one before has noted that it held nothing
        run.engine.failure.broke(RuntimeError("lost"))
    assert not holds_nothing(str(folder))
    with mock(folder, OFF) as run:
        assert run.opened.still_locked == MISSING
    assert not holds_nothing(str(folder))
