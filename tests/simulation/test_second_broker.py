"""Whole histories at a broker that speaks otherwise: desk, lanes and judges are the same, and so is what must never happen."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from engine.execution.actions import LaneName
from engine.execution.order_dialect import OrderDialect, Reply, WireRequest
from engine.venues.kite.orders import meanings
from engine.venues.kite.orders.dialect import KiteOrders
from tests.simulation import seeds, session
from tests.simulation.journal import VirtualJournal
from tests.simulation.wire import Wire
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.settings import Quirks
from tests.support.thorough import examples
from tests.support.venues.kite_at_exchange import KiteAtExchange

IN_A_BATCH = 10
FINDS = 19  # the seed that finds the mistake that is planted; where the program has changed, another one does
PATHS: set[tuple[str, str]] = set()


def kite_wire(
    exchange: SimulatedExchange,
    dialect: OrderDialect,
    journal: VirtualJournal,
    on_send: Callable[[LaneName, WireRequest], None],
    hand_ms: Callable[[], int],
) -> Wire:
    """A wire to that exchange in the other words; each request is judged in those that the judge knows."""
    face = KiteAtExchange(exchange)

    def sent(lane: LaneName, wire: WireRequest) -> None:
        PATHS.add((wire.method, wire.path.split("/")[1].partition("?")[0]))
        on_send(lane, face.asked(wire))

    return Wire(face, dialect, journal, sent, hand_ms)  # type: ignore[arg-type]


def quirks(**drawn: Any) -> Quirks:
    """An order keeps its number there, and a change names no quantity."""
    return Quirks(**{**drawn, "new_orderid": False, "modify_quantity": "total"})


@pytest.fixture(autouse=True)
def second_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "SmartApiOrders", KiteOrders)
    monkeypatch.setattr(session, "Wire", kite_wire)
    monkeypatch.setattr(seeds, "Quirks", quirks)


@pytest.mark.parametrize("first", range(1, examples(30), IN_A_BATCH))
def test_no_history_breaks_a_rule_there(first: int) -> None:
    mix = seeds.run(range(first, first + IN_A_BATCH))
    assert not mix.failed
    assert mix.reached["histories"] == IN_A_BATCH
    assert mix.reached["fills"] > IN_A_BATCH
    assert {
        ("POST", "orders"),
        ("PUT", "orders"),
        ("DELETE", "orders"),
        ("GET", "orders"),
        ("GET", "portfolio"),
    } <= PATHS


def test_a_broker_of_whom_all_but_a_yes_were_a_refusal_would_be_oversold(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = meanings.hear

    def hear(reply: Reply) -> meanings.Heard:
        heard = whole(reply)
        return heard if heard.yes or heard.message else replace(heard, message=heard.text)

    monkeypatch.setattr(meanings, "hear", hear)
    assert seeds.run([FINDS]).failed or any(seeds.run([seed]).failed for seed in range(1, 200))
