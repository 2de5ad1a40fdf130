"""How a run's file is begun anew, where others have made something else of it: whatever stands at its path is put aside."""

import os
import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from engine.journal.day_rows import DayRows
from engine.journal.handover import Handover
from engine.journal.ledger import Ledger
from engine.journal.opening import Last, set_aside
from engine.journal.reserve import Reserve
from engine.journal.rows import GENESIS, Entry, RunStarted, Waiting
from engine.journal.schema import Factory
from engine.journal.takeover import Opened
from engine.model.events import StateKept


class Renewal:
    """Begins the file of the run `begun` at `path` anew, as often as it is asked for; the run goes on under its number.

    `day` are the rows of orders at a real broker that a file must have (None: there are no such orders). `offset` is by how
    much the number a row was handed over with is above its number in the file. Any thread may `ask`.
    """

    def __init__(
        self, path: Path, begun: RunStarted, reserve: Reserve, factory: Factory, day: DayRows | None = None
    ) -> None:
        self._path = path
        self._day = day
        self._begun = begun
        self._reserve = reserve
        self._factory = factory
        self._asked: deque[tuple[int, int]] = deque()
        self.offset = 0

    @property
    def asked(self) -> bool:
        """Whether one is to come."""
        return bool(self._asked)

    def ask(self, handover: Handover, account: Entry | None, problem: str) -> None:
        """Hand over what a new file begins with: the run's row, saying the `problem`, and the account as it is."""
        first = [self.started(problem)] if account is None else [self.started(problem), account]
        rows = [handover.numbered(entry) for entry in first]
        self._asked.append((rows[0].number, rows[-1].number))
        for row in rows:
            handover.put(row)

    def started(self, problem: str) -> RunStarted:
        """The first row of such a file: what the run itself did not know of the time before it is known no better now."""
        anew = f"{problem}: begun anew out of the memory of a running engine"
        return replace(self._begun, found="; ".join(filter(None, (self._begun.found, anew))))

    def due(self, newest: int) -> tuple[int, int] | None:
        """The numbers of the first and the last row of the next file, where the first is not above `newest`."""
        asked = self._asked[0] if self._asked else None
        return None if asked is None or newest < asked[0] else asked

    def left(self, rows: Sequence[Waiting], month: str) -> None:
        """Follow rows that wait no longer: for the open file, which began in `month`, or for one that is lost."""
        if self._day is not None:
            self._day.follow(rows, month)

    def in_file(self, rows: Sequence[Waiting]) -> Sequence[Waiting]:
        """The rows under their numbers in the file."""
        offset = self.offset
        return [replace(row, number=row.number - offset) for row in rows] if offset else rows

    def begin(self, first: Sequence[Waiting], old: Ledger) -> Ledger:
        """Begin a file with `first` behind the `old` one; raises OSError, sqlite3.Error, LedgerStoppedError."""
        if any(os.path.lexists(f"{self._path}{side}") for side in ("", "-wal", "-shm")):
            set_aside(self._path, first[0].wall_ns, "aside")
        with suppress(sqlite3.Error):  # after that: it removes the log that stands at its path
            old.let_go()
        last = Last(0, GENESIS, Opened(run=self._begun.run))
        rows = self._rows(first)
        offset = first[-1].number - rows[-1].number
        ledger = Ledger.begin(self._path, last, rows, self._reserve, self._factory)
        self.offset = offset
        return ledger

    def _rows(self, first: Sequence[Waiting]) -> list[Waiting]:
        """All that a file begins with: behind the row of the run those of the day's orders, which the account behind them has booked."""
        account = next((row.entry for row in first if isinstance(row.entry, StateKept)), None)
        day = self._day.anew(account.symbols) if self._day is not None and account is not None else []
        dated = [(first[0].wall_ns, first[0].entry), *day, *((row.wall_ns, row.entry) for row in first[1:])]
        return [Waiting(number, *row) for number, row in enumerate(dated, 1)]

    def done(self) -> None:
        """What was asked for first has come about."""
        self._asked.popleft()
