"""Every way into an emergency flat, and every state an engine may be in when it comes; on a real engine process."""

import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from engine.link import RemoteEngine
from engine.link.protocol import GetSnapshot
from engine.model.commands import Arm, Flat, Hold, Lock, PauseEntries, Play, ResumeEntries, Seek, SwitchDelivery, Unlock
from engine.model.snapshot import Snapshot
from engine.serving.state_dirs import FLAT_FILE
from tests.support.link_harness import RawClient
from tests.support.processes.process_harness import HOLDING, OperatorShell
from tests.support.waiting import until

WAITING = 5_000  # ticks
OPEN_TICK = 50  # of the generated session: the silence before the market opens is over
BREAKABLE = ("-m", "tests.support.processes.broken_engine_process", "strategy")
RULES = (
    *HOLDING,
    "mock.speed=300",
    "engine.delivery=queued",
    "engine.poll_interval_ms=10000",  # in polling, ticks wait for hours, as it were
    "engine.inbox_size=100000",
    "engine.switch_drain_ms=5000",  # a strategy that can be broken looks for a file at each of thousands of ticks
    "risk.max_positions_per_day=1000000",
)


def shell_with_position(folder: Path) -> OperatorShell:
    """A shell with a running engine in which a strategy can be broken, and a position."""
    shell = OperatorShell(folder, *RULES).start("--quiet", "--paused", program=BREAKABLE)
    shell.command(Seek(OPEN_TICK), Play())
    shell.holds()
    return shell


# ── Ways in: each asks for a flat, and tells when (monotonic ns) and what its reason says ───────────────────────────


def by_signal(shell: OperatorShell, _remote: RemoteEngine) -> int:
    return shell.signal(signal.SIGUSR1)


def by_file(shell: OperatorShell, _remote: RemoteEngine) -> int:
    now_ns = time.perf_counter_ns()
    (shell.state / FLAT_FILE).touch()
    return now_ns


def by_key(_shell: OperatorShell, remote: RemoteEngine) -> int:
    """As `!` and `x` on a screen."""
    remote.send(Arm())
    until(lambda: remote.snapshot.flat.state == "ARMED", lambda: (remote.snapshot.flat, remote.pending()))
    now_ns = time.perf_counter_ns()
    remote.send(Flat("key"))
    return now_ns


def by_command(shell: OperatorShell, _remote: RemoteEngine) -> int:
    """As `flat --yes` in a second shell, its own start included."""
    now_ns = time.perf_counter_ns()
    assert shell.ask("flat", "--yes").status == 0
    return now_ns


Way = Callable[[OperatorShell, RemoteEngine], int]
WAYS: dict[str, tuple[Way, str]] = {
    "signal": (by_signal, "SIGUSR1"),
    "file": (by_file, "file FLAT"),
    "key": (by_key, "key"),
    "command": (by_command, "flat command"),
}


# ── States: each is entered with something held, and left again ─────────────────────────────────────────────────────


@contextmanager
def paused(shell: OperatorShell) -> Iterator[None]:
    shell.command(PauseEntries())
    yield
    shell.command(ResumeEntries())


@contextmanager
def locked(shell: OperatorShell) -> Iterator[None]:
    shell.command(Lock("lunch"))
    yield


@contextmanager
def halted(shell: OperatorShell) -> Iterator[None]:
    """The strategy has raised once."""
    shell.lay("raise", "once")
    shell.sees(lambda seen: seen.entries.halted)
    yield


@contextmanager
def raising(shell: OperatorShell) -> Iterator[None]:
    """The strategy raises on every tick."""
    (shell.cwd / "raise").touch()
    before = shell.snapshot.faults
    shell.sees(lambda seen: seen.faults > before + 3)
    yield
    (shell.cwd / "raise").unlink()


@contextmanager
def crowded(shell: OperatorShell) -> Iterator[None]:
    """Thousands of ticks wait for their turn."""
    shell.command(Hold(), SwitchDelivery("polling"))
    waits = False
    while not waits:  # now and then it is polled just before anybody looks
        goal = shell.snapshot.ticks + WAITING + 500
        shell.command(Seek(goal))
        waits = shell.sees(lambda seen, goal=goal: seen.inbox_waiting >= WAITING or seen.ticks == goal).ticks < goal
    yield
    # What cannot be drained in time is tried again: each time there is less.
    until(lambda: shell.outcome(SwitchDelivery("queued")).state == "DONE")
    shell.command(Play())


@contextmanager
def screen_hung(shell: OperatorShell) -> Iterator[None]:
    """A screen asks for pictures and does not read them, until its connection takes no more."""
    with RawClient(shell.socket) as hung:
        hung.hello("hung")
        hung.sock.settimeout(0.05)
        try:
            for _ in range(2_000):
                hung.say(GetSnapshot(log_limit=250))
        except TimeoutError:
            yield
            return
        yield


@contextmanager
def disk_failing(shell: OperatorShell) -> Iterator[None]:
    """No file of the engine's may grow: nothing can be written, neither journal nor log nor recording."""
    before = resource.prlimit(shell.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    shell.command(PauseEntries(), ResumeEntries())  # something to be journalled
    shell.sees(lambda seen: "journal" in seen.entries.locked)
    yield
    resource.prlimit(shell.pid, resource.RLIMIT_FSIZE, before)
    shell.command(PauseEntries(), ResumeEntries())  # the journal tries again with its next row


State = Callable[[OperatorShell], AbstractContextManager[None]]
STATES: dict[str, State] = {
    "trading": lambda _shell: nullcontext(),
    "paused": paused,
    "locked": locked,
    "halted": halted,
    "strategy raising": raising,
    "5,000 ticks waiting": crowded,
    "screen hung": screen_hung,
    "disk failing": disk_failing,
}


def back_to_trading(shell: OperatorShell) -> Snapshot:
    """Unlock, and wait for the next position."""
    shell.command(Unlock())
    return shell.holds()
