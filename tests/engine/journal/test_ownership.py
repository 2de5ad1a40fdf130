"""Who owns a state directory, whatever becomes of the names in it: nobody else may take it, everybody finds the owner, what was taken away is made again."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.journal import StateDir, living_writer, owner_of, running_pid, written_owner
from engine.journal.ownership import LOCK_FILE, Ownership
from engine.journal.state_dir import STAMP_FILE
from engine.model.errors import StateBusyError
from tests.support.paths import ROOT


def replaced_directory(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.mkdir(mode=0o700)


def older_copy(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("older"))
    folder.rename(folder.with_name("moved"))
    folder.with_name("older").rename(folder)


def replaced_lock(folder: Path) -> None:
    (folder / LOCK_FILE).unlink()
    (folder / LOCK_FILE).write_text("1\n")


def odd_lock(make: Callable[[Path], object]) -> Callable[[Path], object]:
    def put(folder: Path) -> None:
        (folder / LOCK_FILE).unlink()
        make(folder / LOCK_FILE)

    return put


def full_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").touch()


# What others do to a directory that is owned, and what is said of it.
DONE: dict[str, tuple[Callable[[Path], object], str]] = {
    "well": (lambda _folder: None, ""),
    "lock removed": (lambda folder: (folder / LOCK_FILE).unlink(), "the lock file is gone"),
    "lock moved away": (lambda folder: (folder / LOCK_FILE).rename(folder / "elsewhere"), "the lock file is gone"),
    "lock replaced": (replaced_lock, "another file stands in place of the lock file"),
    "lock a folder": (odd_lock(full_folder), "another file stands in place of the lock file"),
    "lock a pipe": (odd_lock(os.mkfifo), "another file stands in place of the lock file"),
    "lock a link": (
        odd_lock(lambda path: path.symlink_to("/dev/null")),
        "another file stands in place of the lock file",
    ),
    "lock truncated": (lambda folder: os.truncate(folder / LOCK_FILE, 0), "the lock file was written over"),
    "lock written over": (lambda folder: (folder / LOCK_FILE).write_text("1\n"), "the lock file was written over"),
    "directory closed to us": (lambda folder: folder.chmod(0o500), "its permissions were changed"),
    "directory open to all": (lambda folder: folder.chmod(0o777), "its permissions were changed"),
    "stamp removed": (lambda folder: (folder / STAMP_FILE).unlink(), "the file mode was gone"),
    "directory removed": (shutil.rmtree, "is gone"),
    "directory moved away": (lambda folder: folder.rename(folder.with_name("moved")), "is gone"),
    "directory replaced": (replaced_directory, "in place of ours"),
    "directory replaced by an older copy": (older_copy, "in place of ours"),
}
HARMLESS = tuple(what for what in DONE if what.startswith(("lock", "stamp")))


@pytest.mark.parametrize("what", DONE)
def test_what_was_taken_away_is_made_again_and_said_once(tmp_path: Path, what: str) -> None:
    act, told = DONE[what]
    folder = tmp_path / "state"
    with StateDir.open(folder, "paper") as state:
        assert state.look() == ""
        act(folder)
        said = state.look()
        assert told in said
        assert bool(told) == ("made again and locked" in said)
        assert state.look() == ""
        assert (folder / STAMP_FILE).read_text() == "paper\n"
        assert written_owner(folder) == owner_of(os.getpid())
        assert running_pid(folder) == os.getpid()
        with pytest.raises(StateBusyError, match=f"in use by process {os.getpid()};"):
            StateDir.open(folder, "paper")
    assert running_pid(folder) == 0
    StateDir.open(folder, "paper").close()


@pytest.mark.parametrize("what", HARMLESS)
def test_before_anybody_has_looked_the_owner_is_found_and_nobody_takes_its_place(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "state"
    with StateDir.open(folder, "paper"):
        DONE[what][0](folder)
        assert running_pid(folder) == os.getpid()
        with pytest.raises(StateBusyError):
            StateDir.open(folder, "paper")


def test_a_directory_that_another_one_has_taken_meanwhile_is_not_ours_any_more(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with StateDir.open(folder, "paper") as state:
        folder.rename(tmp_path / "moved")
        with another_owner(folder) as pid:
            for _ in range(2):
                with pytest.raises(StateBusyError, match=f"process {pid};"):
                    state.look()
            assert running_pid(tmp_path / "moved") == os.getpid()
        assert "made again" in state.look()  # the other one is gone
        assert running_pid(folder) == os.getpid()


def test_a_directory_that_cannot_be_made_again_is_told_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with StateDir.open(folder, "paper") as state:
        shutil.rmtree(folder)
        folder.write_text("a file")
        for _ in range(2):
            with pytest.raises(NotADirectoryError):
                state.look()
        folder.unlink()
        assert "made again" in state.look()


def test_a_closed_one_looks_at_nothing(tmp_path: Path) -> None:
    state = StateDir.open(tmp_path / "state", "paper")
    state.close()
    shutil.rmtree(tmp_path / "state")
    assert state.look() == ""
    assert not (tmp_path / "state").exists()


@contextmanager
def another_owner(folder: Path) -> Iterator[int]:
    script = (
        "import sys; from pathlib import Path; from engine.journal.state_dir import StateDir;"
        "state = StateDir.open(Path(sys.argv[1]), 'paper'); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"\n"
        yield other.pid
        other.kill()


def test_a_writer_that_lives_and_locks_nothing_is_found_until_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with another_owner(folder) as pid:
        written = (folder / LOCK_FILE).read_text()
        older_copy(folder)
        assert (running_pid(folder), living_writer(folder)) == (0, pid)
        with pytest.raises(StateBusyError, match=f"is that of process {pid}, which lives: it was moved or copied"):
            StateDir.open(folder, "paper")  # both would go on with what is held
        assert written_owner(folder).pid == pid
        StateDir.open(folder, "paper", past=pid).close()
        (folder / LOCK_FILE).write_text(written)
        pid_line, _, rest = written.partition("\n")
        started, _, boot = rest.strip().partition(" ")
        for stale in (
            f"{pid_line}\n{int(started) - 1} {boot}\n",  # an earlier process of the same number
            f"{pid_line}\n{started} {'0' * len(boot)}\n",  # of another boot
            f"{pid_line}\n",
            f"{os.getpid()}\n",
            "",
        ):
            (folder / LOCK_FILE).write_text(stale)
            assert living_writer(folder) == 0, stale
        (folder / LOCK_FILE).write_text(written)
    # another_owner has ended it
    assert living_writer(folder) == 0
    with StateDir.open(folder, "paper"):
        assert living_writer(folder) == 0  # we ourselves


def test_a_process_that_ended_and_is_not_heard_of_does_not_live() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        assert ended.stdout
        ended.stdout.read()
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # it ended, and nobody has heard of it
        assert not owner_of(ended.pid).started


def test_the_locks_of_one_that_was_killed_and_does_not_die_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with another_owner(folder) as pid:
        for past in (0, pid + 1):
            with pytest.raises(StateBusyError):
                StateDir.open(folder, "paper", past=past)
        with StateDir.open(folder, "paper", past=pid) as state:
            assert state.path == folder
            assert written_owner(folder).pid == os.getpid()


def test_a_lock_of_the_same_number_on_another_disk_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "state"
    StateDir.open(folder, "paper").close()
    number = folder.stat().st_ino
    fake = tmp_path / "locks"
    fake.write_text(f"1: FLOCK  ADVISORY  WRITE {os.getpid()} 00:99:{number} 0 EOF\n")
    opened = open
    monkeypatch.setattr(
        "builtins.open", lambda path, *args, **more: opened(fake if path == "/proc/locks" else path, *args, **more)
    )
    assert running_pid(folder) == 0


def test_a_disk_that_knows_no_locks_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_descriptor: int, _how: int) -> None:
        raise OSError(95, "Operation not supported")

    (tmp_path / "state").mkdir()
    monkeypatch.setattr("engine.journal.ownership.fcntl.flock", refuses)
    descriptor = os.open(tmp_path / "state", os.O_RDONLY)
    with pytest.raises(OSError, match="not supported"):
        Ownership.take(descriptor, tmp_path / "state")  # the file's lock, which was needed before, is needed still
    os.close(descriptor)
