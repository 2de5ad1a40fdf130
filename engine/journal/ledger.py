"""One connection that appends events and their projections, and finds out what became of a commit that raised; knows nothing of threads.

A COMMIT that raises is no proof that the rows are absent. They are looked for through a fresh connection: what is
there is not written again, what is lost is. A failed fsync is different: afterwards the system may show pages that
never reach the disk, so nothing that is read proves anything, and the ledger stops for good.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from msgspec.structs import astuple, replace

from engine.journal.journal_files import JournalFiles
from engine.journal.months import month_of, name_for, remove_unfinished, sync_directory, turn_over, unfinished
from engine.journal.opening import Last
from engine.journal.projections import project
from engine.journal.reserve import Reserve
from engine.journal.rows import Continued, Entry, StoredEvent, Waiting, chained
from engine.journal.schema import BUSY_TIMEOUT_S, Factory, create, create_continued, open_reader, open_writer

ATTEMPTS = 3
_Rows = list[tuple[StoredEvent, Entry]]


class LedgerStoppedError(Exception):
    """Nothing more may be written to this file; what it says is the reason."""


class OthersRowsError(LedgerStoppedError):
    """The file holds other rows than were written: somebody has put another in its place, or written over it."""


class Ledger:
    """The end of one journal file: `number` is the last event known to be on the disk."""

    def __init__(
        self, path: Path, last: Last, reserve: Reserve, connection: sqlite3.Connection, factory: Factory
    ) -> None:
        self.number = last.number
        self.run = last.opened.run
        self._path = path
        self._hash = last.hash
        self._end = (last.number, last.hash)
        self._reserve = reserve
        self._connection = connection
        self._factory = factory
        self._unsure = False
        self.month = last.month  # in which the open file began
        self.files: JournalFiles | None = None  # as others find them; None while they are being exchanged

    @classmethod
    def begin(cls, path: Path, last: Last, first: Sequence[Waiting], reserve: Reserve, factory: Factory) -> "Ledger":
        """Open the journal that was examined, or make a new one, with `first` in it; raises OSError, sqlite3.Error, LedgerStoppedError.

        A new file gets its name only when its tables and its run's row are on the disk: no kill leaves half a journal.
        """
        if last.number:
            os.chmod(path, 0o600)
            ledger = cls(path, last, reserve, open_writer(path, factory), factory)
            with ExitStack() as on_failure:
                on_failure.callback(ledger.close)
                ledger.append(first)
                on_failure.pop_all()
            ledger.files = JournalFiles(path, ledger.number)
            return ledger
        remove_unfinished(path)
        new = unfinished(path)
        ledger = cls(new, last, reserve, create(new), factory)
        with closing(ledger._connection):
            ledger.append(first)
        os.rename(new, path)
        sync_directory(path.parent)
        ledger._path, ledger._connection = path, open_writer(path, factory)
        ledger.month = month_of(first[0].wall_ns)
        ledger.files = JournalFiles(path, ledger.number)
        return ledger

    def append(self, waiting: Sequence[Waiting]) -> None:
        """Put `waiting` on the disk in one transaction, each row once; then `number` is the last of them.

        Raises sqlite3.Error when it could not be done: call again with the same rows, and more. Raises
        LedgerStoppedError when it must not be tried again.
        """
        rest: list[Waiting] = []
        for item in waiting:
            if item.number > self.number and isinstance(item.entry, Continued):
                self._append(rest)
                self.files = None
                self._turn_over(item)
                self.files = JournalFiles(self._path, self.number)
                rest = []
            rest.append(item)
        self._append(rest)

    def _append(self, waiting: Sequence[Waiting]) -> None:
        """The same within one file; rows that went well before something failed are passed over."""
        rows = chained([item for item in waiting if item.number > self.number], self.run, self._hash)
        if self._unsure:
            rows = self._missing(rows)
        for attempt in range(1, ATTEMPTS + 1):
            if not rows:
                break
            try:
                _transact(self._connection, rows)
            except sqlite3.Error as error:
                self._unsure = True
                self._settle(error)
                rows = self._missing(rows)
                if rows and attempt == ATTEMPTS:
                    raise
            else:
                self._advance(rows[-1][0])
                if self.files is not None:
                    self.files.wrote()
                break

    @property
    def end(self) -> tuple[int, bytes]:
        """Number and hash of the newest row that is known to be on the disk; one object, for another thread to read."""
        return self._end

    def _turn_over(self, item: Waiting) -> None:
        """Begin the next file with `item` as its first row; where that cannot be now, this file goes on and keeps the row.

        What keeps it from that: a full disk, a disk without hard links, somebody who reads this very moment.
        """
        if self._unsure:
            return
        path, connection = self._path, self._connection
        try:
            remove_unfinished(path)
            (begun_ns,) = connection.execute("SELECT wall_ns FROM events ORDER BY number LIMIT 1").fetchone()
            closed = name_for(path, month_of(begun_ns))
            run = connection.execute("SELECT * FROM runs ORDER BY run DESC LIMIT 1").fetchone()
            rows = chained((replace(item, entry=Continued(closed.name, *run)),), run[0], self._hash)
            create_continued(unfinished(path), lambda new: _transact(new, rows))
            connection.execute("PRAGMA busy_timeout = 0")  # whoever reads is not waited for
            connection.execute("PRAGMA journal_mode = DELETE")  # with this nothing of this file stands elsewhere
        except (OSError, sqlite3.Error):
            connection.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT_S * 1000)}")
            with suppress(OSError):
                remove_unfinished(path)
            return
        self.files = None
        connection.close()
        with suppress(OSError):
            turn_over(path, closed)
            self._advance(rows[-1][0])
            self.month = month_of(item.wall_ns)
        try:
            self._connection = open_writer(path, self._factory)
            self.files = JournalFiles(path, self.number)
        except (OSError, sqlite3.Error) as error:
            raise OthersRowsError(f"the next file cannot be opened: {error}") from error

    def close(self) -> None:
        """Bring the write-ahead log home and close; raises sqlite3.Error (every row is safe in the log then)."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._connection.close()

    def abandon(self) -> None:
        """Close without bringing the log home, which SQLite does not do while another connection looks on; raises sqlite3.Error.

        After a failed fsync the log may read differently from what the disk holds: nothing may be copied out of it.
        """
        with closing(open_reader(self._path)) as onlooker:
            onlooker.execute("SELECT max(number) FROM events").fetchone()
            self._connection.close()

    def let_go(self) -> None:
        """Close, whatever is under way; what was not committed is not kept."""
        self._connection.close()

    def _settle(self, error: sqlite3.Error) -> None:
        """Leave the failed transaction and do what can be done about its cause."""
        code = getattr(error, "sqlite_errorcode", 0)
        if code in {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}:
            raise LedgerStoppedError("the disk did not confirm a write (fsync failed)") from error
        if code & 0xFF == sqlite3.SQLITE_FULL:
            self._reserve.free()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _missing(self, rows: _Rows) -> _Rows:
        """Those of `rows` that a fresh connection does not see; raises LedgerStoppedError when it sees others in their place."""
        with closing(open_reader(self._path)) as connection:
            number, link = connection.execute(
                "SELECT number, hash FROM events ORDER BY number DESC LIMIT 1"
            ).fetchone() or (0, self._hash)
        self._unsure = False
        if (number, link) == (self.number, self._hash):
            return rows
        for place, (event, _) in enumerate(rows, 1):
            if (event.number, event.hash) == (number, link):
                self._advance(event)
                return rows[place:]
        raise OthersRowsError(f"the file ends with event {number}, which is not the one that was written")

    def _advance(self, event: StoredEvent) -> None:
        self.number, self._hash = self._end = event.number, event.hash


def _transact(connection: sqlite3.Connection, rows: _Rows) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for event, entry in rows:
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(event))
        project(connection, event, entry)
    connection.execute("COMMIT")
