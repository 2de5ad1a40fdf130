"""Engines as processes of their own: started, looked at, commanded and ended as from any shell; nothing of them is a double."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from engine.assembly import Run, build
from engine.journal import JOURNAL_FILE, read_events
from engine.link import Oneshot, RemoteEngine
from engine.link.protocol import AnyCommand
from engine.link.tickets import Pending
from engine.model.snapshot import Snapshot
from engine.serving import place_of
from engine.serving.launch import answers
from engine.venues.simulated.source import mock_source
from tests.simulator import Simulator
from tests.support.builders import EAGER, config
from tests.support.paths import ROOT
from tests.support.processes import fork_server
from tests.support.processes.fork_server import Answer
from tests.support.waiting import PATIENCE_S, until

LEFT = "Ann"  # who looks on in tests, and leaves before another comes
PROGRAM = ("-m", "engine")  # as it is started by hand
# Trading from the first tick on, all day long; what is bought is soon sold, or kept whatever happens.
BUSY = (
    *EAGER,
    "session.start=09:00",
    "session.start_buffer_minutes=0",
    "session.no_trade_start_minutes=0",
    "mock.speed=1000",
)
HOLDING = (
    *BUSY,
    "risk.base_sl_points=100000",
    "risk.tp_points=[100000]",
    "risk.tp_percents=[1.0]",
    "risk.use_trail_stop=false",
)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment of its own below `folder`."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "HOME": str(folder),
        **{f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("STATE", "DATA", "CONFIG")},
        **more,
    }


@contextmanager
def unstarted_run(folder: Path) -> Iterator[Run]:
    """A run on a generated session, in this very process, that was built and not started."""
    chosen = config("feed.source=mock", f"recording.directory={folder / 'kept'}")
    with build(chosen, mock_source(chosen), "mock", state_root=folder / "state") as built:
        yield built


class OperatorShell:
    """One operator's home, below `folder`, with a state directory in which engines run one after the other.

    `rules` are configuration keys of every engine that is started; `source` is where its ticks come from.
    """

    def __init__(self, folder: Path, *rules: str, source: str = "mock") -> None:
        self.folder = folder
        self.state = folder / "here"
        self.cwd = folder / "work"
        self.kept = folder / "kept"
        self.cwd.mkdir(parents=True, exist_ok=True)
        self.rules = (f"recording.directory={self.kept}", "recording.flush_ms=10", *rules)
        self.source = source
        self.popen: subprocess.Popen[str] | fork_server.Fork
        self._steering: RemoteEngine | None = None
        self.output = folder / "output"
        self.ready_s = 0.0

    def run(self, *words: str | Path, text: str = "", **environ: str) -> Answer:
        """A command of the program until its end, for this state directory."""
        chosen = environment(self.folder, **environ)
        if fork_server.can_run(chosen):
            return fork_server.run([*map(str, words)], self.cwd, chosen, text)
        done = subprocess.run(
            [sys.executable, "-m", "engine", *map(str, words)],
            cwd=self.cwd, env=chosen, input=text, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    def ask(self, *words: str, text: str = "") -> Answer:
        """A command about the engine of this state directory."""
        return self.run(*words, "--state-dir", self.state, text=text)

    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        answer = self.ask("status", "--json")
        found: dict[str, Any] = json.loads(answer.out)
        return found | {"exit": answer.status}

    def words(self, *more: str | Path) -> list[str]:
        """What follows `engine` on the command line."""
        keys = [word for rule in self.rules for word in ("--set", rule)]
        return ["--source", self.source, "--state-dir", str(self.state), *keys, *map(str, more)]

    def start(
        self,
        *more: str | Path,
        wait: bool = True,
        program: Sequence[str] = (),
        form: Sequence[str] = ("engine",),
        environ: dict[str, str] | None = None,
    ) -> Self:
        """Start `engine` in the foreground of nobody, with what it says in `output`; waits until it answers.

        Without a `program` of its own it is a fork of one that has imported everything.
        """
        begun_s = time.monotonic()
        words, chosen = [*form, *self.words(*more)], environment(self.folder, **(environ or {}))
        if not program and fork_server.can_run(chosen):
            self.popen = fork_server.Fork(words, self.cwd, chosen, (Path(os.devnull), self.output, self.output))
        else:
            with self.output.open("a") as output:
                self.popen = subprocess.Popen(
                    [sys.executable, *(program or PROGRAM), *words],
                    cwd=self.cwd, env=chosen, start_new_session=True, text=True, umask=0,
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                )  # fmt: skip
        if wait:
            self.answers()
            self.ready_s = time.monotonic() - begun_s
        return self

    def answers(self) -> None:
        """Wait until the engine answers at its socket."""
        until(lambda: self.popen.poll() is not None or answers(place_of(self.state)), self.said)
        assert self.popen.poll() is None, self.said()

    def said(self) -> str:
        """All that engines of this shell have put on their terminal."""
        return self.output.read_text() if self.output.exists() else ""

    @property
    def pid(self) -> int:
        return self.popen.pid

    def lay(self, name: str, text: str) -> None:
        """A file in the working directory of its engines, which is there whole or not at all."""
        (self.cwd / f"{name}.part").write_text(text)
        (self.cwd / f"{name}.part").rename(self.cwd / name)

    def signal(self, number: signal.Signals) -> int:
        """Send a signal; when that was (monotonic ns)."""
        now_ns = time.perf_counter_ns()
        self.popen.send_signal(number)
        return now_ns

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        return self.popen.wait(PATIENCE_S)

    def kill(self) -> None:
        """The end as by a power cut."""
        self.popen.kill()
        self.popen.wait(PATIENCE_S)

    def close(self) -> None:
        """See that nothing is left."""
        if hasattr(self, "popen") and self.popen.poll() is None:
            self.kill()
        pid = place_of(self.state).pid
        if pid > 0:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            until(lambda: place_of(self.state).pid != pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def socket(self) -> Path:
        return self.state / "engine.sock"

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture, through the socket."""
        with Oneshot(self.socket, "test", PATIENCE_S) as call:
            return call.snapshot()

    def sees(self, wanted: Callable[[Snapshot], object]) -> Snapshot:
        """Wait until the engine shows what is `wanted`; that picture."""
        seen: list[Snapshot] = []
        with Oneshot(self.socket, "test", PATIENCE_S) as call:

            def look() -> object:
                seen[:] = [call.snapshot()]
                return wanted(seen[0])

            until(look, lambda: (seen[0].entries, seen[0].flat, seen[0].positions, seen[0].ticks, self.said()[-2000:]))
        return seen[0]

    def holds(self) -> Snapshot:
        """Wait until something is held."""
        return self.sees(lambda seen: seen.positions)

    def is_flat(self, reason: str = "") -> Snapshot:
        """Wait until the engine has verified that it is flat."""
        return self.sees(lambda seen: seen.flat.state == "FLAT" and reason in seen.flat.reason and seen.flat.receipt)

    @contextmanager
    def remote(self, name: str = LEFT) -> Iterator[RemoteEngine]:
        """A screen that has control; it leaves in good order."""
        opened = RemoteEngine(self.socket, name)
        opened.start(PATIENCE_S)
        self._steering = opened
        try:
            yield opened
        finally:
            self._steering = None
            opened.leave(detached=True)

    def command(self, *commands: AnyCommand) -> None:
        """Give commands from the screen that has control, each carried out before the next; none is refused."""
        if self._steering is None:
            with self.remote("test"):
                self.command(*commands)
            return
        for command in commands:
            ended = self.outcome(command)
            assert ended.state == "DONE", ended

    def outcome(self, command: AnyCommand) -> Pending:
        """What became of `command`, which the screen that has control gives.

        Given again where it could not be sent in time, or where a screen that has just left is not yet known to have.
        """
        ended: list[Pending] = []

        def has_ended() -> bool:
            ended[:] = [each for each in self.steering.pending()[-1:] if each.state not in {"REQUESTED", "ACCEPTED"}]
            if ended and (ended[0].reason.startswith("not sent: ") or ended[0].reason == f"{LEFT} has control"):
                self.steering.send(command)
                ended.clear()
            return bool(ended)

        self.steering.send(command)
        until(has_ended, self.steering.pending)
        return ended[0]

    @property
    def steering(self) -> RemoteEngine:
        """The screen that has control."""
        assert self._steering is not None
        return self._steering

    # ── What it leaves ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def log(self) -> str:
        return (self.state / "engine.log").read_text(encoding="utf-8")

    @property
    def receipts(self) -> list[Path]:
        return sorted(self.state.glob("flat-*.txt"))

    def journal(self, *kinds: str) -> list[Any]:
        """The bodies of the journal's rows of these kinds (none: of all)."""
        rows = read_events(self.state / JOURNAL_FILE)
        return [json.loads(row.body) for row in rows if not kinds or row.kind in kinds]

    def net(self) -> int:
        """Sum of all journalled fills, over all runs."""
        fills = [row["fill"] for row in self.journal("FillBooked")]
        return sum(fill["quantity"] if fill["side"] == "BUY" else -fill["quantity"] for fill in fills)

    def locks(self) -> int:
        """How many flat jobs were begun, over all runs."""
        return sum(row["state"] == "LOCKED" for row in self.journal("FlatChanged"))

    def open_to_others(self) -> list[tuple[Path, str]]:
        """Files and directories of the engine's that others than its owner could open."""
        found = [self.state, *self.state.iterdir(), *(self.kept.iterdir() if self.kept.exists() else ())]
        return [(path, oct(mode)) for path in found if (mode := stat.S_IMODE(path.lstat().st_mode)) & 0o077]


def flat_times(seen: Snapshot, asked_ns: int) -> tuple[float, float]:
    """How long after `asked_ns` (monotonic) entries were locked, and how long after that the flat was verified, in ms."""
    verified = re.search(r"FLAT verified ([\d.]+) s", seen.flat.receipt[0])
    assert verified is not None
    return (seen.flat.begun_ns - asked_ns) / 1e6, float(verified[1]) * 1000


def coin_shell(folder: Path, sim: Simulator, *symbols: str) -> OperatorShell:
    """A shell whose engines trade coins of the simulated exchange on paper, and keep what they buy."""
    listed = ", ".join(f'"{symbol}"' for symbol in symbols)
    keys = (
        f"binance.stream_url={sim.binance_url}",
        f"feed.symbols=[{listed}]",
        "capital.initial_capital=1000000000",
        "risk.max_position_value_percent=1",
    )
    kept = (rule for rule in HOLDING if not rule.startswith(("session.", "risk.max_position_value_percent=")))
    return OperatorShell(folder, *kept, *keys, source="binance")  # coins are traded round the clock
