"""What `baseline` reports, and how it is written down for a person. Measures nothing."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.bench.baseline.bootstrap import MedianInterval
from engine.bench.baseline.bursts import GcPauses
from engine.bench.baseline.gate import BaselineKey, GateFigures, Verdict, difference, judge
from engine.bench.baseline.measurements import OperationFigures

TOP: Final = 3


class Machine(Struct, frozen=True):
    """Where it was measured; `load` is the one-minute average at the beginning."""

    cpu: str
    cores: int
    system: str
    memory_mb: int
    load: float


class Versions(Struct, frozen=True):
    """What was measured."""

    program: str
    rules: int
    python: str
    libraries: dict[str, str]


class Bottleneck(Struct, frozen=True):
    """What a part costs a tick, in µs of the thread that ticks come in, by leaving it out; `hint`: file and line that a profile shows."""

    part: str
    us_per_tick: float
    low: float
    high: float
    hint: str = ""


class BaselineReport(Struct, frozen=True, kw_only=True):
    """The JSON file: "schema" 1. `bottlenecks` has all parts, the dearest first; `inbox` is the deepest by delivery."""

    schema: int = 1
    made: str
    source: str
    ticks: int
    pairs: int
    machine: Machine
    versions: Versions
    key: BaselineKey
    operations: tuple[OperationFigures, ...]
    log_lines_per_tick: float
    inbox: dict[str, int]
    gc: GcPauses
    bottlenecks: tuple[Bottleneck, ...]
    gate: GateFigures
    compared: Verdict | None = None
    metrics_file: str = ""


def bottleneck(part: str, cost: MedianInterval, hint: str) -> Bottleneck:
    """One part's line."""
    return Bottleneck(part, round(cost.median, 3), round(cost.low, 3), round(cost.high, 3), hint)


def compared(report: BaselineReport, base: BaselineReport, tolerance_percent: float) -> BaselineReport:
    """`report` with what became of comparing it with `base`."""
    other = difference(report.key, base.key)
    if other:
        return replace(report, compared=Verdict("not comparable", f"another {other}"))
    return replace(report, compared=judge(report.gate, base.gate.ratio, tolerance_percent))


_HEAD: Final = f"{'µs a tick':34}{'count':>9}{'mean':>11}{'median':>11}{'p95':>11}{'p99':>11}{'max':>12}"


def operation_lines(operations: tuple[OperationFigures, ...]) -> list[str]:
    """The table of operations, at most 100 columns wide."""
    return [_HEAD, *map(_row, operations)]


def lines(report: BaselineReport) -> list[str]:
    """The report for a person: the bottlenecks and the gate last, where the eye is."""
    machine, gate = report.machine, report.gate
    found = [
        f"{report.source}, {report.ticks:,} ticks, {report.pairs} pairs",
        f"{machine.cpu}, {machine.cores} cores, load {machine.load:.1f}; Python {report.versions.python}, myquant-tui {report.versions.program}",
        *operation_lines(tuple(each for each in report.operations if each.operation not in {"with", "without"})),
        f"log {report.log_lines_per_tick:.5f} lines a tick; deepest inbox behind a burst: "
        + ", ".join(f"{delivery} {depth}" for delivery, depth in report.inbox.items()),
        f"garbage collector: {report.gc.count} pauses, longest {report.gc.longest_ms:.2f} ms, all {report.gc.total_ms:.1f} ms",
        f"what costs most, by leaving it out (the first {TOP} of {len(report.bottlenecks)}):",
        *(_bottleneck_row(number, each) for number, each in enumerate(report.bottlenecks[:TOP], 1)),
        f"gate: a tick costs {gate.ratio:.3f} pieces of the reference's work, 95 % sure between {gate.low:.3f} and {gate.high:.3f}",
    ]
    if report.compared is not None:
        found.append(f"compared: {report.compared.outcome}: {report.compared.text}")
    return found


def _row(row: OperationFigures) -> str:
    component = "" if row.component == "engine" else f"{row.component} "
    name = f"{component}{row.operation} ({row.delivery})"
    values = "".join(f"{value:11.2f}" for value in (row.mean_us, row.median_us, row.p95_us, row.p99_us))
    return f"{name:34}{row.count:9,}{values}{row.max_us:12.2f}"


def _bottleneck_row(number: int, each: Bottleneck) -> str:
    seen = f"  {each.hint}" if each.hint else ""
    return f"  {number}. {each.part:24}{each.us_per_tick:6.2f} µs a tick ({each.low:.2f} to {each.high:.2f}){seen}"
