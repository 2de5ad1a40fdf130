"""The thread "edges": asks once a second whether what a run writes to is still there, and carries out what others want done at the disk.

Where the disk hangs, this thread hangs, and nobody waits for it: neither the engine's loop nor the watchdog, the link or
the signals ever touch a file. It decides nothing; what it finds is told, and the engine locks entries by a command.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from engine.model.errors import UserError, reason
from engine.runtime import LOGGERS
from engine.text.sanitize import CleanText, clean

ROUND_S = 0.25  # how soon a file FLAT in the state directory is seen
LOOK_NS = 1_000_000_000
_STOP_S = 0.5

_log = LOGGERS["engine"]
_now_ns = time.perf_counter_ns


class Edge(Protocol):
    """Something that a run writes to."""

    def look(self) -> str:
        """What has become of it, and what was done about it; "" while all is well. Raises OSError, UserError."""


class EdgeWatch:
    """A `ports.Watch` over the state directory `folder`; edges and rounds are replaced as wholes, never changed."""

    def __init__(self, folder: Path) -> None:
        self.free_mb = 0
        self.beat_ns = 0
        self.problems: dict[str, CleanText] = {}  # replaced as a whole, never changed
        self._folder = folder
        self._edges: dict[str, tuple[Edge, Callable[[CleanText], None]]] = {}
        self._rounds: tuple[Callable[[int], None], ...] = ()
        self._errands: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._broken = ""
        self._thread = Thread(target=self._run, name="edges", daemon=True)

    def add(self, name: str, edge: Edge, on_loss: Callable[[CleanText], None] = lambda _text: None) -> None:
        """Look at `edge` once a second; `on_loss` is called when something has become of it, each time that is news."""
        self._edges = {**self._edges, name: (edge, on_loss)}

    def each_round(self, look: Callable[[int], None]) -> None:
        """Call `look` some four times a second."""
        self._rounds = (*self._rounds, look)

    def do(self, errand: Callable[[], None]) -> None:
        """Have `errand` carried out soon, in the order of the calls; returns at once."""
        self._errands.put(errand)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Carry out what waits and end; a disk that hangs is left alone after half a second."""
        self._errands.put(None)
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    # ── The thread. ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        due_ns = 0
        while True:
            now_ns = self.beat_ns = _now_ns()
            try:
                if now_ns >= due_ns:
                    due_ns = now_ns + LOOK_NS
                    self._look()
                for look in self._rounds:
                    look(now_ns)
                if not self._carry_out(ROUND_S if self._rounds else LOOK_NS / 1e9):
                    return
            except Exception as error:  # noqa: BLE001 - the mouth of the thread: a look that fails is told, and it goes on
                self._broke(error)

    def _carry_out(self, wait_s: float) -> bool:
        """Do what others have left here, or wait a little for something; False when that was the end."""
        with suppress(Empty):
            errand = self._errands.get(timeout=wait_s)
            while errand is not None:
                errand()
                errand = self._errands.get_nowait()
            return False
        return True

    def _look(self) -> None:
        with suppress(OSError):
            disk = os.statvfs(self._folder)
            self.free_mb = disk.f_bavail * disk.f_frsize // 1_000_000
        found: dict[str, CleanText] = {}
        for name, (edge, on_loss) in self._edges.items():
            text = _of(edge)
            if not text:
                if name in self.problems:
                    _log.warning("%s: it is well again", name)
                continue
            found[name] = text
            if self.problems.get(name) != text:
                _log.error("%s: %s", name, text, extra={"keep": True})
                on_loss(text)
        self.problems = found

    def _broke(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._broken:
            self._broken = text
            _log.error("looking after files failed and goes on: %s", text)


def _of(edge: Edge) -> CleanText:
    try:
        return clean(edge.look())
    except (OSError, UserError) as error:
        return clean(reason(error))
