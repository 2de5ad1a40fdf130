"""The simulated broker takes orders over sockets: one login with the feed, the feed's prices, and endings as sockets have them."""

import http.client
import json

import pytest

from engine.model.errors import InputError
from tests.simulator import Generated, Orders, Quiet, Simulator, totp
from tests.simulator.account import CLIENT_CODE, PIN, TOTP_SECRET
from tests.simulator.exchange import NO_DELAYS, Carried
from tests.simulator.rest import LOGIN
from tests.support.venues.order_client import ORDERS, SECURE, OrderClient, order_client
from tests.support.venues.simulator_client import WAIT_S, connected, packets

BROKEN = (http.client.HTTPException, ConnectionError)


def broker(script="", **options):
    """A broker that does all at once, whose prices stand still."""
    orders = Orders(deep=True, delays=NO_DELAYS, **options)
    return Simulator(Quiet(Generated(instruments=2).lines), script=script, orders=orders)


def held(sim):
    return sim.look(lambda exchange: dict(exchange.net))[sim.lines[0].symbol]


def test_an_order_is_placed_seen_changed_and_withdrawn_over_one_connection():
    with broker() as sim, order_client(sim) as client:
        price = client.security.start - client.security.tick
        data = client.place(price=price)["data"]
        change = client.order(price=price - 5) | {"orderid": data["orderid"]}
        assert client.call(f"{ORDERS}/modifyOrder", change)["status"] is True
        assert client.call(f"{ORDERS}/details/{data['uniqueorderid']}")["data"]["price"] == (price - 5) / 100
        assert client.call(f"{ORDERS}/cancelOrder", {"variety": "NORMAL", "orderid": data["orderid"]})["status"] is True
        (row,) = client.call(f"{ORDERS}/getOrderBook")["data"]
        assert (row["orderstatus"], row["ordertag"]) == ("cancelled", "T1")
        counters = sim.counters
        assert counters.connects == 1
        assert counters.requests == {
            "placeOrder": 1,
            "modifyOrder": 1,
            "details": 1,
            "cancelOrder": 1,
            "getOrderBook": 1,
        }
        assert counters.orders is not None
        assert (counters.orders.orders, [call for _, call, _ in counters.orders.writes]) == (
            {"T1": 1},
            ["place", "modify", "cancel"],
        )


def test_a_fill_is_at_the_price_of_the_feed():
    with broker() as sim, order_client(sim) as client, connected(sim, sim.lines[0].token) as ws:
        (packet,) = packets(ws, 1)
        client.place()
        client.place("SELL", client.security.lower, ordertag="T2")
        assert sim.wait_until(lambda exchange: len(exchange.fills) == 2, WAIT_S)
        assert {fill.price for fill in sim.look(lambda exchange: tuple(exchange.fills))} == {packet.price}


def test_prices_move_with_the_traffic():
    traffic = Generated(instruments=2, rate=5_000, count=200)
    with Simulator(traffic, hold=0, orders=Orders(delays=NO_DELAYS)) as sim:
        assert sim.wait_finished(WAIT_S)
        for line in sim.lines:
            best = sim.look(lambda exchange, line=line: exchange.depth(line.symbol).best)
            assert best == (line.price - line.tick, line.price + line.tick)
        with order_client(sim) as client:
            body = {"mode": "FULL", "exchangeTokens": {"NFO": [client.security.token]}}
            (quote,) = client.call(f"{SECURE}/market/v1/quote", body)["data"]["fetched"]
            assert quote["ltp"] * 100 == pytest.approx(sim.lines[0].price)


