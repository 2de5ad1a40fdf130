"""A baseline of an engine that runs: what its rising counters say over some minutes. Asks it once a second, changes nothing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Protocol

from msgspec import Struct

from engine.bench.baseline.machine import these_versions, this_machine
from engine.bench.baseline.measurements import Measurements, OperationFigures
from engine.bench.baseline.report import Machine, Versions, operation_lines
from engine.link import LinkError
from engine.model.measures import BOUNDS_NS, Measures, StageCounts
from engine.model.snapshot import Snapshot

_EVERY_S: Final = 1.0
_SNAPSHOT_EVERY: Final = 10  # looks: whoever takes a snapshot has the engine make twenty a second for the next second
_Key = tuple[str, str]
_NOTHING: Final = (0,) * len(BOUNDS_NS)


class LiveEngine(Protocol):
    """What is asked of a running engine; each raises LinkError once it is gone."""

    pid: int

    def measures(self) -> Measures:
        """What it has counted since it was started."""

    def snapshot(self) -> Snapshot:
        """How it is now."""

    def newest_line(self) -> int:
        """Number of the newest line of its log."""


class LiveReport(Struct, frozen=True, kw_only=True):
    """The JSON file of `--attach`: "schema" 1. `seconds` were watched; `ended` says why not all that were asked for.

    Quantiles and maxima of `operations` are known to a power of two, within which they are interpolated; `count` are ticks.
    """

    schema: int = 1
    made: str
    engine: str
    pid: int
    seconds: float
    ticks: int
    machine: Machine
    versions: Versions
    operations: tuple[OperationFigures, ...]
    log_lines_per_tick: float
    inbox: dict[str, int]
    gc_longest_ms: float
    rss_mb: float
    ended: str = ""
    metrics_file: str = ""


class AttachedRun:
    """Watches one engine; `wait` lets seconds pass and `now_s` tells them (monotonic)."""

    def __init__(
        self,
        engine: LiveEngine,
        measurements: Measurements,
        wait: Callable[[float], object],
        now_s: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._measurements = measurements
        self._wait = wait
        self._now_s = now_s
        self._inbox: dict[str, int] = {}

    def watch(self, seconds: float, progress: Callable[[float], None]) -> LiveReport:
        """The report of so many seconds, or of as many as the engine lives; raises LinkError where it cannot be asked at all."""
        begun_s = self._now_s()
        first = newest = counts_of(self._engine.measures())
        first_seen = seen = self._look()
        first_line = line = self._engine.newest_line()
        look, ended = 0, ""
        try:
            while (passed_s := self._now_s() - begun_s) < seconds:
                progress(passed_s / seconds)
                self._wait(min(_EVERY_S, seconds - passed_s))
                look += 1
                before, newest = newest, counts_of(self._engine.measures())
                self._note(since(newest, before), look)
                if look % _SNAPSHOT_EVERY == 0:
                    seen, line = self._look(), self._engine.newest_line()
            seen, line = self._look(), self._engine.newest_line()
        except LinkError as error:
            ended = str(error)
        except KeyboardInterrupt:
            ended = "interrupted"
        ticks = seen.ticks - first_seen.ticks
        return LiveReport(
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            engine=f"{seen.trade_mode} of {seen.source}",
            pid=self._engine.pid,
            seconds=round(self._now_s() - begun_s, 1),
            ticks=ticks,
            machine=this_machine(),
            versions=these_versions(),
            operations=tuple(figures_of(each) for each in since(newest, first).values()),
            log_lines_per_tick=(line - first_line) / max(ticks, 1),
            inbox=self._inbox,
            gc_longest_ms=seen.process.gc_longest_ms,
            rss_mb=round(seen.process.rss_mb, 1),
            ended=ended,
            metrics_file=self._measurements.path.name,
        )

    def _look(self) -> Snapshot:
        seen = self._engine.snapshot()
        self._inbox[seen.delivery] = max(self._inbox.get(seen.delivery, 0), seen.inbox_waiting)
        return seen

    def _note(self, more: Mapping[_Key, StageCounts], look: int) -> None:
        for (stage, delivery), each in more.items():
            self._measurements.add("engine", stage, each.sum_ns, each.count, delivery, look)
        self._measurements.flush()


def counts_of(measures: Measures) -> dict[_Key, StageCounts]:
    """The counters by stage and delivery."""
    return {(each.stage, each.delivery): each for each in measures.stages}


def since(newest: Mapping[_Key, StageCounts], before: Mapping[_Key, StageCounts]) -> dict[_Key, StageCounts]:
    """What has come between two looks at the same engine, where something has."""
    found = {}
    for key, now in newest.items():
        then = before.get(key) or StageCounts(now.stage, now.delivery, _NOTHING, 0, 0)
        below = tuple(mine - theirs for mine, theirs in zip(now.below, then.below, strict=True))
        more = StageCounts(now.stage, now.delivery, below, now.count - then.count, now.sum_ns - then.sum_ns)
        if more.count > 0:
            found[key] = more
    return found


def figures_of(counts: StageCounts) -> OperationFigures:
    """The figures of durations of which at least one was counted."""
    median_ns, p95_ns, p99_ns, max_ns = (_quantile_ns(counts, share) for share in (0.5, 0.95, 0.99, 1.0))
    return OperationFigures(
        "engine",
        counts.stage,
        counts.delivery,
        count=counts.count,
        mean_us=round(counts.sum_ns / counts.count / 1000, 3),
        median_us=round(median_ns / 1000, 3),
        p95_us=round(p95_ns / 1000, 3),
        p99_us=round(p99_ns / 1000, 3),
        max_us=round(max_ns / 1000, 3),
    )


def _quantile_ns(counts: StageCounts, share: float) -> float:
    """What this share of the durations does not exceed, on a straight line between two bounds; beyond the last: that one."""
    wanted = share * counts.count
    for (low_ns, fewer), (high_ns, more) in pairwise(((0, 0), *zip(BOUNDS_NS, counts.below, strict=True))):
        if more >= wanted and more > fewer:
            return low_ns + (high_ns - low_ns) * (wanted - fewer) / (more - fewer)
    return BOUNDS_NS[-1]


def live_lines(report: LiveReport) -> list[str]:
    """The report for a person."""
    found = [
        f"engine {report.pid}, {report.engine}: {report.ticks:,} ticks in {report.seconds:.0f} s, {report.rss_mb} MB",
        *operation_lines(report.operations),
        "(to a power of two, but for the mean)",
        f"log {report.log_lines_per_tick:.5f} lines a tick; deepest inbox seen: "
        + ", ".join(f"{delivery} {depth}" for delivery, depth in report.inbox.items()),
        f"garbage collector: longest pause since its start {report.gc_longest_ms:.2f} ms",
    ]
    return [*found, f"ended early: {report.ended}"] if report.ended else found
