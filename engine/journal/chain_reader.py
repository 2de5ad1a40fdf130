"""Reads rows out of all files of a journal, the oldest first; changes nothing, and holds up no engine that writes there.

A few hundred rows are read at a time and no file is open in between: however slowly somebody looks at what was read, the
log is brought home and the month turned over meanwhile. What cannot be read is told, the rest is read.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.journal.months import JOURNAL_FILE, closed_files
from engine.journal.reader import file_before
from engine.journal.rows import Entry, entry_of
from engine.journal.schema import OF_DAYS, foreign, open_left
from engine.model.errors import InputError
from engine.model.events import StateKept
from engine.text.sanitize import CleanText, clean

_BATCH: Final = 400
_LONGEST_PROBLEM: Final = 300
# The index is of exactly the kinds in OF_DAYS and knows the kind: a row that is not asked for is not looked at.
_ROWS = (
    "SELECT number, run, body FROM events WHERE kind IN {of_days} AND number > ? AND {asked} ORDER BY number LIMIT ?"
)
_NEXT = f"SELECT min(number) FROM events WHERE kind IN {OF_DAYS} AND number > ?"  # noqa: S608 - words of our own
_KEPT_AFTER = "SELECT body FROM events WHERE number > ? AND kind = 'StateKept' ORDER BY number LIMIT 1"
_KEPT_BEFORE = "SELECT number, body FROM events WHERE number <= ? AND kind = 'StateKept' ORDER BY number DESC LIMIT 1"


def rows_of(asked: str) -> str:
    """The query for rows of the kinds in `OF_DAYS` that are also as `asked` (SQL)."""
    return _ROWS.format(of_days=OF_DAYS, asked=asked)


class ChainReader:
    """All files of the journal in `folder`; `problems` are what could not be read, a line each.

    `opener` opens a file for reading; in the process that writes there that is `schema.open_reader`.
    """

    def __init__(self, folder: Path, opener: Callable[[Path], sqlite3.Connection] = open_left) -> None:
        """Raises InputError where there is no journal, OSError."""
        names = os.listdir(folder)
        self.files = closed_files(folder)
        if JOURNAL_FILE in names:
            self.files.append(folder / JOURNAL_FILE)
        if not self.files:
            raise InputError(f"there is no journal in {folder}")
        self.problems: list[CleanText] = []
        self._opener = opener
        if JOURNAL_FILE not in names:
            self._tell(f"{JOURNAL_FILE} is missing")
        aside = sorted(
            each for each in names if each.startswith((f"{JOURNAL_FILE}.damaged-", f"{JOURNAL_FILE}.aside-"))
        )
        if aside := [each for each in aside if not each.endswith(("-wal", "-shm"))]:
            more = f" and {len(aside) - 1} more" if aside[1:] else ""
            self._tell(f"{aside[-1]}{more} was put aside, and what only it tells is not counted")

    def look_at_links(self, first: int) -> None:
        """Tell which file is missing between those from number `first` on; what cannot be opened tells so when it is read."""
        for place in range(max(first, 0), len(self.files)):
            before = self.files[place - 1].name if place else ""
            try:
                with closing(self._opener(self.files[place])) as connection:
                    name = file_before(connection)
            except sqlite3.Error:
                continue
            if name and name != before:
                self._tell(f"{name} is missing, from which {self.files[place].name} goes on")

    def read(self, file: int, query: str, after: int) -> Iterator[tuple[int, int, Entry]]:
        """Number, run and entry of the rows after number `after` that a query of `rows_of` finds."""
        path = self.files[file]
        try:
            while True:
                with closing(self._opener(path)) as connection:
                    if problem := foreign(connection):
                        self._tell(f"{path.name}: {problem}")
                        return
                    rows: list[tuple[int, int, str]] = []
                    whole = self._some(path, connection, query, after, rows)
                for number, run, body in rows:
                    after = number
                    entry = self._entry(path, number, body)
                    if entry is not None:
                        yield number, run, entry
                if not whole:
                    after = self._behind(path, after)
                elif len(rows) < _BATCH:
                    return
        except sqlite3.Error as error:
            where = f" behind row {after:,}" if after else ""
            self._tell(f"{path.name} cannot be read{where}: {error}", f"{path.name} cannot")

    def _some(
        self, path: Path, connection: sqlite3.Connection, query: str, after: int, into: list[tuple[int, int, str]]
    ) -> bool:
        """Put a batch of rows `into` a list; False where one came that is damaged."""
        try:
            into.extend(connection.execute(query, (after, _BATCH)))
        except sqlite3.DatabaseError as error:
            row = into[-1][0] if into else after
            self._tell(
                f"{path.name} is damaged behind row {row:,}, and maybe elsewhere: {error}", f"{path.name} is dam"
            )
            return False
        return True

    def _behind(self, path: Path, after: int) -> int:
        """The number of the row next to `after`, which cannot be read, as the index tells it; raises sqlite3.Error."""
        with closing(self._opener(path)) as connection:
            (number,) = connection.execute(_NEXT, (after,)).fetchone()
        if number is None:
            raise sqlite3.DatabaseError("no row is left")
        return int(number)

    def kept_after(self, file: int, number: int) -> StateKept | None:
        """The next account that a file keeps behind row `number`."""
        found = self._one(file, _KEPT_AFTER, number)
        return self._kept(file, number, found[0]) if found else None

    def kept_before(self, file: int, number: int) -> tuple[StateKept | None, int]:
        """The last account that a file keeps up to row `number`, and its row."""
        found = self._one(file, _KEPT_BEFORE, number)
        return (self._kept(file, found[0], found[1]), found[0]) if found else (None, 0)

    def reason_of(self, file: int, run: int, order: int) -> str:
        """What an order was for."""
        found = self._one(file, "SELECT reason FROM orders WHERE run = ? AND number = ?", run, order)
        return clean(str(found[0]), 60) if found else "External"

    def mode_of(self, file: int, run: int) -> str:
        """In which mode a run was."""
        found = self._one(file, "SELECT mode FROM runs WHERE run = ?", run)
        return clean(str(found[0]), 20) if found else ""

    def _one(self, file: int, query: str, *values: int) -> Any:
        path = self.files[file]
        try:
            with closing(self._opener(path)) as connection:
                return connection.execute(query, values).fetchone()
        except sqlite3.Error as error:
            self._tell(f"{path.name} cannot be read: {error}", f"{path.name} cannot")
            return None

    def _kept(self, file: int, number: int, body: str) -> StateKept | None:
        entry = self._entry(self.files[file], number, body)
        return entry if isinstance(entry, StateKept) else None

    def _entry(self, path: Path, number: int, body: str) -> Entry | None:
        try:
            return entry_of(body)
        except (msgspec.DecodeError, TypeError) as error:
            self._tell(
                f"{path.name}: row {number:,} and maybe others cannot be understood: {error}", f"{path.name}: row"
            )
            return None

    def _tell(self, line: str, kind: str = "") -> None:
        """Add a problem, of a `kind` (what it begins with) at most one."""
        if not any(each.startswith(kind or line[:_LONGEST_PROBLEM]) for each in self.problems):
            self.problems.append(clean(line, _LONGEST_PROBLEM))
