"""Serves a live run, whatever its form (a process of its own, headless, beside a screen): every way in from outside, the watch over its threads, an end in good order. Knows no screen."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread, Timer

from engine.assembly import Run
from engine.link import LinkServer, OperatorPolicy
from engine.model.clock import SystemClock
from engine.model.commands import Flat
from engine.model.errors import EXIT_FAULT
from engine.outside.secrecy import forbid_core_file
from engine.runtime import LOGGERS, settle
from engine.serving.alerts import AlertThread
from engine.serving.flat_file import FlatFile
from engine.serving.liveness import Liveness
from engine.serving.notify import Heartbeat, Notifier
from engine.serving.restart import Restart
from engine.serving.served import DurableView
from engine.serving.signals import Signals
from engine.serving.state_dirs import FLAT_FILE, SOCKET_FILE
from engine.serving.watchdog import Watchdog
from engine.text.sanitize import clean

_LOOK_S = 2.0  # at what nobody tells of; all that ends a run sets an event
_STOP_S = 5.0
_LOOP = "engine loop"
_TELL_S = 0.2


class Service:
    """What stands around a running engine, the same in every form of a live run; `start` and `stop` once each.

    `signals` have been started before the run was built. SIGUSR1 and a file `FLAT` in the state directory are emergency
    flats, as is the command through the socket. `beside_screen`: the run's own screen has control for as long as it is
    there, and a loop that is stuck is told and not begun anew, for that would take the terminal away.
    """

    def __init__(
        self, run: Run, signals: Signals, environ: Mapping[str, str] = os.environ, *, beside_screen: bool = False
    ) -> None:
        forbid_core_file()
        self._run = run
        self._signals = signals
        self._notifier = Notifier(environ)
        self._restart = None if beside_screen else Restart(run, environ)
        self._server = _server(run, "the run's own screen" if beside_screen else "")
        run.watch.add("socket", self._server)
        run.watch.each_round(FlatFile(run.engine, run.folder / FLAT_FILE).look)
        self._alerts = AlertThread(run, environ, claim=self._server.claim)
        self._watchdog = self._watch()

    def start(self) -> None:
        """Start the engine and let everybody in; raises UserError when the socket cannot be opened."""
        self._signals.serve(lambda name: self._run.engine.send(Flat(clean(name))), self._run.engine.status.changed)
        self._run.engine.start()
        settle()
        self._server.start()
        self._watchdog.start()
        self._alerts.start()
        self._notifier.say("READY=1")

    def until_end(self, *, with_source: bool = False) -> None:
        """Wait until a signal, a command or a failure ends the run, `with_source` also its feed; a full disk does not."""
        engine, signals = self._run.engine, self._signals
        while not (signals.ending.is_set() or engine.status.stop_asked or engine.problem):
            if with_source and engine.wait(0):
                return
            engine.status.changed.clear()
            if not (signals.ending.is_set() or engine.status.stop_asked):  # else it was set before it was cleared
                engine.status.changed.wait(_LOOK_S)

    def without_screen(self) -> None:
        """Go on when the run's own screen is gone for good: whoever attaches may have control, Ctrl-C ends the run."""
        self._signals.take_terminal()
        self._server.leave_control()

    def stop(self) -> None:
        """Stop the engine, then the link, so that screens see the end; what hangs is left behind after five seconds.

        A fault of the engine itself then ends this program image, and begins another where nobody else would.
        """
        self._notifier.say("STOPPING=1")
        self._watchdog.stop()
        timer = Timer(_STOP_S, self._overdue)
        timer.daemon = True
        timer.start()
        try:
            self._run.engine.stop()
        except Exception as error:  # noqa: BLE001 - the mouth of the process: whatever broke must not take the restart along
            self._run.engine.failure.broke(error)
        self._alerts.stop()  # while it can be seen who else tells them
        self._server.stop()
        self._run.logs.flush(1.0)
        timer.cancel()
        if not self._notifier.listens:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Put another program image in the place of one that failed, where that is this run's way; else nothing."""
        if self._restart is not None and self._run.engine.status.exit_status == EXIT_FAULT:
            self._restart.in_place(self._run.engine.problem)

    def _overdue(self) -> None:
        if left := unwritten(
            self._run
        ):  # by a thread of its own: standard error may be a file on the very disk that hangs
            line = f"myquant-tui: {left}\n".encode()
            teller = Thread(target=os.write, args=(2, line), daemon=True)
            teller.start()
            teller.join(_TELL_S)
        self._begin_anew()
        os._exit(self._run.engine.status.exit_status or EXIT_FAULT)

    def _watch(self) -> Watchdog:
        """Build the watch over all threads; it also feeds systemd's own watchdog."""
        heartbeat = Heartbeat(self._run, self._notifier)
        restart = self._restart
        abort = self._run.say if restart is None else restart.abort if self._notifier.listens else restart.in_place
        return Watchdog(
            stamps=Liveness(self._run, self._server),
            vital=frozenset() if restart is None else frozenset({_LOOP}),
            folder=self._run.folder,
            clock=SystemClock(),
            say=self._run.say,
            abort=abort,
            each_look=(heartbeat.look,),
            do=self._run.watch.do,
        )


def serve(
    run: Run, signals: Signals, environ: Mapping[str, str] = os.environ, *, until_source_ends: bool = False
) -> int:
    """Serve `run` until a signal, a command or a failure ends it; its exit status, the engine being stopped."""
    service = Service(run, signals, environ)
    try:
        service.start()
        service.until_end(with_source=until_source_ends)
    finally:
        service.stop()
    return run.engine.status.exit_status


@contextmanager
def served_beside_screen(run: Run, signals: Signals) -> Iterator[Service]:
    """Serve `run` while its own screen is shown; the engine is started, and stopped at the end."""
    service = Service(run, signals, beside_screen=True)
    try:
        service.start()
        yield service
    finally:
        service.stop()


def _server(run: Run, resident: str) -> LinkServer:
    operator = run.config.operator
    clock = SystemClock()
    policy = OperatorPolicy(operator.on_loss, operator.flat_after_s)
    if run.engine.trader.state.held():
        # Whoever watched these positions was lost with the run that held them: the policy counts from here.
        policy.attached(clock.monotonic_ns())
        policy.lost(clock.monotonic_ns())
    return LinkServer(
        run.folder / SOCKET_FILE,
        DurableView(run),
        policy=policy,
        clock=clock,
        note=LOGGERS["engine"].warning,
        resident=resident,
        do=run.watch.do,
    )


def unwritten(run: Run) -> str:
    """What the disk has not taken when a run ends in spite of it; "" when everything is written."""
    left = []
    if run.journal is not None and run.journal.waiting:
        left.append(f"{run.journal.waiting:,} rows of the journal")
    if run.recorder is not None and run.recorder.waiting:
        left.append(f"{run.recorder.waiting / 1024:,.0f} KiB of the recording")
    return f"the disk did not answer in time, NOT written: {' and '.join(left)}" if left else ""
