"""Takes the process's signals, in a thread of their own: no handler ever interrupts anybody. Knows no engine."""

import os
import signal
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from engine.runtime import LOGGERS

ENDING: Final = frozenset({signal.SIGINT, signal.SIGTERM})
# What a screen takes itself, as long as it has the terminal.
OF_A_TERMINAL: Final = ENDING | {signal.SIGHUP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
# Left as they are: what cannot be caught, what means nothing by default, a fault of the program itself (SIGABRT is how
# one that is stuck is ended), SIGPROF of the watchdog, and SIGPIPE and SIGXFSZ, which Python ignores: they are errors of a call.
_LEFT: Final = frozenset(
    {
        *(signal.SIGKILL, signal.SIGSTOP),
        *(signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH),
        *(signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP),
        *(signal.SIGPROF, signal.SIGPIPE, signal.SIGXFSZ),
    }
)
TAKEN: Final = frozenset(signal.valid_signals()) - _LEFT
_log = LOGGERS["engine"]


def block_signals() -> None:
    """Keep signals for `Signals`, which asks for them; before any thread is started, for threads inherit this.

    From here on none of them, stray ones included, ends the process by itself: a position would be left unwatched.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, TAKEN)


class Signals:
    """The thread "signals": `ending` is set by the first SIGTERM or SIGINT; the second ends the process at once.

    SIGUSR1 is an emergency flat: of the engine that `serve` was told, or will be told. A lost terminal (SIGHUP) means
    nothing, unless `hangup_ends`; every other signal is told and means nothing. `on_screen`: a screen takes those of a
    terminal, until `take_terminal`.
    """

    def __init__(self, *, on_screen: bool = False, hangup_ends: bool = False) -> None:
        self.ending = Event()
        self._ends = ENDING | {signal.SIGHUP} if hangup_ends else ENDING
        self._taken = TAKEN - OF_A_TERMINAL if on_screen else TAKEN
        self._changed: Event | None = None
        self._flat: Callable[[str], None] | None = None
        self._early: list[str] = []  # flats that came before there was an engine
        self._once = Lock()  # held for a few lines by whoever serves and by the thread; guards the two above

    def start(self) -> None:
        """Block and begin to take them; those that came since `block_signals` are taken now."""
        block_signals()
        self._take(self._taken)

    def serve(self, flat: Callable[[str], None], changed: Event) -> None:
        """Have SIGUSR1 call `flat` with its name, for those that came before as well, and an end asked for set `changed`."""
        self._changed = changed
        with self._once:
            self._flat = flat
            early, self._early = self._early, []
        for name in early:
            flat(name)

    def take_terminal(self) -> None:
        """Take those of a terminal as well: its screen is gone for good and the run goes on."""
        block_signals()
        self._take(TAKEN - self._taken)

    def _take(self, numbers: frozenset[signal.Signals]) -> None:
        if numbers:
            Thread(target=self._run, args=(numbers,), name="signals", daemon=True).start()

    def _run(self, numbers: frozenset[signal.Signals]) -> None:
        while True:
            # Not `sigtimedwait`: where that is interrupted when its time is over (a process that was stopped and goes
            # on), some Pythons return the number of a signal that nobody sent.
            self._came(signal.sigwaitinfo(numbers).si_signo)

    def _came(self, number: int) -> None:
        name = _name(number)
        if number == signal.SIGUSR1:
            self._ask_flat(name)
        elif number in self._ends:
            if self.ending.is_set():
                os._exit(128 + number)
            _log.info("%s: the engine ends in good order", name)
            self.ending.set()
            if self._changed is not None:
                self._changed.set()
        elif number == signal.SIGHUP:
            _log.info("SIGHUP: a terminal is gone; the engine goes on")
        else:
            _log.warning("%s means nothing here; the engine goes on (SIGTERM ends it, SIGUSR1 is a flat)", name)

    def _ask_flat(self, name: str) -> None:
        with self._once:
            flat = self._flat
            if flat is None:
                self._early.append(name)
        if flat is not None:
            flat(name)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals, which have no names
        return f"signal {number}"