def test_one_login_serves_the_feed_and_orders():
    with broker() as sim, order_client(sim) as client:
        body = {"clientcode": CLIENT_CODE, "password": PIN, "totp": totp(TOTP_SECRET, sim.account._clock())}
        jwt = client.call(LOGIN, body)["data"]["jwtToken"]
        assert client.call(f"{SECURE}/user/v1/getProfile", Authorization=f"Bearer {jwt}")["status"] is True
        sim.fault("session")
        assert client.call(f"{ORDERS}/getPosition")["errorCode"] == "AG8002"
        sim.account.issue()
        assert client.call(f"{ORDERS}/getTradeBook")["errorCode"] == "AG8002"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{SECURE}/user/v1/getRMS", None),
        (f"{SECURE}/user/v1/getProfile", None),
        (f"{ORDERS}/getPosition", None),
        (
            f"{SECURE}/margin/v1/batch",
            {
                "positions": [
                    {
                        "exchange": "NFO",
                        "qty": 75,
                        "price": 100,
                        "productType": "INTRADAY",
                        "token": "40001",
                        "tradeType": "BUY",
                    }
                ]
            },
        ),
        (
            f"{SECURE}/brokerage/v1/estimateCharges",
            {"orders": [{"transaction_type": "BUY", "quantity": 75, "price": 100, "exchange": "NFO"}]},
        ),
    ],
)
def test_those_who_only_look_are_answered(path, body):
    with broker() as sim, order_client(sim) as client:
        answer = client.call(path, body)
        assert (answer["status"], answer["message"]) == (True, "SUCCESS")


def test_cash_and_what_was_carried_over_are_set():
    carried = (Carried("NIFTY25NOV2525000CE", 75, 10_000),)
    with broker(cash=1_234_500, carried=carried) as sim, order_client(sim) as client:
        assert client.call(f"{SECURE}/user/v1/getRMS")["data"]["net"] == "12345.00"
        assert client.call(f"{ORDERS}/getPosition")["data"][0]["netqty"] == "75"
        assert held(sim) == 75


# ── How a call ends ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_taken_and_never_answered_leaves_the_connection_open():
    with broker() as sim, order_client(sim) as client, order_client(sim) as other:
        sim.fault("place after")
        client.send(f"{ORDERS}/placeOrder", client.order())
        assert sim.wait_until(lambda exchange: bool(exchange.fills), WAIT_S)
        client.connection.sock.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            client.connection.sock.recv(1)
        assert other.call(f"{ORDERS}/getTradeBook")["data"][0]["fillsize"] == "75"


def test_what_is_lost_is_neither_done_nor_answered():
    with broker() as sim, order_client(sim) as client:
        sim.fault("lost")
        client.send(f"{ORDERS}/placeOrder", client.order())
        assert sim.wait_for(lambda counters: counters.orders.faults == {"place lost": 1}, WAIT_S)
        assert sim.look(lambda exchange: len(exchange.orders)) == 0


@pytest.mark.parametrize(
    ("fault", "taken"), [("place reset", 0), ("place reset taken", 1), ("unreachable", 0), ("cut", 1)]
)
def test_a_connection_that_ends_in_the_middle(fault, taken):
    with broker() as sim, order_client(sim) as client:
        sim.fault(fault)
        client.send(f"{ORDERS}/placeOrder", client.order())
        with pytest.raises(BROKEN):
            client.received()
        assert sim.look(lambda exchange: len(exchange.orders)) == taken


def test_an_answer_that_is_cut_says_how_long_it_would_have_been():
    with broker() as sim, order_client(sim) as client:
        sim.fault("order_book cut")
        client.send(f"{ORDERS}/getOrderBook")
        with pytest.raises(http.client.IncompleteRead) as caught:
            client.received()
        assert 0 <= caught.value.expected - len(caught.value.partial) <= 1


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("place html", {200, 403}, "Request Rejected"),
        ("place null", {200}, '"data":null'),
        ("5xx", {500, 502, 503, 504}, "upstream error"),
        ("place empty", {200, 400}, ""),
        ("place rate", {403}, "exceeding access rate"),
        ("place 429", {429}, "Too Many"),
        ("status_false AB4036", {200}, "AB4036"),
        ("reject funds at_once", {200}, "Insufficient Funds"),
        ("ip", {200}, "AG7002"),
        ("blocked", {200}, "AB1006"),
    ],
)
def test_an_answer_of_another_kind(fault, status, text):
    with broker() as sim, order_client(sim) as client:
        sim.fault(fault)
        client.send(f"{ORDERS}/placeOrder", client.order())
        told = client.received()
        assert told[0] in status
        assert text in told[1]
        assert sim.look(lambda exchange: len(exchange.orders)) == 0


