"""A sweep on the disk as any command may read it: what was written down of it, and how far it came. Needs no numpy."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from engine.model.errors import DiskError, InputError

OURS: Final = 0x4D515357  # application_id: MQSW


class Database(sqlite3.Connection):
    """A connection that is closed at the latest when nobody holds it any more, as where what it opened is refused."""

    def __del__(self) -> None:
        self.close()


class SweepFile:
    """The file of a sweep."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def opened(cls, path: Path) -> Self:
        """A sweep that is there; raises InputError."""
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        try:
            store = cls(path, sqlite3.connect(path, isolation_level="IMMEDIATE", factory=Database))
            store._require_ours()
            make_durable(store._database)
        except sqlite3.DatabaseError as error:
            raise told(path, error) from None
        return store

    def _require_ours(self) -> None:
        if self._database.execute("PRAGMA application_id").fetchone()[0] != OURS:
            raise InputError(f"{self.path}: not a sweep")

    def fact(self, name: str) -> str:
        """What was written down of the sweep by that name; empty where nothing was."""
        rows = self._rows("SELECT value FROM facts WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def facts(self, name: str) -> str:
        """What must have been written down of it; raises InputError where it was not."""
        if not (found := self.fact(name)):
            raise InputError(f"{self.path}: damaged: nothing is said of its {name}")
        return found

    def note(self, name: str, text: str) -> None:
        """Write down something of the sweep."""
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, text))

    def _rows(self, line: str, values: tuple[object, ...] = ()) -> list[Any]:
        """What is asked for; raises InputError, DiskError where the file is damaged."""
        try:
            return self._database.execute(line, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise told(self.path, error) from None

    def _write(self, line: str, values: tuple[object, ...]) -> None:
        try:
            with self._database:
                self._database.execute(line, values)
        except sqlite3.DatabaseError as error:
            raise told(self.path, error) from None

    def finished(self) -> set[int]:
        """The numbers of all units that are done."""
        return {row[0] for row in self._rows("SELECT number FROM units WHERE results IS NOT NULL")}

    def failures(self) -> Mapping[int, str]:
        """Why units could not be done, by their numbers."""
        return dict(self._rows("SELECT number, failed FROM units WHERE results IS NULL ORDER BY number"))

    def close(self) -> None:
        """Close the file; what was written is on the disk."""
        self._database.close()


def make_durable(database: sqlite3.Connection) -> None:
    """Let each transaction be on the disk when it is over."""
    for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
        database.execute(line)


def told(path: Path, error: sqlite3.DatabaseError) -> InputError | DiskError:
    """One line for a person: the disk, or what is no file of ours."""
    if isinstance(error, sqlite3.OperationalError):
        return DiskError(f"{path}: {error}")
    return InputError(f"{path}: not a sweep ({error})")
