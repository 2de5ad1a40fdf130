"""A live run in each of its forms: a process of its own, headless, beside a screen, and started by a screen."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from engine.serving import place_of
from tests.support.processes.process_harness import OperatorShell, environment
from tests.support.waiting import PATIENCE_S, until

# What stands before the options of a run; the screen's program where it has a terminal.
FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "engine": ("engine", ("engine", "--quiet")),
    "headless": ("engine", ("run", "--headless", "--quiet")),
    "in process": ("tui", ("run", "--in-process")),
    "run": ("tui", ("run",)),
}


def _drain(master: int) -> None:
    try:
        while os.read(master, 65536):
            continue
    except OSError:  # its other end is closed
        return


@contextmanager
def live(shell: OperatorShell, form: str) -> Iterator[OperatorShell]:
    """A run of this form in `shell`, once it answers at its socket; those with a screen have a terminal nobody looks at."""
    program, words = FORMS[form]
    master, slave = pty.openpty()
    on_screen = program == "tui"
    output = shell.output.open("a")
    ends = {"stdin": slave, "stdout": slave, "stderr": output} if on_screen else {"stdout": output, "stderr": output}
    shell.popen = subprocess.Popen(
        [sys.executable, "-m", program, *words, *shell.words()],
        cwd=shell.cwd,
        env=environment(shell.folder, TERM="xterm-256color", COLUMNS="80", LINES="24"),
        start_new_session=True,
        text=True,
        **({"stdin": subprocess.DEVNULL} | ends),  # type: ignore[call-overload]
    )
    os.close(slave)
    output.close()
    reader = Thread(target=_drain, args=(master,), daemon=True)
    reader.start()
    try:
        shell.answers()
        yield shell
    finally:
        if shell.popen.poll() is None:
            shell.popen.kill()
        shell.popen.wait(PATIENCE_S)
        os.close(master)
        shell.close()


def engine_pid(shell: OperatorShell) -> int:
    """The process that holds the state directory."""
    return place_of(shell.state).pid


def send(shell: OperatorShell, number: int) -> None:
    """Send a signal to the run."""
    os.kill(engine_pid(shell), number)


def stays_flat(shell: OperatorShell, reason: str) -> None:
    """It is verified flat, stays locked, and enters nothing while it goes on trading for hundreds of ticks."""
    seen = shell.is_flat(reason)
    assert seen.positions == ()
    assert seen.entries.locked == f"flat: {reason}"
    later = shell.sees(lambda later: later.ticks > seen.ticks + 300)
    assert (later.positions, later.account.total.entries) == ((), seen.account.total.entries)
    until(lambda: shell.net() == 0)
