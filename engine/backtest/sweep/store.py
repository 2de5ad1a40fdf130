"""The file of a sweep: results unit by unit, each in one transaction. Only the process that runs the sweep writes."""

import sqlite3
from array import array
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
from engine.backtest.sweep.sweep_file import OURS, Database, SweepFile, make_durable, told
from engine.model.errors import InputError
from engine.outside.files import refuse_existing

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


class Store(SweepFile):
    """A sweep on the disk with its results."""

    @classmethod
    def made(cls, path: Path, plan: Plan) -> Self:
        """The file of `plan` at `path`, begun or gone on with; raises InputError where it is of another sweep, DiskError."""
        refuse_existing(path, force=True)
        try:
            database = sqlite3.connect(path, isolation_level="IMMEDIATE", factory=Database)
            if database.execute("PRAGMA application_id").fetchone()[0] == 0 and not _tables(database):
                make_durable(database)
                with database:
                    for line in (f"PRAGMA application_id = {OURS}", *_TABLES):
                        database.execute(line)
                    database.executemany("INSERT INTO facts VALUES (?, ?)", _facts(plan).items())
            store = cls(path, database)
            store._require_ours()
            make_durable(database)
            store.require_same(plan)
        except sqlite3.DatabaseError as error:
            raise told(path, error) from None
        return store

    def require_same(self, plan: Plan) -> None:
        """Raise InputError, which names all that differs, unless the file is of `plan`."""
        known, wanted = self.facts("identity"), plan.identity()
        kept = msgspec.json.decode(known, type=dict[str, str])
        lines = [f"{self.path}: {words}" for name, words in _WORDS.items() if kept.get(name) != wanted[name]]
        if lines:
            raise InputError(*lines, "allowed: the same command again, or another --out")

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

    def done(self, number: int, results: bytes) -> None:
        """Keep the results of a unit, which is done by that."""
        self._write("INSERT OR REPLACE INTO units (number, results) VALUES (?, ?)", (number, results))

    def failed(self, number: int, why: str) -> None:
        """Keep that a unit cannot be done."""
        self._write("INSERT OR REPLACE INTO units (number, failed) VALUES (?, ?)", (number, why))

    def results(self, unit: Unit) -> Results | None:
        """The results of a unit; None where it is not done."""
        row = self._database.execute("SELECT results FROM units WHERE number = ?", (unit.number,)).fetchone()
        if row is None or row[0] is None:
            return None
        found: Results = np.frombuffer(row[0], RESULT)
        if len(found) != unit.count:
            raise InputError(f"{self.path}: damaged: unit {unit.number} has {len(found)} results of {unit.count}")
        return found


def _facts(plan: Plan) -> dict[str, str]:
    axes = tuple((axis.key, axis.texts) for axis in plan.sets.axes)
    sets = KeptSets(axes, plan.sets.ranks.tobytes(), plan.sets.dropped)
    encoded = {"identity": plan.identity(), "sessions": plan.sessions, "search": plan.search, "sets": sets}
    texts = {name: msgspec.json.encode(each).decode() for name, each in encoded.items()}
    return texts | {"capital": str(plan.config.capital.initial_capital)}


def _tables(database: sqlite3.Connection) -> list[str]:
    with closing(database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")) as rows:
        return [row[0] for row in rows]
