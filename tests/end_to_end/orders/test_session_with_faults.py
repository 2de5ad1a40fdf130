"""Each fault of a broker, its lists, its sockets and its prices in the midst of a session: all is closed, proven, and replayed as it was."""

from pathlib import Path

import pytest

from tests.support.processes.live_shell import SCALPING, live_shell
from tests.support.thorough import every
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

FAULTS = [
    # The next order, an entry or an exit
    *(f"place {each}" for each in ("after", "late 4000", "late 4000 reset", "lost", "reset", "reset taken", "cut")),
    *(f"place {each} taken" for each in ("html", "empty", "null", "5xx", "429", "rate", "status_false AB9999")),
    *(f"place {each}" for each in ("5xx", "rate", "status_false AB1010", "status_false AB4036", "untagged")),
    *(f"reject {each}" for each in ("price", "price at_once", "freeze", "lot", "funds", "product", "self_trade", "other")),
    *("partial 0", "partial 0 cancelled", "partial 0 rejected", "after untagged"),
    # The lists
    *("order_book short x3", "book stale 5000 x3", "book lag 3000", "orders book empty x3", "positions wrong 75 x3"),
    *("any 5xx for 3s", "any reset for 3s", "read html for 3s", "any slow 900 for 4s"),
    # The sockets
    *("updates lost 9", "updates dup 9", "updates reorder 3", "updates late 3000 for 5s", "updates down 5000"),
    *("updates close 1001", "updates half_open", "hang_up", "down 3", "reset", "silence 5"),
    # The broker
    *("ip for 3s", "blocked for 3s", "session", "external 75", "external -75", "square_off"),
]  # fmt: skip


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
