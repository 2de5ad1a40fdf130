"""Files of a report: private, whole or not at all, and in the place of nothing but an earlier report of ours."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from engine.model.errors import InputError
from engine.outside.files import create_private, refuse_existing, replacing

MARK: Final = "myquant-tui report"  # stands in the beginning of each file that has room for words of its own
_LOOKED_AT: Final = 4_096

IsOurs = Callable[[bytes, Path], bool]


def is_marked(begin: bytes, _path: Path) -> bool:
    """Whether a file that begins with `begin` is a report of ours, by its own word."""
    return MARK.encode() in begin


def begins_with(head: str) -> IsOurs:
    """Whether a file begins with the line `head`."""
    return lambda begin, _: begin.startswith(head.encode())


def refuse_others(path: Path, is_ours: IsOurs = is_marked) -> None:
    """Raises InputError where something stands at `path` that is no report of ours."""
    refuse_existing(path, force=True)
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            begin = os.read(descriptor, _LOOKED_AT)
        finally:
            os.close(descriptor)
        if begin and not is_ours(begin, path):
            raise InputError(f"{path}: is no report of this program, and is left as it is; allowed: a new name")


@contextmanager
def own_file(path: Path, is_ours: IsOurs = is_marked) -> Iterator[BinaryIO]:
    """A file to write, which only its owner may read, put at `path` when the block succeeds; raises InputError, DiskError."""
    refuse_others(path, is_ours)
    with replacing(path, True) as part, os.fdopen(create_private(part), "wb") as file:
        yield file
        file.flush()
        refuse_others(path, is_ours)  # it may have come meanwhile
