"""What being watched costs an engine: in pairs, alone and beside a service that a Prometheus scrapes once a second.

`python -m tests.bench.scraped [--pairs 7] [--seconds 20]`: the 99th percentile from a tick's receipt to its decision, by the
engine's own counters, and its memory; the service is killed in the middle of each turn. Exit status 1 where the lower end of
the ratio's interval is above 1.1, or a tick was lost.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from threading import Event

from engine.bench.baseline.bootstrap import median_interval
from engine.link import Oneshot
from engine.model.measures import BOUNDS_NS, StageCounts
from engine.model.snapshot import Snapshot
from tests.support.gateway.monitored import PROMETHEUS, Prometheus, ServeProcess
from tests.support.processes.process_harness import BUSY, OperatorShell

TARGET = 1.1
TOTAL = "total"


def counted(shell: OperatorShell) -> tuple[StageCounts, Snapshot]:
    """The engine's counts of whole ticks so far, and its snapshot."""
    with Oneshot(shell.socket, "bench", 20.0) as call:
        stages = call.measures().stages
        return next(each for each in stages if each.stage == TOTAL), call.snapshot()


def p99_ns(before: StageCounts, after: StageCounts) -> float:
    """The 99th percentile of what came between, even within a bucket."""
    below = [now - then for now, then in zip(after.below, before.below, strict=True)]
    wanted = 0.99 * (after.count - before.count)
    place = next(place for place, count in enumerate(below) if count >= wanted)
    low, high = (BOUNDS_NS[place - 1] if place else 0), BOUNDS_NS[place]
    under = below[place - 1] if place else 0
    return low + (high - low) * (wanted - under) / max(1, below[place] - under)


def turn(shell: OperatorShell, folder: Path, seconds: float, *, watched: bool) -> tuple[float, float]:
    """The percentile in µs over `seconds`, and the engine's memory in MB at the end."""
    pause = Event()
    if not watched:
        before, _ = counted(shell)
        pause.wait(seconds)
        after, seen = counted(shell)
        return p99_ns(before, after) / 1e3, seen.process.rss_mb
    folder.mkdir()
    with ServeProcess(folder, shell.state) as served, Prometheus(folder / "prometheus", served.port, served.token):
        before, _ = counted(shell)
        pause.wait(seconds / 2)
        served.kill()
        pause.wait(seconds / 2)
        after, seen = counted(shell)
    return p99_ns(before, after) / 1e3, seen.process.rss_mb


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    if PROMETHEUS is None:
        sys.exit("prometheus is not here")
    with tempfile.TemporaryDirectory() as name, OperatorShell(Path(name), *BUSY, "mock.speed=30") as shell:
        shell.start()
        ratios, memory = [], {False: [0.0], True: [0.0]}
        for number in range(asked.pairs):
            found = {}
            for watched in ((False, True), (True, False))[number % 2]:
                folder = Path(name, f"{number}{watched}")
                found[watched], rss_mb = turn(shell, folder, asked.seconds, watched=watched)
                memory[watched].append(rss_mb)
            ratios.append(found[True] / found[False])
            print(
                f"pair {number + 1}: alone {found[False]:.1f} µs, watched {found[True]:.1f} µs, {ratios[-1]:.3f}",
                flush=True,
            )
        interval = median_interval(ratios)
        grown = max(memory[True]) - max(memory[False])
        shell.signal(signal.SIGTERM)
        shell.ended()
        (recording,) = shell.kept.glob("*.mqr")
        verified = shell.run("verify", recording)
    print(f"p99 beside a scraped service / alone: {interval.median:.3f} ({interval.low:.3f}–{interval.high:.3f})")
    print(f"memory: {grown:+.1f} MB at most; the recording: {verified.out.splitlines()[0]}")
    return int(interval.low > TARGET or verified.status != 0)


if __name__ == "__main__":
    sys.exit(main())
