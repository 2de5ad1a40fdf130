"""What `status` says of orders at a real broker, from a snapshot to lines and JSON."""

from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace

from engine.cli.status import _SCHEMA, _lines
from engine.model.order_requests import Purpose
from engine.model.order_states import OrderState
from engine.model.order_views import BudgetView, WaitView
from engine.serving.live_status import lines_of, live_status
from engine.serving.state_dirs import EngineDir
from engine.serving.status import status_of
from engine.serving.status_record import LiveStatus, OrderStatus
from tests.support.link_harness import FakeEngine, serving
from tests.support.screens.live_snapshots import LANES, STANDING, UNKNOWN, busy, in_trouble, live
from tests.support.screens.snapshots import SNAPSHOT, paper


def told(seen) -> LiveStatus:
    found = live_status(seen)
    assert found is not None
    return found


def test_elsewhere_there_is_nothing_of_it() -> None:
    assert live_status(SNAPSHOT) is None
    assert live_status(paper()) is None


def test_each_order_is_in_figures() -> None:
    found = told(busy())
    assert (found.account, found.working, found.unknown, found.left_out) == ("****3456", 3, 1, 0)
    working = found.orders[1]
    assert (working.side, working.quantity, working.filled, working.state, working.purpose) == (
        "BUY", Decimal(150), Decimal(75), "WORKING", "ENTRY",
    )  # fmt: skip
    assert (working.decided_price, working.limit_price, working.average_price) == (
        Decimal("155.40"), Decimal("156.20"), Decimal("156.10"),
    )  # fmt: skip
    assert (found.orders[0].rounds, found.orders[0].average_price, found.orders[0].is_open) == (1, None, True)
    assert found.orders[3].said == "RMS: margin exceeds, available 8,200.00"


def test_whether_it_is_ready_and_what_locks_comes_first() -> None:
    ready, *lines = lines_of(replace(told(busy()), round_age_s=1.5))
    assert ready.startswith("ready      NOT READY: ")
    assert lines == [
        "orders     148 of 300 today, 3 not over, 1 UNKNOWN; 1/7 s 12/400 m 40/800 h reserve 22",
        f"order      {UNKNOWN.tag} UNKNOWN (looked for 1 time): BUY 0/150 NIFTY25NOV25900CE @ 156.2, signal",
        "order      L7CA00010198E WORKING: BUY 75/150 NIFTY25NOV25900CE @ 156.2, signal",
        "order      L7CA00010197X WORKING: SELL 0/150 NIFTY25NOV25900CE @ 153.0, Stop Loss",
        "broker     round 1.5 s ago, 84 ms, updates UP",
        "loss left  7,766.00",
    ]
    locked = lines_of(told(in_trouble()))
    assert locked[1] == "LOCKS      MISMATCH NIFTY25NOV25900CE: we hold 150, the broker 75"


def test_an_exit_that_waits_is_said() -> None:
    waits = (WaitView(0, "SELL", 75, "Stop Loss", "order L7CA00010199X is unknown"),)
    lines = lines_of(told(live(live=replace(STANDING, waits=waits))))
    assert lines[1] == "WAITS      to SELL 75 NIFTY25NOV25900CE, Stop Loss: order L7CA00010199X is unknown"


def test_what_is_not_known_is_not_claimed() -> None:
    found = told(live(lanes=None, live=replace(STANDING, round_ms=0), account=SNAPSHOT.account))
    assert (found.round_age_s, found.round_trip_ms, found.updates, found.loss_left) == (None, None, "", None)
    assert lines_of(found)[-1] == "broker     no round so far"
    silent = told(live(lanes=replace(LANES, good_ns=0, updates_state="WAITING")))
    assert (silent.round_trip_ms, silent.updates) == (None, "WAITING")


def test_it_comes_through_the_socket_to_the_command(tmp_path: Path) -> None:
    with serving(tmp_path, fake=FakeEngine(busy())) as there:
        place = EngineDir(tmp_path, "live", 1)
        assert place.socket.exists(), there
        found: list[object] = []
        asking = Thread(target=lambda: found.append(status_of(place, found.append)))
        asking.start()
        asking.join(20)
    (status,) = found
    lines = list(_lines(status))
    assert lines[0].startswith("LIVE ****3456 engine ")
    assert f"  entries    wait: order {UNKNOWN.tag} is unknown" in lines
    written = msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(status))
    assert written["live"]["orders"][0]["tag"] == UNKNOWN.tag
    assert written["live"]["budget"] == msgspec.to_builtins(STANDING.budget)


@pytest.mark.parametrize("kind", [OrderStatus, LiveStatus, BudgetView])
def test_the_help_names_every_key(kind: type[msgspec.Struct]) -> None:
    assert [name for name in kind.__struct_fields__ if name not in _SCHEMA] == []


def test_the_help_names_every_word() -> None:
    assert [word for each in (OrderState, Purpose) for word in get_args(each) if word not in _SCHEMA] == []
