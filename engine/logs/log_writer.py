"""Hands lines over to the log's file in a thread of its own: a disk that hangs keeps nobody from seeing them. Knows nothing of what a line says."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from engine.logs.backlog import KEPT_RANK, Backlog, Lost, count_of
from engine.logs.log_file import LogFile
from engine.model.clock import Clock
from engine.text.sanitize import CleanText, clean

MOST_LINES: Final = 20_000  # that wait for the disk
MOST_BYTES: Final = 8 * 2**20
HANGS_NS: Final = 2_000_000_000  # a write that takes longer is told
_LINE_BYTES: Final = 150  # of a line beside its text
_BATCH: Final = 1_000

Ranked = tuple[bytes, int]  # a line as it stands in the file, and how grave it is
_Item = Ranked | threading.Event  # or what is to be set when everything before is handed over


class LogWriter:
    """Writes to `file`; at most so many lines wait for it, beyond that the least grave are given up and counted.

    `caught_up` is called, by its thread, whenever all that had come was written.
    """

    def __init__(self, file: LogFile, clock: Clock, caught_up: Callable[[], None]) -> None:
        self._file = file
        self._monotonic_ns = clock.monotonic_ns
        self._caught_up = caught_up
        self._backlog: Backlog[_Item] = Backlog(MOST_LINES, MOST_BYTES)
        self._came = (
            threading.Condition()
        )  # guards the backlog and the end; held for moments, never while it is written
        self._ended = False
        self._since_ns: int | None = None  # monotonic; None while nothing is written
        self._broken = CleanText("")  # what went wrong beside the disk, until lines are written again
        self._thread = threading.Thread(target=self._work, name="log-file", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many lines are in no file so far."""
        return len(self._backlog) + self._file.held

    @property
    def lost(self) -> Lost:
        """What was given up, here or by the file."""
        return self._backlog.lost + self._file.lost

    @property
    def problem(self) -> CleanText:
        """What the disk refuses or does not answer, or what else went wrong; "" while all is well."""
        return self._file.problem or self._broken or self._hangs()

    def _hangs(self) -> CleanText:
        since_ns = self._since_ns
        if since_ns is None or self._monotonic_ns() - since_ns < HANGS_NS:
            return CleanText("")
        return clean(f"log: the disk does not answer, {count_of(self.waiting)} wait")

    def put(self, lines: Sequence[Ranked]) -> None:
        """Have `lines` written."""
        with self._came:
            for line, rank in lines:
                self._backlog.add((line, rank), rank, len(line) + _LINE_BYTES)
            self._came.notify()

    def flush_to(self, done: threading.Event) -> None:
        """Have `done` set when everything before is handed to the file."""
        with self._came:
            self._backlog.add(done, KEPT_RANK, 0)
            self._came.notify()

    def end(self) -> None:
        """Write everything there is and return; a disk that hangs keeps the caller as long as it likes."""
        with self._came:
            self._ended = True
            self._came.notify()
        self._thread.join()

    def _work(self) -> None:
        going_on = True
        while going_on:
            with self._came:
                self._came.wait_for(lambda: self._ended or len(self._backlog))
                items = self._backlog.take(_BATCH)
                going_on = not self._ended or len(self._backlog) > 0
            try:
                self._hand_over(items)
                self._broken = CleanText("")
            except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and it goes on with the next lines
                self._broken = clean(f"log: the writer broke, not the disk: {type(error).__name__}: {error}")

    def _hand_over(self, items: Sequence[_Item]) -> None:
        """Write the lines among `items`, and tell whoever waits for it, also where that fails."""
        self._since_ns = self._monotonic_ns()
        try:
            self._file.write(item for item in items if isinstance(item, tuple))
        finally:
            self._since_ns = None
            for item in items:
                if isinstance(item, threading.Event):
                    item.set()
        if not (self._file.problem or self._backlog):
            self._caught_up()
