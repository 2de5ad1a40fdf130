"""A disk that hangs, fails or is full under a living engine: nobody who must go on waits for it, what is shown is marked, and there is a way back."""

import re
import signal
from pathlib import Path

import pytest

from engine.model.commands import Lock, Stall, Unlock
from engine.model.errors import EXIT_WELL
from engine.serving.state_dirs import FLAT_FILE
from tests.support.parallel import Parallel
from tests.support.process_harness import HOLDING, OperatorShell
from tests.support.waiting import until

pytestmark = pytest.mark.slow

AUDITED = ("-m", "tests.support.audited_engine_process")

side_by_side = Parallel(lambda folder: OperatorShell(folder, *HOLDING, "mock.speed=20"))


@side_by_side
def test_no_thread_that_must_go_on_touches_the_disk(shell: OperatorShell) -> None:
    shell.start(program=AUDITED, environ={"PYTHONDONTWRITEBYTECODE": "1"}).holds()
    touched = shell.cwd / "touched"
    until(touched.read_text)
    (first,) = re.findall(r"^\w+: .*", touched.read_text(), re.MULTILINE)
    assert first.startswith("engine: os.stat touched")  # it hears
    with shell.remote():
        shell.command(Lock("me"), Unlock())
        shell.steering.send(Stall(2.5))  # the watchdog dumps stacks
        until(lambda: "stacks of all threads" in shell.log)
    shell.holds()
    shell.signal(signal.SIGUSR1)
    shell.is_flat("SIGUSR1")
    shell.command(Unlock())
    shell.holds()
    (shell.state / FLAT_FILE).touch()
    shell.is_flat("file FLAT")
    until(lambda: not (shell.state / FLAT_FILE).exists())
    until(lambda: len(shell.receipts) == 2)
    shell.socket.unlink()
    until(shell.socket.exists)
    shell.signal(signal.SIGHUP)
    shell.signal(signal.SIGTERM)
    assert shell.ended() == EXIT_WELL
    assert not shell.socket.exists()
    assert re.findall(r"^\w+: .*", touched.read_text(), re.MULTILINE) == [first], touched.read_text()
    assert "stood still" in (shell.state / "stacks.txt").read_text()
    assert Path(shell.state / "engine.log").exists()
