"""A stop that rests at the broker outlives the engine that sent it: the next one finds it again."""

from pathlib import Path

import pytest

from tests.support.processes.live_shell import HOLDING, LOT, SYMBOL, LiveShell, live_shell
from tests.support.waiting import until

pytestmark = pytest.mark.slow
RULES = (*HOLDING, "risk.base_sl_points=20", "live.net_points=21")


def stops(shell: LiveShell) -> list[str]:
    """What the stops are at by the broker's own word."""
    return [order.state for order in shell.broker.truth().orders if order.tag.endswith("N")]


def test_a_stop_outlives_its_engine_and_is_found_again(tmp_path: Path) -> None:
    with live_shell(tmp_path, *RULES) as shell:
        shell.trading()
        until(lambda: stops(shell) == ["trigger pending"], lambda: (shell.said()[-2000:], shell.broker.truth()))
        tag = next(order.tag for order in shell.broker.truth().orders if order.tag.endswith("N"))
        until(lambda: len(shell.journal("Accepted")) >= 2)
        shell.kill()
        assert (stops(shell), shell.broker.truth().net) == (["trigger pending"], {SYMBOL: LOT})
        shell.live()
        shell.known()
        seen = shell.sees(lambda seen: any((each.tag, each.state) == (tag, "WORKING") for each in seen.orders))
        assert [(each.purpose, each.unwanted) for each in seen.orders if each.tag == tag] == [("NET", False)]
        assert stops(shell) == ["trigger pending"]
        shell.no_order_twice()
