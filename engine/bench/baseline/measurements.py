"""Measurements as they come: a row of CSV each, and of all of them only tallies in memory."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

from engine.model.errors import DiskError, InputError, reason
from engine.model.latency import Histogram
from engine.outside.files import create_private

COLUMNS: Final = ("timestamp", "component", "operation", "duration_ms", "tick_count", "delivery", "pair")


class OperationFigures(Struct, frozen=True):
    """What one operation cost a tick, in µs, over `count` measurements (rows of the CSV file); quantiles to 6 % and better."""

    component: str
    operation: str
    delivery: str
    count: int
    mean_us: float
    median_us: float
    p95_us: float
    p99_us: float
    max_us: float


class _Tally:
    def __init__(self) -> None:
        self.histogram = Histogram()
        self.count = 0
        self.total_ns = 0.0


class Measurements:
    """The open CSV file and the tallies; close it by leaving the block."""

    def __init__(self, path: Path) -> None:
        """Begin a new file; raises InputError where something stands there, DiskError where the disk refuses."""
        self.path = path
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        try:
            self._file = os.fdopen(create_private(path), "w", encoding="utf-8", newline="\n")
        except FileExistsError:
            raise InputError(f"{path}: exists already; allowed: another --out") from None
        except OSError as error:
            raise self._refused(error) from None
        self._write(",".join(COLUMNS) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as error:
            raise self._refused(error) from None

    def add(self, component: str, operation: str, duration_ns: float, ticks: int, delivery: str, pair: int) -> None:
        """Note that `operation` took so long for `ticks` ticks; raises DiskError."""
        at = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._write(f"{at},{component},{operation},{duration_ns / 1e6:.6f},{ticks},{delivery},{pair}\n")
        tally = self._tallies.setdefault((component, operation, delivery), _Tally())
        a_tick_ns = duration_ns / max(ticks, 1)
        tally.count += 1
        tally.total_ns += a_tick_ns
        tally.histogram.record(round(a_tick_ns))

    def flush(self) -> None:
        """Give what was written to the system; raises DiskError."""
        try:
            self._file.flush()
        except OSError as error:
            raise self._refused(error) from None

    def figures(self) -> tuple[OperationFigures, ...]:
        """Each operation's figures, in the order in which they first came."""
        return tuple(_figures(key, tally) for key, tally in self._tallies.items())

    def _write(self, line: str) -> None:
        try:
            self._file.write(line)
        except OSError as error:
            raise self._refused(error) from None

    def _refused(self, error: OSError) -> DiskError:
        return DiskError(f"{self.path}: cannot be written: {reason(error)}")


def _figures(key: tuple[str, str, str], tally: _Tally) -> OperationFigures:
    component, operation, delivery = key
    summary = tally.histogram.summary()
    return OperationFigures(
        component,
        operation,
        delivery,
        count=tally.count,
        mean_us=round(tally.total_ns / tally.count / 1000, 3),
        median_us=summary.p50_ns / 1000,
        p95_us=summary.p95_ns / 1000,
        p99_us=summary.p99_ns / 1000,
        max_us=summary.max_ns / 1000,
    )
