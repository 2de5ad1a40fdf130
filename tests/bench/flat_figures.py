"""How fast the emergency flat of an engine process is: `python -m tests.bench.flat_figures [ROUNDS]`, by way in and by state.

From the moment a flat is asked for to the lock, and from the lock to its verification, in milliseconds. The way
`command` includes the start of a Python interpreter.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.processes.flat_harness import STATES, WAYS, Way, back_to_trading, shell_with_position
from tests.support.processes.process_harness import OperatorShell, flat_times

ROUNDS = 20
_TIRED_TICKS = 14_000  # a generated session has some 32,000 ticks


def figures_of(folder: Path, state: str, way: Way, reason: str, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds to the lock and from there to the verification, of each round."""
    locked, verified = [], []
    shell: OperatorShell | None = None
    for number in range(rounds):
        if shell is None or state == "disk failing" or shell.snapshot.ticks > _TIRED_TICKS:
            if shell is not None:
                shell.close()
            shell = shell_with_position(folder / str(number))
        with shell.remote():
            with STATES[state](shell):
                asked_ns = way(shell, shell.steering)
                to_lock_ms, to_flat_ms = flat_times(shell.is_flat(reason), asked_ns)
            locked.append(to_lock_ms)
            verified.append(to_flat_ms)
            back_to_trading(shell)
    if shell is not None:
        shell.close()
    return locked, verified


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def main() -> int:
    """Carry out the command."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print(f"{rounds} flats each, ms            locked p50   p95     then verified p50   p95")
    with tempfile.TemporaryDirectory() as folder:
        for state in STATES:
            for name, (way, reason) in WAYS.items():
                where = Path(folder) / f"{state}-{name}".replace(" ", "-").replace(",", "")
                locked, verified = figures_of(where, state, way, reason, rounds)
                cells = [percentile(values, percent) for values in (locked, verified) for percent in (50, 95)]
                print(f"{state:21} {name:8}" + "  ".join(f"{cell:9.1f}" for cell in cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
