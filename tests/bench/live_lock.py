"""From the key of a flat to the lock while orders are under way at a broker: `python -m tests.bench.live_lock [ROUNDS]`, by what is under way.

By the engine's own stamps, engine and broker a process each. The orders are those of a strategy that buys and sells all the time.
"""

import sys
import tempfile
import time
from pathlib import Path

from engine.model.commands import Arm, Flat, Unlock
from tests.bench.flat_figures import percentile
from tests.support.processes.live_shell import NO_DELAYS, SCALPING, SYMBOL, LiveShell, live_shell
from tests.support.waiting import until

ROUNDS = 20
MOST_MS = 50.0
# What the broker does to the next order, so that it is on its way for long.
UNDER_WAY = {
    "nothing": "",
    "an order at work": "",
    "an answer that is late": "place late 4",
    "an order that is unknown": "place after",
}
_TICKS = 20.0


def is_under_way(shell: LiveShell, what: str) -> bool:
    """Whether it is."""
    seen = shell.steering.snapshot
    if seen.live is None:
        return False
    return what == "nothing" or seen.live.working > 0


def lock_ms(shell: LiveShell, what: str) -> float:
    """Milliseconds from the key to the lock, once; what is held is closed, and entries are allowed again."""
    steering = shell.steering
    steering.send(Unlock())
    until(lambda: not steering.snapshot.entries.locked, lambda: steering.snapshot.entries)
    if fault := UNDER_WAY[what]:
        shell.broker.tell(fault)
    until(lambda: is_under_way(shell, what), lambda: steering.snapshot.live)
    steering.send(Arm())
    until(lambda: steering.snapshot.flat.state == "ARMED", lambda: steering.snapshot.flat)
    before = steering.snapshot.flat.receipt
    asked_ns = time.perf_counter_ns()
    steering.send(Flat("key"))
    until(lambda: (flat := steering.snapshot.flat).receipt and flat.receipt != before, lambda: steering.snapshot.flat)
    shell.broker.tell("orders recover")
    return (steering.snapshot.flat.begun_ns - asked_ns) / 1e6


def figures(folder: Path, what: str, rounds: int) -> list[float]:
    """Milliseconds of each round."""
    with live_shell(folder, *SCALPING, rate=_TICKS, broker=NO_DELAYS) as shell:
        shell.live()
        shell.known()
        with shell.remote("bench"):
            return [lock_ms(shell, what) for _ in range(rounds)]


def main() -> int:
    """Print quantiles; 1 where a 95th percentile is above `MOST_MS`."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    worst = 0.0
    print(f"{rounds} flats each of {SYMBOL}, ms from the key to the lock   p50   p95   max")
    with tempfile.TemporaryDirectory() as folder:
        for what in UNDER_WAY:
            where = Path(folder) / what.replace(" ", "-")
            where.mkdir()
            locked = figures(where, what, rounds)
            cells = "  ".join(f"{percentile(locked, percent):7.1f}" for percent in (50, 95, 100))
            print(f"{what:28} {cells}", flush=True)
            worst = max(worst, percentile(locked, 95))
    return int(worst > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
