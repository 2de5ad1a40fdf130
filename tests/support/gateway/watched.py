"""An engine as the service's metrics see it, without a process: put together for tests of what is written out."""

from msgspec import Struct

from engine.link.client import ConnectionStatus
from engine.model.latency import Histogram
from engine.model.log_counts import COMPONENTS, LEVEL_NAMES, LogCounts
from engine.model.measures import Measures, StageCounts
from engine.model.snapshot import Snapshot
from engine.model.types import DELIVERIES
from engine.runtime.epochs import COUNTED


class Watching(Struct):
    """Stands where `engine.gateway.watched_engine.WatchedEngine` stands."""

    snapshot: Snapshot | None = None
    measures: Measures | None = None
    state: ConnectionStatus = ConnectionStatus("CONNECTED", "", 0)
    old_s: float | None = 0.1

    def age_s(self) -> float | None:
        return self.old_s


def all_measures() -> Measures:
    """Durations in every stage and delivery that an engine can have: in callback nothing passes through the inbox."""
    took = Histogram()
    for ns in (400, 700, 30_000, 5_000_000_000):
        took.record(ns)
    log = LogCounts({name: dict.fromkeys(LEVEL_NAMES, 3) for name in COMPONENTS}, 1, 2, ("feed",))
    return Measures(
        tuple(
            StageCounts.of(stage, each, took)
            for stage in COUNTED
            for each in DELIVERIES
            if (stage, each) != ("receive_to_inbox", "callback")
        ),
        log,
    )
