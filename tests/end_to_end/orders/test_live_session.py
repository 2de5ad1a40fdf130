"""Orders at a simulated broker, engine and broker each a process of its own: a session, a flat, and what is left of it."""

from pathlib import Path

import pytest

from tests.support.processes.live_shell import SCALPING, live_shell
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow


def test_a_session_trades_is_flat_and_is_replayed_as_it_was(tmp_path: Path) -> None:
    with live_shell(tmp_path, *SCALPING) as shell:
        shell.trading()
        shell.placed(10)
        shell.ask_flat()
        assert shell.broker.wait("at_rest", PATIENCE_S)
        assert shell.broker.truth().net == {}
        shell.signal(15)
        assert shell.ended() == 0
        shell.no_order_twice()
        truth = shell.broker.truth()
        assert shell.net() == 0
        assert {each.state for each in truth.orders} <= {"complete", "cancelled"}
        fills = [row["fill"] for row in shell.journal("FillBooked")]
        assert sum(fill["quantity"] for fill in fills) == sum(each.filled for each in truth.orders)
