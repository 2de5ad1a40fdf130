"""Settings of the interpreter: a quick start of the screen, and no delay of an engine in the same process. Knows neither."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

SWITCH_INTERVAL_S = 0.0002  # how long a thread may keep the interpreter while another waits; stock is 5 ms
GC_THRESHOLDS = (10_000, 20, 50)  # allocations per young collection; stock is 700, 10, 10


def hasten() -> None:
    """Begin a start: no collection until `settle`, no TLS for the loop. Before any thread that might import something.

    What a start makes stays, so that looking through it again and again is a fifth of its time and frees next to nothing.
    """
    gc.disable()
    if "ssl" not in sys.modules and "asyncio" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment] # to asyncio, a Python without TLS; 4 MB of OpenSSL
        try:
            import_module("asyncio")
        finally:
            del sys.modules["ssl"]


def settle() -> None:
    """Take everything that is alive out of the collector's sight, and let it look at what comes; call it once, after the first frame.

    Without a collection before: it would hold up every thread for some 20 ms, and what it could free is little.
    """
    gc.freeze()
    gc.enable()


@contextmanager
def tuned() -> Iterator[None]:
    """Short turns of the interpreter and rare collections while the block runs; as before afterwards."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
