"""What a finished order leaves behind in memory: the desk, what is shown of it, and the lanes with the broker's lists."""

import gc
import sys
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from tests.simulation.stage import Stage
from tests.simulator.exchange.exchange import SimulatedExchange

ROUND_TRIPS = 20
# Some 2.3 KB as it is: the order, what the lists say of it and of its fill, a row of the screen, digests of the rows that were read.
MOST_BYTES = 3_000
_NOT_KEPT = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, SimulatedExchange)


def weight(*roots: object) -> int:
    """Bytes of all that can be reached from `roots`, each object once."""
    seen: dict[int, Any] = {}
    left: list[Any] = [*roots]
    while left:
        each = left.pop()
        if id(each) not in seen and not isinstance(each, _NOT_KEPT):
            seen[id(each)] = each
            left += gc.get_referents(each)
    return sum(map(sys.getsizeof, seen.values()))


def of(stage: Stage) -> int:
    """What is kept of orders on our side."""
    stage.trader.orders.view(stage.clock_ms)
    lanes = [line.lane for line in stage.wire._lines.values()]
    return weight(stage.desk, stage.trader.orders, stage.wire._dialect, *lanes)


def test_an_order_that_is_over_weighs_a_few_kilobytes() -> None:
    stage, weights = Stage(), []
    for _ in range(3):
        for _ in range(ROUND_TRIPS):
            stage.buy(1).sell(1).go(3_500)
        stage.go(10_000)  # the newest lists are read
        weights.append(of(stage))
    assert stage.states().count("FILLED") == 3 * 2 * ROUND_TRIPS
    assert (weights[2] - weights[1]) / (2 * ROUND_TRIPS) < MOST_BYTES, weights
