"""One pass over a recording in which the engine and the reference loop take turns, so that whatever slows one slows the other."""

from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.bench.baseline.reference import work
from engine.bench.driving import batches, hand_over, prepared
from engine.config import Config

_TICKS: Final = 250  # some 2 ms: shorter than most of what a busy neighbour does
_ITEMS_A_TICK: Final = 2  # nearly half of a tick's cost


class RatioPass(Struct, frozen=True):
    """CPU nanoseconds of one thread: of the engine for `ticks` ticks, and of the reference loop for `items` pieces of work."""

    ticks: int
    engine_ns: int
    items: int
    reference_ns: int

    @property
    def ratio(self) -> float:
        """What a tick costs, in pieces of the reference's work."""
        return self.engine_ns / self.ticks / (self.reference_ns / self.items)


def ratio_pass(config: Config, path: Path, further: float = 0.0) -> RatioPass:
    """Take every tick of `path` through a fresh engine; raises UserError.

    `further` is work on top of each tick's, in pieces of the reference's, so that a gate can be seen to fail: it is done for
    a batch at a time, within the engine's share, and no engine knows of it.
    """
    ticks = engine_ns = items = reference_ns = 0
    with prepared(config, path) as (run, source):
        for batch in batches(source, _TICKS):
            engine_ns += hand_over(run, batch)
            if further:
                engine_ns += work(round(len(batch) * further))
            ticks += len(batch)
            items += len(batch) * _ITEMS_A_TICK
            reference_ns += work(len(batch) * _ITEMS_A_TICK)
    return RatioPass(ticks, engine_ns, items, reference_ns)
