"""The thread "alerts" of a live run: looks at its snapshot once a second, and has the operator's own program say what is grave."""

import os
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

from engine.assembly import Run
from engine.presentation.alert_look import AlertLook
from engine.runtime import LOGGERS
from engine.serving.alert_command import run as run_command

_LOOK_S = 1.0
_STOP_S = 1.0
_CHANNEL = "command"

_log = LOGGERS["engine"]


class AlertThread:
    """Runs `alerts.command` for what is due; a program that hangs or fails holds up nobody, and is told in the log once.

    While somebody attached runs it (`told_elsewhere`), what is due is followed here and left to him.
    """

    def __init__(
        self,
        run: Run,
        environ: Mapping[str, str] = os.environ,
        tell: Callable[..., str] = run_command,
        told_elsewhere: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._run = run
        self._command = run.config.alerts.command
        self._environ = environ
        self._tell = tell
        self._told_elsewhere = told_elsewhere
        self._look = AlertLook()
        self._problem = ""
        self._ending = Event()
        self._thread = Thread(target=self._watch, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin, where there is a program to run."""
        if self._command and self._run.engine.snapshot.trade_mode != "replay":
            self._thread.start()

    def stop(self) -> None:
        """Say the last, and end; what hangs is left behind."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def _watch(self) -> None:
        while not self._ending.wait(_LOOK_S):
            try:
                self.look(time.perf_counter_ns())
            except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and it goes on
                self._failed(f"{type(error).__name__}: {error}")

    def look(self, now_ns: int) -> None:
        """Make one round."""
        message = self._look.look(self._run.engine.snapshot, now_ns)
        if message is not None and _CHANNEL not in self._told_elsewhere():
            self._failed(self._tell(self._command, message, self._environ))

    def _failed(self, problem: str) -> None:
        if problem and problem != self._problem:
            _log.error("an alert was not told: %s", problem)
        elif self._problem and not problem:
            _log.info("alerts are told again")
        self._problem = problem
