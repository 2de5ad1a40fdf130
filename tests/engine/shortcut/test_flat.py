"""`flat --yes` the short way, against real engines; how many starts of an interpreter it takes is a property of the test."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.model.commands import Unlock
from engine.model.errors import EXIT_WELL
from tests.support.processes.process_harness import HOLDING, OperatorShell, environment, flat_times

pytestmark = pytest.mark.slow

ROUNDS = 4
RULES = (*HOLDING, "mock.speed=60", "risk.max_positions_per_day=1000000")


def took_ms(*words: str, folder: Path) -> tuple[int, float]:
    """When it was started (monotonic ns), and how long it took until it had ended well."""
    begun_ns = time.perf_counter_ns()
    done = subprocess.run([sys.executable, *words], env=environment(folder), capture_output=True, check=True)
    assert done.stderr == b""
    return begun_ns, (time.perf_counter_ns() - begun_ns) / 1e6


@pytest.mark.parametrize("module", ["engine", "tui"])
def test_it_is_accepted_and_verified_time_after_time(tmp_path: Path, module: str, record_property) -> None:  # type: ignore[no-untyped-def]
    bare, accepted, verified = [], [], []
    with OperatorShell(tmp_path, *RULES) as shell:
        shell.start("--quiet")
        for _ in range(ROUNDS):
            shell.holds()
            bare.append(took_ms("-c", "pass", folder=tmp_path)[1])
            begun_ns, _ = took_ms("-m", module, "flat", "--yes", "--state-dir", str(shell.state), folder=tmp_path)
            seen = shell.is_flat("flat command")
            lock_ms, verify_ms = flat_times(seen, begun_ns)
            accepted.append(lock_ms)
            verified.append(lock_ms + verify_ms)
            shell.command(Unlock())
    figures = {"bare": bare, "accepted": accepted, "verified": verified}
    for name, values in figures.items():
        record_property(f"{name}_ms", round(statistics.median(values), 1))
    record_property("accepted_in_interpreters", round(min(accepted) / min(bare), 1))  # the whole program takes ten


def test_it_tells_the_way_and_the_end(tmp_path: Path) -> None:
    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.start("--quiet")
        quantity = shell.holds().positions[0].state.quantity
        told = shell.ask("flat", "--yes")
        assert (told.status, told.err) == (EXIT_WELL, "")
        lines = told.out.splitlines()
        assert lines[0] == f"flat accepted by the MOCK engine {shell.pid}"
        assert f"  NIFTY {quantity}/{quantity} DONE" in lines
        assert lines.index("flat FLAT") < lines.index(next(line for line in lines if line.startswith("FLAT verified")))
        assert lines[-1] == "  unresolved: nothing"
        again = shell.ask("flat", "--yes")  # joins what is done
        assert (again.status, shell.locks()) == (EXIT_WELL, 1 + (shell.locks() > 1))


def test_both_ways_tell_the_same(tmp_path: Path) -> None:
    """Behind the plan the whole program asks for the same words of the engine."""
    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.start("--quiet")
        shell.holds()
        asked = shell.ask("flat", text="FLAT\n")
        assert asked.status == EXIT_WELL
        assert "flat accepted by engine" in asked.out
        assert "DONE" in asked.out
        assert "FLAT verified" in asked.out
