"""What an engine has counted since it was started, for whoever watches it over time. Counters only rise."""

from typing import Final

from msgspec import Struct

from engine.model.latency import Histogram
from engine.model.log_counts import LogCounts
from engine.model.types import Delivery

LOWEST_BIT: Final = 9
HIGHEST_BIT: Final = 31
# Bounds of the counts in ns, 512 ns to 2.1 s: powers of two, which no bucket of a `Histogram` lies across.
BOUNDS_NS: Final = tuple(1 << bit for bit in range(LOWEST_BIT, HIGHEST_BIT + 1))


class StageCounts(Struct, frozen=True):
    """How long a stage of a tick's way took in one delivery: how many times it took less than each of `BOUNDS_NS`.

    `count` of all, and `sum_ns` of their durations, to 0.2 %.
    """

    stage: str
    delivery: Delivery
    below: tuple[int, ...]
    count: int
    sum_ns: int

    @classmethod
    def of(cls, stage: str, delivery: Delivery, histogram: Histogram) -> "StageCounts":
        """The counts of `histogram`."""
        below, count, sum_ns = histogram.counts_below(LOWEST_BIT, HIGHEST_BIT)
        return cls(stage, delivery, below, count, sum_ns)

    def with_more(self, more: "StageCounts") -> "StageCounts":
        """These and those of the same stage and delivery together."""
        below = tuple(mine + theirs for mine, theirs in zip(self.below, more.below, strict=True))
        return StageCounts(self.stage, self.delivery, below, self.count + more.count, self.sum_ns + more.sum_ns)


class Measures(Struct, frozen=True):
    """The counters of one engine: `stages` by stage and delivery, those without a duration left out, and the `log`'s."""

    stages: tuple[StageCounts, ...] = ()
    log: LogCounts = LogCounts({})
