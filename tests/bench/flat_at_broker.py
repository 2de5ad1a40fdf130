"""How long a flat at a simulated broker takes whose answers and lists are as slow as a real one's: `python -m tests.bench.flat_at_broker [FLATS] [--faults]`.

Each is asked for as soon as an order has gone out, by a command in another shell, whose own start counts; `--faults`: one with
each fault that the tests of sessions know, said just before. Ends with status 1 where one took longer than it may.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from engine.model.commands import Unlock
from tests.bench.flat_figures import percentile
from tests.support.processes.live_shell import LIVE_DELAYS, SCALPING, LiveShell, live_shell
from tests.support.processes.session_faults import FAULTS

FLATS = 40
MOST_S, MOST_WITH_FAULT_S = 10.0, 60.0  # the 95th percentile; any


def closed_s(shell: LiveShell, fault: str = "") -> tuple[float, int]:
    """Seconds that a flat took which is asked for in the midst of an order, and the command's exit status."""
    shell.placed(1)
    if fault:
        shell.broker.tell(fault)
    begun_s = time.monotonic()
    answer = shell.ask("flat", "--yes")
    return time.monotonic() - begun_s, answer.status


def without_faults(folder: Path, flats: int) -> list[float]:
    """Seconds of each of so many flats of one engine; all of them are verified."""
    took = []
    with live_shell(folder, *SCALPING, broker=LIVE_DELAYS) as shell:
        shell.trading()
        for _ in range(flats):
            seconds, status = closed_s(shell)
            assert status == 0, shell.said()[-2000:]
            took.append(seconds)
            shell.command(Unlock())
    return took


def with_faults(folder: Path, faults: Sequence[str]) -> dict[str, tuple[float, int]]:
    """Seconds and exit status of a flat with each of these, each of an engine of its own."""
    took = {}
    for number, fault in enumerate(faults):
        (account := folder / str(number)).mkdir(mode=0o700)
        with live_shell(account, *SCALPING, broker=LIVE_DELAYS) as shell:
            shell.trading()
            took[fault] = closed_s(shell, fault)
            print(f"{took[fault][0]:6.2f} s  {'FLAT' if took[fault][1] == 0 else 'ESCALATED'}  {fault}", flush=True)
    return took


def main() -> int:
    """Carry out the command."""
    parser = argparse.ArgumentParser(description="How long a flat at a simulated broker takes.")
    parser.add_argument("flats", type=int, nargs="?", default=FLATS)
    parser.add_argument("--faults", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.faults:
            worst = max(seconds for seconds, _ in with_faults(Path(folder), FAULTS).values())
            print(f"{len(FAULTS)} faults: the longest flat took {worst:.2f} s")
            return int(worst > MOST_WITH_FAULT_S)
        took = without_faults(Path(folder), args.flats)
    p50, p95 = (percentile(took, percent) for percent in (50, 95))
    print(f"{len(took)} flats: p50 {p50:.2f} s, p95 {p95:.2f} s, max {max(took):.2f} s")
    return int(p95 > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
