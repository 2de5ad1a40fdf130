"""What the simulated exchange is told while it runs, a line each, and the line of JSON that answers. Reads no input itself."""

import json
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from engine.model.errors import UserError
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.simulator import Simulator


class OrderTold(Struct, frozen=True):
    """An order as the exchange has it; `price` in paise."""

    tag: str
    symbol: str
    side: str
    quantity: int
    filled: int
    price: int
    state: str


class Truth(Struct, frozen=True):
    """What is true at the exchange, whatever its lists say: units by symbol (below 0 a short), all orders of the day, fills."""

    net: dict[str, int]
    orders: tuple[OrderTold, ...]
    fills: int
    at_rest: bool


def truth_of(exchange: SimulatedExchange) -> Truth:
    """What is true by now."""
    orders = tuple(
        OrderTold(each.tag, each.security.symbol, each.side, each.quantity, each.filled, each.price, each.state)
        for each in exchange.orders
    )
    net = {symbol: units for symbol, units in exchange.net.items() if units}
    return Truth(net, orders, len(exchange.fills), exchange.at_rest)


def carry_out(simulator: Simulator, order: str) -> str:
    """Do what one line says: a line of JSON, {"error":…} for what is none."""
    words = order.split()
    try:
        if order == "counters":
            return simulator.counters.to_json()
        if order == "truth":
            return msgspec.json.encode(simulator.look(truth_of)).decode()
        if words[:1] == ["wait"]:
            return json.dumps({"ok": _wait(simulator, words[1:])})
        if words[:1] == ["go"] and len(words) < 3:
            simulator.go(int(words[1]) if len(words) == 2 else 0)
        else:
            (simulator.rule if ":" in order else simulator.fault)(order)
    except (UserError, ValueError) as error:
        return json.dumps({"error": str(error)})
    return json.dumps({"ok": True})


def _wait(simulator: Simulator, words: Sequence[str]) -> bool:
    """Wait for what the words say, at most as many seconds as the last of them; raises ValueError where it is nothing to wait for."""
    if len(words) < 2 or words[0] not in _WAITS or len(words) != _WAITS[words[0]][0] + 2:
        raise ValueError(f"wait: allowed: {', '.join(_WAITS)}, each with what it waits for and seconds behind it")
    return _WAITS[words[0]][1](simulator, words[1:-1], float(words[-1]))


def _held(simulator: Simulator, words: Sequence[str], seconds: float) -> bool:
    symbol, units = words[0], int(words[1])
    return simulator.wait_until(lambda exchange: exchange.net.get(symbol, 0) == units, seconds)


def _placed(simulator: Simulator, words: Sequence[str], seconds: float) -> bool:
    number = int(words[0])
    return simulator.wait_until(lambda exchange: sum(exchange.counters.placed.values()) >= number, seconds)


def _working(simulator: Simulator, words: Sequence[str], seconds: float) -> bool:
    number = int(words[0])
    return simulator.wait_until(lambda exchange: len(exchange.working) == number, seconds)


# By its first word: how many more words stand before the seconds, and what is waited for.
_WAITS: dict[str, tuple[int, Callable[[Simulator, Sequence[str], float], bool]]] = {
    "finished": (0, lambda simulator, _, seconds: simulator.wait_finished(seconds)),
    "subscribed": (1, lambda simulator, words, seconds: simulator.wait_subscribed(int(words[0]), seconds)),
    "listening": (
        1,
        lambda simulator, words, seconds: simulator.wait_for(
            lambda counters: counters.update_sockets >= int(words[0]), seconds
        ),
    ),
    "held": (2, _held),
    "placed": (1, _placed),
    "working": (1, _working),
    "at_rest": (0, lambda simulator, _, seconds: simulator.wait_until(lambda exchange: exchange.at_rest, seconds)),
}
