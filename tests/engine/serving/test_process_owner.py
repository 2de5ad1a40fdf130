"""An engine whose lock is taken away, and one that says nothing any more: it is found, nobody begins beside it, and a flat ends what is silent."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys

import pytest

from engine.assembly.edges import NOTHING_HELD, RECORDING_NOTE
from engine.journal import JOURNAL_FILE, verify
from engine.journal.ownership import LOCK_FILE
from engine.journal.state_dir import STAMP_FILE
from engine.model.errors import EXIT_BAD_INPUT, EXIT_BUSY, EXIT_DIFFERENT, EXIT_WELL
from engine.serving.state_dirs import FLAT_FILE, SOCKET_FILE
from tests.support.parallel import Parallel
from tests.support.processes.process_harness import HOLDING, OperatorShell

pytestmark = pytest.mark.slow

side_by_side = Parallel(lambda folder: OperatorShell(folder, *HOLDING, "mock.speed=20"))


@side_by_side
def test_without_its_lock_file_an_engine_is_found_and_stays_the_only_one(shell: OperatorShell) -> None:
    shell.start().holds()
    (shell.state / LOCK_FILE).unlink()
    assert shell.status()["running"]
    second = shell.run("engine", *shell.words())
    assert (second.status, f"is in use by process {shell.pid};" in second.err) == (EXIT_BUSY, True)
    done = shell.ask("flat", "--yes")
    assert (done.status, "no engine is running" in done.out) == (EXIT_WELL, False)
    assert "FLAT verified" in done.out
    assert (shell.snapshot.positions, shell.ask("stop").status, shell.ended()) == ((), EXIT_WELL, EXIT_WELL)


@side_by_side
def test_a_silent_engine_is_ended_and_what_it_held_is_closed(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.signal(signal.SIGSTOP)
    done = shell.ask("flat", "--yes")
    assert (done.status, shell.net()) == (EXIT_WELL, 0)
    for line in (
        f"engine {shell.pid} has said nothing for 5 s",
        f"engine {shell.pid} is ended: it must not send anything any more",
        f"engine {shell.pid} was ended: what its journal says is held is closed from here",
        "FLAT verified",
    ):
        assert line in done.out
    assert shell.ended() == -signal.SIGKILL  # SIGABRT does not reach one that is stopped
    assert verify(shell.state / JOURNAL_FILE) is None
    assert not (shell.state / FLAT_FILE).exists()
    shell.start("--paused")
    assert (shell.snapshot.positions, shell.snapshot.entries.locked) == ((), "flat: flat command, engine dead")


@side_by_side
def test_without_its_lock_file_a_silent_engine_is_known_by_its_journal(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.signal(signal.SIGSTOP)
    (shell.state / LOCK_FILE).unlink()
    done = shell.ask("flat", "--yes")
    assert (done.status, shell.net(), shell.ended()) == (EXIT_WELL, 0, -signal.SIGKILL)


@side_by_side
def test_a_stranger_that_locks_the_directory_is_not_ended(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    held = os.open(shell.state, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)  # as a backup does, by flock(1)
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, pass_fds=[held]) as stranger:  # fmt: skip
        os.close(held)
        done = shell.ask("flat", "--yes")
        assert stranger.poll() is None
        stranger.kill()
    assert (done.status, "is not the engine that took it: nobody is ended" in done.err) == (EXIT_BAD_INPUT, True)
    assert shell.net() != 0
    done = shell.ask("flat", "--yes")
    assert (done.status, shell.net()) == (EXIT_WELL, 0)


@side_by_side.each({"a copy": 0, "an older copy": 0})
def test_a_copy_in_place_of_a_living_engine_s_directory_is_not_flattened_for_it(home: OperatorShell, what: str) -> None:
    with OperatorShell(home.folder / what, *home.rules[2:]) as shell:
        shell.start()
        copy = shell.folder / "copy"
        if what == "an older copy":  # whose journal holds nothing
            shutil.copytree(shell.state, copy, ignore=shutil.ignore_patterns(SOCKET_FILE))
        shell.holds()
        shell.signal(signal.SIGSTOP)
        if what == "a copy":
            shutil.copytree(shell.state, copy, ignore=shutil.ignore_patterns(SOCKET_FILE))
        shell.state.rename(shell.folder / "moved")
        copy.rename(shell.state)
        done = shell.ask("flat", "--yes")
        assert (done.status, "locks nothing in" in done.err, shell.popen.poll()) == (EXIT_BAD_INPUT, True, None)
        shell.signal(signal.SIGCONT)  # it makes its own place again, and finds the request there
        shell.answers()
        assert shell.is_flat().positions == ()


@side_by_side
def test_nobody_begins_in_a_directory_that_was_moved_from_under_an_engine(shell: OperatorShell) -> None:
    shell.start().holds()
    moved = shell.folder / "moved"
    shell.state.rename(moved)
    shell.answers()  # it has made its place again, and goes on there with what it holds
    words = [str(moved) if word == str(shell.state) else word for word in shell.words()]
    second = shell.run("engine", *words)
    assert (second.status, f"is that of process {shell.pid}, which lives" in second.err) == (EXIT_BUSY, True)
    assert (shell.ask("flat", "--yes").status, shell.snapshot.positions) == (EXIT_WELL, ())


@side_by_side
def test_where_others_could_have_put_another_engine_a_flat_says_so(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.folder.chmod(0o777)
    done = shell.ask("flat", "--yes")
    shell.folder.chmod(0o700)
    assert f"others may write to {shell.folder}, who could have put another engine" in done.err
    assert (done.status, shell.snapshot.positions) == (EXIT_WELL, ())


@side_by_side
def test_a_pipe_in_place_of_a_file_is_waited_for_by_nobody(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    (shell.state / NOTHING_HELD).write_text("of another")
    for name in (STAMP_FILE, JOURNAL_FILE, f"{JOURNAL_FILE}-wal", NOTHING_HELD, SOCKET_FILE):
        path, kept = shell.state / name, shell.folder / "kept aside"
        path.rename(kept) if path.exists() else kept.touch()
        os.mkfifo(path)
        assert shell.ask("status").status in {EXIT_WELL, EXIT_DIFFERENT, EXIT_BAD_INPUT}, name
        if name in {STAMP_FILE, JOURNAL_FILE, f"{JOURNAL_FILE}-wal"}:
            done = shell.ask("flat", "--yes")
            assert (done.status, "FLAT" in done.out) == (EXIT_BAD_INPUT, False), (name, done)
        path.unlink()
        kept.rename(path)
    (shell.state / RECORDING_NOTE).unlink()
    for name in (RECORDING_NOTE, FLAT_FILE):
        os.mkfifo(shell.state / name)
    done = shell.ask("flat", "--yes")  # at the last journalled price
    assert (done.status, "FLAT verified" in done.out, shell.net()) == (EXIT_WELL, True, 0)
    assert not (shell.state / FLAT_FILE).exists()


@side_by_side
def test_a_directory_that_has_lost_its_journal_comes_up_locked_and_says_so(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    for path in shell.state.glob(f"{JOURNAL_FILE}*"):
        path.unlink()
    gone = f"{JOURNAL_FILE} is missing"
    assert gone in shell.ask("status").err
    refused = shell.ask("flat", "--yes")
    assert (refused.status, "what is held is not known" in refused.err) == (EXIT_BAD_INPUT, True)
    shell.start("--paused")
    seen = shell.status()
    assert seen["locked"] == "the journal is missing: what was held is not known"
    assert any(gone in line for line in seen["found"])
    shell.ask("stop")
    shell.ended()
    shell.start("--paused")
    assert shell.status()["locked"] == seen["locked"]  # until a person unlocks
    flat = shell.ask("flat", "--yes")
    assert (flat.status, "what was held is not known" in flat.out.splitlines()[-1]) == (EXIT_DIFFERENT, True), flat
    shell.kill()
    assert shell.ask("flat", "--yes").status == EXIT_BAD_INPUT  # the flat of what came later has not made it known
    shell.start("--paused", "--unlock")
    assert shell.ask("flat", "--yes").out.splitlines()[-1] == "  unresolved: nothing"


@side_by_side
def test_a_directory_that_was_never_used_is_not_locked(shell: OperatorShell) -> None:
    shell.start("--paused")
    assert (shell.snapshot.entries.locked, shell.snapshot.found) == ("", ())
    shell.ask("stop")
    shell.ended()
    shutil.rmtree(shell.state)
    shell.start("--paused")
    assert shell.snapshot.entries.locked == ""
