"""Reading a file of secrets: only one that nobody else can read, or could have put there. Knows no secret."""

import errno
import os
import stat
from pathlib import Path

from engine.outside.trust import doubt_of_file
from engine.text.sanitize import clean


class UnfitError(Exception):
    """The file is there but must not be used; the text says why, and how to mend it."""


def read_private(path: Path, limit_bytes: int) -> bytes:
    """The bytes of the private file at `path`; raises OSError, or UnfitError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnfitError("is a symbolic link; must be a regular file of your own") from None
        raise
    try:
        _judge(os.fstat(fd), path)
        if doubt := doubt_of_file(path):
            raise UnfitError(f"{doubt}; must be your own, in a folder that nobody else may write to")
        with open(fd, "rb", closefd=False) as file:
            blob = file.read(limit_bytes + 1)
    finally:
        os.close(fd)
    if len(blob) > limit_bytes:
        raise UnfitError(f"is larger than {limit_bytes} bytes, which none of its kind is")
    return blob


def _judge(info: os.stat_result, path: Path) -> None:
    """Raise UnfitError for a file that somebody else can read, or has put there."""
    mode = stat.S_IMODE(info.st_mode)
    if not stat.S_ISREG(info.st_mode):
        raise UnfitError("is not a regular file")
    if info.st_uid != os.geteuid():
        raise UnfitError("belongs to another user; must be your own")
    if mode & ~0o600:
        raise UnfitError(f"mode {mode:04o} is too wide; must be 0600: chmod 600 {clean(str(path))}")
