"""Opening files with suspicion and creating them for their owner only. Knows no format."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.model.errors import DiskError, InputError, reason


def regular_size(path: Path) -> int:
    """Size in bytes of an ordinary file; raises InputError for anything else, without opening it."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {reason(error)}") from None
    if not stat.S_ISREG(found.st_mode):
        what = "is a directory" if stat.S_ISDIR(found.st_mode) else "is not an ordinary file"
        raise InputError(f"{path}: {what}; allowed: a file")
    return found.st_size


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns a failure of the disk while reading `path` into an InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {reason(error)}") from None


def create_private(path: Path) -> int:
    """Descriptor of a new file that only its owner may read, folders included; an existing file or link raises OSError."""
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def open_appended(path: Path, limit_bytes: int) -> int:
    """Descriptor of a private file that is read and appended to, begun anew when it is larger than `limit_bytes`; raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    if os.fstat(descriptor).st_size > limit_bytes:
        os.ftruncate(descriptor, 0)
    return descriptor


def claim(descriptor: int) -> bool:
    """Mark the open file as being written by us, until it is closed; False when another process has done so."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a disk that knows no locks: nobody can say that it is in use
    return True


@contextmanager
def replacing(path: Path, force: bool) -> Iterator[Path]:
    """A temporary name beside `path`: renamed to it when the block succeeds, removed when it fails.

    Raises InputError when `path` exists and `force` is off, and when a link or a folder stands there; DiskError when
    the disk refuses.
    """
    refuse_existing(path, force)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        refuse_existing(path, force)
        temporary.replace(path)
    except OSError as error:
        raise DiskError(f"{path}: cannot be written: {reason(error)}") from None
    finally:
        with suppress(OSError):  # renamed already, or never made
            temporary.unlink()


def refuse_existing(path: Path, force: bool) -> None:
    """Raises InputError unless a new file may be put at `path`: never in place of a link, a folder or a device."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InputError(f"{path}: is not an ordinary file; allowed: the name of a file")
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; allowed: a new name, or --force")
