"""An engine that held something at a broker is dead: `flat` closes all that the broker holds, whatever goes wrong, and says so."""

from pathlib import Path

import pytest

from tests.support.processes.live_shell import HOLDING, LOT, SYMBOL, live_shell
from tests.support.thorough import every
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "fault", every(2, ["", "place after", "place lost", "positions wrong 75 x3", "external 75", "any 5xx for 4s"])
)
def test_what_a_dead_engine_held_is_closed(tmp_path: Path, fault: str) -> None:
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.trading()
        assert shell.broker.wait(f"held {SYMBOL} {LOT}", PATIENCE_S)
        shell.holds()
        shell.kill()
        if fault:
            shell.broker.tell(fault)
        answer = shell.flat_of_the_dead()
        assert answer.status == 0, (answer, shell.broker.truth())
        assert "FLAT verified" in answer.out
        truth = shell.broker.truth()
        assert truth.net == {}
        assert all(each.state in {"complete", "cancelled", "rejected"} for each in truth.orders)
        shell.no_order_twice()
        again = shell.flat_of_the_dead()
        assert again.status == 0
        assert len(shell.broker.truth().orders) == len(truth.orders)
