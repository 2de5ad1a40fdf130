"""All threads of a process that wants it so share one heap of the C library."""

import subprocess
import sys

import pytest

HEAPS = """import ctypes, os, tempfile, threading
from engine.outside.one_heap import keep_one_heap
if {wanted}:
    keep_one_heap()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
met = threading.Barrier(6)
def take():
    met.wait()
    library.malloc(1_000)
    met.wait()
threads = [threading.Thread(target=take) for _ in range(6)]
[each.start() for each in threads]
[each.join() for each in threads]
library.fdopen.restype = ctypes.c_void_p
with tempfile.TemporaryFile() as file:
    stream = ctypes.c_void_p(library.fdopen(os.dup(file.fileno()), b"w"))
    library.malloc_info(0, stream)
    library.fclose(stream)
    file.seek(0)
    print(file.read().count(b"<heap "))"""


def heaps(*, wanted: bool) -> int:
    """How many heaps six threads have that take memory at once."""
    code = HEAPS.format(wanted=wanted)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of the GNU C library")
def test_six_threads_share_one_heap_where_that_was_asked_for_before_them() -> None:
    assert heaps(wanted=True) == 1
    assert heaps(wanted=False) > 1
