"""A file that only grows, and is set aside when it is large; holds what a failing disk must not lose; knows nothing of what a line says."""

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from engine.logs.backlog import KEPT_RANK, WARNING_RANK, Lost
from engine.model.errors import reason
from engine.outside.files import lost, put_aside_odd
from engine.text.sanitize import CleanText, clean

HELD_LIMIT = 10_000  # important lines that wait in memory for a failing disk, and their bytes together
HELD_BYTES = 4 * 2**20

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class LogFile:
    """`path`, 0600, and up to `kept` older ones beside it (`.1` is the youngest), each up to `limit_bytes`.

    Never raises: `problem` tells what the disk refuses, "" while all is well; `lost` counts lines that are in no file.
    A line comes with its rank: of those that a refusing disk must take later the gravest are held the longest.
    """

    def __init__(self, path: Path, limit_bytes: int, kept: int) -> None:
        self.problem = CleanText("")
        self.lost = Lost()
        self._path = path
        self._limit_bytes = limit_bytes
        self._kept = kept
        self._fd = -1
        self._size = 0
        self._torn = False  # the file ends within a line
        self._waiting: list[tuple[bytes, int]] = []
        self._using = (
            Lock()
        )  # the file: held while it is written, and while another thread asks whether it is still there

    @property
    def held(self) -> int:
        """How many lines wait for the disk, those among them that are being written; from any thread."""
        return len(self._waiting)

    def write(self, lines: Iterable[tuple[bytes, int]]) -> None:
        """Append the lines; where the disk refuses, those of WARN and above wait for the next call, the others are lost."""
        self._waiting.extend(lines)
        try:
            with self._using:
                self._append()
            self.problem = CleanText("")
        except OSError as error:
            self.problem = clean(f"log {self._path}: {reason(error)}")
        finally:
            self._hold()  # whatever went wrong: what waits stays within bounds

    def look(self) -> str:
        """What has become of the file; the next line begins a new one then. "" while all is well. From another thread."""
        with self._using:
            text = lost(self._path, self._fd, self._size) if self._fd >= 0 else ""
            if text:
                os.close(self._fd)
                self._fd = -1
        return text and f"{self._path.name}: {text}"

    def close(self) -> None:
        """Close the file; what could not be written until now is lost."""
        for _, rank in self._waiting:
            self.lost.by_rank[rank] += 1
        self._waiting.clear()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _hold(self) -> None:
        """Keep what must wait, within the bounds; what must not be lost is never given up."""
        too_many = sum(rank >= WARNING_RANK for _, rank in self._waiting) - HELD_LIMIT
        too_large = sum(len(line) for line, rank in self._waiting if rank >= WARNING_RANK) - HELD_BYTES
        for of_rank in range(KEPT_RANK):
            if of_rank >= WARNING_RANK and too_many <= 0 and too_large <= 0:
                return
            held = []
            for line, rank in self._waiting:
                if rank != of_rank or (rank >= WARNING_RANK and too_many <= 0 and too_large <= 0):
                    held.append((line, rank))
                    continue
                self.lost.by_rank[rank] += 1
                if rank >= WARNING_RANK:
                    too_many, too_large = too_many - 1, too_large - len(line)
            self._waiting = held

    def _append(self) -> None:
        data = b"".join(line for line, _ in self._waiting)
        if self._fd < 0:
            self._fd, self._size = _open(self._path)
        if self._torn:
            os.write(self._fd, b"\n")
            self._torn = False
        if self._size and self._size + len(data) > self._limit_bytes:
            self._rotate()
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, memoryview(data)[written:])
        finally:
            self._size += written
            self._forget(written)

    def _forget(self, written: int) -> None:
        """Let go of the lines that are wholly in the file after `written` bytes."""
        done = 0
        for line, _ in self._waiting:
            if written < len(line):
                break
            written -= len(line)
            done += 1
        self._torn = written > 0
        del self._waiting[:done]

    def _rotate(self) -> None:
        """Begin a new file; it is opened before any name changes, so that a refusal leaves everything as it was."""
        fresh = self._named("new")
        fd, size = _open(fresh)
        for age in range(self._kept - 1, 0, -1):
            _rename(self._named(age), self._named(age + 1))
        _rename(self._path, self._named(1))
        os.replace(fresh, self._path)
        os.close(self._fd)
        self._fd, self._size = fd, size

    def _named(self, suffix: int | str) -> Path:
        return self._path.with_name(f"{self._path.name}.{suffix}")


def _rename(old: Path, new: Path) -> None:
    with suppress(FileNotFoundError):  # there are not that many yet
        os.replace(old, new)


def _open(path: Path) -> tuple[int, int]:
    """Descriptor and size of a private plain file that is appended to."""
    put_aside_odd(path)
    fd = os.open(path, _FLAGS, 0o600)
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "is not a plain file")
    if stat.S_IMODE(info.st_mode) != 0o600:
        os.fchmod(fd, 0o600)
    return fd, info.st_size
