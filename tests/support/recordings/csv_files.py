"""CSV files of one row or a few, and what becomes of them."""

from pathlib import Path

from engine.model.types import Instrument
from engine.recording import CsvLayout
from engine.recording.csv_source import CsvSource

HEAD = b"timestamp,price,volume\n"
ROW = b"2025-10-01 09:15:18+05:30,235.85,75\n"
ROW_NS = 1_759_290_318 * 10**9


def source(path: Path, data: bytes | None = None, **layout: object) -> CsvSource:
    if data is not None:
        path.write_bytes(data)
    return CsvSource(path, CsvLayout(**layout), Instrument)  # type: ignore[arg-type]


def rows(path: Path, data: bytes, **layout: object) -> list[tuple[int, int, int]]:
    """(stamp in ns, price, volume) of each tick."""
    return [(tick.recv_wall_ns, tick.price, tick.quantity) for tick in source(path, data, **layout).ticks()]
