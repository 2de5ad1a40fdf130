"""Compares what a tick costs with the revision before, in pairs on this machine, within a minute: `make gate`.

Run it as `python -m tests.bench.gate [--against REV] [--pairs 15] [--tolerance 10]`. The other revision's tree is laid into a
temporary folder, with the measuring of this one over it. Each pair is a few passes in a fresh process of each tree; what is
compared are ratios (`engine/bench/baseline/ratio_pass.py`). Exit 1 where even the lower end of the interval is beyond the
tolerance; where there is no revision before, or it cannot be measured by what measures now, it is said and nothing fails.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from engine.bench.baseline.gate import Verdict, gate_figures, judge
from engine.bench.baseline.ratio_pass import RatioPass
from tests.support.paths import ROOT

_MEASURING: Final = Path("engine/bench")
RECORDING: Final = ROOT / "recordings" / "nifty-synthetic.mqr"
_PARTS: Final = ("engine", "config.toml", "recordings")
_MOST_S: Final = 55.0  # of a minute, the laying out of the tree among it
_LEAST_PAIRS: Final = 5


class NotComparableError(Exception):
    """Nothing can be said, and why."""


class TimeOverError(NotComparableError):
    """The minute is over."""


def _git(*words: str) -> bytes:
    """What git says; raises NotComparableError."""
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout
    except OSError as error:
        raise NotComparableError(f"git: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
        raise NotComparableError(f"git {words[0]}: {lines[-1]}") from None


def revision_before() -> str:
    """The newest commit where this tree's engine differs from it, else the one before."""
    changed = _git("status", "--porcelain", "--", *_PARTS).strip()
    return _git("rev-parse", "--verify", "HEAD" if changed else "HEAD~1").decode().strip()


def lay_out(revision: str, folder: Path) -> Path:
    """The tree of `revision` in `folder`, with this tree's measuring; raises NotComparableError."""
    subprocess.run(["tar", "-x", "-C", str(folder)], input=_git("archive", revision, *_PARTS), check=True)
    shutil.rmtree(folder / _MEASURING, ignore_errors=True)
    _copy(_MEASURING, folder)
    return folder


def lay_out_present(folder: Path) -> Path:
    """This very tree in `folder`."""
    _copy(Path("engine"), folder)
    shutil.copy(ROOT / "config.toml", folder)
    return folder


def _copy(part: Path, folder: Path) -> None:
    shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))


def passes(tree: Path, further: float = 0.0, seed: int = 0, until_s: float = math.inf) -> list[RatioPass]:
    """Some passes in a process of their own, until `until_s` (monotonic) at most; raises NotComparableError where there are none."""
    words = [sys.executable, "-m", "engine.bench.baseline.pass_process", str(RECORDING), str(further)]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": str(seed)}
    within_s = None if until_s == math.inf else max(0.0, until_s - time.monotonic())
    try:
        done = subprocess.run(words, cwd=tree, env=environment, capture_output=True, check=True, timeout=within_s)
        return msgspec.json.decode(done.stdout, type=list[RatioPass])
    except subprocess.TimeoutExpired:
        raise TimeOverError from None
    except (subprocess.CalledProcessError, msgspec.DecodeError) as error:
        said = (getattr(error, "stderr", b"") or str(error).encode()).decode("utf-8", "replace").strip().splitlines()
        raise NotComparableError(f"{tree} cannot be measured: {said[-1] if said else error}") from None


def compare(
    before: Path, pairs: int, tolerance_percent: float, further: float = 0.0, within_s: float = _MOST_S
) -> Verdict:
    """This tree against the one in `before`, a pair at a time, each first by turns; raises NotComparableError.

    What is not over `within_s` is left; of fewer than five pairs nothing is said then.
    """
    until_s, ratios = time.monotonic() + within_s, list[float]()
    with suppress(TimeOverError):
        passes(before, until_s=until_s)  # compiles what has not been
        for pair in range(pairs):
            found = {}
            for tree in (before, ROOT) if pair % 2 else (ROOT, before):
                made = passes(tree, further if tree == ROOT else 0.0, pair, until_s)
                found[tree] = median(each.ratio for each in made)
            ratios.append(found[ROOT] / found[before])
    if len(ratios) < min(pairs, _LEAST_PAIRS):
        raise NotComparableError(f"{len(ratios)} pairs within {within_s:.0f} s are too few: the machine is too busy")
    return judge(gate_figures(ratios), 1.0, tolerance_percent)


def main() -> int:
    """Compare and say it."""
    parser = argparse.ArgumentParser(description="Does a tick cost more than in the revision before?")
    parser.add_argument("--against", metavar="REV", help="default: the newest commit that this tree differs from")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--tolerance", type=float, default=10.0, help="percent")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="myquant-gate-") as folder:
        try:
            begun_s, revision = time.monotonic(), args.against or revision_before()
            before = lay_out(revision, Path(folder))
            left_s = _MOST_S - (time.monotonic() - begun_s)
            verdict = compare(before, args.pairs, args.tolerance, within_s=left_s)
        except NotComparableError as problem:
            print(f"gate: not comparable: {problem}")
            return 0
    print(f"gate: {verdict.outcome} against {revision[:12]}: {verdict.text}")
    return int(verdict.outcome == "fails")


if __name__ == "__main__":
    sys.exit(main())
