"""Compares what a tick costs with the revision before, in pairs on this machine, within a minute: `make gate`.

Run it as `python -m tests.bench.gate [--against REV] [--pairs 15] [--tolerance 10]`. The other revision's tree is laid into a
temporary folder, with the measuring of this one over it. Each pair is a few passes in a fresh process of each tree; what is
compared are ratios (`engine/bench/baseline/ratio_pass.py`). Exit 1 where even the lower end of the interval is beyond the
tolerance; where there is no revision before, or it cannot be measured by what measures now, it is said and nothing fails.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
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
_MOST_S: Final = 45.0  # then no pair begins any more; a minute in all
_LEAST_PAIRS: Final = 5
_PASSES_S: Final = 60.0


class NotComparableError(Exception):
    """Nothing can be said, and why."""


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


def passes(tree: Path, further: float = 0.0, seed: int = 0) -> list[RatioPass]:
    """Some passes in a process of their own; raises NotComparableError where the tree cannot be measured."""
    words = [sys.executable, "-m", "engine.bench.baseline.pass_process", str(RECORDING), str(further)]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": str(seed)}
    try:
        done = subprocess.run(words, cwd=tree, env=environment, capture_output=True, check=True, timeout=_PASSES_S)
        return msgspec.json.decode(done.stdout, type=list[RatioPass])
    except subprocess.TimeoutExpired:
        raise NotComparableError(f"its passes took longer than {_PASSES_S:.0f} s") from None
    except (subprocess.CalledProcessError, msgspec.DecodeError) as error:
        said = (getattr(error, "stderr", b"") or str(error).encode()).decode("utf-8", "replace").strip().splitlines()
        raise NotComparableError(f"the other revision cannot be measured: {said[-1] if said else error}") from None


def goes_on(made: int, wanted: int, passed_s: float) -> bool:
    """Whether another pair is to be made."""
    return made < wanted and (made < _LEAST_PAIRS or passed_s <= _MOST_S)


def compare(before: Path, pairs: int, tolerance_percent: float, further: float = 0.0) -> Verdict:
    """This tree against the one in `before`, a pair at a time, each first by turns; raises NotComparableError."""
    begun_s, ratios = time.monotonic(), list[float]()
    passes(before)  # compiles what has not been
    while goes_on(len(ratios), pairs, time.monotonic() - begun_s):
        found = {}
        for tree in (before, ROOT) if len(ratios) % 2 else (ROOT, before):
            made = passes(tree, further if tree == ROOT else 0.0, len(ratios))
            found[tree] = median(each.ratio for each in made)
        ratios.append(found[ROOT] / found[before])
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
            revision = args.against or revision_before()
            verdict = compare(lay_out(revision, Path(folder)), args.pairs, args.tolerance)
        except NotComparableError as problem:
            print(f"gate: not comparable: {problem}")
            return 0
    print(f"gate: {verdict.outcome} against {revision[:12]}: {verdict.text}")
    return int(verdict.outcome == "fails")


if __name__ == "__main__":
    sys.exit(main())
