"""Remembers for each session which sets were ever tried on it, and how often its results were looked at while it was held out."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from engine.backtest.sweep.plan import Plan
from engine.config import describe
from engine.model.errors import DiskError
from engine.runtime.replay.comparable import deciding

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS tried (sweep TEXT PRIMARY KEY, sets BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS seen (session TEXT, sweep TEXT, PRIMARY KEY (session, sweep)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS looks (session TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID",
)


def sets_tried(plan: Plan) -> bytes:
    """A number for each set, eight bytes that stand for all of its values."""
    config = deciding(describe(plan.config))
    found = bytearray()
    for row in range(len(plan.sets)):
        config.update(plan.sets.texts(row))
        found += blake2b(msgspec.json.encode(config), digest_size=8).digest()
    return bytes(found)


class Ledger:
    """The file in the data directory; raises DiskError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level="IMMEDIATE", timeout=10)
            with self._database:
                for line in _TABLES:
                    self._database.execute(line)
        except (OSError, sqlite3.DatabaseError) as error:
            raise DiskError(f"{path}: {error}") from None

    def enter(self, plan: Plan) -> None:
        """Enter that these sets are tried on these sessions; again makes no difference."""
        sets = sets_tried(plan)
        sweep = blake2b(sets, digest_size=16).hexdigest()
        seen = [(each.fingerprint, sweep) for each in plan.sessions]
        self._write("INSERT OR IGNORE INTO tried VALUES (?, ?)", [(sweep, sets)])
        self._write("INSERT OR IGNORE INTO seen VALUES (?, ?)", seen)

    def look(self, sessions: Iterable[str]) -> None:
        """Enter that held-out sessions were looked at once more."""
        line = "INSERT INTO looks VALUES (?, 1) ON CONFLICT (session) DO UPDATE SET times = times + 1"
        self._write(line, [(each,) for each in sessions])

    def _write(self, line: str, rows: Sequence[tuple[object, ...]]) -> None:
        try:
            with self._database:
                self._database.executemany(line, rows)
        except sqlite3.DatabaseError as error:
            raise DiskError(f"{self._path}: {error}") from None

    def tried(self, sessions: Sequence[str]) -> int:
        """How many distinct sets were ever tried on the one of `sessions` that has seen most."""
        most, known = 0, dict[tuple[str, ...], int]()
        for session in sessions:
            with closing(
                self._database.execute("SELECT sweep FROM seen WHERE session = ? ORDER BY sweep", (session,))
            ) as rows:
                sweeps = tuple(row[0] for row in rows)
            if sweeps not in known:
                known[sweeps] = self._distinct(sweeps)
            most = max(most, known[sweeps])
        return most

    def _distinct(self, sweeps: Sequence[str]) -> int:
        found = np.empty(0, np.uint64)
        for sweep in sweeps:
            row = self._database.execute("SELECT sets FROM tried WHERE sweep = ?", (sweep,)).fetchone()
            found = np.union1d(found, np.frombuffer(row[0], np.uint64))
        return len(found)

    def looks(self, sessions: Sequence[str]) -> int:
        """How often the one of `sessions` that was looked at most was."""
        rows = [
            self._database.execute("SELECT times FROM looks WHERE session = ?", (each,)).fetchone() for each in sessions
        ]
        return max((row[0] for row in rows if row is not None), default=0)

    def close(self) -> None:
        """Close the file."""
        self._database.close()
