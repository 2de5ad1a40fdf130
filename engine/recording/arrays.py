"""Recordings as numpy arrays, for analysis at full speed. The only room of recordings that imports numpy."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.recording.format import KIND_BOOK_TICKS
from engine.recording.reader import MqrSource

_FIELDS = [
    ("seq", "<u4"),
    ("instrument", "<u2"),
    ("flags", "<u2"),
    ("recv_wall_ns", "<i8"),
    ("recv_ns", "<i8"),
    ("exch_ms", "<i8"),
    ("exch_seq", "<i8"),
    ("price", "<i8"),
    ("quantity", "<i8"),
    ("day_volume", "<i8"),
]
TICK_DTYPE = np.dtype(_FIELDS)
BOOK_DTYPE = np.dtype([*_FIELDS, ("bid", "<i8"), ("ask", "<i8")])


def arrays(source: MqrSource) -> Iterator[NDArray[np.void]]:
    """The recording's ticks, one structured array for each block (a view of it: not to be written); raises InputError."""
    for block in source.tick_blocks():
        yield np.frombuffer(block.payload, BOOK_DTYPE if block.kind == KIND_BOOK_TICKS else TICK_DTYPE)
