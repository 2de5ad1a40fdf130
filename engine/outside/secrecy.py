"""That the memory of a process with credentials in it is written nowhere by the system. Knows no credentials."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_DUMPABLE = 4


def forbid_core_file() -> None:
    """Let no core file be written of this process and those it starts; where one was stuck, the stacks tell."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def forbid_dumps() -> None:
    """Before the first secret: no core to a program that collects them either, which a limit does not hinder, no debugger, no look at the memory.

    What others ask of us stays open: the lock, `/proc/PID/stat` and `status` are everybody's, our own `/proc/self` is ours.
    """
    forbid_core_file()
    if sys.platform != "linux":
        return
    with suppress(OSError):  # no such file: the system writes no cores
        Path("/proc/self/coredump_filter").write_text("0", encoding="ascii")
    with suppress(ImportError, OSError, AttributeError, MemoryError):
        from ctypes import CDLL  # noqa: PLC0415 - only a process with credentials needs it

        CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
