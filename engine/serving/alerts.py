"""The thread "alerts" of a live run: looks at its snapshot once a second, and has the operator's own program say what is grave."""

import os
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

from engine.assembly import Run
from engine.link.claims import Claim
from engine.presentation.alert_look import AlertLook
from engine.presentation.alerting import Message
from engine.runtime import LOGGERS
from engine.serving.alert_command import run as run_command
from engine.serving.told_elsewhere import LeftToOthers

_LOOK_S = 1.0
_STOP_S = 1.0
_CHANNEL = "command"

_log = LOGGERS["engine"]


class AlertThread:
    """Runs `alerts.command` for what is due; a program that hangs or fails holds up nobody, and is told in the log once.

    While somebody attached runs it (`claim`), what is due is left to him, and run here after all where he does not get to it.
    The program runs in a thread "alert-command"; what is due meanwhile comes behind it.
    """

    def __init__(
        self,
        run: Run,
        environ: Mapping[str, str] = os.environ,
        tell: Callable[..., str] = run_command,
        claim: Callable[[str], Claim | None] = lambda _: None,
    ) -> None:
        self._run = run
        self._command = run.config.alerts.command
        self._environ = environ
        self._tell = tell
        self._claim = claim
        self._look = AlertLook()
        self._left = LeftToOthers()
        self._waiting: Message | None = None
        self._problem = ""
        self._ending = Event()
        self._thread = Thread(target=self._watch, name="alerts", daemon=True)
        self._telling: Thread | None = None

    def start(self) -> None:
        """Begin, where there is a program to run."""
        if self._command and self._run.engine.snapshot.trade_mode != "replay":
            self._thread.start()

    def stop(self) -> None:
        """Say what the end of the engine is worth, and end; what hangs is left behind."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def _watch(self) -> None:
        ends = False
        while not ends:
            ends = self._ending.wait(_LOOK_S)
            try:
                self.look(time.perf_counter_ns())
            except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and it goes on
                self._failed(f"{type(error).__name__}: {error}")
        self.told(_STOP_S)

    def look(self, now_ns: int) -> None:
        """Make one round."""
        message = self._look.look(self._run.engine.snapshot, now_ns)
        due = self._left.due(message, self._claim(_CHANNEL), now_ns)
        if due is not None:
            self._waiting = due if self._waiting is None else self._waiting.joined(due)
        if self._waiting is None or (self._telling is not None and self._telling.is_alive()):
            return
        handed, self._waiting = self._waiting, None
        self._telling = Thread(target=self._tell_it, args=(handed,), name="alert-command", daemon=True)
        self._telling.start()

    def told(self, timeout_s: float) -> None:
        """Wait until the program has ended, for so long at most."""
        if self._telling is not None:
            self._telling.join(timeout_s)

    def _tell_it(self, message: Message) -> None:
        try:
            self._failed(self._tell(self._command, message, self._environ))
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and it ends
            self._failed(f"{type(error).__name__}: {error}")

    def _failed(self, problem: str) -> None:
        if problem and problem != self._problem:
            _log.error("an alert was not told: %s", problem)
        elif self._problem and not problem:
            _log.info("alerts are told again")
        self._problem = problem
