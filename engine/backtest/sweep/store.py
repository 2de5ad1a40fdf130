"""The file of a sweep: results unit by unit, each in one transaction. Only the process that runs the sweep writes."""

import sqlite3
from array import array
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final, Self

import msgspec
import numpy as np
from msgspec import Struct

from engine.backtest.sweep.axes import Axis
from engine.backtest.sweep.plan import Plan, Search, SessionFacts, Unit
from engine.backtest.sweep.results import RESULT, Results
from engine.backtest.sweep.sets import Sets
from engine.model.errors import DiskError, InputError

_OURS: Final = 0x4D515357  # application_id: MQSW
_TABLES: Final = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE units (number INTEGER PRIMARY KEY, results BLOB, failed TEXT NOT NULL DEFAULT '')",
)
_WORDS: Final = {
    "version": "was made by another version of the program",
    "rules": "was made by other rules",
    "files": "is of other sessions",
    "sets": "is of other sets, or of another search",
    "configuration": "was made under another configuration",
}


class KeptSets(Struct, frozen=True):
    """The sets of a sweep as they are written down: the axes by key and texts, and the places of the sets in their grid."""

    axes: tuple[tuple[str, tuple[str, ...]], ...]
    ranks: bytes
    dropped: int


class Store:
    """A sweep on the disk."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def made(cls, path: Path, plan: Plan) -> Self:
        """The file of `plan` at `path`, begun or gone on with; raises InputError where it is of another sweep, DiskError."""
        try:
            database = sqlite3.connect(path, isolation_level="IMMEDIATE")
            if database.execute("PRAGMA application_id").fetchone()[0] == 0 and not _tables(database):
                _made_durable(database)
                with database:
                    for line in (f"PRAGMA application_id = {_OURS}", *_TABLES):
                        database.execute(line)
                    database.executemany("INSERT INTO facts VALUES (?, ?)", _facts(plan).items())
            store = cls(path, database)
            store._require_ours()
            _made_durable(database)
            store.require_same(plan)
        except sqlite3.DatabaseError as error:
            raise _told(path, error) from None
        return store

    @classmethod
    def opened(cls, path: Path) -> Self:
        """A sweep that is there; raises InputError."""
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        try:
            store = cls(path, sqlite3.connect(path, isolation_level="IMMEDIATE"))
            store._require_ours()
            _made_durable(store._database)
        except sqlite3.DatabaseError as error:
            raise _told(path, error) from None
        return store

    def _require_ours(self) -> None:
        if self._database.execute("PRAGMA application_id").fetchone()[0] != _OURS:
            raise InputError(f"{self.path}: not a sweep")

    def require_same(self, plan: Plan) -> None:
        """Raise InputError, which names all that differs, unless the file is of `plan`."""
        known, wanted = self.facts("identity"), plan.identity()
        kept = msgspec.json.decode(known, type=dict[str, str])
        lines = [f"{self.path}: {words}" for name, words in _WORDS.items() if kept.get(name) != wanted[name]]
        if lines:
            raise InputError(*lines, "allowed: the same command again, or another --out")

    def fact(self, name: str) -> str:
        """What was written down of the sweep by that name; empty where nothing was."""
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def facts(self, name: str) -> str:
        """What must have been written down of it; raises InputError where it was not."""
        if not (found := self.fact(name)):
            raise InputError(f"{self.path}: damaged: nothing is said of its {name}")
        return found

    def sessions(self) -> tuple[SessionFacts, ...]:
        """Its sessions."""
        return msgspec.json.decode(self.facts("sessions"), type=tuple[SessionFacts, ...])

    def search(self) -> Search:
        """How its sets were chosen."""
        return msgspec.json.decode(self.facts("search"), type=Search)

    def sets(self) -> Sets:
        """Its sets, whose values are told as texts."""
        kept = msgspec.json.decode(self.facts("sets"), type=KeptSets)
        ranks = array("q")
        ranks.frombytes(kept.ranks)
        return Sets(tuple(Axis(key, texts, texts) for key, texts in kept.axes), ranks, kept.dropped)

    def note(self, name: str, text: str) -> None:
        """Write down something of the sweep."""
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, text))

    def done(self, number: int, results: bytes) -> None:
        """Keep the results of a unit, which is done by that."""
        self._write("INSERT OR REPLACE INTO units (number, results) VALUES (?, ?)", (number, results))

    def failed(self, number: int, why: str) -> None:
        """Keep that a unit cannot be done."""
        self._write("INSERT OR REPLACE INTO units (number, failed) VALUES (?, ?)", (number, why))

    def _write(self, line: str, values: tuple[object, ...]) -> None:
        try:
            with self._database:
                self._database.execute(line, values)
        except sqlite3.DatabaseError as error:
            raise _told(self.path, error) from None

    def finished(self) -> set[int]:
        """The numbers of all units that are done."""
        return {row[0] for row in self._database.execute("SELECT number FROM units WHERE results IS NOT NULL")}

    def failures(self) -> Mapping[int, str]:
        """Why units could not be done, by their numbers."""
        return dict(self._database.execute("SELECT number, failed FROM units WHERE results IS NULL ORDER BY number"))

    def results(self, unit: Unit) -> Results | None:
        """The results of a unit; None where it is not done."""
        row = self._database.execute("SELECT results FROM units WHERE number = ?", (unit.number,)).fetchone()
        if row is None or row[0] is None:
            return None
        found: Results = np.frombuffer(row[0], RESULT)
        if len(found) != unit.count:
            raise InputError(f"{self.path}: damaged: unit {unit.number} has {len(found)} results of {unit.count}")
        return found

    def close(self) -> None:
        """Close the file; what was written is on the disk."""
        self._database.close()


def _facts(plan: Plan) -> dict[str, str]:
    axes = tuple((axis.key, axis.texts) for axis in plan.sets.axes)
    sets = KeptSets(axes, plan.sets.ranks.tobytes(), plan.sets.dropped)
    encoded = {"identity": plan.identity(), "sessions": plan.sessions, "search": plan.search, "sets": sets}
    texts = {name: msgspec.json.encode(each).decode() for name, each in encoded.items()}
    return texts | {"capital": str(plan.config.capital.initial_capital)}


def _made_durable(database: sqlite3.Connection) -> None:
    """Let each transaction be on the disk when it is over."""
    for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
        database.execute(line)


def _tables(database: sqlite3.Connection) -> list[str]:
    with closing(database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")) as rows:
        return [row[0] for row in rows]


def _told(path: Path, error: sqlite3.DatabaseError) -> InputError | DiskError:
    """One line for a person: the disk, or what is no file of ours."""
    if isinstance(error, sqlite3.OperationalError):
        return DiskError(f"{path}: {error}")
    return InputError(f"{path}: not a sweep ({error})")
