"""Hours of a session at a simulated broker on a virtual clock, its journal and its recording on the disk: does anything grow?

`python -m tests.soak.live_hours` plays six hours in some two minutes: a tick and a half a second, some three hundred orders, a
broker with whom something goes wrong every few minutes. It ends with status 1 where memory or the recording grows by more than
it may, where too little was traded, or where the recording is not replayed as it was. The broker is in a process of its own.
"""

import argparse
import gc
import logging
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from engine.journal import SqliteJournal
from engine.model.clock import SystemClock
from engine.model.types import Tick
from engine.recording import MqrSource
from tests.simulation.engine_run import EngineRun
from tests.simulation.recorded import Files, same
from tests.simulation.trading_days import CALL, DAY, begun, play
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.soak.exchange_apart import exchange_apart
from tests.soak.growth import slope
from tests.support.builders import ms, tick

HOURS = 6.0
ORDERS_PER_HOUR = 50  # that there are at least
MOST_MARKS_PER_HOUR = 20_000 / HOURS
MOST_MB_PER_HOUR = 1.0
WARM_UP_H = 1.0  # caches and the day's first orders fill up meanwhile
STEP_MS = 667  # from tick to tick
SAMPLE_TICKS = 450  # five minutes
HOUR_MS = 3_600_000
RULES = (
    "session.start_buffer_minutes=0",
    "session.no_trade_start_minutes=0",
    "strategy.consecutive_green_ticks=7",
    "strategy.green_ticks_after_stop_loss=6",
    "risk.max_positions_per_day=100000",
)
FAULTS = """
p 0.02 place: place late 3000
p 0.02 place: place reset taken
p 0.02 place: place partial 40
p 0.01 book: book 5xx
p 0.01 book: book lag 3000
p 0.001 any: updates lost 3
"""


class Sample(NamedTuple):
    """How much memory was resident so long after the start."""

    hours: float
    rss_mb: float


class Hours(NamedTuple):
    """What so many hours came to; `same`: all of the recording was replayed as it was."""

    hours: float
    orders: int
    faults: dict[str, int]
    samples: list[Sample]
    marks: int
    same: bool

    @property
    def mb_per_hour(self) -> float:
        """By how much memory grew behind the warm-up."""
        return slope([each for each in self.samples if each.hours >= WARM_UP_H])

    def problems(self) -> list[str]:
        """What is not as it should be."""
        found = [
            (self.mb_per_hour > MOST_MB_PER_HOUR, f"memory grows by {self.mb_per_hour:.2f} MB an hour"),
            (self.marks > MOST_MARKS_PER_HOUR * self.hours, f"{self.marks:,} marks are in the recording"),
            (self.orders < ORDERS_PER_HOUR * self.hours, f"no more than {self.orders} orders"),
            (not self.faults, "nothing went wrong"),
            (not self.same, "the recording is not replayed as it was"),
        ]
        return [text for holds, text in found if holds]


def walk(count: int) -> Iterator[Tick]:
    """Ticks from the session's start on, whose price goes up and down."""
    random, price, first_ms = Random(1), 100.0, ms("09:15:30", DAY.isoformat())
    for number in range(count):
        price = max(60.0, min(140.0, price + random.choice((-1.5, -0.5, 0.5, 1.5))))
        yield tick(number + 1, price, first_ms + number * STEP_MS)


def experiment(folder: Path, hours: float) -> Hours:
    """Play so many hours."""
    count = round(hours * HOUR_MS / STEP_MS)
    with exchange_apart(_broker) as exchange:
        journal = SqliteJournal.open(folder, "live-sim", SystemClock())
        files = Files(folder / "kept", *RULES)
        run = begun(exchange, (CALL,), *RULES, recorder=files.recorder, checkpoint_ticks=1_000, journal=journal)
        samples = list(_played(run, count))
        run.end()
        journal.close("")
        counters = exchange.counters
    recorded = sum(1 for path in files.paths for _ in MqrSource(path).marks())
    return Hours(
        hours, sum(counters.placed.values()), counters.faults, samples, recorded, all(map(same, files.verified()))
    )


def _broker() -> SimulatedExchange:
    """A broker that has a while until the first tick."""
    return SimulatedExchange((CALL,), Random(1), next(walk(1)).exch_ms - 10_000, script=FAULTS, cash=10**12)


def _played(run: EngineRun, count: int) -> Iterator[Sample]:
    """Play so many ticks, and look at the memory now and then."""
    ticks = walk(count)
    for played in range(SAMPLE_TICKS, count + SAMPLE_TICKS, SAMPLE_TICKS):
        play(run, islice(ticks, SAMPLE_TICKS))
        run.lanes.asked.clear()
        gc.collect()
        yield Sample(played * STEP_MS / HOUR_MS, _rss_mb())


def _rss_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def figures(found: Hours) -> list[str]:
    """What came of it, for a person."""
    first, last = found.samples[0].rss_mb, found.samples[-1].rss_mb
    return [
        f"{found.hours:g} hours, {found.orders} orders, {sum(found.faults.values())} faults, {found.marks:,} marks",
        f"memory {first:.1f} to {last:.1f} MB, {found.mb_per_hour:+.2f} MB an hour behind the first",
        *(found.problems() or ["well"]),
    ]


def main() -> int:
    """Carry out the command."""
    parser = argparse.ArgumentParser(description="Hours with orders at a simulated broker, on a virtual clock.")
    parser.add_argument("--hours", type=float, default=HOURS)
    args = parser.parse_args()
    logging.getLogger("myquant").addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder:
        found = experiment(Path(folder), args.hours)
    print("\n".join(figures(found)))
    return int(bool(found.problems()))


if __name__ == "__main__":
    sys.exit(main())
