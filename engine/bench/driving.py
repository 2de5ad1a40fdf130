"""Drives an engine tick by tick in the measuring thread, as callback delivery does. Judges nothing, prints nothing."""

import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from engine.assembly import Run, build
from engine.assembly.open_source import open_file
from engine.config import Config
from engine.model.sources import TickSource
from engine.model.types import Delivery, Tick

BATCH: Final = 1000


def in_mode(config: Config, delivery: Delivery) -> Config:
    """`config` with another delivery."""
    return replace(config, engine=replace(config.engine, delivery=delivery))


@contextmanager
def quiet_run(config: Config, path: Path, *, paused: bool = False) -> Iterator[tuple[Run, TickSource]]:
    """A run of the file `path` at full speed that leaves nothing behind, and its source; raises UserError.

    What it records, where it records, goes the same way as its state.
    """
    source = open_file(path, config)
    with tempfile.TemporaryDirectory(prefix="myquant-bench-") as folder:
        config = replace(config, recording=replace(config.recording, directory=f"{folder}/recordings"))
        with build(config, source, "replay", speed=0.0, paused=paused, state_root=Path(folder, "state")) as run:
            yield run, source


@contextmanager
def prepared(config: Config, path: Path) -> Iterator[tuple[Run, TickSource]]:
    """A run that is ready for its first tick, which no thread of its own brings."""
    with quiet_run(in_mode(config, "callback"), path) as (run, source):
        run.engine.prepare()
        gc.collect()
        yield run, source


def batches(source: TickSource, size: int = BATCH) -> Iterator[list[Tick]]:
    """The ticks of `source`, so many at a time."""
    stream = source.ticks()
    while batch := list(islice(stream, size)):
        yield batch


def hand_over(run: Run, batch: Sequence[Tick]) -> int:
    """Have every tick of `batch` worked; CPU nanoseconds of this thread."""
    deliver, now_ns = run.engine.deliver, time.perf_counter_ns
    begun_ns = time.thread_time_ns()
    for tick in batch:
        tick.recv_ns = now_ns()
        deliver(tick)
    return time.thread_time_ns() - begun_ns
