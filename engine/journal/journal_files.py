"""Whether the journal at its path is still the one that is written, by what any other process would find there. Changes nothing."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock

from msgspec import Struct

from engine.journal.opening import NO_VERDICT
from engine.journal.schema import LOG_LIMIT, open_reader, open_without_log
from engine.journal.wal import Log, comes_after, holds, read_log
from engine.model.errors import reason

_HANGS_S = 1.0


class _Seen(Struct):
    """A file as it was last seen: which one it is, how large, and when it was changed last, which nobody can set back."""

    file: tuple[int, int]
    size: int
    changed_ns: int


class JournalFiles:
    """The journal's file and its write-ahead log at `path`, as they were when they were opened.

    The journal itself gets a plain `stat`, never `open`: closing a descriptor would drop the locks that SQLite holds on it.
    Its newest row may be read by the index that all connections share and be lost nevertheless, once the log that this
    points into was cut off: so the log is looked at as well.
    """

    def __init__(self, path: Path, number: int) -> None:
        """`number` is the newest row of this moment; with the next one at the latest there is a write-ahead log."""
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._number = number
        self._has_log = False
        self._seen: dict[Path, _Seen] = {}
        self._told_ns: tuple[int, ...] = ()
        self._log_seen: Log | None = None
        self._written = 0
        self._asking = Lock()  # held by who looks: once a second one thread, and at the end the one that writes
        self._stat(self._path)
        self._stat(self._log)
        self.wrote()

    def wrote(self) -> None:
        """Rows were written just now, by the thread that does so: so long the log is."""
        with suppress(OSError):
            self._written = os.stat(self._log).st_size

    def lost(self, end: tuple[int, bytes]) -> str:
        """What has become of them; "" while they are ours and hold the row `end` (its number and hash), read before this call.

        "" as well while another thread hangs in the same question.
        """
        if not self._asking.acquire(timeout=_HANGS_S):
            return ""
        try:
            return self._lost(end)
        finally:
            self._asking.release()

    def _lost(self, end: tuple[int, bytes]) -> str:
        self._has_log = self._has_log or end[0] > self._number
        written = self._written  # before the log is looked at, which only grows meanwhile
        for path in (self._path, self._log):
            if lost := self._stat(path):
                return lost
        stamps = tuple(each.changed_ns for each in self._seen.values())
        if stamps == self._told_ns:
            return ""  # nobody has written since the last look, neither we nor others
        text = self._log_lost(end, written)
        if text:
            text = self._log_lost(end, written)  # it may have been written, or brought home, that very moment
        if text == "":
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
        seen = _Seen((found.st_dev, found.st_ino), found.st_size, found.st_ctime_ns)
        before = self._seen.setdefault(path, seen)
        if seen.file != before.file:
            return f"another file stands in place of {path.name}"
        if path == self._path and seen.size < before.size:
            return f"{path.name} was cut off, {seen.size:,} of {before.size:,} bytes are left"
        if found.st_mode & 0o600 != 0o600:
            os.chmod(path, 0o600)
        self._seen[path] = seen
        return ""

    def _log_lost(self, end: tuple[int, bytes], written: int) -> str | None:
        """What has become of the log, `written` bytes of which are ours; None where that cannot be told at this moment."""
        if self._log not in self._seen:
            return ""
        try:
            log = read_log(self._log)
            before = self._log_seen or log
            if log.problem:
                return f"{self._log.name} {log.problem}"
            if log.bytes and log.salts == before.salts:
                lost = log.bytes < min(written, LOG_LIMIT) or log.frames < before.frames
            elif log.bytes and comes_after(log.salts, before.salts):
                lost = False
            else:  # whoever makes a backup brings it home and leaves it empty; SQLite draws any salts for what comes then
                home = self._read(end, open_without_log)
                if home is None:
                    return None
                lost = home != "" and not holds(self._log, end[1])
        except OSError:
            return None
        if lost:
            return f"{self._log.name} was cut off, {log.bytes:,} of {written:,} bytes are left"
        if log.bytes:
            self._log_seen = log
        return ""

    def _read(self, end: tuple[int, bytes], opener: Callable[[Path], sqlite3.Connection] = open_reader) -> str | None:
        """Ask as another process would; None where the question cannot be asked at this moment."""
        number, link = end
        try:
            with closing(opener(self._path)) as connection:
                row = connection.execute("SELECT hash FROM events WHERE number = ?", (number,)).fetchone()
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            undecided = code & 0xFF in NO_VERDICT and code != sqlite3.SQLITE_IOERR_SHORT_READ
            return None if undecided else f"{self._path.name} cannot be read: {error}"
        if row is None:
            return f"{self._path.name} is an older one: it does not hold row {number}"
        return "" if row[0] == link else f"{self._path.name} is another one: its row {number} is not ours"
