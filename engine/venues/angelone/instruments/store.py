"""The list as a small private SQLite file: written whole or not at all, read by name. Knows no network and no JSON."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

from engine.model.errors import DiskError, reason
from engine.text.sanitize import CleanText, cleaned
from engine.venues.angelone.instruments.listed import EXCHANGES, KINDS, Kind, Listed

VERSION = 1
_BATCH = 500

_TABLES = """
CREATE TABLE listed (symbol TEXT, exchange INTEGER, token TEXT, name TEXT, kind INTEGER, expiry INTEGER, strike INTEGER,
    lot INTEGER, tick INTEGER, freeze INTEGER);
CREATE TABLE told (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX by_symbol ON listed (symbol COLLATE NOCASE);
CREATE INDEX by_name ON listed (name COLLATE NOCASE, expiry, strike);
CREATE INDEX by_token ON listed (token, exchange, symbol COLLATE NOCASE);
"""
_TWICE = "DELETE FROM listed WHERE rowid NOT IN (SELECT min(rowid) FROM listed GROUP BY token, exchange, symbol COLLATE NOCASE)"
_INSERT = "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COLUMNS = "symbol, exchange, token, name, kind, expiry, strike, lot, tick, freeze"

Value = str | int
_Row = tuple[CleanText, int, CleanText, str, int, int, int, int, int, int]


def write_store(path: Path, listed: Iterable[Listed], told: dict[str, str]) -> int:
    """Write a new file at `path` (0600) and return how many instruments it holds, each once; raises DiskError, and what `listed` raises.

    Indices and names are numbers inside: `exchange` and `kind` by their place in the lists, `expiry` as a day's ordinal.
    """
    with suppress(FileNotFoundError):
        path.unlink()
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            # Nobody reads it before it is complete and has its name: no journal, one flush at the end.
            database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024;")
            database.executescript(_TABLES)
            count = _insert(database, listed)
            database.executescript(_INDEXES)
            count -= database.execute(_TWICE).rowcount
            database.executemany("INSERT INTO told VALUES (?, ?)", told.items())
            database.execute(f"PRAGMA user_version = {VERSION}")
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except sqlite3.Error as error:
        raise DiskError(f"{path}: {error}") from None
    except OSError as error:
        raise DiskError(f"{path}: {reason(error)}") from None
    return count


def _insert(database: sqlite3.Connection, listed: Iterable[Listed]) -> int:
    count = 0
    batch: list[tuple[Value, ...]] = []
    database.execute("BEGIN")
    for one in listed:
        batch.append(_values(one))
        if len(batch) == _BATCH:
            database.executemany(_INSERT, batch)
            count += len(batch)
            batch.clear()
    database.executemany(_INSERT, batch)
    database.execute("COMMIT")
    return count + len(batch)


def _values(one: Listed) -> tuple[Value, ...]:
    exchange, kind = EXCHANGES.index(one.exchange), KINDS.index(one.kind)
    expiry = 0 if one.expiry is None else one.expiry.toordinal()
    return (one.symbol, exchange, one.token, one.name, kind, expiry, one.strike, one.lot, one.tick, one.freeze)


class Store:
    """An open list; read only, in the thread that opened it."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises OSError where there is none that can be used."""
        if not path.is_file():
            raise FileNotFoundError(str(path))
        self._database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            self.told: dict[str, str] = dict(self._database.execute("SELECT key, value FROM told"))
        except sqlite3.Error as error:
            self._database.close()
            raise OSError(f"damaged: {error}") from None
        if version != VERSION:
            self._database.close()
            raise OSError("written by another version")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def select(self, rest: str, values: Sequence[Value] = ()) -> list[Listed]:
        """The instruments that the SQL `rest` (WHERE …, our own text) selects with `values`; raises DiskError."""
        return [_read(row) for row in self._rows(f"SELECT {_COLUMNS} FROM listed {rest}", values)]  # noqa: S608

    def of_token(self, exchange: CleanText, token: str) -> list[Listed]:
        """What the list has under `token` of an exchange; raises DiskError."""
        return self.select("WHERE exchange = ? AND token = ?", [EXCHANGES.index(exchange), token])

    def names(self) -> list[str]:
        """Every name once; raises DiskError."""
        return [row[0] for row in self._rows("SELECT DISTINCT name FROM listed", ())]

    def expiries(self, name: str, kind: Kind | None) -> list[date]:
        """The days on which contracts of `name` end, of one kind or of any, expired ones too; raises DiskError."""
        of_kind, values = ("AND kind = ?", [KINDS.index(kind)]) if kind else ("", [])
        query = f"SELECT DISTINCT expiry FROM listed WHERE name = ? COLLATE NOCASE AND expiry > 0 {of_kind}"  # noqa: S608
        return [date.fromordinal(int(row[0])) for row in self._rows(query, [name, *values])]

    def _rows(self, query: str, values: Sequence[Value]) -> list[_Row]:
        try:
            return cleaned(self._database.execute(query, values).fetchall())
        except sqlite3.Error as error:
            raise DiskError(f"instrument list: {error}; get it anew: myquant-tui instruments update") from None


def _read(row: _Row) -> Listed:
    symbol, exchange, token, name, kind, expiry, strike, lot, tick, freeze = row
    dated = date.fromordinal(expiry) if expiry else None
    return Listed(symbol, EXCHANGES[exchange], token, name, KINDS[kind], dated, strike, lot, tick, freeze)
