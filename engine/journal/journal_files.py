"""Whether the journal at its path is still the one that is written, by what any other process would find there. Changes nothing."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from engine.journal.opening import NO_VERDICT
from engine.journal.schema import open_reader
from engine.model.errors import reason

_LOG_LIMIT = 1 << 20  # bytes that SQLite may cut a write-ahead log down to by itself


class _Seen(Struct):
    """A file as it was last seen: which one it is, how large, and when it was written."""

    file: tuple[int, int]
    size: int
    written_ns: int


class JournalFiles:
    """The journal's file and its write-ahead log at `path`, as they were when they were opened; for one thread.

    Plain `stat`, never `open`: closing a descriptor of the file would drop the locks that SQLite holds on it.
    """

    def __init__(self, path: Path, number: int) -> None:
        """`number` is the newest row of this moment; with the next one at the latest there is a write-ahead log."""
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._number = number
        self._has_log = False
        self._seen: dict[Path, _Seen] = {}
        self._told_ns: tuple[int, ...] = ()
        self._stat(self._path)
        self._stat(self._log)

    def lost(self, end: tuple[int, bytes]) -> str:
        """What has become of them; "" while they are ours and hold the row `end` (its number and hash), read before this call."""
        self._has_log = self._has_log or end[0] > self._number
        for path in (self._path, self._log):
            if lost := self._stat(path):
                return lost
        stamps = tuple(each.written_ns for each in self._seen.values())
        if stamps == self._told_ns:
            return ""  # nobody has written since the last look, neither we nor others
        text = self._read(end)
        if text == "":
            self._told_ns = stamps
        return text or ""

    def _stat(self, path: Path) -> str:
        try:
            found = os.stat(path, follow_symlinks=False)
        except FileNotFoundError:
            begun = path == self._path or path in self._seen or self._has_log
            return f"{path.name} is gone" if begun else ""
        except OSError as error:
            return f"{path.name}: {reason(error)}"
        seen = _Seen((found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)
        before = self._seen.setdefault(path, seen)
        if seen.file != before.file:
            return f"another file stands in place of {path.name}"
        least = before.size if path == self._path else min(before.size, _LOG_LIMIT)
        if seen.size < least:
            return f"{path.name} was cut off, {seen.size:,} of {before.size:,} bytes are left"
        if found.st_mode & 0o600 != 0o600:
            os.chmod(path, 0o600)
        self._seen[path] = seen
        return ""

    def _read(self, end: tuple[int, bytes]) -> str | None:
        """Ask as another process would; None where the question cannot be asked at this moment."""
        number, link = end
        try:
            with closing(open_reader(self._path)) as connection:
                row = connection.execute("SELECT hash FROM events WHERE number = ?", (number,)).fetchone()
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            undecided = code & 0xFF in NO_VERDICT and code != sqlite3.SQLITE_IOERR_SHORT_READ
            return None if undecided else f"{self._path.name} cannot be read: {error}"
        if row is None:
            return f"{self._path.name} is an older one: it does not hold row {number}"
        return "" if row[0] == link else f"{self._path.name} is another one: its row {number} is not ours"
