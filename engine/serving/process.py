"""Runs an engine in a process of its own until it is told to end: signals, socket, watchdog, and an end in good order. Knows no screen."""

import os
import resource
from collections.abc import Mapping
from threading import Timer

from engine.assembly import Run
from engine.link import LinkServer, OperatorPolicy
from engine.model.clock import SystemClock
from engine.model.commands import Flat
from engine.model.errors import EXIT_FAULT
from engine.runtime import LOGGERS, settle
from engine.serving.flat_file import FlatFile
from engine.serving.liveness import Liveness
from engine.serving.notify import Heartbeat, Notifier
from engine.serving.restart import Restart
from engine.serving.served import DurableView
from engine.serving.signals import Signals, block_signals
from engine.serving.state_dirs import FLAT_FILE, SOCKET_FILE
from engine.serving.watchdog import Watchdog
from engine.text.sanitize import clean

__all__ = ["block_signals", "serve"]

_LOOK_S = 0.1
_STOP_S = 5.0


def serve(run: Run, environ: Mapping[str, str] = os.environ) -> int:
    """Serve `run` until a signal, a command or a failure ends it; its exit status, the engine being stopped.

    `block_signals` was called before the run was built. SIGTERM and SIGINT end it in good order, a second one at
    once; SIGUSR1 and a file `FLAT` in the state directory are emergency flats; a lost terminal means nothing. A disk
    that fails locks entries and ends nothing: what is held must be watched on. A fault of the engine itself ends this
    program image, and begins another where nobody else would. Raises UserError when the socket cannot be opened.
    """
    # What is in the memory (credentials, tokens) is in a core as well; where it was stuck, the stacks tell.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    notifier = Notifier(environ)
    restart = Restart(run, environ)
    server = _server(run)
    watchdog = _watchdog(run, server, notifier, restart)
    signals = Signals(lambda name: run.engine.send(Flat(clean(name))))
    try:
        run.engine.start()
        settle()
        signals.start()
        server.start()
        watchdog.start()
        notifier.say("READY=1")
        _until_end(run, signals)
    finally:
        notifier.say("STOPPING=1")
        watchdog.stop()
        _stop(run, server, restart)
    if run.engine.status.exit_status == EXIT_FAULT and not notifier.listens:
        restart.in_place(run.engine.problem)
    return run.engine.status.exit_status


def _server(run: Run) -> LinkServer:
    operator = run.config.operator
    clock = SystemClock()
    policy = OperatorPolicy(operator.on_loss, operator.flat_after_s)
    if run.engine.trader.state.held():
        # Whoever watched these positions was lost with the run that held them: the policy counts from here.
        policy.attached(clock.monotonic_ns())
        policy.lost(clock.monotonic_ns())
    return LinkServer(
        run.folder / SOCKET_FILE, DurableView(run), policy=policy, clock=clock, note=LOGGERS["engine"].warning
    )


def _watchdog(run: Run, server: LinkServer, notifier: Notifier, restart: Restart) -> Watchdog:
    """Build the watch over all threads; it also looks for the file FLAT and feeds systemd's own watchdog."""
    flat_file = FlatFile(run.engine, run.folder / FLAT_FILE)
    heartbeat = Heartbeat(run, notifier)
    return Watchdog(
        stamps=Liveness(run, server),
        vital=frozenset({"engine loop"}),
        folder=run.folder,
        clock=SystemClock(),
        say=run.say,
        abort=restart.abort if notifier.listens else restart.in_place,
        each_look=(flat_file.look, heartbeat.look),
    )


def _until_end(run: Run, signals: Signals) -> None:
    """Wait until a signal, a command, or a failure ends the run; a full disk does not."""
    engine = run.engine
    while not signals.ending.wait(_LOOK_S):
        if engine.status.stop_asked or engine.problem:
            return


def _stop(run: Run, server: LinkServer, restart: Restart) -> None:
    """Stop the engine, then the link, so that screens see the end; what hangs is left behind after five seconds."""

    def overdue() -> None:
        if run.engine.status.exit_status == EXIT_FAULT:
            restart.in_place(run.engine.problem)
        os._exit(run.engine.status.exit_status or EXIT_FAULT)

    timer = Timer(_STOP_S, overdue)
    timer.daemon = True
    timer.start()
    try:
        run.engine.stop()
    except Exception as error:  # noqa: BLE001 - the mouth of the process: whatever broke must not take the restart along
        run.engine.failure.broke(error)
    server.stop()
    run.logs.flush(1.0)
    timer.cancel()
