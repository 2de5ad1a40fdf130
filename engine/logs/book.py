"""The log book: puts what the loggers hand over together for ring, console and file, in its own thread; knows nothing of what the lines are about.

Messages are put together later than the call: log immutable arguments (numbers, texts, frozen records). That thread waits
for no disk: who looks at the newest lines sees them also while the file lags.
"""

import logging
import threading
from collections import deque
from collections.abc import Mapping
from datetime import tzinfo
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from engine.logs.backlog import Lost, count_of, rank_of
from engine.logs.console import Console
from engine.logs.intake import Flush, Intake, Item, Note, Stamp
from engine.logs.kept import is_kept
from engine.logs.levels import LogLevels
from engine.logs.lines import LINE_LIMIT, ROOT, Stamper, component_of, level_name, one_line, texts_of
from engine.logs.log_file import LogFile
from engine.logs.log_writer import LogWriter, Ranked
from engine.model.clock import Clock
from engine.model.log_counts import ComponentLevel, LogComponent, LogCounts
from engine.model.ports import LogLine
from engine.text.sanitize import CleanText, clean

LOG_FILE = "engine.log"
ROTATE_BYTES = 10 * 2**20
ROTATED_KEPT = 3
RING_LINES = 2_000
BATCH = 1_000
MOST_DETAIL_PER_S = 200  # lines of a component that is in detail by itself
LOOK_AGAIN_S = 1.0  # for suppressions whose second is over, when nothing else is logged
CLOSE_TIMEOUT_S = 2.0
CONSOLE_TIMEOUT_S = 1.0

_LONGEST_NAME = 40
_Out = list[Ranked]


