"""Ends a program image that is beyond help and begins it anew: positions must not stay unwatched. Knows no reason of its own."""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from threading import Event

from engine.assembly import Run
from engine.model.commands import Flat
from engine.model.errors import EXIT_FAULT
from engine.runtime.turn_parts import Asked
from engine.serving.flat_file import lay_flat
from engine.serving.state_dirs import FLAT_FILE

RESTARTS = "MYQUANT_RESTARTS"  # moments (monotonic s) of the newest restarts, from one program image to the next
MOST_RESTARTS = 3
WITHIN_S = 600
_SAID_ONCE = frozenset({"--unlock", "--paused"})  # meant by a person for that one start
_FLUSH_S = 0.5


class Restart:
    """Ends this program image; each call returns only where a double stands for the system.

    The journal brings back what was held, the new run comes up locked. A flat that was asked for and not begun is
    laid into the state directory, where the new run finds it.
    """

    def __init__(self, run: Run, environ: Mapping[str, str]) -> None:
        self._run = run
        self._environ = environ

    def abort(self, reason: str) -> None:
        """End by SIGABRT: a service manager starts the program again."""
        self._prepare(f"aborted: {reason}")
        os.abort()

    def in_place(self, reason: str) -> None:
        """Put the program in its own place, at most three times in ten minutes; the fourth time end for good."""
        now_s = int(time.monotonic())
        recent = recent_restarts(self._environ.get(RESTARTS, ""), now_s)
        if len(recent) >= MOST_RESTARTS:
            self._prepare(
                f"restarted {len(recent)} times in {WITHIN_S // 60} minutes: given up ({reason}){self._held()}"
            )
            os._exit(EXIT_FAULT)
        self._prepare(f"restarting: {reason}")
        signal.setitimer(signal.ITIMER_PROF, 0)  # an image's successor inherits it, and blocked signals that wait
        marks = ",".join(map(str, (*recent, now_s)))
        try:
            os.execve(sys.executable, words_again(sys.orig_argv), {**os.environ, RESTARTS: marks})  # noqa: S606 - this very program
        except OSError as error:  # the interpreter was moved away meanwhile
            self._prepare(f"cannot be restarted: {error.strerror}{self._held()}")
            os._exit(EXIT_FAULT)

    def _prepare(self, told: str) -> None:
        """Say it, and save what an order to go flat would lose: nothing here waits for the engine."""
        waiting = [each.command if isinstance(each, Asked) else each for each in tuple(self._run.engine.turn.inputs)]
        if any(isinstance(command, Flat) for command in waiting):
            self._lay()
        self._run.say(told)
        self._run.logs.flush(_FLUSH_S)

    def _lay(self) -> None:
        """Have the request laid by the thread that may hang; half a second is waited for it."""
        laid = Event()

        def work() -> None:
            lay_flat(self._run.folder / FLAT_FILE)
            laid.set()

        self._run.watch.do(work)
        laid.wait(_FLUSH_S)

    def _held(self) -> str:
        """What is left behind, for the last line of a log."""
        held = [
            f"{net} {inst.instrument.symbol}"
            for inst in self._run.trader.state.instrument_states
            if (net := self._run.trader.state.portfolio.net(inst.index))
        ]
        return f"; NOBODY WATCHES {', '.join(held)}: myquant-tui flat closes it" if held else ""


def words_again(words: Sequence[str]) -> list[str]:
    """Return the command line without what must not be repeated: whoever comes back locked has not been unlocked."""
    return [word for word in words if word not in _SAID_ONCE]


def recent_restarts(text: str, now_s: int) -> list[int]:
    """Return those of the moments in `text` (monotonic s, with commas) that count at `now_s`; the newest few at most."""
    moments = [int(word) for word in text.split(",") if word.isascii() and word.isdecimal() and len(word) < 16]
    return [moment for moment in moments if 0 <= now_s - moment < WITHIN_S][-MOST_RESTARTS:]
