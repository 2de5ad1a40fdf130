"""What the broker says before orders may go there: asked of the simulated one, whole and misbehaving, and one request to an order address in all."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.serving import preflight
from engine.venues.angelone.preflight import SmartApiProbe, expiry_of, open_probe
from tests.simulator import Orders, Quiet, Simulator
from tests.simulator.exchange.positions import Carried
from tests.simulator.exchange.settings import NO_DELAYS
from tests.simulator.listing import symbols_ahead
from tests.simulator.market import Line
from tests.support.live_config import live_config
from tests.support.venues.live_harness import ENVIRON

TODAY = datetime.now(UTC).date()
CALL, OTHER = symbols_ahead(2, TODAY)
LINES = (Line(0, "40001", CALL, lot=75, price=10_000), Line(1, "40002", OTHER, lot=75, price=12_000))
PLAIN = Orders(cash=5_000_000, deep=True, delays=NO_DELAYS)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache for the list, which is long: it is fetched once for each address."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


def simulator(orders: Orders = PLAIN, script: str = "") -> Simulator:
    return Simulator(Quiet(LINES), orders=orders, script=script, whole_list=True)


def probe(sim: Simulator, cache: Path, **changed: str) -> SmartApiProbe:
    addresses = {"rest_url": sim.http_url, "orders_url": sim.orders_url, "master_url": sim.master_url}
    said = {f"smartapi__{key}": value for key, value in addresses.items()}
    said |= {"live__symbols": f"[{CALL}]", "feed__symbols": f"[{CALL}, {OTHER}]"}
    found = open_probe(live_config(**said | changed), {**ENVIRON, "XDG_CACHE_HOME": str(cache)})
    assert isinstance(found, SmartApiProbe)
    return found


def test_all_that_is_asked_of_a_broker_that_is_well(cache: Path) -> None:
    with simulator() as sim, closing(probe(sim, cache)) as asked:
        [listed] = asked.instruments([CALL])
        assert listed.instrument is not None
        assert (listed.problem, listed.fresh, listed.symbol) == ("", True, CALL)
        assert (listed.instrument.lot_size, listed.instrument.exchange) == (75, "NFO")
        assert listed.expiry is not None
        assert listed.expiry > TODAY
        session = asked.session()
        assert (session.ours, session.problem) == (True, "")
        assert {"NSE", "NFO"} <= set(session.exchanges)
        assert session.expires_s > datetime.now(UTC).timestamp() + 3600
        assert abs(asked.clock().ahead_s or 9) < 2
        funds = asked.funds()
        assert (funds.net, funds.symbol, funds.problem) == (Decimal(50_000), CALL, "")
        assert funds.margin is not None
        assert funds.margin > 0
        assert asked.order_socket().greeted
        assert preflight.truth(asked.rounds()).ok
        orders = sim.counters.orders
        assert orders is not None
        assert not orders.writes
        assert preflight.address(asked.address()).ok
        after = sim.counters.orders
        assert after is not None
        assert [call for _, call, _ in after.writes] == ["cancel"]
        assert not after.orders


def test_a_list_that_does_not_have_it_and_a_feed_that_does_not_follow_it(cache: Path) -> None:
    with simulator() as sim, closing(probe(sim, cache, feed__symbols=f"[{OTHER}]")) as asked:
        known, unknown, otherwise = asked.instruments([CALL, "NIFTY01JAN2025000CE", f"NFO:{CALL}"])
        assert otherwise.problem == f"is {CALL} of the list; live.symbols must spell it so"
        assert known.problem == "is not in feed.symbols, so nobody follows it"
        assert unknown.instrument is None
        assert unknown.problem


def test_what_others_hold_and_have_working_is_not_ours(cache: Path) -> None:
    carried = Orders(cash=5_000_000, deep=True, delays=NO_DELAYS, carried=(Carried(OTHER, 75, 100),))
    with simulator(carried) as sim, closing(probe(sim, cache)) as asked:
        asked.instruments([CALL])
        check = preflight.truth(asked.rounds())
        assert (check.ok, check.text) == (False, f"not ours: 75 {OTHER}")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("ip", "register this machine's address"),
        ("blocked", "not known whether orders are taken"),
        ("cancel lost", "not known whether orders are taken"),
        ("cancel html", "not known whether orders are taken"),
    ],
)
def test_an_address_that_is_not_registered_and_an_answer_that_says_nothing(cache: Path, fault: str, why: str) -> None:
    with simulator() as sim, closing(probe(sim, cache)) as asked:
        asked.session()
        sim.fault(fault)
        check = preflight.address(asked.address())
        assert not check.ok
        assert why in check.text


def test_lists_that_cannot_be_read_prove_nothing(cache: Path) -> None:
    with simulator() as sim, closing(probe(sim, cache)) as asked:
        asked.session()
        sim.fault("order_book null")
        sim.fault("trade_book html")
        assert not preflight.truth(asked.rounds()).ok


def test_a_socket_that_is_down_and_a_broker_that_is_not_there(cache: Path) -> None:
    with simulator() as sim, closing(probe(sim, cache, smartapi__orders_url="ws://127.0.0.1:9")) as asked:
        asked.session()
        assert not preflight.order_socket(asked.order_socket()).ok
    with closing(probe(sim, cache)) as asked:
        assert asked.session().problem
        assert asked.clock().problem
        assert asked.funds().problem
        assert asked.order_socket().problem
        assert asked.rounds().problem
        assert not preflight.address(asked.address()).ok


@pytest.mark.parametrize(
    ("claims", "expires_s"),
    [({"exp": 1_796_000_000}, 1_796_000_000), ({"exp": "x"}, 0), ({"exp": True}, 0), ({}, 0), ([], 0)],
)
def test_a_token_says_until_when_it_holds(claims: object, expires_s: int) -> None:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert expiry_of(f"head.{body}.mark") == expires_s


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "..", "a.£.c", "x" * 5000, "a." + "W1" * 20_000 + ".c"])
def test_no_token_makes_it_raise(token: str) -> None:
    assert expiry_of(token) == 0
