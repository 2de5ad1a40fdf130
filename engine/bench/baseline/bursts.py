"""What a tick goes through in each delivery: bursts of ticks to an engine that runs, each worked before the next comes."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.assembly import Run
from engine.bench.children import BenchError
from engine.bench.driving import batches, in_mode, quiet_run
from engine.bench.raw_latency import RawLatency
from engine.config import Config
from engine.model.types import Delivery
from engine.runtime.epochs import COUNTED

_BURST: Final = 500  # an inbox has room for it
_PATIENCE_S: Final = 30.0
_LOOK_S: Final = 0.0002
_ONE_IN: Final = 64  # ticks becomes a measurement; of the stages the engine itself times one in 16

Note = Callable[[str, int], None]


class GcPauses(Struct):
    """Pauses of the garbage collector: how many, all together, the longest, in milliseconds."""

    count: int = 0
    total_ms: float = 0.0
    longest_ms: float = 0.0

    def add(self, pause_ms: float) -> None:
        """One more."""
        self.count += 1
        self.total_ms += pause_ms
        self.longest_ms = max(self.longest_ms, pause_ms)


class BurstFigures(Struct):
    """What all bursts of a pass left: ticks, lines of the log, and the deepest inbox behind a burst."""

    ticks: int = 0
    log_lines: int = 0
    inbox: int = 0


class _Stage:
    """One in so many of the durations of a stage, whatever the bursts' size."""

    def __init__(self, name: str, one_in: int) -> None:
        self.latency = RawLatency()
        self._name = name
        self._one_in = one_in
        self._skip = 0

    def note(self, note: Note) -> None:
        """Tell what came since the last time, and forget it."""
        values_ns = self.latency.values_ns
        for ns in values_ns[self._skip :: self._one_in]:
            note(self._name, ns)
        self._skip = (self._skip - len(values_ns)) % self._one_in
        del values_ns[:]


def burst_pass(config: Config, path: Path, delivery: Delivery, pauses: GcPauses, note: Note) -> BurstFigures:
    """Take every tick of `path` through an engine that runs in `delivery`; `note` is told stage and ns. Raises UserError."""
    figures = BurstFigures()
    with quiet_run(in_mode(config, delivery), path, paused=True) as (run, source):
        stages = _stages_of(run)
        run.engine.start()
        watch = _PauseWatch(pauses)
        gc.callbacks.append(watch)
        try:
            for burst in batches(source, _BURST):
                for tick in burst:
                    tick.recv_ns = time.perf_counter_ns()
                    run.engine.deliver(tick)
                figures.inbox = max(figures.inbox, len(run.engine.inbox))
                _wait_worked(run, burst[-1].seq)
                for stage in stages:
                    stage.note(note)
                figures.ticks += len(burst)
        finally:
            gc.callbacks.remove(watch)
        run.logs.flush(_PATIENCE_S)
        figures.log_lines = run.logs.last_number
    return figures


def _stages_of(run: Run) -> list[_Stage]:
    """The stages that are noted, put where the engine counts them."""
    timed = run.engine.epochs.sample_mask + 1
    *names, of_all, _ = COUNTED
    total, *stages = _Stage(of_all, _ONE_IN), *(_Stage(name, max(1, _ONE_IN // timed)) for name in names)
    epoch = run.engine.epochs.now
    epoch.total = total.latency
    epoch.to_inbox, epoch.wait, epoch.decide, epoch.act, epoch.to_order = (stage.latency for stage in stages)
    return [total, *stages]


def _wait_worked(run: Run, last: int) -> None:
    """Until tick number `last` is worked; raises BenchError where it is not."""
    engine = run.engine
    until_s = time.monotonic() + _PATIENCE_S
    while engine.cursor.expected <= last:
        if engine.problem or time.monotonic() > until_s:
            raise BenchError(
                f"baseline: tick {last} was not worked: {engine.problem or f'nothing for {_PATIENCE_S:.0f} s'}"
            )
        time.sleep(_LOOK_S)
    engine.turn.lock.acquire()  # once the turn that worked it is over
    engine.turn.lock.release()


class _PauseWatch:
    """Times each collection."""

    def __init__(self, pauses: GcPauses) -> None:
        self._pauses = pauses
        self._begun_ns = 0

    def __call__(self, phase: str, _info: dict[str, int]) -> None:
        now_ns = time.perf_counter_ns()
        if phase == "start":
            self._begun_ns = now_ns
        elif self._begun_ns:
            self._pauses.add((now_ns - self._begun_ns) / 1e6)
