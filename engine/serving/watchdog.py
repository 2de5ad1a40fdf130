"""Watches that the engine's threads go on, by the monotonic clock and by counters that they themselves write.

Pure judgement in `Watch`; the thread around it looks, dumps stacks at two seconds and calls for the end at five.
"""

import faulthandler
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Final, TextIO

from engine.clock import Clock

DUMP_NS: Final = 2_000_000_000
ABORT_NS: Final = 5_000_000_000
_LOOK_S: Final = 0.04  # how soon a wish laid into the state directory is seen
_JUDGE_NS: Final = 250_000_000
_SLEPT_NS: Final = 1_000_000_000  # the watchdog itself did not run for so long: the whole process stood still
_NO_GIL_S: Final = 15.0  # by then not even this thread has run: the system's timer ends the process


class Watch:
    """Says what to do about threads whose stamps (monotonic ns) grow old: `dump` once a stretch, then `abort`.

    Only those named in `vital` bring about an abort; of the others it is only told that they stand still.
    """

    def __init__(self, vital: frozenset[str]) -> None:
        self._vital = vital
        self._told: set[str] = set()
        self._looked_ns = 0

    def judge(self, stamps: Mapping[str, int], now_ns: int) -> list[tuple[str, str, int]]:
        """Return (`dump` | `abort` | `well`, name, age in ns) for each thread whose state has changed.

        Where the watchdog itself was not run meanwhile (a stopped process), nobody is blamed.
        """
        slept = bool(self._looked_ns) and now_ns - self._looked_ns > _SLEPT_NS
        self._looked_ns = now_ns
        if slept:
            self._told.clear()
            return []
        verdicts = []
        for name, stamp_ns in stamps.items():
            age_ns = now_ns - stamp_ns
            if stamp_ns and age_ns > ABORT_NS and name in self._vital and name in self._told:
                verdicts.append(("abort", name, age_ns))
            elif stamp_ns and age_ns > DUMP_NS:
                if name not in self._told:
                    self._told.add(name)
                    verdicts.append(("dump", name, age_ns))
            elif name in self._told:
                self._told.discard(name)
                verdicts.append(("well", name, age_ns))
        return verdicts


class Watchdog:
    """The thread "watchdog": `stamps()` gives the counters, `abort` ends the process, `each_look` is called all the time.

    All of them are called from this thread, outside every lock; `say(text)` takes lines for the log.
    """

    def __init__(
        self,
        *,
        stamps: Callable[[], Mapping[str, int]],
        vital: frozenset[str],
        folder: Path,
        clock: Clock,
        say: Callable[[str], None],
        abort: Callable[[str], None],
        each_look: Callable[[int], None],
    ) -> None:
        self._stamps = stamps
        self._watch = Watch(vital)
        self._folder = folder
        self._clock = clock
        self._say = say
        self._abort = abort
        self._each_look = each_look
        self._ending = Event()
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End; an abort under way is let finish."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        faulthandler.cancel_dump_traceback_later()

    def _run(self) -> None:
        due_ns = 0
        with self._stack_file() as stacks:
            while not self._ending.wait(_LOOK_S):
                now_ns = self._clock.monotonic_ns()
                self._each_look(now_ns)
                if now_ns < due_ns:
                    continue
                due_ns = now_ns + _JUDGE_NS
                faulthandler.dump_traceback_later(_NO_GIL_S, exit=True, file=stacks)
                for verdict, name, age_ns in self._watch.judge(self._stamps(), now_ns):
                    self._act(verdict, name, age_ns, stacks)

    def _stack_file(self) -> TextIO:
        """Open the file that stacks are dumped into, kept open: at that moment opening might be what hangs."""
        descriptor = os.open(self._folder / "stacks.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def _act(self, verdict: str, name: str, age_ns: int, stacks: TextIO) -> None:
        stuck = f"{name} has stood still for {age_ns / 1e9:.1f} s"
        if verdict == "well":
            self._say(f"{name} goes on")
        elif verdict == "dump":
            stacks.write(f"\n{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {stuck}\n")
            stacks.flush()
            faulthandler.dump_traceback(file=stacks, all_threads=True)
            stacks.flush()
            self._say(f"{stuck}; stacks of all threads are in {stacks.name}")
        else:
            self._say(f"{stuck}: the engine is ended")
            self._abort(stuck)
