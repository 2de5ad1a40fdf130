"""Each fault of a broker, its lists, its sockets and its prices in the midst of a session: all is closed, proven, and replayed as it was."""

from pathlib import Path

import pytest

from tests.support.processes.live_shell import SCALPING, live_shell
from tests.support.processes.session_faults import FAULTS
from tests.support.thorough import every
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("fault", every(8, FAULTS))
def test_whatever_goes_wrong_a_flat_closes_all_of_it_and_proves_it(tmp_path: Path, fault: str) -> None:
    with live_shell(tmp_path, *SCALPING) as shell:
        shell.trading()
        shell.placed(3)
        shell.broker.tell(fault)
        shell.goes_on(60)
        shell.ask_flat()
        assert shell.broker.wait("at_rest", PATIENCE_S)
        truth = shell.broker.truth()
        assert truth.net == {}
        assert shell.befallen()
        shell.no_order_twice(short=fault == "external -75")
        shell.signal(15)
        assert shell.ended() == 0, shell.said()[-2000:]
