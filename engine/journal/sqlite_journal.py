"""The journal's own thread: takes facts from whoever writes, puts them on the disk in batches, says how far it got; knows nothing of SQL.

A sender of live orders uses it in this order, so that a kill at any point leaves a row that tells what may be at the
exchange: `number = journal.write(Submit(order))`, `journal.wait_durable(number, timeout_s)`, and only then the order
goes out; the `FillBooked` or `OrderRejected` follows as another event. Rows stand in the file in the order of `write`.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

from engine.journal.ledger import Ledger, LedgerStoppedError
from engine.journal.months import JOURNAL_FILE, month_of
from engine.journal.opening import examine
from engine.journal.reserve import Reserve
from engine.journal.rows import Continued, Entry, Rewound, RunEnded, RunStarted, Waiting
from engine.journal.schema import Factory
from engine.journal.takeover import Opened
from engine.model.clock import Clock
from engine.model.errors import DiskError
from engine.model.types import TradeMode
from engine.text.sanitize import CleanText, clean

RESERVE_FILE = "journal.reserve"
BATCH = 1_000  # events in one transaction
CLOSE_TIMEOUT_S = 4.0  # the whole program has five seconds to end in good order
_HANDED_OVER_TIMEOUT_S = 1.0


def _nobody(_text: str) -> None:
    """Nobody wants to be told; `problem` still says it."""


class SqliteJournal:
    """The journal of one run; a `ports.Journal`.

    `opened` says what was found; `durable` is the last event known to be on the disk; `problem` is the latest failure,
    "" while all is well; `broken` says that the program is at fault, not the disk: only what SQLite and the system
    refuse is the disk's, anything else that is raised, a warning made an error included, is a fault. After a failure `write` goes on to take facts: they are kept in memory, tried again with the
    next ones, and not durable until that succeeds.
    """

    def __init__(
        self,
        ledger: Ledger,
        opened: Opened,
        clock: Clock,
        reserve: Reserve,
        on_failure: Callable[[CleanText], None],
        month: str,
    ) -> None:
        self.opened = opened
        self.problem = CleanText("")
        self.broken = False
        self.durable = ledger.number
        self._ledger = ledger
        self._reserve = reserve
        self._on_failure = on_failure
        self._called_out = False  # since the last commit that went well
        self._wall_ns = clock.wall_ns
        self._month = month  # in which the open file began, or was last asked to give way to the next
        # Writers only count and put, both without a lock, so that nobody ever waits for the disk, not even a signal
        # handler that interrupts a writer; the journal's thread brings the numbers back into order.
        self._numbers = count(ledger.number + 1)
        self._handed = ledger.number
        self._inbox: SimpleQueue[Waiting | None] = SimpleQueue()
        self._early: dict[int, Waiting] = {}
        self._backlog: list[Waiting] = []
        self._closing = threading.Lock()  # taken once, by the first that closes, and never given back
        self._changed = threading.Condition()  # guards nothing; announces `durable`, `_failing` and `_ended`
        self._failing = False
        self._stopped = False
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        directory: Path,
        mode: TradeMode,
        clock: Clock,
        *,
        title: str = "",
        reserve_kb: int = 256,
        used: bool = False,
        on_failure: Callable[[CleanText], None] = _nobody,
        factory: Factory = sqlite3.Connection,
    ) -> Self:
        """Begin a run in the journal of a locked state directory; its row is on the disk on return.

        `used`: a run was in this directory before.
        `on_failure` is called once, from the journal's thread, at the first failure; it must not raise. Raises
        DiskError when the disk does not take the run's row.
        """
        path = directory / JOURNAL_FILE
        last = examine(path, mode, clock.wall_ns(), used=used)
        found = "; ".join(last.opened.lines())
        now_ns = clock.wall_ns()
        started = RunStarted(last.opened.run, mode, title, os.getpid(), found)
        month = month_of(now_ns)
        next_file = mode != "replay" and last.idle and last.month < month
        entries: tuple[Entry, ...] = (Continued(), started) if next_file else (started,)
        first = [Waiting(number, now_ns, entry) for number, entry in enumerate(entries, last.number + 1)]
        reserve = Reserve(directory / RESERVE_FILE, reserve_kb * 1024)
        try:
            reserve.take()
            ledger = Ledger.begin(path, last, first, reserve, factory)
        except (OSError, sqlite3.Error, LedgerStoppedError) as error:
            raise DiskError(f"journal {path}: {error}") from error
        return cls(ledger, last.opened, clock, reserve, on_failure, month if next_file else last.month or month)

    @property
    def waiting(self) -> int:
        """How many events are not known to be on the disk yet."""
        return max(0, self._handed - self.durable)

    def write(self, event: Entry) -> int:
        """Hand over one fact; its number. Never blocks, never raises."""
        number = self._handed = next(self._numbers)
        self._inbox.put(Waiting(number, self._wall_ns(), event))
        if self._ended:
            self.problem = self.problem or CleanText("something was written after the journal was closed")
        return number

    def turn_over(self) -> bool:
        """Let the next file begin where a month is over since this one did; whether it is asked for. Ask while nothing is open.

        Never blocks. Where it cannot be, this file goes on until the next month.
        """
        month = month_of(self._wall_ns())
        if month <= self._month:
            return False
        self._month = month
        self.write(Continued())
        return True

    def rewind(self, ticks: int) -> None:
        """The replay went back to just after `ticks` ticks: orders, fills and positions forget what came later; events stay."""
        self.write(Rewound(ticks))

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        """Whether event `number` is on the disk within `timeout_s`; False at once when the disk fails."""
        if self.durable >= number:
            return True
        with self._changed:
            self._changed.wait_for(lambda: self.durable >= number or self._failing or self._ended, timeout_s)
        return self.durable >= number

    def close(self, outcome: str, *, fault: bool = False) -> None:
        """Write what is waiting, note how the run ended, and close; from any thread, also twice. `problem` tells a failure.

        After a `fault` the next run begins locked, as after a kill.
        """
        if self._closing.acquire(blocking=False):
            self.write(RunEnded(outcome, fault))
            self._inbox.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)
            if self._thread.is_alive():
                self.problem = self.problem or CleanText("the disk did not take the last rows in time")

    # ── The journal's thread. Everything below runs in it alone. ───────────────────────────────────────────────────

    def _work(self) -> None:
        try:
            going_on = True
            while going_on:
                going_on = self._take()
                self._commit()
            self._finish()
        except Exception as error:  # noqa: BLE001 the mouth of the thread
            self.broken = True
            self._fail(f"the journal broke, not the disk: {type(error).__name__}: {error}")
            self._ledger.let_go()
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _take(self) -> bool:
        """Wait for something, move all that waits to the backlog in the order of its numbers; False when that was the end."""
        going_on = True
        try:
            item = self._inbox.get()
            while True:
                if item is None:
                    going_on = False
                else:
                    self._early[item.number] = item
                    self._sort()
                if len(self._backlog) >= BATCH and going_on:
                    break
                # At the end a writer may still stand between its number and its put.
                item = self._inbox.get(not going_on and bool(self._early), _HANDED_OVER_TIMEOUT_S)
        except Empty:
            return going_on
        return going_on

    def _sort(self) -> None:
        wanted = self._backlog[-1].number + 1 if self._backlog else self._ledger.number + 1
        while (item := self._early.pop(wanted, None)) is not None:
            self._backlog.append(item)
            wanted += 1

    def _commit(self) -> None:
        if not self._backlog or self._stopped:
            return
        try:
            self._ledger.append(self._backlog)
        except LedgerStoppedError as error:
            self._stopped = True
            self._fail(str(error))
        except sqlite3.Error as error:
            self._fail(str(error))
        else:
            self._backlog.clear()
            self._called_out = False
            with self._changed:
                self.durable = self._ledger.number
                self._failing = False
                self._changed.notify_all()
            if self._reserve.freed and not self.problem:
                self._tell("the disk is full; the journal goes on in its reserve")

    def _finish(self) -> None:
        """Close the file, and see that nothing is left behind unseen."""
        if self._backlog or self._early:
            self._fail(f"{len(self._backlog) + len(self._early)} events were not written")
        try:
            if self._stopped:
                self._ledger.abandon()
            else:
                self._ledger.close()
            self._reserve.give_back()
        except (OSError, sqlite3.Error) as error:
            self._tell(f"closing: {error}")

    def _fail(self, text: str) -> None:
        with self._changed:
            self._failing = True
            self._changed.notify_all()
        self._tell(text)

    def _tell(self, text: str) -> None:
        """Keep the problem; the first of a stretch is called out: entries that were unlocked since must lock again."""
        self.problem = clean(f"journal: {text}")
        if not self._called_out:
            self._called_out = True
            self._on_failure(self.problem)
