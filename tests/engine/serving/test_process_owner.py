"""An engine whose lock is taken away, and one that says nothing any more: it is found, nobody begins beside it, and a flat ends what is silent."""

import shutil
import signal

import pytest

from engine.journal import JOURNAL_FILE, verify
from engine.journal.ownership import LOCK_FILE
from engine.model.errors import EXIT_BAD_INPUT, EXIT_BUSY, EXIT_WELL
from engine.serving.state_dirs import FLAT_FILE
from tests.support.parallel import Parallel
from tests.support.process_harness import HOLDING, OperatorShell

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


@side_by_side
def test_a_directory_that_was_never_used_is_not_locked(shell: OperatorShell) -> None:
    shell.start("--paused")
    assert (shell.snapshot.entries.locked, shell.snapshot.found) == ("", ())
    shell.ask("stop")
    shell.ended()
    shutil.rmtree(shell.state)
    shell.start("--paused")
    assert shell.snapshot.entries.locked == ""
