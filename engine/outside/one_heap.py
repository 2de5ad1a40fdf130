"""The C library's memory of a process with many threads: one heap for all of them, and large pieces given back. Knows no thread."""

import sys
from contextlib import suppress
from typing import Final

# `mallopt` of the GNU C library.
_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
_LARGE_BYTES: Final = 1 << 16  # an answer with a long list: what is larger is given back as soon as it is not needed


def keep_one_heap() -> None:
    """Let all threads share one heap, before the first of them: each would keep what it has freed to itself.

    One interpreter lets them take turns in any case. Where the C library knows no such thing, nothing is changed.
    """
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError, MemoryError):
        from ctypes import CDLL  # noqa: PLC0415 - for a process with credentials, which has it in any case

        library = CDLL(None)
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
