"""Runs an engine in a process of its own until it is told to end: signals, socket, watchdogs, wishes laid into its folder."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from engine.build import Run
from engine.clock import SystemClock
from engine.errors import EXIT_FAULT
from engine.link import LinkServer, Operator
from engine.messages import Command, Flat
from engine.ports import LogLine
from engine.runner import LOGGERS
from engine.serving.notify import Notifier
from engine.serving.places import FLAT_FILE, SOCKET_FILE
from engine.serving.watchdog import Watchdog
from engine.snapshot import Snapshot

_LOOK_S = 0.2
_STOP_S = 5.0
_RESTARTS = "MYQUANT_RESTARTS"  # moments (epoch s) of the newest restarts, from one program image to the next
_MOST_RESTARTS = 3
_WITHIN_S = 600
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def block_signals() -> None:
    """Keep the signals for `serve`, which asks for them; before any thread is started, for threads inherit this."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


class _Served:
    """The engine as its socket sees it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture."""
        return self._run.engine.snapshot

    def send(self, command: Command, ticket: int) -> None:
        """Hand in a command."""
        self._run.engine.send(command, ticket)

    def history(self, instrument: int) -> tuple[tuple[int, int], ...]:
        """The day's chart of one instrument."""
        return self._run.engine.history(instrument)

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        """Log lines after number `since`."""
        return self._run.logs.lines_since(since, limit)

    def say(self, text: str) -> None:
        """Put a line into the log."""
        self._run.say(text)


def serve(run: Run, environ: Mapping[str, str] = os.environ) -> int:
    """Serve `run` until a signal, a command or a failure ends it; its exit status, the engine being stopped.

    `block_signals` was called before the run was built. SIGTERM and SIGINT end it in good order, a second one at
    once; SIGUSR1 and a file `FLAT` in the state directory are emergency flats; a lost terminal means nothing.
    """
    operator = run.config.operator
    notifier = Notifier(environ)
    clock = SystemClock()
    server = LinkServer(
        run.folder / SOCKET_FILE,
        _Served(run),
        policy=Operator(operator.on_loss, operator.flat_after_s),
        clock=clock,
        note=LOGGERS["engine"].warning,
    )
    wishes = _Wishes(run, notifier)
    watchdog = Watchdog(
        stamps=lambda: _stamps(run, server),
        vital=frozenset({"engine loop"}),
        folder=run.folder,
        clock=clock,
        say=run.say,
        abort=lambda reason: _restart(run, reason, environ),
        each_look=wishes.look,
    )
    run.engine.start()
    server.start()
    watchdog.start()
    notifier.say("READY=1")
    notifier.status(f"{run.engine.snapshot.trade_mode} of {run.engine.snapshot.source}")
    try:
        _until_end(run)
    finally:
        notifier.say("STOPPING=1")
        watchdog.stop()
        _stop(run, server)
    if run.engine.exit_status == EXIT_FAULT:
        _restart(run, run.engine.problem, environ)
    return run.engine.exit_status


def _until_end(run: Run) -> None:
    engine = run.engine
    while not engine.stop_asked and not engine.problem:
        got = signal.sigtimedwait(_SIGNALS, _LOOK_S)
        if got is None:
            continue
        name = signal.Signals(got.si_signo).name
        if got.si_signo == signal.SIGUSR1:
            engine.send(Flat(name))
        elif got.si_signo == signal.SIGHUP:
            LOGGERS["engine"].info("SIGHUP: a terminal is gone; the engine goes on")
        else:
            LOGGERS["engine"].info("%s: the engine ends in good order", name)
            return


def _stop(run: Run, server: LinkServer) -> None:
    """Stop the engine, then the door, so that screens see the end; whatever hangs is left behind after five seconds."""
    signal.alarm(0)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(run.engine.exit_status or EXIT_FAULT))
    signal.setitimer(signal.ITIMER_REAL, _STOP_S)
    signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))
    signal.signal(signal.SIGINT, lambda number, _frame: os._exit(128 + number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    run.engine.stop()
    server.stop()
    run.logs.flush(1.0)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _stamps(run: Run, server: LinkServer) -> dict[str, int]:
    """When each thread that must go on last did, by its own word (monotonic ns; 0 = it has nothing to do)."""
    return {"engine loop": run.engine.rounds.beat_ns, "link": server.beat_ns}


class _Wishes:
    """Looks for what others wish without a socket, and tells systemd that the engine's loop goes on."""

    def __init__(self, run: Run, notifier: Notifier) -> None:
        self._engine = run.engine
        self._file = run.folder / FLAT_FILE
        self._notifier = notifier
        self._ping_ns = 0
        self._beats = -1

    def look(self, now_ns: int) -> None:
        """Look once; called some 25 times a second."""
        if os.path.lexists(self._file):
            self._engine.send(Flat(f"file {FLAT_FILE}"))
            _take(self._file)
        if self._notifier.watchdog_ns and now_ns >= self._ping_ns:
            beats = self._engine.rounds.beats
            if beats != self._beats:  # the loop itself counts: a ping of this thread alone would prove nothing
                self._beats = beats
                self._ping_ns = now_ns + self._notifier.watchdog_ns
                self._notifier.say("WATCHDOG=1")


def _take(file: Path) -> None:
    """Put the wish aside, so that it is granted once."""
    try:
        os.rename(file, file.with_name(f"{file.name}.taken"))
    except OSError as error:
        LOGGERS["engine"].error("%s cannot be taken away, entries stay locked: %s", file, error.strerror)
        time.sleep(1.0)


def _restart(run: Run, reason: str, environ: Mapping[str, str]) -> None:
    """End this program image, and begin anew where nobody else would: positions must not stay unwatched.

    Under systemd the process ends with a core; elsewhere it puts itself in its own place, at most three times in ten
    minutes. The journal brings back what was held; the new run comes up locked.
    """
    run.logs.flush(0.5)
    if environ.get("NOTIFY_SOCKET"):
        os.abort()
    now_s = int(time.time())
    recent = [stamp for stamp in environ.get(_RESTARTS, "").split(",") if stamp.isdecimal()]
    recent = [stamp for stamp in recent if 0 <= now_s - int(stamp) < _WITHIN_S]
    if len(recent) >= _MOST_RESTARTS:
        run.say(f"restarted {len(recent)} times in {_WITHIN_S // 60} minutes: given up ({reason})")
        run.logs.flush(0.5)
        os._exit(EXIT_FAULT)
    run.say(f"restarting: {reason}")
    run.logs.flush(0.5)
    again = {**os.environ, _RESTARTS: ",".join((*recent, str(now_s)))}
    os.execve(sys.executable, sys.orig_argv, again)  # noqa: S606 - this very program
