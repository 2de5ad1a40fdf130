"""Where engines are and what is wished for in their directories: locks, flats laid as files, restarts that are counted."""

import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.assembly import Run
from engine.model.commands import Flat
from engine.model.errors import InputError
from engine.serving import EngineDir, find_place, lay_flat, place_of
from engine.serving.flat_file import FlatFile
from engine.serving.restart import MOST_RESTARTS, WITHIN_S, recent_restarts, words_again
from engine.serving.state_dirs import FLAT_FILE, usual_folder

# ── Wishes and restarts ─────────────────────────────────────────────────────────────────────────────────────────────


def asked(run: Run) -> int:
    return sum(isinstance(command, Flat) for command in run.engine.turn.inputs)


def go_on(run: Run) -> None:
    """Let the loop go on until every command was carried out."""
    with run.engine.turn.lock:
        run.engine.turn.take_inputs()
        for _ in range(3):
            run.engine.turn.beat()
    for _ in range(3):
        run.engine.housekeeping.make()


@pytest.mark.parametrize("kind", ["file", "link", "directory"])
def test_a_wish_is_granted_once_and_put_aside_when_it_is_done(run: Run, kind: str) -> None:
    run.engine.prepare()
    wish, taken = run.folder / FLAT_FILE, run.folder / f"{FLAT_FILE}.taken"
    flat_file = FlatFile(run.engine, wish)
    flat_file.look(0)
    assert asked(run) == 0
    {"file": lay_flat, "link": lambda path: path.symlink_to("nowhere"), "directory": Path.mkdir}[kind](wish)
    os.chmod(wish, 0o644) if kind == "file" else None
    flat_file.look(0)
    flat_file.look(0)
    assert asked(run) == 1
    assert os.path.lexists(wish)  # nobody has carried it out so far: a restart must find it
    go_on(run)
    assert run.trader.state.flat.state == "FLAT"
    flat_file.look(0)
    assert not os.path.lexists(wish)
    assert os.path.lexists(taken)
    assert kind == "link" or not stat.S_IMODE(taken.lstat().st_mode) & 0o077
    flat_file.look(0)
    assert asked(run) == 0
    lay_flat(wish)
    flat_file.look(0)
    assert asked(run) == 1


def test_a_wish_that_cannot_be_taken_away_is_told_and_not_granted_again(
    run: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.engine.prepare()
    wish = run.folder / FLAT_FILE
    lay_flat(wish)
    flat_file = FlatFile(run.engine, wish)

    def refuses(*_: object) -> None:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))

    monkeypatch.setattr(os, "rename", refuses)
    for _ in range(3):
        flat_file.look(0)
        go_on(run)
    told = [line.getMessage() for line in caplog.records if line.levelname == "ERROR"]
    assert told == ["FLAT was granted and cannot be taken away: Is a directory"]
    assert wish.exists()
    assert (asked(run), run.trader.state.flat.state) == (0, "FLAT")


@given(some.lists(some.integers(0, 2000)), some.integers(0, 2000))
def test_only_restarts_of_the_last_minutes_count(moments: list[int], now_s: int) -> None:
    text = ",".join(map(str, moments))
    counted = recent_restarts(text, now_s)
    assert counted == [each for each in moments if now_s - WITHIN_S < each <= now_s][-MOST_RESTARTS:]


def test_a_restart_repeats_no_word_that_was_meant_once() -> None:
    words = ["python", "-m", "engine", "engine", "--unlock", "--source", "mock", "--paused", "--quiet"]
    assert words_again(words) == ["python", "-m", "engine", "engine", "--source", "mock", "--quiet"]


def test_what_is_no_moment_is_no_restart() -> None:
    assert recent_restarts("", 5) == recent_restarts("x,-1,,٣," + "9" * 5000, 5) == []


# ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def hold(folder: Path, mode: str, text: str = "") -> int:
    """Lock `folder` as an engine does; the descriptor that holds it."""
    folder.mkdir(parents=True)
    (folder / "mode").write_text(f"{mode}\n")
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, (text or f"{os.getpid()}\n").encode())
    return descriptor


def test_the_engine_that_runs_is_the_one_that_is_meant(home: Path) -> None:
    assert find_place(None) == EngineDir(usual_folder("mock"), "", 0)
    held = [hold(usual_folder("replay"), "replay"), hold(usual_folder("mock"), "mock")]
    try:
        assert find_place(None) == EngineDir(usual_folder("mock"), "mock", os.getpid())
        held.append(hold(usual_folder("paper"), "paper"))
        with pytest.raises(InputError, match=r"paper in .*, mock in .*--state-dir"):
            find_place(None)
        assert find_place(usual_folder("paper")).pid == os.getpid()
        os.close(held.pop())
        os.close(held.pop())
        assert find_place(None).mode == "replay"
    finally:
        for descriptor in held:
            os.close(descriptor)
    os.utime(usual_folder("mock") / "lock", ns=(1, 1))
    assert find_place(None) == EngineDir(usual_folder("paper"), "paper", 0)


def test_a_lock_without_a_holder_and_a_holder_without_a_name(home: Path) -> None:
    folder = usual_folder("mock")
    descriptor = hold(folder, "mock", "nobody\n")
    assert place_of(folder).pid in {0, -1}  # as the system tells who locks
    os.close(descriptor)
    assert place_of(folder).pid == 0
    (folder / "lock").unlink()
    (folder / "lock").symlink_to("mode")
    (folder / "mode").write_bytes(b"\xff")
    assert place_of(folder) == EngineDir(folder, "", 0)
