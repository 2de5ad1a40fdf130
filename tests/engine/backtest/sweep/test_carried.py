"""What the sweep needs is carried by nobody else."""

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

OF_THE_SWEEP = ("numpy", "numba", "llvmlite", "distributed", "dask", "optuna", "engine.backtest.sweep")
ENGINE = "engine.cli.engine, engine.assembly, engine.serving.process, engine.venues.angelone.stream, engine.cli.sweep"
COMMANDS = "engine.cli.replay, engine.cli.verify, engine.backtest.verification, engine.cli.attach, engine.cli.running"
SCREEN = "tui.shell.show, tui.shell.app, tui.view.attached"


@pytest.mark.parametrize("modules", [ENGINE, COMMANDS, SCREEN])
def test_nobody_else_carries_it(modules: str) -> None:
    code = f"import sys, {modules}; print(*[name for name in {OF_THE_SWEEP} if name in sys.modules])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
