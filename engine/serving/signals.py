"""Takes the process's signals, in a thread of their own: no handler ever interrupts anybody. Knows no engine."""

import os
import signal
from collections.abc import Callable
from threading import Event, Thread

from engine.runtime import LOGGERS

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
_log = LOGGERS["engine"]


def block_signals() -> None:
    """Keep the signals for `Signals`, which asks for them; before any thread is started, for threads inherit this."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


class Signals:
    """The thread "signals": `ending` is set by the first SIGTERM or SIGINT; the second ends the process at once.

    SIGUSR1 calls `flat` with its name; a lost terminal (SIGHUP) means nothing.
    """

    def __init__(self, flat: Callable[[str], None]) -> None:
        self.ending = Event()
        self._flat = flat
        self._thread = Thread(target=self._run, name="signals", daemon=True)

    def start(self) -> None:
        """Begin to take them; those that came since `block_signals` are taken now."""
        self._thread.start()

    def _run(self) -> None:
        while True:
            # Not `sigtimedwait`: where that is interrupted when its time is over (a process that was stopped and goes
            # on), some Pythons return the number of a signal that nobody sent.
            number = signal.sigwaitinfo(_SIGNALS).si_signo
            name = signal.Signals(number).name
            if number == signal.SIGUSR1:
                self._flat(name)
            elif number == signal.SIGHUP:
                _log.info("SIGHUP: a terminal is gone; the engine goes on")
            elif self.ending.is_set():
                os._exit(128 + number)
            else:
                _log.info("%s: the engine ends in good order", name)
                self.ending.set()
