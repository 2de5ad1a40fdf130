"""What a run came to: the summary for people and scripts, and the trade list. Reads the engine, changes nothing."""

import csv
import io
import os
import resource
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO, Self, cast

from msgspec import Struct

from engine.assembly import Run
from engine.model.errors import InputError
from engine.model.latency import Histogram
from engine.model.state import state_hash
from engine.model.types import Trade

_REASONS = ("missing", "nan", "infinite", "non_positive", "backwards")
_COLUMNS = (
    "entry_time",
    "exit_time",
    "entry_price",
    "exit_price",
    "quantity",
    "gross_pnl",
    "costs",
    "net_pnl",
    "exit_reason",
)


class LatencyMicroseconds(Struct, frozen=True):
    """Receive → decision in microseconds."""

    p50: float
    p95: float
    p99: float
    p999: float
    max: float


class Summary(Struct, frozen=True):
    """What `--json` prints; money as text to two decimals, `rss_mb` the peak."""

    source: str
    mode: str
    delivery: str
    ticks: int
    refused: dict[str, int]
    refused_first: dict[str, str]
    entries: int
    exits: int
    cash: str
    gross_pnl: str
    costs: str
    net_pnl: str
    open_positions: int
    elapsed_s: float
    ticks_per_s: int
    latency_us: LatencyMicroseconds
    rss_mb: float
    state_hash: str
    losses: tuple[str, ...]
    recording: str
    faults: int
    complete: bool


def _peak_kb() -> int:
    """Peak resident memory of this process; `ru_maxrss` would also tell what was before `exec`."""
    with suppress(OSError):  # not every system has /proc
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def money(value: Decimal) -> str:
    """`value` to two decimals, halves away from zero."""
    return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _microseconds(histogram: Histogram) -> LatencyMicroseconds:
    summary = histogram.summary()
    values = (summary.p50_ns, summary.p95_ns, summary.p99_ns, summary.p999_ns, summary.max_ns)
    return LatencyMicroseconds(*(round(ns / 1000, 2) for ns in values))


def summarise(run: Run, elapsed_s: float) -> Summary:
    """Return the summary of a stopped run."""
    engine = run.engine
    portfolio = run.trader.state.portfolio
    snapshot = engine.snapshot
    recorder = next((edge for edge in snapshot.edges if edge.name == "recorder"), None)
    return Summary(
        source=run.source.name,
        mode=snapshot.trade_mode,
        delivery=snapshot.delivery,
        ticks=snapshot.ticks,
        refused=dict.fromkeys(_REASONS, 0) | snapshot.refused,
        refused_first={reason: run.source.row_of(seq) for reason, seq in run.trader.state.first_refused.items()},
        entries=portfolio.entries,
        exits=portfolio.trades,
        cash=money(portfolio.cash),
        gross_pnl=money(engine.exits.gross),
        costs=money(engine.exits.costs),
        net_pnl=money(portfolio.realised),
        open_positions=sum(position is not None for position in portfolio.positions),
        elapsed_s=round(elapsed_s, 3),
        ticks_per_s=round(snapshot.ticks / elapsed_s) if elapsed_s else 0,
        latency_us=_microseconds(engine.epochs.all_ticks()),
        rss_mb=round(_peak_kb() / 1024, 1),
        state_hash=state_hash(run.trader.dump()),
        losses=run.source.losses(),
        recording=recorder.problem if recorder and recorder.problem else "",
        faults=snapshot.faults,
        complete=engine.status.source_ended or engine.playback is None,  # a live stream has no end to come to
    )


def summary_lines(summary: Summary) -> list[str]:
    """Say `summary` to a person."""
    refused = {reason: count for reason, count in summary.refused.items() if count}
    latency = summary.latency_us
    pace = f"{summary.elapsed_s:.2f} s ({summary.ticks_per_s:,} a second)"
    lines = [
        f"{summary.mode} of {summary.source}: {summary.ticks:,} ticks, {pace}, delivery {summary.delivery}",
        f"{summary.entries} entries, {summary.exits} exits, {summary.open_positions} positions open",
        f"gross {summary.gross_pnl}, costs {summary.costs}, net {summary.net_pnl}; cash {summary.cash}",
        f"receive→decision µs: p50 {latency.p50} p95 {latency.p95} p99 {latency.p99} max {latency.max}",
        f"peak memory {summary.rss_mb} MB",
        f"state {summary.state_hash}",
    ]
    for reason, count in refused.items():
        lines.append(f"refused {count} ticks: {reason}, first at {summary.refused_first.get(reason, 'a tick')}")
    lines += [f"lost: {loss}" for loss in summary.losses]
    if not summary.complete:
        lines.append("stopped before its end")
    if summary.recording:
        lines.append(f"recording stopped: {summary.recording}")
    return lines


