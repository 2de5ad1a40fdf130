"""What makes reports is carried by nothing that trades, records or shows."""

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

OF_REPORTS = ("xlsxwriter", "engine.backtest.report_inputs", "engine.reports.report", "engine.reports.html_page", "engine.presentation.day_figures")  # fmt: skip
ALIVE = (
    "engine.cli.run, engine.cli.running, engine.assembly, engine.serving.process, engine.venues.binance.stream",
    "engine.cli.attach, tui.shell.show, tui.shell.app, tui.view.attached",
    "engine.cli.verify, engine.backtest.verification",
    "engine.cli.replay, engine.cli.running",
)


@pytest.mark.parametrize("modules", ALIVE)
def test_neither_run_nor_replay_nor_screen_nor_verify_carries_it(modules: str) -> None:
    code = f"import sys, {modules}; print(*[name for name in {OF_REPORTS} if name in sys.modules])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_a_report_needs_no_extra() -> None:
    code = "import sys, engine.cli.report_output; print(*[name for name in ('numpy', 'xlsxwriter') if name in sys.modules])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
