"""Watches that the engine's threads go on, by the monotonic clock and by counters that they themselves write.

Pure judgement in `WatchedThreads`; the thread around it looks, dumps stacks at two seconds and calls for the end at five.
"""

import faulthandler
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Final, Literal

from msgspec import Struct

from engine.model.clock import Clock
from engine.model.errors import InputError
from engine.outside.files import open_appended

STACKS_FILE: Final = "stacks.txt"
DUMP_NS: Final = 2_000_000_000
ABORT_NS: Final = 5_000_000_000
_LOOK_S: Final = 0.25
_SLEPT_NS: Final = 1_000_000_000  # the watchdog itself did not run for so long: the whole process stood still
# Where not even this thread gets to run, somebody in C does not let go of the interpreter: when so much processor time
# was used up meanwhile, a signal of the system's dumps the stacks and ends the process. Not `dump_traceback_later`: it
# counts the time that a process is merely stopped as well, and crashes one that goes on while it looks.
_NO_GIL_CPU_S: Final = 12.0
_STACKS_LIMIT_BYTES: Final = 1 << 20
_Word = Literal["dump", "abort", "well"]


class WatchVerdict(Struct, frozen=True):
    """What to do about thread `name`, which has stood still for `age_ns`."""

    word: _Word
    name: str
    age_ns: int

    def __str__(self) -> str:
        if self.word == "well":
            return f"{self.name} goes on"
        return f"{self.name} has stood still for {self.age_ns / 1e9:.1f} s"


class WatchedThreads:
    """Says what to do about threads whose stamps (monotonic ns) grow old: `dump` once a stretch, then `abort`.

    Only those named in `vital` bring about an abort; of the others it is only told that they stand still. `since_ns` is
    when the watch begins.
    """

    def __init__(self, vital: frozenset[str], since_ns: int) -> None:
        self._vital = vital
        self._told: set[str] = set()
        self._looked_ns = since_ns
        self._woke_ns = 0

    def judge(self, stamps: Mapping[str, int], now_ns: int) -> list[WatchVerdict]:
        """Return a verdict for each thread whose state has changed; a stamp of 0 is a thread that has nothing to do.

        Where the watchdog itself was not run meanwhile (a stopped process), nobody is blamed: they all begin anew.
        """
        if now_ns - self._looked_ns > _SLEPT_NS:
            self._woke_ns = now_ns
        self._looked_ns = now_ns
        verdicts = (self._of(name, stamp_ns, now_ns) for name, stamp_ns in stamps.items())
        return [verdict for verdict in verdicts if verdict is not None]

    def _of(self, name: str, stamp_ns: int, now_ns: int) -> WatchVerdict | None:
        age_ns = now_ns - max(stamp_ns, self._woke_ns) if stamp_ns else 0
        if age_ns <= DUMP_NS:
            if name not in self._told:
                return None
            self._told.discard(name)
            return WatchVerdict("well", name, age_ns)
        if name not in self._told:
            self._told.add(name)
            return WatchVerdict("dump", name, age_ns)
        return WatchVerdict("abort", name, age_ns) if age_ns > ABORT_NS and name in self._vital else None


class Watchdog:
    """The thread "watchdog": `stamps()` gives the counters, `abort` ends the process, `each_look` are called all the time.

    All of them are called from this thread, outside every lock; `say(text)` takes lines for the log. `do(errand)` has
    something done at the disk by another thread: this one must go on where a disk hangs.
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
        each_look: Sequence[Callable[[int], None]],
        do: Callable[[Callable[[], None]], None],
    ) -> None:
        """Open the file that stacks are dumped into: at that moment opening might be what hangs. Raises InputError."""
        self._stamps = stamps
        self._watch = WatchedThreads(vital, clock.monotonic_ns())
        self._clock = clock
        self._say = say
        self._abort = abort
        self._each_look = each_look
        self._do = do
        try:
            self._stacks = open_appended(folder / STACKS_FILE, _STACKS_LIMIT_BYTES)
        except OSError as error:
            raise InputError(f"{folder / STACKS_FILE}: {error.strerror}") from error
        self._scratch = _in_memory()
        self._failed = ""
        self._ending = Event()
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        faulthandler.register(signal.SIGPROF, file=self._stacks, all_threads=True, chain=True)
        self._thread.start()

    def stop(self) -> None:
        """End; an abort under way is let finish."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.unregister(signal.SIGPROF)
        if not self._thread.is_alive():
            self._do(lambda: os.close(self._stacks))
            os.close(self._scratch)

    def _run(self) -> None:
        while not self._ending.wait(_LOOK_S):
            now_ns = self._clock.monotonic_ns()
            try:
                for look in self._each_look:
                    look(now_ns)
                self._judge(now_ns)
            except Exception as error:  # noqa: BLE001 - the mouth of the thread: a watch that fails is told, and goes on
                self._broke(error)

    def _judge(self, now_ns: int) -> None:
        signal.setitimer(signal.ITIMER_PROF, _NO_GIL_CPU_S)
        verdicts = self._watch.judge(self._stamps(), now_ns)
        stuck = [verdict for verdict in verdicts if verdict.word == "dump"]
        if stuck:
            self._dump(stuck)
        for verdict in verdicts:
            if verdict.word == "well":
                self._say(str(verdict))
            elif verdict.word == "abort":
                self._say(f"{verdict}: the engine is ended")
                self._abort(str(verdict))

    def _dump(self, stuck: Sequence[WatchVerdict]) -> None:
        """Have the stacks of all threads put into the file, and say so; a full disk keeps back neither of the two."""
        names = "; ".join(map(str, stuck))
        os.ftruncate(self._scratch, 0)
        os.lseek(self._scratch, 0, os.SEEK_SET)
        faulthandler.dump_traceback(file=self._scratch, all_threads=True)
        stacks = os.pread(self._scratch, _STACKS_LIMIT_BYTES, 0)
        head = f"\n{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {names}\n"
        self._do(partial(_append, self._stacks, head.encode() + stacks))
        self._say(f"{names}; stacks of all threads are in {STACKS_FILE}")

    def _broke(self, error: Exception) -> None:
        """Tell a failure of the watch itself, once per kind."""
        text = f"{type(error).__name__}: {error}"
        if text != self._failed:
            self._failed = text
            self._say(f"the watchdog failed and goes on: {text}")


def _in_memory() -> int:
    """A descriptor that can be written to like a file and touches no disk (where the system has none, a temporary file)."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stacks", os.MFD_CLOEXEC)
    import tempfile  # noqa: PLC0415 - not where it is not needed

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _append(descriptor: int, data: bytes) -> None:
    with suppress(OSError):  # a full disk: the log says that they stood still
        os.write(descriptor, data)