def test_a_late_order_arrives_though_its_connection_is_gone():
    with broker() as sim, order_client(sim) as client:
        sim.fault("late 50 reset")
        client.send(f"{ORDERS}/placeOrder", client.order())
        with pytest.raises(BROKEN):
            client.received()
        assert sim.wait_until(lambda exchange: bool(exchange.fills), WAIT_S)


def test_idle_connections_end_and_one_that_waits_does_not():
    with broker("at place 1: slow 300") as sim, order_client(sim) as client, order_client(sim) as idle:
        idle.call(f"{ORDERS}/getOrderBook")
        client.send(f"{ORDERS}/placeOrder", client.order())
        assert sim.wait_until(lambda exchange: bool(exchange.orders), WAIT_S)
        sim.fault("hang_up")
        assert idle.connection.sock.recv(1) == b""
        assert client.received()[0] == 200
        assert sim.counters.faults == {"hang_up": 1}


def test_requests_sent_at_once_are_answered_one_after_the_other():
    with broker("at order_book 1: slow 100") as sim, order_client(sim) as client:
        client.connection.connect()
        lines = "".join(f"{name}: {value}\r\n" for name, value in client.headers.items())
        asked = "".join(f"GET {path} HTTP/1.1\r\n{lines}\r\n" for path in (f"{ORDERS}/getOrderBook", "/nowhere"))
        client.connection.sock.sendall(asked.encode())
        answers = b""
        while b"no such call" not in answers:
            answers += client.connection.sock.recv(4096)
        assert answers.index(b"SUCCESS") < answers.index(b"404")


def test_a_client_may_want_its_connection_ended():
    with broker() as sim, order_client(sim) as client:
        client.send(f"{ORDERS}/getOrderBook", Connection="close")
        assert json.loads(client.received()[1])["status"] is True
        assert client.connection.sock.recv(1) == b""


# ── What the script says ───────────────────────────────────────────────────────────────────────────────────────────


def test_rules_go_by_calls_by_ticks_and_by_time_also_when_they_are_said_later():
    script = "at place 2: reject price at_once\nat tick 3: external 75 NIFTY25NOV2525000CE\n"
    traffic = Generated(instruments=1, rate=5_000, count=5)
    with Simulator(traffic, hold=None, script=script, orders=Orders(deep=True, delays=NO_DELAYS)) as sim:
        with order_client(sim) as client:
            assert [client.place(ordertag=f"T{n}")["status"] for n in range(3)] == [True, False, True]
        sim.rule("at tick 5: external 75 NIFTY25NOV2525000CE")
        sim.rule("at 0s: external 75")
        sim.rule("at cancel 1: after")
        sim.go()
        assert sim.wait_until(lambda exchange: exchange.counters.external == 3, WAIT_S)
        assert sim.wait_until(lambda exchange: exchange.net["NIFTY25NOV2525000CE"] == 5 * 75, WAIT_S)


@pytest.mark.parametrize("line", ["at 1s: external 75 GOLD", "at place 1: external 75 GOLD"])
def test_what_is_not_listed_is_told_at_once(line):
    with pytest.raises(InputError, match="'GOLD' is not listed"):
        broker(line)
    with broker() as sim, pytest.raises(InputError, match="'GOLD' is not listed"):
        sim.rule(line)
    with broker() as sim, pytest.raises(InputError, match="'GOLD' is not listed"):
        sim.fault("external 75 GOLD")


def test_a_broker_without_orders_knows_none_of_their_calls():
    with Simulator(Generated()) as sim:
        connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=WAIT_S)
        connection.request("GET", f"{ORDERS}/getOrderBook")
        assert connection.getresponse().status == 404
        assert sim.counters.requests == {"getOrderBook": 1}
        assert sim.counters.orders is None
        connection.close()
        for line in ("place after", "updates reset"):
            with pytest.raises(InputError, match="no orders are taken here"):
                sim.fault(line)
        with pytest.raises(InputError, match="no orders are taken here"):
            OrderClient(sim)
