"""Shows that both gates hold what they say, beside a busy core: `make gate-proof` (some twenty minutes).

Unchanged runs must pass, each of them; with a fifth more work a tick they must fail. First what `baseline --compare` does,
in one process against a base measured before; then `tests/bench/gate.py`, this tree against itself. Exit 1 where either
does not hold.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from engine.assembly import load
from engine.bench.baseline.gate import Verdict, gate_figures, judge
from engine.bench.baseline.ratio_pass import ratio_pass
from engine.config import bundled
from tests.bench.gate import RECORDING, NotComparableError, compare, lay_out_present

_MORE: Final = 0.2
_TOLERANCE_PERCENT: Final = 10.0
_PATIENCE_S: Final = 600.0  # the busy core may cost what it does


def show(name: str, run: Callable[[float], Verdict], further: float, runs: int, heavier: int) -> bool:
    """Whether all `runs` unchanged ones pass and all `heavier` ones fail; `further` is a fifth of a tick's work."""
    outcomes = []
    for number in range(runs + heavier):
        more = number >= runs
        try:
            verdict = run(further if more else 0.0)
        except NotComparableError as problem:
            verdict = Verdict("not comparable", str(problem))
        outcomes.append((more, verdict.outcome))
        print(f"  {name} {'+20 %' if more else 'unchanged'}: {verdict.outcome}: {verdict.text}", flush=True)
    passed, failed = outcomes.count((False, "passes")), outcomes.count((True, "fails"))
    print(f"{name}: {passed} of {runs} unchanged pass, {failed} of {heavier} with a fifth more work fail", flush=True)
    return passed == runs and failed == heavier


def main() -> int:
    """Show both."""
    parser = argparse.ArgumentParser(description="Do the gates pass what is unchanged and fail a fifth more work?")
    parser.add_argument("--runs", type=int, default=20, help="unchanged")
    parser.add_argument("--heavier", type=int, default=5, help="with a fifth more work")
    parser.add_argument("--pairs", type=int, default=15)
    args = parser.parse_args()
    config = load(bundled("config.toml"), [])

    def ratios(further: float = 0.0) -> list[float]:
        return [ratio_pass(config, RECORDING, further).ratio for _ in range(args.pairs)]

    ratio_pass(config, RECORDING)
    base = median(ratios())
    with (
        tempfile.TemporaryDirectory(prefix="myquant-gate-") as folder,
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy,
    ):
        try:
            present = lay_out_present(Path(folder))
            held = [
                show(
                    "baseline --compare",
                    lambda further: judge(gate_figures(ratios(further)), base, _TOLERANCE_PERCENT),
                    base * _MORE,
                    args.runs,
                    args.heavier,
                ),
                show(
                    "make gate",
                    lambda further: compare(present, args.pairs, _TOLERANCE_PERCENT, further, _PATIENCE_S),
                    base * _MORE,
                    args.runs,
                    args.heavier,
                ),
            ]
        finally:
            busy.kill()
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main())
