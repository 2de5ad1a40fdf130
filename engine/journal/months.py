"""The files of one journal: the open one, and those that were closed before it, one a month. Knows nothing of rows.

Each file but the first begins with a row that names the one before it and carries its last hash, so that they are one chain.
The next file takes the open one's name in one step (`turn_over`), whatever moment a kill comes at; `settle` puts away what
a step that was cut short has left.
"""

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.outside.files import put_aside_odd

JOURNAL_FILE: Final = "journal.db"
_CLOSED = re.compile(r"journal-(\d{4}-\d{2})(?:-(\d{1,3}))?\.db")
_MOST_A_MONTH = 999


def month_of(wall_ns: int) -> str:
    """The month (UTC) of a moment, such as `2026-11`."""
    return time.strftime("%Y-%m", time.gmtime(wall_ns // 10**9))


def utc(wall_ns: int) -> str:
    """A moment (UTC), such as `20261130T174500Z`."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(wall_ns // 10**9))


def is_closed_name(name: str) -> bool:
    """Whether a file of this name is a closed part of a journal."""
    return _CLOSED.fullmatch(name) is not None


def closed_files(folder: Path) -> list[Path]:
    """The closed files in `folder`, the oldest first; raises OSError."""
    found = ((match, name) for name in os.listdir(folder) if (match := _CLOSED.fullmatch(name)) is not None)
    return [folder / name for _, _, name in sorted((match[1], int(match[2] or 1), name) for match, name in found)]


def name_for(path: Path, month: str) -> Path:
    """A free name for the open file at `path`, which began in `month`; raises FileExistsError."""
    for count in range(1, _MOST_A_MONTH + 1):
        closed = path.with_name(f"journal-{month}{'' if count == 1 else f'-{count}'}.db")
        if not os.path.lexists(closed):
            return closed
    raise FileExistsError(f"no free name for the journal of {month}")


def unfinished(path: Path) -> Path:
    """Where the next file is made before it takes its place."""
    return path.with_name(f"{path.name}.new")


def sides(path: Path) -> list[Path]:
    """What SQLite keeps beside the file at `path`."""
    return [path.with_name(path.name + side) for side in ("-wal", "-shm", "-journal")]


def remove_unfinished(path: Path) -> None:
    """Remove what is left of a next file that never took its place; raises OSError."""
    new = unfinished(path)
    for each in (new, *sides(new)):
        put_aside_odd(each)
        each.unlink(missing_ok=True)


def turn_over(path: Path, closed: Path) -> None:
    """Give the open file the name `closed`, and its own name to the next one, which is whole; raises OSError.

    Nobody has either file open. There is a file at `path` at every moment.
    """
    os.link(path, closed, follow_symlinks=False)
    try:
        os.rename(unfinished(path), path)
    except OSError:
        with suppress(OSError):
            os.unlink(closed)
        raise
    sync_directory(path.parent)


def settle(path: Path) -> None:
    """Undo a turn-over that was cut short before the next file took its place; raises OSError."""
    for closed in closed_files(path.parent)[-1:]:
        with suppress(FileNotFoundError):  # a link to where archives are kept, which may not be there now
            if os.path.samefile(path, closed):
                os.unlink(closed)


def sync_directory(folder: Path) -> None:
    """Bring the names in `folder` to the disk; raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