class TradeFile:
    """The `--trades` file: tried before the run, so that a bad path is told at once; put in place after it.

    It is written under a temporary name and renamed, so that a run that never began leaves an older list as it was. Rows
    are written as exits happen, by a thread of its own: no turn waits for the disk, and no list grows with the run.
    """

    def __init__(self, path: Path | None, *sources: Path) -> None:
        self._path = path
        self._part: Path | None = None
        self._sources = sources
        self._file: BinaryIO | None = None
        self._special: BinaryIO | None = (
            None  # a pipe or a device: it gets the rows at the end, when none is taken back
        )
        self._exits: SimpleQueue[Trade | int | None] = SimpleQueue()
        # Owned by this file, the only one that touches it while a run goes on; ends with the None of `write` or `__exit__`.
        self._thread: Thread | None = None
        self._problem: Exception | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            if self._path.is_dir() or any(_is_same(self._path, source) for source in self._sources):
                what = "is a directory" if self._path.is_dir() else "is what is being read"
                raise InputError(f"--trades {self._path}: {what}; allowed: another file")
            with self._told():
                if self._path.exists() and not self._path.is_file():
                    self._special = self._path.open("wb")
                    self._file = cast(BinaryIO, tempfile.TemporaryFile())
                else:
                    self._part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
                    self._file = self._part.open("w+b")
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        for file in (self._file, self._special):
            if file is not None:
                with suppress(OSError):
                    file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"--trades {self._path}: cannot be written: {error.strerror}") from error

    def follow(self, run: Run) -> None:
        """Write one row per exit of `run`, which must not have begun; a column `symbol` only where there are several instruments."""
        if self._file is not None:
            self._thread = Thread(target=self._take_exits, args=(run, self._file), name="trades", daemon=True)
            self._thread.start()
            run.engine.exits.follow(self._exits.put)

    def finish(self) -> None:
        """Put the file in its place once the run is over; raises InputError where its disk refused."""
        self._end()
        with self._told():
            if self._problem is not None:
                raise self._problem
            if self._file is not None:
                self._file.flush()
            if self._special is not None and self._file is not None:
                self._file.seek(0)
                shutil.copyfileobj(self._file, self._special)
                self._special.flush()
            elif self._part is not None and self._path is not None:
                self._part.replace(self._path)

    def _end(self) -> None:
        if self._thread is not None:
            self._exits.put(None)
            self._thread.join()
            self._thread = None

    def _take_exits(self, run: Run, file: BinaryIO) -> None:
        """The thread; what broke is raised by `finish`, when there is somebody to tell, and what comes after it is let go."""
        try:
            self._write_rows(run, file)
        except Exception as error:  # noqa: BLE001 - the mouth of the thread
            self._problem = error
            while self._exits.get() is not None:
                pass

    def _write_rows(self, run: Run, file: BinaryIO) -> None:
        several = len(run.trader.state.instrument_states) > 1
        file.write(_line((*_COLUMNS, "symbol") if several else _COLUMNS))
        while (item := self._exits.get()) is not None:
            if isinstance(item, int):
                _cut(file, item)
            else:
                symbol = (run.trader.state.instrument_states[item.instrument].instrument.symbol,) if several else ()
                file.write(_line((*_row(run, item), *symbol)))


def _line(cells: Iterable[object]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _cut(file: BinaryIO, rows: int) -> None:
    """Cut the file behind its head and the first `rows` rows; a row is a line, for all its texts are clean."""
    file.seek(0)
    for _ in range(rows + 1):
        file.readline()
    file.truncate(file.tell())


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def _row(run: Run, trade: Trade) -> tuple[object, ...]:
    instrument = run.trader.state.instrument_states[trade.instrument].instrument
    stamp = run.trader.hours.stamp
    quantity = Decimal(trade.quantity) / instrument.quantity_scale
    return (
        stamp(trade.entry_ms),
        stamp(trade.exit_ms),
        instrument.price_text(trade.entry_price),
        instrument.price_text(trade.exit_price),
        f"{quantity:f}",
        money(trade.gross_pnl),
        money(trade.costs),
        money(trade.net_pnl),
        trade.reason,
    )
