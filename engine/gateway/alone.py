"""One service a state directory: the kernel's lock on a file in it, which nobody keeps who was killed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.journal.ownership import owner_in, owner_of
from engine.model.errors import DiskError, InputError, reason
from engine.outside.files import claim, put_aside_odd

LOCK_FILE: Final = "serve.lock"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else serves `folder` within the block; raises InputError where somebody does, DiskError."""
    path = folder / LOCK_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        put_aside_odd(path)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DiskError(f"{path}: cannot be written: {reason(error)}") from None
    try:
        if not claim(file):
            pid = owner_in(file).pid
            who = f"process {pid}" if pid else "another process"
            raise InputError(
                f"state directory {folder} is served already by {who}; one `serve` at a time, or another --state-dir"
            )
        os.ftruncate(file, 0)
        os.pwrite(file, owner_of(os.getpid()).text().encode(), 0)
        yield
    finally:
        os.close(file)
