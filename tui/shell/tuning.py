"""Settings of the interpreter that keep the screen from delaying the engine in the same process. Knows neither."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_INTERVAL_S = 0.0002  # how long a thread may keep the interpreter while another waits; stock is 5 ms
GC_THRESHOLDS = (10_000, 20, 50)  # allocations per young collection; stock is 700, 10, 10


def settle() -> None:
    """Take everything that is alive out of the collector's sight; call it once, after the first frame.

    Without a collection before: it would hold up every thread for some 20 ms, and what it could free is little.
    """
    gc.freeze()


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
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