class LogBook:
    """The log of one run: takes everything from the loggers `myquant.<component>` until `close`.

    `problem` tells what the disk refuses or does not answer ("" while all is well). Lines marked with
    `extra={"keep": True}`, warnings and errors are never suppressed, and wait in memory for such a disk: so many, and
    beyond that the least grave are given up, counted and told. Kept lines never are.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        zone: tzinfo,
        *,
        level: str = "info",
        levels: Mapping[str, str] | None = None,
        lines_per_s: int = 200,
        console_fd: int | None = None,
        ring_lines: int = RING_LINES,
    ) -> None:
        """Begin to log into `engine.log` in `directory`, stamped with the clock's wall time in `zone`.

        `levels` (debug, info, warning, error) by component override `level`; `lines_per_s` limits each component
        below warnings (0: no limit); `console_fd` also gets every line (2 = stderr). Raises ConfigError for an
        unknown level or component.
        """
        self.levels = LogLevels(level, levels or {})
        self.last_number = 0
        self._clock = clock
        self._intake = Intake(clock, lines_per_s)
        self._file = LogFile(directory / LOG_FILE, ROTATE_BYTES, ROTATED_KEPT)
        self._stamper = Stamper(zone)
        self._console = None if console_fd is None else Console(console_fd)
        self._begun_ns = 0  # when the run began, by its own clock
        self.detail_bytes = 0  # of lines in detail by itself, so far
        self.detail_ceiling = 1 << 62  # and how many they may come to; what is beyond is counted as suppressed
        self._beyond_ceiling = 0
        self._late = CleanText("")
        self._lost_told = Lost()
        self._timeout_s: float | None = None
        self._ring: deque[LogLine] = deque(maxlen=ring_lines)
        self._ring_lock = threading.Lock()  # the book's thread adds, a screen's thread copies; loggers never take it
        self._closing = threading.Lock()  # taken once, by the first that closes, and never given back
        self._writer = LogWriter(self._file, clock, self._told_late)
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()
        root = logging.getLogger(ROOT)
        root.propagate = False
        root.addHandler(self._intake)

    def go_by(self, clock: Clock) -> None:
        """Let `clock` of the run say the time of what screens are shown, also of what was logged before there was one; the file keeps the machine's."""
        self._begun_ns = clock.wall_ns()
        self._intake.go_by(clock)

    @property
    def problem(self) -> CleanText:
        """Why the file is not complete at the moment; "" when it is."""
        problem = self._late or self._writer.problem
        lost = (self._lost() - self._lost_told).words() if problem else ""
        return clean(f"{problem}; {lost}") if lost else problem

    @property
    def waiting(self) -> int:
        """How many of the lines so far are not handed to the file."""
        return self._writer.waiting

    @property
    def level_view(self) -> tuple[ComponentLevel, ...]:
        """The levels of its components now; the same object until one changes."""
        return self.levels.view

    def go_into_detail(self, components: tuple[LogComponent, ...], *, on: bool, because: str) -> None:
        """Log `components` in detail by itself, at most 200 lines of each in a second, or no more; and say why."""
        self.levels.detail(components, on=on, because=because)
        self._intake.cap(self.levels.escalated, MOST_DETAIL_PER_S)

    def troubles(self) -> dict[LogComponent, int]:
        """How many warnings and errors each component has logged so far; from any thread."""
        counts = self._intake.counts
        return {component: counts[component]["warning"] + counts[component]["error"] for component in counts}

    def counts(self) -> LogCounts:
        """What was logged so far; from any thread."""
        lines = {component: dict(levels) for component, levels in self._intake.counts.items()}
        return LogCounts(
            lines, self._intake.suppressed + self._beyond_ceiling, self._lost().lines, self.levels.escalated
        )

    def _lost(self) -> Lost:
        """What is in no file, and will be in none."""
        return self._intake.lost + self._writer.lost

    def look(self) -> str:
        """What has become of the file, which is begun anew then; "" while all is well. From any thread, which may hang."""
        return self._file.look()

    def lines_since(self, number: int, limit: int) -> list[LogLine]:
        """At most `limit` lines after line `number`, oldest first, of the newest 2,000; for `limit` of the newest ask from `last_number` − limit."""
        with self._ring_lock:
            first = self._ring[0].number if self._ring else 1
            start = max(0, number + 1 - first)
            found = list(islice(self._ring, start, start + limit))
        return [line if line.run_ns else replace(line, run_ns=self._begun_ns) for line in found]

    def flush(self, timeout_s: float) -> bool:
        """Whether everything logged before this call was handed to the file within `timeout_s`."""
        done = threading.Event()
        self._intake.flush_to(done)
        return done.wait(timeout_s)

    def close(self) -> None:
        """Stop taking records, write every one that was taken, close the file; from any thread, also twice."""
        if not self._closing.acquire(blocking=False):
            self._thread.join(CLOSE_TIMEOUT_S)
            return
        root = logging.getLogger(ROOT)
        root.removeHandler(self._intake)
        root.propagate = True
        self._intake.note_denied(all_of_them=True)
        self._intake.end()
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            self._late = CleanText("log: the disk did not take the last lines in time")
        if self._console:
            self._console.close(CONSOLE_TIMEOUT_S)
        self._intake.close()

    def _told_late(self) -> None:
        """The file has caught up: what is in none is told behind it. In the writer's thread."""
        if self._lost().lines > self._lost_told.lines:
            self._intake.wake()

    # ── The book's thread. Everything below runs in it alone. ──────────────────────────────────────────────────────

    def _work(self) -> None:
        going_on = True
        while going_on:
            items, going_on = self._intake.take(BATCH, self._timeout_s)
            out: _Out = []
            for stamp, item in items:
                try:
                    self._put_together(out, stamp, item)
                except Exception as error:  # noqa: BLE001 the mouth of the thread; one bad argument must not take other lines along
                    text = f"a log line failed: {type(error).__name__}, {_format_of(item)}"
                    self._add(out, stamp, logging.ERROR, "engine", text)
            if not (self._writer.waiting or self._file.problem):
                self._tell_lost(out)
            self._show(out)
            self._writer.put(out)
            self._timeout_s = LOOK_AGAIN_S if self._intake.note_denied(all_of_them=False) else None
            for _, item in items:
                if isinstance(item, Flush):
                    self._writer.flush_to(item.done)
        self._writer.end()
        told: _Out = []
        if not self._file.problem:
            self._tell_lost(told)
        self._show(told)
        self._file.write(told)
        self._file.close()

    def _put_together(self, out: _Out, stamp: Stamp, item: Item) -> None:
        if isinstance(item, Note):
            if item.lines:
                text = f"… {count_of(item.lines)} of {item.component} suppressed in 1 s"
                self._add(out, stamp, logging.WARNING, item.component, text)
        elif isinstance(item, logging.LogRecord):
            component, kept = component_of(item), is_kept(item)
            detail = item.levelno < logging.INFO and not kept and component in self.levels.escalated
            for text in texts_of(item):
                if detail and self.detail_bytes >= self.detail_ceiling:
                    self._beyond_ceiling += 1
                    continue
                trade = bool(getattr(item, "trade", False))
                self._add(out, stamp, item.levelno, component, text, kept=kept, trade=trade)
                if detail:
                    self.detail_bytes += len(out[-1][0])

    def _add(
        self,
        out: _Out,
        stamp: Stamp,
        level: int,
        component: str,
        text: str,
        *,
        kept: bool = False,
        trade: bool = False,
    ) -> None:
        line = LogLine(
            self.last_number + 1,
            stamp[0],
            level_name(level),
            clean(component, _LONGEST_NAME),
            clean(text, LINE_LIMIT),
            trade,
            stamp[1],
        )
        out.append((self._stamper.bytes_of(line), rank_of(level, kept=kept)))
        with self._ring_lock:
            self._ring.append(line)
            self.last_number = line.number

    def _show(self, out: _Out) -> None:
        if self._console and out:
            self._console.put([line for line, _ in out])

    def _tell_lost(self, out: _Out) -> None:
        """Add a line where lines have been lost since the last time."""
        lost = self._lost()
        if lost.lines > self._lost_told.lines:
            text = f"{(lost - self._lost_told).words()} here: the disk did not take more"
            self._lost_told = lost
            self._add(out, (self._clock.wall_ns(), 0), logging.WARNING, "engine", text)


def _format_of(item: Item) -> str:
    """The text that a record was logged with, without its arguments."""
    return one_line(item.msg) if isinstance(item, logging.LogRecord) and isinstance(item.msg, str) else "no text"
