"""What the loggers call: stamps, limits, hands over; never waits, never formats, knows nothing of files and screens."""

import logging
import threading
from queue import SimpleQueue

from msgspec import Struct

from engine.logs.limit import RateLimit
from engine.logs.lines import component_of
from engine.model.clock import Clock


class Note(Struct, frozen=True):
    """How many lines of `component` were suppressed in a second; 0 only wakes the book, so that it looks again in a second."""

    component: str
    lines: int


class Flush(Struct, frozen=True):
    """Sets `done` when everything before it is written."""

    done: threading.Event


Item = logging.LogRecord | Note | Flush


class Intake(logging.Handler):
    """A handler that only queues (UTC ns, item); its own lock, which the base class takes around `emit`, guards the limit's counters."""

    def __init__(self, clock: Clock, lines_per_s: int) -> None:
        super().__init__()
        self.queue: SimpleQueue[tuple[int, Item] | None] = SimpleQueue()
        self._wall_ns = clock.wall_ns
        self._monotonic_ns = clock.monotonic_ns
        self._limit = RateLimit(lines_per_s)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record unless its component has had its share of this second; warnings, errors and kept lines always pass."""
        if record.levelno < logging.WARNING and not is_kept(record):
            component, now_ns = component_of(record), self._monotonic_ns()
            self._note(component, self._limit.ended(component, now_ns))
            if excess := self._limit.excess(component, now_ns):
                if excess == 1:
                    self.queue.put((0, Note(component, 0)))
                return
        self.queue.put((self._wall_ns(), record))

    def note_denied(self, *, all_of_them: bool) -> bool:
        """Queue a note for each suppression whose second is over (or for all); whether any is still to come."""
        self.acquire()
        try:
            now_ns = self._monotonic_ns()
            for component in self._limit.denied():
                self._note(
                    component, self._limit.end(component) if all_of_them else self._limit.ended(component, now_ns)
                )
            return bool(self._limit.denied())
        finally:
            self.release()

    def _note(self, component: str, lines: int) -> None:
        if lines:
            self.queue.put((self._wall_ns(), Note(component, lines)))


def is_kept(record: logging.LogRecord) -> bool:
    """Whether the line was marked as one that must not be lost (`extra={"keep": True}`)."""
    return bool(getattr(record, "keep", False))
