"""The ledger on the disk, as any command may open it: how often results of a session were looked at while it was held out. Needs no numpy."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Self

from engine.backtest.sweep.sweep_file import Database
from engine.config import user_folder
from engine.model.errors import DiskError

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS tried (sweep TEXT PRIMARY KEY, sets BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS seen (session TEXT, sweep TEXT, PRIMARY KEY (session, sweep)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS looks (session TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID",
)


class Looks:
    """The file in the data directory; raises DiskError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level="IMMEDIATE", timeout=10, factory=Database)
            with self._database:
                for line in _TABLES:
                    self._database.execute(line)
        except (OSError, sqlite3.DatabaseError) as error:
            raise DiskError(f"{path}: {error}") from None

    @classmethod
    def usual(cls) -> Self:
        """That of the user."""
        return cls(user_folder(os.environ, "XDG_DATA_HOME", "~/.local/share") / "sweeps.sqlite")

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

    def looks(self, sessions: Sequence[str]) -> int:
        """How often the one of `sessions` that was looked at most was."""
        rows = [
            self._database.execute("SELECT times FROM looks WHERE session = ?", (each,)).fetchone() for each in sessions
        ]
        return max((row[0] for row in rows if row is not None), default=0)

    def close(self) -> None:
        """Close the file."""
        self._database.close()
