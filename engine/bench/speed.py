"""Measures the engine on this machine: CPU time a tick, latency by stage and delivery mode. Judges nothing, prints nothing."""

import time
from array import array
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.assembly import Run
from engine.assembly.open_source import open_file
from engine.bench.driving import batches, in_mode, prepared, quiet_run
from engine.config import Config
from engine.model.latency import Histogram, LatencySummary
from engine.model.sources import TickSource
from engine.model.types import DELIVERIES, Delivery


class HandlerFigures(Struct, frozen=True):
    """From a decoded tick to done, everything on, in one thread: CPU µs a tick, and the spread of single ticks.

    `latency` counts every tick of every round as it came; `steady` counts each tick once, by its median over the
    rounds, so that what other processes did to one round does not look like the engine's own spread.
    """

    ticks: int
    cpu_us_per_tick: float
    cpu_us_per_tick_least: float
    latency: LatencySummary
    steady: LatencySummary
    p99_over_p50: float


class ModeFigures(Struct, frozen=True):
    """A whole replay at full speed in one delivery mode, reading and decoding included."""

    delivery: str
    ticks_per_s: int
    cpu_us_per_tick: float
    stages: dict[str, LatencySummary]


class BenchFigures(Struct, frozen=True):
    """What `bench --json` prints."""

    source: str
    handler: HandlerFigures
    record_value_ns: float
    record_value_share: float
    modes: tuple[ModeFigures, ...]


def measure_speed(config: Config, path: Path, rounds: int) -> BenchFigures:
    """Replay the file `path` in every delivery mode, `rounds` times each; raises UserError."""
    handler = _handler(config, path, rounds)
    value_ns = _record_value_ns()
    return BenchFigures(
        source=open_file(path, config).name,
        handler=handler,
        record_value_ns=round(value_ns, 1),
        record_value_share=round(value_ns / 1000 / handler.cpu_us_per_tick, 3),
        modes=tuple(_mode(config, path, delivery, rounds) for delivery in DELIVERIES),
    )


def _handler(config: Config, path: Path, rounds: int) -> HandlerFigures:
    """Hand over decoded ticks as the callback mode does; only the handing over is timed."""
    spent_us: list[float] = []
    spread, steady = Histogram(), Histogram()
    durations: list[array[int]] = []
    ticks = 0
    for _ in range(rounds):
        with prepared(config, path) as (run, source):
            durations.append(array("q"))
            cpu_ns, ticks = _drive(run, source, durations[-1])
            spent_us.append(cpu_ns / 1000 / max(ticks, 1))
            spread.add(run.engine.epochs.all_ticks())
    spent_us.sort()
    for of_one_tick in zip(*durations, strict=True):
        steady.record(sorted(of_one_tick)[len(of_one_tick) // 2])
    calm = steady.summary()
    return HandlerFigures(
        ticks=ticks,
        cpu_us_per_tick=round(spent_us[len(spent_us) // 2], 3),
        cpu_us_per_tick_least=round(spent_us[0], 3),
        latency=spread.summary(),
        steady=calm,
        p99_over_p50=round(calm.p99_ns / max(calm.p50_ns, 1), 2),
    )


def _drive(run: Run, source: TickSource, durations: "array[int]") -> tuple[int, int]:
    """CPU nanoseconds of this thread for all ticks of `source`, and their number; each tick's own time in `durations`."""
    deliver = run.engine.deliver
    now_ns, cpu_ns, note = time.perf_counter_ns, time.thread_time_ns, durations.append
    spent_ns = count = 0
    for batch in batches(source):
        begun_ns = cpu_ns()
        for tick in batch:
            tick.recv_ns = before_ns = now_ns()
            deliver(tick)
            note(now_ns() - before_ns)
        spent_ns += cpu_ns() - begun_ns
        count += len(batch)
    return spent_ns, count


def _mode(config: Config, path: Path, delivery: Delivery, rounds: int) -> ModeFigures:
    config = in_mode(replace(config, engine=replace(config.engine, latency_every_tick=True)), delivery)
    best: ModeFigures | None = None
    for _ in range(rounds):
        with quiet_run(config, path) as (run, _):
            begun_ns, begun_cpu_ns = time.perf_counter_ns(), time.process_time_ns()
            run.engine.start()
            run.engine.wait()
            wall_ns, cpu_ns = time.perf_counter_ns() - begun_ns, time.process_time_ns() - begun_cpu_ns
            run.engine.stop()
            ticks = max(run.engine.snapshot.ticks, 1)
            stages = run.engine.snapshot.epochs[-1].stages
        figures = ModeFigures(delivery, round(ticks * 1e9 / wall_ns), round(cpu_ns / 1000 / ticks, 3), stages)
        if best is None or figures.cpu_us_per_tick < best.cpu_us_per_tick:
            best = figures
    assert best is not None
    return best


def _record_value_ns() -> float:
    """CPU nanoseconds that recording one latency costs."""
    histogram = Histogram()
    values = [900 + 37 * (i % 97) for i in range(100_000)]
    record = histogram.record
    begun_ns = time.thread_time_ns()
    for value in values:
        record(value)
    return (time.thread_time_ns() - begun_ns) / len(values)


def _spread(latency: LatencySummary) -> str:
    values = (("p50", latency.p50_ns), ("p95", latency.p95_ns), ("p99", latency.p99_ns))
    return "  ".join(f"{name} {ns / 1000:.2f}" for name, ns in values)


def lines(figures: BenchFigures) -> list[str]:
    """The figures for a person."""
    handler = figures.handler
    found = [
        f"{figures.source}, {handler.ticks:,} ticks",
        f"decoded tick → done, all on: {handler.cpu_us_per_tick} µs CPU a tick (least {handler.cpu_us_per_tick_least})",
        f"single ticks, µs: {_spread(handler.steady)}  p99/p50 {handler.p99_over_p50}  (each tick's median)",
        f"                  {_spread(handler.latency)}  (every tick of every round)",
        f"recording one latency: {figures.record_value_ns} ns, {figures.record_value_share:.1%} of a tick",
        "whole replay at full speed:",
    ]
    for mode in figures.modes:
        found.append(f"  {mode.delivery:9}{mode.ticks_per_s:>10,} ticks/s  {mode.cpu_us_per_tick:6.2f} µs CPU a tick")
        for name, stage in mode.stages.items():
            values = f"p50 {stage.p50_ns / 1000:9.2f}  p99 {stage.p99_ns / 1000:9.2f}  max {stage.max_ns / 1000:9.2f}"
            found.append(f"    {name:18}{values} µs")
    return found
