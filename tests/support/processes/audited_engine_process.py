"""The program with an ear at every call that reaches a disk: `python -m tests.support.processes.audited_engine_process engine …`.

A call by a thread that must never wait for a disk is put into the file `touched` of the working directory, with its stack.
What lies in memory (`/proc`, `/sys`, `/dev`) is no disk.
"""

import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.cli import main

FORBIDDEN = frozenset({"engine", "watchdog", "link", "signals"})
_IN_MEMORY = ("/proc", "/sys", "/dev", "/memfd:")
# What the interpreter tells of by itself, and what it does not tell of.
_AUDITED = ("open", "os.", "shutil.", "sqlite3.", "tempfile.", "glob.", "pathlib.")
_UNTOLD = ("stat", "lstat", "statvfs", "fsync", "fstatvfs", "access", "replace", "unlink", "ftruncate", "sync")
_NO_DISK = frozenset({"os.putenv", "os.unsetenv", "os.fork", "os.exec", "os.kill"})
_touched = os.open("touched", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
_busy = threading.local()


def _note(what: str, args: tuple[Any, ...]) -> None:
    """Write down a call that must not be, once at a time: writing it down is one as well."""
    if threading.current_thread().name not in FORBIDDEN or getattr(_busy, "is_set", False):
        return
    first = args[0] if args else ""
    name = os.fsdecode(first) if isinstance(first, (str, bytes, os.PathLike)) else _file_of(first)
    if name.startswith(_IN_MEMORY):
        return
    _busy.is_set = True
    try:
        stack = "".join(
            f"    {line.name} {line.filename}:{line.lineno}\n" for line in traceback.extract_stack(limit=12)
        )
        os.write(_touched, f"{threading.current_thread().name}: {what} {name}\n{stack}".encode())
    finally:
        _busy.is_set = False


def _file_of(descriptor: object) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return str(descriptor)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event.startswith(_AUDITED) and event not in _NO_DISK:
        _note(event, args)


def _heard(name: str) -> Callable[..., Any]:
    whole = getattr(os, name)

    def call(*args: Any, **more: Any) -> Any:
        _note(f"os.{name}", args)
        return whole(*args, **more)

    return call


if __name__ == "__main__":
    for each in _UNTOLD:
        setattr(os, each, _heard(each))
    sys.addaudithook(_hook)
    threading.Thread(target=lambda: Path("touched").exists(), name="engine").start()  # so that it is seen to hear
    sys.exit(main())
