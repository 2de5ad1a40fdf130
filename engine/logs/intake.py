"""What the loggers call: stamps, limits, counts, hands over; never waits for a disk, never formats, knows nothing of files and screens."""

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from engine.logs.backlog import KEPT_RANK, WARNING_RANK, Backlog, Lost, rank_of
from engine.logs.kept import is_kept
from engine.logs.lines import component_of
from engine.model.clock import Clock
from engine.model.log_counts import COMPONENTS, LEVEL_NAMES, LogComponent, LogLevelName

SECOND_NS = 10**9
MOST_RECORDS: Final = 10_000  # that wait for the book's thread, which no disk holds up
MOST_BYTES: Final = 8 * 2**20
_RECORD_BYTES = 600  # of a record beside its text and arguments


class Note(Struct, frozen=True):
    """How many lines of `component` were suppressed in a second; 0 only wakes the book, so that it looks again in a second."""

    component: str
    lines: int


class Flush(Struct, frozen=True):
    """Sets `done` when everything before it is written."""

    done: threading.Event


Item = logging.LogRecord | Note | Flush
Stamp = tuple[int, int]  # UTC ns of the machine, and of the run
_NO_TIME: Final[Stamp] = (0, 0)


class RateLimit:
    """At most `lines_per_s` lines of each component in a second (0: no limit); not thread-safe."""

    def __init__(self, lines_per_s: int) -> None:
        self._lines_per_s = lines_per_s
        self._caps: dict[str, int] = {}  # component → its own limit, where that is lower
        self._seconds: dict[str, tuple[int, int]] = {}  # component → (begin of its second, lines in it)

    def excess(self, component: str, now_ns: int) -> int:
        """Count one line at `now_ns` (monotonic); 0 if it may pass, else how many were denied in this second. Ask `ended` first."""
        most = self._caps.get(component, self._lines_per_s)
        if not most:
            return 0
        begin_ns, lines = self._seconds.get(component, (now_ns, 0))
        self._seconds[component] = (begin_ns, lines + 1)
        return max(0, lines + 1 - most)

    def cap(self, components: Iterable[str], most: int) -> None:
        """From now on at most `most` lines of these in a second, and of all others what they had."""
        most = min(most, self._lines_per_s or most)
        self._caps = dict.fromkeys(components, most)

    def ended(self, component: str, now_ns: int) -> int:
        """Begin a new second if the component's is over; how many lines were denied in the old one."""
        begin_ns, _ = self._seconds.get(component, (now_ns, 0))
        return self.end(component) if now_ns - begin_ns >= SECOND_NS else 0

    def end(self, component: str) -> int:
        """Begin a new second at once; how many lines were denied in the old one."""
        _, lines = self._seconds.pop(component, (0, 0))
        most = self._caps.get(component, self._lines_per_s)
        return max(0, lines - most) if most else 0

    def denied(self) -> tuple[str, ...]:
        """The components that were denied lines in their present second."""
        return tuple(
            component
            for component, (_, lines) in self._seconds.items()
            if lines > (self._caps.get(component, self._lines_per_s) or lines)
        )


class Intake(logging.Handler):
    """A handler that only queues (stamp, item), a bounded number of them: what the book's thread does not take in time is given up.

    Its own lock, which the base class takes around `emit`, guards everything in it; the book's thread holds it while it
    takes a batch, which is a millisecond.
    """

    def __init__(self, clock: Clock, lines_per_s: int) -> None:
        super().__init__()
        self.suppressed = 0  # lines that were beyond the rate
        self.counts: dict[LogComponent, dict[LogLevelName, int]] = {
            component: dict.fromkeys(LEVEL_NAMES, 0) for component in COMPONENTS
        }
        self._wall_ns = clock.wall_ns
        self._run_ns: Callable[[], int] = int  # 0 while nobody knows
        self._monotonic_ns = clock.monotonic_ns
        self._limit = RateLimit(lines_per_s)
        self._backlog: Backlog[tuple[Stamp, Item]] = Backlog(MOST_RECORDS, MOST_BYTES)
        self._came = threading.Condition(self.lock)  # made by the base class
        self._ended = False

    @property
    def waiting(self) -> int:
        """How much waits for the book's thread."""
        return len(self._backlog)

    @property
    def lost(self) -> Lost:
        """What was given up because too much waited."""
        return self._backlog.lost

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record unless its component has had its share of this second; warnings, errors and kept lines always pass."""
        rank = rank_of(record.levelno, kept=is_kept(record))
        component = component_of(record)
        if rank < WARNING_RANK:
            now_ns = self._monotonic_ns()
            self._note(component, self._limit.ended(component, now_ns))
            if excess := self._limit.excess(component, now_ns):
                self.suppressed += 1
                if excess == 1:
                    self._put(_NO_TIME, Note(component, 0), WARNING_RANK, 0)
                return
        known = self.counts.get(component.partition(".")[0]) or self.counts["engine"]  # type: ignore[call-overload]
        known[LEVEL_NAMES[rank_of(record.levelno)]] += 1
        self._put(self._now(), record, rank, _size(record))

    def cap(self, components: Iterable[str], most: int) -> None:
        """Let at most `most` lines of these pass in a second, below warnings; of all others what was said at the start."""
        with self._came:
            self._limit.cap(components, most)

    def go_by(self, clock: Clock) -> None:
        """Stamp everything from now on with this clock of the run as well."""
        self._run_ns = clock.wall_ns

    def _now(self) -> Stamp:
        return self._wall_ns(), self._run_ns()

    def flush_to(self, done: threading.Event) -> None:
        """Have `done` set when everything that was queued before is written."""
        with self._came:
            self._put(_NO_TIME, Flush(done), KEPT_RANK, 0)

    def wake(self) -> None:
        """Have the book's thread look, though nothing is logged."""
        with self._came:
            self._put(_NO_TIME, Note("", 0), WARNING_RANK, 0)

    def end(self) -> None:
        """Queue nothing more, and let who takes know it."""
        with self._came:
            self._ended = True
            self._came.notify()

    def take(self, most: int, timeout_s: float | None) -> tuple[list[tuple[Stamp, Item]], bool]:
        """Wait for something, `timeout_s` at the longest, and take at most so many items; False when they were the last."""
        with self._came:
            self._came.wait_for(lambda: self._ended or self.waiting, timeout_s)
            taken = self._backlog.take(most)
            return taken, not self._ended or self.waiting > 0

    def note_denied(self, *, all_of_them: bool) -> bool:
        """Queue a note for each suppression whose second is over (or for all); whether any is still to come."""
        with self._came:
            now_ns = self._monotonic_ns()
            for component in self._limit.denied():
                self._note(
                    component, self._limit.end(component) if all_of_them else self._limit.ended(component, now_ns)
                )
            return bool(self._limit.denied())

    def _note(self, component: str, lines: int) -> None:
        if lines:
            self._put(self._now(), Note(component, lines), WARNING_RANK, 0)

    def _put(self, stamp: Stamp, item: Item, rank: int, size: int) -> None:
        self._backlog.add((stamp, item), rank, size)
        self._came.notify()


def _size(record: logging.LogRecord) -> int:
    """About how much memory the record holds; what its arguments hold in turn is not known."""
    arguments = record.args if isinstance(record.args, tuple) else (record.args,)
    return _RECORD_BYTES + sys.getsizeof(record.msg) + sum(map(sys.getsizeof, arguments))
