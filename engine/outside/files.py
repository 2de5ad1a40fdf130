"""Opening files with suspicion and creating them for their owner only. Knows no format."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from engine.model.errors import DiskError, InputError, reason

_LONGEST_NOTE: Final = 8192  # bytes


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


def read_note(path: Path, longest: int = _LONGEST_NOTE) -> str:
    """The short text of a file that is our own, or stands in its place: one that is no file is not waited for. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is not an ordinary file")
        return os.read(descriptor, longest).decode("utf-8", "surrogateescape")
    finally:
        os.close(descriptor)


def keep_note(path: Path, content: bytes) -> None:
    """Put a private file of ours with this `content` at `path`, whole or not at all, whatever stands there; raises OSError."""
    part = path.with_name(f"{path.name}.part")
    put_aside_odd(path)
    with suppress(FileNotFoundError):
        part.unlink()
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


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
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def put_aside_odd(path: Path, dir_fd: int | None = None, wanted: Callable[[int], bool] = stat.S_ISREG) -> None:
    """Move away what stands where a file of ours belongs and is none (a link, a folder, a pipe): it keeps nobody from his work. Raises OSError.

    `path` is looked for in the open directory `dir_fd`; `wanted` says of a mode that it is what belongs there.
    """
    with suppress(FileNotFoundError):
        if not wanted(os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode):
            aside = path.with_name(f"{path.name}.aside-{os.urandom(4).hex()}")
            os.rename(path, aside, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)


def open_appended(path: Path, limit_bytes: int) -> int:
    """Descriptor of a private file that is read and appended to, begun anew when it is larger than `limit_bytes`; raises OSError."""
    put_aside_odd(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    if os.fstat(descriptor).st_size > limit_bytes:
        os.ftruncate(descriptor, 0)
    return descriptor


def lost(path: Path, descriptor: int, least_bytes: int = 0) -> str:
    """What has become of the open file that others look for at `path`: gone, another one, cut off; "" while all is well.

    `least_bytes` is what was written to it. A mode that others have taken from it is given back, and said. Raises nothing.
    """
    try:
        there = os.stat(path, follow_symlinks=False)
        ours = os.fstat(descriptor)
        if not os.path.samestat(there, ours):
            return "another file stands in its place"
        if ours.st_size < least_bytes:
            return f"it was cut off, {ours.st_size:,} of {least_bytes:,} bytes are left"
        if ours.st_mode & 0o600 != 0o600:
            os.fchmod(descriptor, 0o600)
            return "its permissions were taken away; they are given back"
    except OSError as error:
        return "it is gone" if isinstance(error, FileNotFoundError) else f"it cannot be looked for: {reason(error)}"
    return ""


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
def replacing(path: Path, force: bool, *read: Path) -> Iterator[Path]:
    """A temporary name beside `path`: put in its place when the block succeeds, removed when it fails.

    Raises InputError when something that may not be overwritten stands at `path`, before or after the block (see
    `refuse_existing`); DiskError when the disk refuses.
    """
    refuse_existing(path, force, *read)
    part = part_of(path)
    try:
        yield part
        put_in_place(part, path, force, *read)
    except OSError as error:
        raise DiskError(f"{path}: cannot be written: {reason(error)}") from None
    finally:
        with suppress(OSError):  # in its place already, or never made
            part.unlink()


def rewrite(path: Path, content: bytes, before: bytes | None) -> None:
    """Put `content` in the place of the file at `path` in one step, through links, with the mode and owner it had.

    `before` is what was read of it: InputError where something else stands there by now, or whose it is could not be
    kept. Without (None) it is a new one, private like its folders. DiskError when the disk refuses.
    """
    place = Path(os.path.realpath(path))
    if before is not None and not os.access(place, os.W_OK):
        raise InputError(f"{path}: may not be written to")
    part = part_of(place)
    try:
        with open(create_private(part), "wb") as file:
            file.write(content)
            if before is not None:
                _make_alike(file.fileno(), place.stat())
        if before is not None and place.read_bytes() != before:
            raise InputError(f"{path}: was changed meanwhile by somebody else, and is left as it is")
        put_in_place(part, place, force=before is not None)
    except PermissionError as error:
        raise InputError(f"{path}: cannot be changed: {reason(error)}") from None
    except OSError as error:
        raise DiskError(f"{path}: cannot be written: {reason(error)}") from None
    finally:
        with suppress(OSError):
            part.unlink()


def _make_alike(descriptor: int, wanted: os.stat_result) -> None:
    """Give the open file the owner, group and mode of another; raises OSError."""
    found = os.fstat(descriptor)
    if (found.st_uid, found.st_gid) != (wanted.st_uid, wanted.st_gid):
        os.fchown(descriptor, wanted.st_uid, wanted.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(wanted.st_mode))


def part_of(path: Path) -> Path:
    """A name beside `path` under which it is written; nobody's yet, however many processes write to `path`."""
    return path.with_name(f".{path.name[:60]}.{os.getpid()}-{os.urandom(4).hex()}.part")


def put_in_place(part: Path, path: Path, force: bool, *read: Path) -> None:
    """Make the whole file `part` be `path`, in one step; raises InputError as `refuse_existing` does, and OSError.

    Without `force` the step itself fails where a file has come to stand at `path` meanwhile.
    """
    descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)  # a name on the disk whose contents are not is half a file after a power cut
    finally:
        os.close(descriptor)
    refuse_existing(path, force, *read)
    if not force:
        _claim_name(part, path)
    part.replace(path)


def _claim_name(part: Path, path: Path) -> None:
    """Give `path` to us where nothing stands there; raises InputError where something does."""
    try:
        try:
            os.link(part, path, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:  # a disk that knows no second names
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        refuse_existing(path, force=False)
        raise


def refuse_existing(path: Path, force: bool, *read: Path) -> None:
    """Raises InputError unless a new file may be put at `path`: never in place of a link, a folder, a device or what is `read`."""
    try:
        link, there, plain = path.is_symlink(), path.exists(), path.is_file()
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None
    if link or (there and not plain):
        what = " (it is a link)" if link else " (it is a directory)" if path.is_dir() else ""
        raise InputError(f"{path}: is not an ordinary file{what}; allowed: the name of a file")
    if any(_same(path, other) for other in read):
        raise InputError(f"{path}: is what is being read; allowed: another file")
    if there and not force:
        raise InputError(f"{path}: exists already; allowed: a new name, or --force")


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False
