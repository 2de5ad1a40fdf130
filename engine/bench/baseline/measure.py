"""Measures a baseline: every delivery, the gate's ratio and every part, pair by pair. Judges nothing, prints nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from engine.assembly import load
from engine.assembly.open_source import open_file
from engine.bench.baseline.bootstrap import median_interval
from engine.bench.baseline.bursts import BurstFigures, GcPauses, burst_pass
from engine.bench.baseline.gate import BaselineKey, gate_figures
from engine.bench.baseline.hints import hint_of, profile
from engine.bench.baseline.machine import python_minor, these_versions, this_machine
from engine.bench.baseline.measurements import Measurements
from engine.bench.baseline.parts import Part, measure_pair, parts, whole
from engine.bench.baseline.ratio_pass import ratio_pass
from engine.bench.baseline.reference import source_hash
from engine.bench.baseline.report import BaselineReport, Bottleneck, bottleneck
from engine.config import Config, bundled, describe
from engine.model.errors import InputError
from engine.model.types import DELIVERIES, Delivery
from engine.recording.tally import Fingerprint

_DECISIVE: Final = (
    "session.",
    "capital.",
    "strategy.",
    "risk.",
    "charges.",
    "paper.",
    "instrument",
    "engine.",
    "replay.",
)


class BaselineRun:
    """Measures one file; `measure` does it all, and says which part of the way is behind it."""

    def __init__(self, config: Config, path: Path, pairs: int) -> None:
        """Look the file through; raises UserError."""
        self._machine = this_machine()
        self._name = open_file(path, config).name
        self._key, self._ticks = _key(config, path, self._machine.cpu)
        self._said = config  # what is compared: a recorder's thread would stir it
        self._config = whole(config)
        self._path = path
        self._pairs = pairs
        self._parts = parts(config)
        self._costs: dict[str, list[float]] = {part.name: [] for part in self._parts}
        self._ratios: list[float] = []
        self._pauses = GcPauses()
        self._bursts: dict[Delivery, BurstFigures] = {delivery: BurstFigures() for delivery in DELIVERIES}

    def measure(self, measurements: Measurements, progress: Callable[[float], None]) -> BaselineReport:
        """The report; raises UserError."""
        for pair in range(1, self._pairs + 1):
            for done, step in enumerate(steps := self._steps()):
                progress((pair - 1 + done / len(steps)) / self._pairs)
                step(measurements, pair)
                measurements.flush()
        functions = profile(self._config, self._path)
        found = [
            bottleneck(part.name, median_interval(self._costs[part.name]), hint_of(functions, part))
            for part in self._parts
        ]
        worked = sum(each.ticks for each in self._bursts.values())
        return BaselineReport(
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            source=self._name,
            ticks=self._ticks,
            pairs=self._pairs,
            machine=self._machine,
            versions=these_versions(),
            key=self._key,
            operations=measurements.figures(),
            log_lines_per_tick=sum(each.log_lines for each in self._bursts.values()) / worked,
            inbox={delivery: each.inbox for delivery, each in self._bursts.items()},
            gc=self._pauses,
            bottlenecks=tuple(sorted(found, key=_cost, reverse=True)),
            gate=gate_figures(self._ratios),
            metrics_file=measurements.path.name,
        )

    def _steps(self) -> list[Callable[[Measurements, int], None]]:
        """What a pair consists of."""
        bursts = [partial(self._burst, delivery) for delivery in DELIVERIES]
        return [*bursts, self._ratio, *(partial(self._part, part) for part in self._parts)]

    def _burst(self, delivery: Delivery, measurements: Measurements, pair: int) -> None:
        def note(stage: str, duration_ns: int) -> None:
            measurements.add("engine", stage, duration_ns, 1, delivery, pair)

        found, before = burst_pass(self._config, self._path, delivery, self._pauses, note), self._bursts[delivery]
        before.ticks += found.ticks
        before.log_lines += found.log_lines
        before.inbox = max(before.inbox, found.inbox)

    def _ratio(self, measurements: Measurements, pair: int) -> None:
        found = ratio_pass(self._said, self._path)
        self._ratios.append(found.ratio)
        measurements.add("engine", "handle", found.engine_ns, found.ticks, "callback", pair)
        measurements.add("reference", "work", found.reference_ns, found.items, "callback", pair)

    def _part(self, part: Part, measurements: Measurements, pair: int) -> None:
        found = measure_pair(self._config, self._path, part)
        self._costs[part.name].append(found.us_per_tick)
        measurements.add(part.name, "with", found.with_ns, found.ticks, "callback", pair)
        measurements.add(part.name, "without", found.without_ns, found.ticks, "callback", pair)


def _key(config: Config, path: Path, cpu: str) -> tuple[BaselineKey, int]:
    """What makes two baselines comparable, and how many ticks there are; raises UserError."""
    fingerprint, ticks = Fingerprint(), 0
    for tick in open_file(path, config).ticks():
        fingerprint.add(tick)
        ticks += 1
    if not ticks:
        raise InputError(f"{path}: has no ticks to measure with; allowed: a file that has some")
    usual = describe(load(bundled("config.toml"), []))
    settings = {
        name: text for name, text in describe(config).items() if name.startswith(_DECISIVE) and usual.get(name) != text
    }
    return BaselineKey(source_hash(), python_minor(), cpu, fingerprint.text(), settings), ticks


def _cost(each: Bottleneck) -> float:
    return each.us_per_tick
