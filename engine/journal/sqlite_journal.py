"""The journal's own thread: takes facts from whoever writes, puts them on the disk in batches, says how far it got; knows nothing of SQL.

Orders at a real broker go by it, so that a kill at any point leaves a row that tells what may be there: the order's own row,
then `SendBegun`, and only once `on_durable` has told that both are on the disk, its bytes (`execution/write_lane.py`).
Rows stand in the file in the order of `write`, which may be called from several threads.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from engine.journal.day_rows import DayRows, day_rows
from engine.journal.handover import BATCH, Handover
from engine.journal.ledger import Ledger, LedgerStoppedError, OthersRowsError
from engine.journal.months import JOURNAL_FILE, month_of
from engine.journal.opening import examine
from engine.journal.renewal import Renewal
from engine.journal.reserve import LOOK_S, Reserve
from engine.journal.rows import Continued, Entry, Rewound, RunEnded, RunStarted, Waiting
from engine.journal.schema import Factory
from engine.journal.standing import Standing
from engine.journal.takeover import Opened
from engine.model.clock import Clock
from engine.model.errors import DiskError, reason
from engine.model.types import REAL_MODES, TradeMode
from engine.text.sanitize import CleanText, clean

RESERVE_FILE = "journal.reserve"
CLOSE_TIMEOUT_S = 4.0  # the whole program has five seconds to end in good order
_HOUR_NS = 3_600 * 10**9
_AGAIN_S = 0.5  # between two tries at a disk that refuses


class SqliteJournal:
    """The journal of one run; a `ports.Journal`.

    `opened` says what was found; `durable` is the last event known to be on the disk; `problem` is why not everything
    is, "" while all is well; `broken` says that the program is at fault, not the disk: only what SQLite and the system
    refuse is the disk's, anything else that is raised, a warning made an error included, is a fault. After a failure
    `write` goes on to take facts: they are kept in memory, tried again each second, and not durable until that succeeds.
    """

    def __init__(
        self,
        ledger: Ledger,
        opened: Opened,
        begun: RunStarted,
        path: Path,
        clock: Clock,
        reserve: Reserve,
        on_failure: Callable[[CleanText], None],
        factory: Factory,
        day: DayRows | None = None,
    ) -> None:
        self.opened = opened
        self.broken = False
        self._ledger = ledger
        self._reserve = reserve
        self._standing = Standing(ledger.number, on_failure)
        self._wall_ns = clock.wall_ns
        self._turn_over_from_ns = 0  # the next may be asked for (UTC)
        self._handover = Handover(ledger.number, clock.wall_ns)
        self._backlog: list[Waiting] = []
        self._renewal = Renewal(path, begun, reserve, factory, day)
        self._again_at_s = 0.0
        self._last_account: Entry | None = None  # given with the end
        self._closing = threading.Lock()  # taken once, by the first that closes, and never given back
        self._stopped = False
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
        on_failure: Callable[[CleanText], None] = lambda _: None,  # `problem` still says it
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
        next_file = mode != "replay" and last.idle and last.month < month_of(now_ns)
        entries: tuple[Entry, ...] = (Continued(), started) if next_file else (started,)
        first = [Waiting(number, now_ns, entry) for number, entry in enumerate(entries, last.number + 1)]
        reserve = Reserve(directory / RESERVE_FILE, reserve_kb * 1024)
        reserve.take_if_it_can_be()
        try:
            ledger = Ledger.begin(path, last, first, reserve, factory)
            day = day_rows(path, now_ns) if mode in REAL_MODES else None
        except (OSError, sqlite3.Error, LedgerStoppedError) as error:
            raise DiskError(f"journal {path}: {error}") from error
        return cls(ledger, last.opened, started, path, clock, reserve, on_failure, factory, day)

    @property
    def durable(self) -> int:
        """The last event known to be on the disk."""
        return self._standing.durable

    @property
    def problem(self) -> CleanText:
        """Why not everything is kept; "" while all is well."""
        return self._standing.problem

    @property
    def waiting(self) -> int:
        """How many events are not known to be on the disk yet."""
        return max(0, self._handover.newest - self._standing.durable)

    def write(self, event: Entry) -> int:
        """Hand over one fact; its number. Never blocks, never raises."""
        item = self._handover.numbered(event)
        self._handover.put(item)
        standing = self._standing
        if standing.ended:
            standing.trouble = standing.trouble or CleanText("something was written after the journal was closed")
        return item.number

    def turn_over(self) -> bool:
        """Let the next file begin where a month is over since this one did; whether it is asked for. Ask while nothing is open.

        Never blocks. Where it cannot be, because somebody reads the file or the disk is full, it is asked for again in an hour.
        """
        wall_ns = self._wall_ns()
        if self._renewal.asked or month_of(wall_ns) <= self._ledger.month or wall_ns < self._turn_over_from_ns:
            return False
        self._turn_over_from_ns = wall_ns + _HOUR_NS
        self.write(Continued())
        return True

    def look(self) -> str:
        """What others have made of the file, until it is begun anew (`renew`); "" while it is ours. Called by one thread, which may hang.

        It is said as well where the journal's own thread came upon it first. Each loss has words of its own.
        """
        standing = self._standing
        ledger, files = self._ledger, self._ledger.files
        lost = ""
        if not standing.lost and files is not None and not self._closing.locked():
            lost = files.lost(ledger.end)
        if self._closing.locked():
            return ""
        if lost and files is self._ledger.files:
            standing.lose(lost)
        return standing.lost

    def renew(self, account: Entry | None) -> None:
        """Begin the file anew, with the `account` as it is; whatever stands at its path is put aside.

        The run goes on under its number. What was in no file yet is still tried with the old one.
        """
        self._renewal.ask(self._handover, account, self.problem)

    def rewind(self, ticks: int) -> None:
        """The replay went back to just after `ticks` ticks: orders, fills and positions forget what came later; events stay."""
        self.write(Rewound(ticks))

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        """Whether event `number` is on the disk within `timeout_s`; False at once when the disk fails."""
        return self._standing.wait_durable(number, timeout_s)

    def on_durable(self, tell: Callable[[int], None]) -> None:
        """Have `tell` called from the journal's thread, with `durable`, whenever rows have reached the disk; it must not raise."""
        self._standing.on_kept(tell)

    def close(self, outcome: str, *, fault: bool = False, account: Entry | None = None) -> None:
        """Write what is waiting, note how the run ended, and close; from any thread, also twice. `problem` tells a failure.

        After a `fault` the next run begins locked, as after a kill. Where others have taken the file away since the last
        look, a last one is begun with the `account`, as after a fault: a person must look.
        """
        if self._closing.acquire(blocking=False):
            self._last_account = account
            self.write(RunEnded(outcome, fault))
            self._handover.end()
        if self._thread is not threading.current_thread():
            self._thread.join(CLOSE_TIMEOUT_S)
            if self._thread.is_alive():
                late = f"the disk did not take the last {self.waiting:,} rows in time"
                self._standing.trouble = self._standing.trouble or clean(late)

    # ── The journal's thread. Everything below runs in it alone. ───────────────────────────────────────────────────

    def _work(self) -> None:
        try:
            going_on = True
            while going_on:
                going_on = self._take()
                if not going_on or time.monotonic() >= self._again_at_s:
                    self._commit()
            if self._last_account is not None and not self._stopped:
                self._look_last(self._last_account)
            self._finish()
        except Exception as error:  # noqa: BLE001 the mouth of the thread
            self.broken = True
            self._fail(f"the journal broke, not the disk: {type(error).__name__}: {error}")
            self._ledger.let_go()
        finally:
            self._standing.end()

    def _take(self) -> bool:
        """Wait for something to write, but only a little while something is to be tried again; False when that was the end."""
        again_s = _AGAIN_S if self._backlog else LOOK_S if self._reserve.freed else None
        return self._handover.take(self._backlog, again_s)

    def _commit(self) -> None:
        """Write all that waits, as far as the disk takes it."""
        while self._backlog and not self._stopped:
            try:
                if not self._write():
                    return
            except OthersRowsError as error:
                self._standing.lose(str(error))
                self._fail(str(error))
                return
            except LedgerStoppedError as error:
                self._stopped = True
                self._fail(str(error))
            except (OSError, sqlite3.Error) as error:
                self._fail(reason(error))
                return
        if (
            not self._backlog and not self._stopped
        ):  # what may be left of a fault is that no reserve is there for the next
            self._standing.say(self._reserve.without())

    def _write(self) -> bool:
        """One transaction; False when the rows that a new file begins with are not all here so far."""
        due = self._renewal.due(self._backlog[-1].number)
        if due is None:
            self._append(BATCH)
            return True
        first, last = due
        with suppress(OSError, sqlite3.Error, LedgerStoppedError):  # the old file has its last chance
            self._append(first - self._backlog[0].number)
        if self._backlog[-1].number < last:
            return False
        self._leave(first - self._backlog[0].number)
        self._begin_anew(self._backlog[: last - first + 1])
        self._renewal.done()
        return True

    def _append(self, most: int) -> None:
        """Put so many of the rows that wait on the disk, and say so."""
        rows = self._backlog[:most]
        if not rows:
            return
        self._ledger.append(self._renewal.in_file(rows))
        self._done(len(rows))

    def _begin_anew(self, first: list[Waiting]) -> None:
        """Go on in a new file that begins with `first`; raises OSError, sqlite3.Error, LedgerStoppedError."""
        self._ledger = self._renewal.begin(first, self._ledger)
        self._standing.lost = CleanText("")
        self._done(len(first))

    def _look_last(self, account: Entry) -> None:
        """See once more that the file is ours; else what the run leaves is all in the `account`, and is begun anew with it."""
        standing, files = self._standing, self._ledger.files
        if not standing.lost and files is not None and (lost := files.lost(self._ledger.end)):
            standing.lose(lost)
        if not standing.lost:
            return
        standing.call_out(standing.lost)
        self._leave(len(self._backlog))
        entries = (self._renewal.started(self.problem), account, RunEnded(standing.lost, fault=True))
        self._backlog = [self._handover.numbered(entry) for entry in entries]
        try:
            self._begin_anew(list(self._backlog))
        except (OSError, sqlite3.Error, LedgerStoppedError) as error:
            self._fail(reason(error) if isinstance(error, OSError) else str(error))

    def _done(self, rows: int) -> None:
        """So many rows of the backlog are on the disk."""
        self._leave(rows)
        self._again_at_s = 0.0
        self._standing.kept(self._ledger.number + self._renewal.offset)

    def _leave(self, rows: int) -> None:
        """So many rows of the backlog wait no longer."""
        self._renewal.left(self._backlog[:rows], self._ledger.month)
        del self._backlog[:rows]

    def _finish(self) -> None:
        """Close the file, and see that nothing is left behind unseen."""
        if unwritten := len(self._backlog) + self._handover.early:
            self._fail(f"{unwritten} events were not written")
        try:
            if self._stopped:
                self._ledger.abandon()
            else:
                self._ledger.close()
            self._reserve.give_back()
        except (OSError, sqlite3.Error) as error:
            self._standing.say(f"closing: {error}")

    def _fail(self, text: str) -> None:
        """Keep why the disk refuses; it is tried again a little later."""
        self._again_at_s = time.monotonic() + _AGAIN_S
        self._standing.fail(text)
