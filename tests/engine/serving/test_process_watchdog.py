"""An engine that wedges, breaks, or stands still in one of its threads: seen, told, ended in time, and back with what it held."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.journal import JOURNAL_FILE, verify
from engine.model.errors import EXIT_FAULT, EXIT_WELL
from engine.serving import place_of
from engine.serving.state_dirs import FLAT_FILE
from tests.support.processes.process_harness import BUSY, HOLDING, OperatorShell, environment
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

PROGRAM = ("-m", "tests.support.processes.broken_engine_process")
HEARTBEAT = "heartbeat ticks"
# What these engines hold is sold by its stop only, and that soon.
STOPPED_OUT = (*HOLDING, "risk.base_sl_points=4", "mock.speed=300")


class Wedged(NamedTuple):
    """What an engine left that was wedged for good, and what its successor was found to be."""

    stacks: str
    log: str
    held: bool
    locked: str
    pid_stayed: bool
    dumped_s: float
    back_s: float
    stop_sold: bool
    flat: "subprocess.CompletedProcess[str]"


def spins(folder: Path) -> Wedged:
    """A strategy that never returns: the engine puts itself in its own place, and a flat asked for meanwhile is done."""
    with OperatorShell(folder, *STOPPED_OUT) as shell:
        shell.lay("spin-when-held", "once")
        shell.start("--quiet", "--unlock", program=(*PROGRAM, "strategy"))
        begun_s = time.monotonic()
        until(lambda: "has stood still" in (shell.state / "stacks.txt").read_text())
        dumped_s = time.monotonic() - begun_s
        until(lambda: "restarting: " in shell.log)
        until(lambda: shell.log.count("mock of synthetic session") == 2, shell.said)
        shell.answers()
        back_s = time.monotonic() - begun_s
        seen = shell.snapshot
        held = any("NIFTY @ " in line for line in seen.found)  # it may have been sold before anybody looks
        stop_sold = not held or bool(shell.sees(lambda seen: not seen.positions).trades[-1].reason == "Stop Loss")
        command = [sys.executable, "-m", "engine", "flat", "--yes", "--state-dir", str(shell.state)]
        flat = subprocess.run(
            command, env=environment(folder), capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )  # fmt: skip
        return Wedged(
            (shell.state / "stacks.txt").read_text(), shell.log, held, seen.entries.locked,
            place_of(shell.state).pid == shell.pid, dumped_s, back_s, stop_sold, flat,
        )  # fmt: skip


class Aborted(NamedTuple):
    """What a service manager heard and saw of an engine that was wedged."""

    heard: list[bytes]
    before: int
    status: int
    wish_laid: bool
    flat_reason: str
    held: int


def hangs(folder: Path) -> Aborted:
    """A strategy that waits for ever, under a service manager; a flat that is asked for meanwhile is not lost."""
    heard: list[bytes] = []
    with OperatorShell(folder, *HOLDING) as shell, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "manager"))
        manager.settimeout(0.5)
        manages = {"NOTIFY_SOCKET": str(folder / "manager"), "WATCHDOG_USEC": "400000"}
        shell.start("--quiet", program=(*PROGRAM, "strategy"), environ=manages)
        shell.holds()
        (shell.cwd / "hang").touch()
        until((shell.cwd / "hangs").exists)
        before = -1
        shell.signal(signal.SIGUSR1)
        while shell.popen.poll() is None:
            try:
                heard.append(manager.recv(999))
            except TimeoutError:  # all that was said so far is heard
                before = len(heard) if before < 0 else before
        (shell.cwd / "hang").unlink()
        status = shell.popen.returncode
        wish_laid = (shell.state / FLAT_FILE).exists()
        shell.start("--quiet", "--paused", program=(*PROGRAM, "strategy"))
        reason = shell.is_flat().flat.reason
        return Aborted(heard, before, status, wish_laid, reason, shell.net())


def breaks(folder: Path) -> tuple[int, str, str, int, str]:
    """A loop that raises again and again."""
    with OperatorShell(folder, *HOLDING) as shell:
        shell.start("--quiet", program=(*PROGRAM, "loop"))
        shell.holds()
        (shell.cwd / "fault").touch()
        status, log, said = shell.ended(), shell.log, shell.said()
        (shell.cwd / "fault").unlink()
        shell.start("--quiet", "--paused")
        seen = shell.snapshot
        assert verify(shell.state / JOURNAL_FILE) is None
        assert shell.net() == seen.positions[0].state.quantity
        return status, log, said, len(seen.positions), seen.entries.locked


def stands_still(folder: Path) -> tuple[str, int, int]:
    """A journal, a recorder and a link that are stuck for some seconds."""
    with OperatorShell(folder, *BUSY, "heartbeat.heartbeat_log_s=1") as shell:
        shell.start("--quiet", program=(*PROGRAM, "edges"))
        shell.holds()
        (shell.cwd / "stuck").touch()
        for name in ("journal", "recorder", "link"):
            until(lambda name=name: f"{name} has stood still for " in shell.log, lambda: shell.log[-1000:])
        seen = shell.log.count(HEARTBEAT)
        until(lambda: shell.log.count(HEARTBEAT) > seen + 1)  # two more, the edges being stuck
        (shell.cwd / "stuck").unlink()
        for name in ("journal", "recorder", "link"):
            until(lambda name=name: f"{name} goes on" in shell.log, lambda: shell.log[-1000:])
        status = shell.ask("stop", "--leave-open").status
        return shell.log, status, shell.ended()


class Runs(NamedTuple):
    """Engines that take their time to be seen, all at once."""

    spins: "Future[Wedged]"
    hangs: "Future[Aborted]"
    breaks: "Future[tuple[int, str, str, int, str]]"
    stands_still: "Future[tuple[str, int, int]]"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("wedged")
    works = (spins, hangs, breaks, stands_still)
    for work in works:
        (folder / work.__name__).mkdir()
    with ThreadPoolExecutor(len(works)) as pool:
        yield Runs(*(pool.submit(work, folder / work.__name__) for work in works))


def test_a_broken_loop_is_begun_anew_three_times_and_no_more(runs: Runs) -> None:
    status, log, said, held, locked = runs.breaks.result()
    assert status == EXIT_FAULT
    assert log.count("restarting: engine failed: RuntimeError: broken: fault") == 3
    assert log.count("given up (engine failed: RuntimeError: broken: fault); NOBODY WATCHES 525 NIFTY") == 1
    assert log.count("mock of synthetic session") == 4
    assert said == ""
    assert (held, locked) == (1, "engine fault")


def test_under_a_service_manager_a_broken_engine_just_ends(tmp_path: Path) -> None:
    with OperatorShell(tmp_path, *HOLDING) as shell:
        (shell.cwd / "fault").touch()
        shell.start("--quiet", wait=False, program=(*PROGRAM, "loop"), environ={"NOTIFY_SOCKET": "/dev/null"})
        assert shell.ended() == EXIT_FAULT
        assert "restarting" not in shell.log
        assert "engine failed: RuntimeError: broken: fault" in shell.said()


def test_who_stands_still_is_told_and_the_engine_goes_on(runs: Runs) -> None:
    log, stopped, status = runs.stands_still.result()
    assert (stopped, status) == (EXIT_WELL, EXIT_WELL)
    assert "engine loop has stood still" not in log
    assert "restarting" not in log
    begun, over = log.index("journal has stood still"), log.index("journal goes on")
    worked = [int(ticks) for ticks in re.findall(rf"{HEARTBEAT} (\d+)", log[begun:over])]
    assert worked[-1] > worked[0]  # it trades on


def test_a_strategy_that_never_returns_is_seen_ended_and_begun_anew(runs: Runs, record_property) -> None:
    run = runs.spins.result()
    record_property("dumped_s", run.dumped_s)
    record_property("back_s", run.back_s)
    assert "broken_engine_process.py" in run.stacks
    assert "in _spin" in run.stacks
    assert "engine loop has stood still for " in run.log
    assert "strategy has stood still for " in run.log
    assert "the engine is ended" in run.log
    assert run.pid_stayed
    assert (run.held, run.stop_sold, run.locked) == (True, True, "the last run ended uncleanly")
    assert run.flat.returncode == EXIT_WELL, run.flat


def test_under_a_service_manager_a_wedged_engine_aborts_and_loses_no_flat(runs: Runs) -> None:
    run = runs.hangs.result()
    assert run.status == -signal.SIGABRT
    assert run.before > 0
    assert b"WATCHDOG=1" in run.heard[: run.before]
    # Its own loop went no further, and nobody lied about it: one that was due, and one of a round that was under way.
    assert run.heard[run.before :].count(b"WATCHDOG=1") <= 2
    assert run.wish_laid
    assert (run.flat_reason, run.held) == ("file FLAT", 0)


def test_a_process_that_is_stopped_is_not_wedged(tmp_path: Path) -> None:
    """The suite cannot wait for minutes: `python -m tests.soak.crash_engine --stopped 3 10 20` does."""
    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.start("--quiet").holds()
        for _ in range(3):
            shell.signal(signal.SIGSTOP)
            until(lambda: Path(f"/proc/{shell.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
            shell.signal(signal.SIGCONT)
        ticks = shell.snapshot.ticks
        shell.sees(lambda seen: seen.ticks > ticks)
        assert "stood still" not in shell.log
