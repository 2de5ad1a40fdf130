"""What the loggers call: stamps, limits, hands over; never waits, never formats, knows nothing of files and screens."""

import logging
import threading
from queue import SimpleQueue

from msgspec import Struct

from engine.logs.lines import component_of
from engine.model.clock import Clock

SECOND_NS = 10**9


class Note(Struct, frozen=True):
    """How many lines of `component` were suppressed in a second; 0 only wakes the book, so that it looks again in a second."""

    component: str
    lines: int


class Flush(Struct, frozen=True):
    """Sets `done` when everything before it is written."""

    done: threading.Event


Item = logging.LogRecord | Note | Flush


class RateLimit:
    """At most `lines_per_s` lines of each component in a second (0: no limit); not thread-safe."""

    def __init__(self, lines_per_s: int) -> None:
        self._lines_per_s = lines_per_s
        self._seconds: dict[str, tuple[int, int]] = {}  # component → (begin of its second, lines in it)

    def excess(self, component: str, now_ns: int) -> int:
        """Count one line at `now_ns` (monotonic); 0 if it may pass, else how many were denied in this second. Ask `ended` first."""
        if not self._lines_per_s:
            return 0
        begin_ns, lines = self._seconds.get(component, (now_ns, 0))
        self._seconds[component] = (begin_ns, lines + 1)
        return max(0, lines + 1 - self._lines_per_s)

    def ended(self, component: str, now_ns: int) -> int:
        """Begin a new second if the component's is over; how many lines were denied in the old one."""
        begin_ns, _ = self._seconds.get(component, (now_ns, 0))
        return self.end(component) if now_ns - begin_ns >= SECOND_NS else 0

    def end(self, component: str) -> int:
        """Begin a new second at once; how many lines were denied in the old one."""
        _, lines = self._seconds.pop(component, (0, 0))
        return max(0, lines - self._lines_per_s)

    def denied(self) -> tuple[str, ...]:
        """The components that were denied lines in their present second."""
        return tuple(component for component, (_, lines) in self._seconds.items() if lines > self._lines_per_s)


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
