"""One way to flat in every form of a live run: the socket, the file and the signal end all of them verified flat, and locked."""

import os
import signal
from pathlib import Path

import pytest

from engine.model.commands import Arm, Flat, Lock
from engine.model.errors import EXIT_WELL
from engine.serving.signals import TAKEN
from engine.serving.state_dirs import FLAT_FILE
from tests.support.parallel import Parallel
from tests.support.processes.live_forms import FORMS, engine_pid, live, send, stays_flat
from tests.support.processes.process_harness import BUSY, HOLDING, OperatorShell
from tests.support.terminals.terminal import Tmux, tmux
from tests.support.waiting import until
from tui.input.keys import TABLE

pytestmark = pytest.mark.slow

side_by_side = Parallel(lambda folder: OperatorShell(folder, *HOLDING))


def by_command(shell: OperatorShell) -> None:
    answer = shell.ask("flat", "--yes")
    assert (answer.status, answer.err) == (EXIT_WELL, "")
    assert "FLAT verified" in answer.out


def by_file(shell: OperatorShell) -> None:
    (shell.state / FLAT_FILE).touch()


def by_signal(shell: OperatorShell) -> None:
    send(shell, signal.SIGUSR1)


def fires(terminal: Tmux, shell: OperatorShell) -> None:
    """`!` and `x`, which is typed again where the plan has changed under the finger."""
    terminal.keys("!")
    terminal.sees("FIRE the flat")

    def fired() -> bool:
        terminal.read_it()
        if "FIRE the flat" in terminal.screen():
            terminal.keys("x")
        return shell.snapshot.flat.state in {"FLAT", "LOCKED", "CANCELLING", "CLOSING", "VERIFYING"}

    until(fired, terminal.screen)


def by_screen(shell: OperatorShell) -> None:
    """A screen that does not have control: `!` and `x`."""
    folder = shell.folder / "screen"
    folder.mkdir()
    with tmux(folder, 120, 40, "attach", "--state-dir", str(shell.state)) as terminal:
        terminal.sees("MOCK", "CONTROL")
        fires(terminal, shell)
        terminal.sees("FLAT")
        shell.is_flat()


WAYS = {
    "flat command": by_command,
    "file FLAT": by_file,
    "SIGUSR1": by_signal,
    "operator": by_screen,
}


@side_by_side.each(f"{form}: {way}" for form in FORMS for way in WAYS)
def test_it_ends_flat_and_stays_locked(home: OperatorShell, form_and_way: str) -> None:
    form, way = form_and_way.split(": ")
    with live(home, form) as shell:
        shell.holds()
        WAYS[way](shell)
        stays_flat(shell, way)
        until(lambda: not (shell.state / FLAT_FILE).exists())


@side_by_side.each(FORMS)
def test_a_stray_signal_ends_no_run(home: OperatorShell, form: str) -> None:
    """Every signal that does not mean something by our own word; a screen in the same process has the terminal's."""
    meant = {signal.SIGINT, signal.SIGTERM, signal.SIGUSR1}
    if form == "in process":
        meant |= {signal.SIGHUP}  # its terminal is gone
    with live(home, form) as shell:
        shell.holds()
        for number in sorted((TAKEN | {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGWINCH, signal.SIGCHLD}) - meant):
            send(shell, number)
        seen = shell.snapshot
        shell.sees(lambda later: later.ticks > seen.ticks + 100 and later.positions)
        until(lambda: "SIGUSR2 means nothing here" in shell.log)
        send(shell, signal.SIGUSR1)
        stays_flat(shell, "SIGUSR1")


@side_by_side.each(["engine", "headless"])
def test_a_flat_signal_during_the_start_is_kept_for_the_engine(home: OperatorShell, form: str) -> None:
    """From the moment the state directory is taken a signal never has its default action, which would end the process."""
    with OperatorShell(home.folder, *BUSY) as shell:
        shell.start(wait=False, program=("-m", "tests.support.processes.early_signal_process"), form=FORMS[form][1])
        shell.answers()
        shell.is_flat("SIGUSR1")
        assert shell.popen.poll() is None
        assert shell.snapshot.entries.locked == "flat: SIGUSR1"


@side_by_side.each(["headless", "in process"])
def test_status_attach_and_stop_work_on_it(home: OperatorShell, form: str) -> None:
    with live(home, form) as shell:
        shell.holds()
        found = shell.status()
        assert (found["exit"], found["running"], found["pid"]) == (EXIT_WELL, True, engine_pid(shell))
        with shell.remote("Ann") as ann:
            if form == "headless":
                assert ann.control.mine
                shell.command(Lock("Ann"))
            else:
                assert ann.control.holder == "the run's own screen"
                ann.take_control()
                until(lambda: any("keeps it" in line for line in ann.told))
                assert not ann.control.mine
            ann.send(Arm())
            ann.send(Flat("Ann"))
            shell.is_flat("Ann")
        stopped = shell.ask("stop")
        assert (stopped.status, shell.ended()) == (EXIT_WELL, EXIT_WELL)
        assert not os.path.exists(shell.socket)


def test_a_screen_that_only_looks_changes_nothing(tmp_path: Path) -> None:
    """Every key of the table, on a real terminal: neither the engine nor a file of its directory is another one afterwards."""
    with OperatorShell(tmp_path, *HOLDING, "mock.speed=60") as shell:
        looks_and_changes_nothing(shell)


def _files(shell: OperatorShell) -> set[str]:
    """What lies in the state directory, but for what the engine itself puts there once a minute."""
    return {path.name for path in shell.state.iterdir()} - {"uptime.json"}


def looks_and_changes_nothing(shell: OperatorShell) -> None:
    keys = [key.key for key in TABLE if len(key.key) == 1 and key.key not in "qsc"]  # leave; save and copy are its own
    shell.start("--quiet").holds()
    with shell.remote("Ann"):
        seen, files = shell.snapshot, _files(shell)
        folder = shell.folder / "screen"
        folder.mkdir()
        with tmux(folder, 120, 40, "attach", "--read-only", "--state-dir", str(shell.state)) as terminal:
            terminal.sees("MOCK", "read-only")
            for key in keys:
                terminal.keys(key, "x", "Escape")
            terminal.read_it()
            terminal.keys("Escape")
            terminal.read_it()
            terminal.keys("!")
            terminal.sees("only looks and nothing was sent")
        now = shell.snapshot
    assert (now.entries, now.flat, now.delivery, now.positions[0].state.quantity) == (
        seen.entries,
        seen.flat,
        seen.delivery,
        seen.positions[0].state.quantity,
    )
    assert _files(shell) == files

    folder = shell.folder / "careful"
    folder.mkdir()
    with tmux(folder, 120, 40, "attach", "--may-flat", "--state-dir", str(shell.state)) as terminal:
        terminal.sees("MOCK", "read-only")
        fires(terminal, shell)
        stays_flat(shell, "operator")
