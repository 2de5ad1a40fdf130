"""What orders at a real broker take is loaded with a run that has one, and with no other."""

import subprocess
import sys

import pytest

OF_ANY = {"engine.trading.orders", "engine.trading.orders.open_orders"}
REAL = "import tests.simulation.session"
OTHER = "import engine.assembly, engine.assembly.assemble, engine.runtime, engine.cli.main, engine.backtest.rerun"


def loaded(code: str) -> set[str]:
    """The modules about orders and their venues' ways of speaking that a program has loaded."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    parts = ("engine.trading.orders", "engine.trading.live_", "engine.execution")
    return {name for name in answer.stdout.split() if name.startswith(parts) or ".orders." in name}


@pytest.mark.slow
def test_a_run_without_a_real_broker_carries_nothing_of_it() -> None:
    assert {"engine.trading.live_trader", "engine.trading.orders.desk"} <= loaded(REAL)
    assert loaded(OTHER) <= OF_ANY
