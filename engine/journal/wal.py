"""The write-ahead log beside a journal, read as bytes, as whoever comes after a kill would have to. Changes nothing, and knows no row.

SQLite keeps no lock on this file, so that it may be opened and closed beside a connection of the same process.
"""

import os
import struct
from pathlib import Path

from msgspec import Struct

_HEADER = struct.Struct(">8I")  # magic, format, page size, number of checkpoints, both salts, both checksums
_MAGICS = frozenset({0x377F0682, 0x377F0683})
_FRAME = 24  # bytes before each page: its number, the size of the database, both salts, both checksums
_SALTS = struct.Struct(">2I")
_SALTS_AT = 8
_LOG_SALTS = slice(16, 24)  # of the header
_INDEX = struct.Struct(
    "=I10xHI12x8s56xI"
)  # version, page size, newest frame, both salts; how many frames were brought home
_INDEX_VERSION = 3_007_000
_MOST_BETWEEN = 1 << 16  # generations between two looks
Salts = tuple[int, int]  # of a generation: with each the first goes up by one, and the second is drawn


class Log(Struct, frozen=True):
    """What a log holds: from the first on `frames` of one generation; `bytes` is its size, `problem` why nobody could follow it."""

    bytes: int
    salts: Salts = (0, 0)
    frames: int = 0
    problem: str = ""


def read_log(path: Path) -> Log:
    """Read the log at `path`; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        header = os.pread(descriptor, _HEADER.size, 0)
        if not header:
            return Log(0)
        if len(header) < _HEADER.size or _HEADER.unpack(header)[0] not in _MAGICS:
            return Log(size, problem="was written over")
        _, _, page, _, *salts, _, _ = _HEADER.unpack(header)
        places = range(_HEADER.size, size - _FRAME - page + 1, _FRAME + page)  # of those that are whole
        found = [_salts_at(descriptor, place + _SALTS_AT) for place in places]
    finally:
        os.close(descriptor)
    return _of(size, (salts[0], salts[1]), found)


def holds(path: Path, piece: bytes) -> bool:
    """Whether these bytes stand in the log; raises OSError."""
    return piece in path.read_bytes()


def comes_after(salts: Salts, before: Salts) -> bool:
    """Whether a generation may have come out of the other one by checkpoints of the connection that writes."""
    return 0 < (salts[0] - before[0]) % (1 << 32) < _MOST_BETWEEN


def _of(size: int, salts: Salts, found: list[Salts]) -> Log:
    """Behind the frames of this generation stand only those of others, which were not overwritten so far."""
    frames = next((place for place, each in enumerate(found) if each != salts), len(found))
    hole = any(each in {(0, 0), salts} for each in found[frames:])
    return Log(size, salts, frames, "has a hole in it" if hole else "")


def _salts_at(descriptor: int, place: int) -> Salts:
    data = os.pread(descriptor, _SALTS.size, place)
    first, second = _SALTS.unpack(data) if len(data) == _SALTS.size else (0, 0)
    return first, second


def of_one_generation(journal: Path) -> bool:
    """Whether the index beside `journal` is of the log's generation, or there is no log.

    Of another one it is after a kill right behind the first bytes of a log. SQLite tries for ten seconds to read by such
    an index, where it may not make it anew.
    """
    try:
        log = _begin(f"{journal}-wal", _HEADER.size)
        index = _begin(f"{journal}-shm", _INDEX.size)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if len(log) < _HEADER.size or _HEADER.unpack(log)[0] not in _MAGICS:
        return True
    return len(index) == _INDEX.size and _INDEX.unpack(index)[3] == log[_LOG_SALTS]


def _begin(path: str, size: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, size, 0)
    finally:
        os.close(descriptor)


def cut_off(journal: Path) -> str:
    """Why the log beside the `journal` of a program that is gone is not whole, by the index it left; "" where nothing says so.

    Never of a file that this process has open: closing the index would drop the locks that SQLite holds on it.
    """
    path = journal.with_name(f"{journal.name}-wal")
    try:
        version, page, frames, salts, home = _INDEX.unpack(_begin(f"{journal}-shm", _INDEX.size))
    except (OSError, struct.error):
        return ""
    if version != _INDEX_VERSION or home >= frames:  # what is all in the journal is not needed
        return ""
    try:
        log = read_log(path)
    except OSError:
        log = Log(0)
    of_index: Salts = _SALTS.unpack(salts)
    if not log.problem and log.bytes and comes_after(log.salts, of_index):
        return ""  # the index was not brought to the disk before the power went
    if log.problem or log.salts != of_index or log.frames < frames:
        size = _HEADER.size + frames * (_FRAME + (65_536 if page == 1 else page))
        return f"{path.name} was cut off, {log.bytes:,} of {size:,} bytes are left"
    return ""
