"""The simulated SmartAPI keeps the rules that clients rely on; an independent client says so."""

import json
from contextlib import ExitStack

import pytest
import websocket

from tests.simulator import Generated, Quiet, Simulator
from tests.support.venues.simulator_client import WAIT_S, connected, packets, request, until_over


def without(headers: list[str], name: str) -> list[str]:
    return [each for each in headers if not each.startswith(name)]


# ── Handshake ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", [None, "wrong"])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("Authorization", "Auth token"),
        ("x-client-code", "Client Code"),
        ("x-api-key", "API Key"),
        ("x-feed-token", "Feed Token"),
    ],
)
def test_a_missing_or_bad_header_is_answered_by_401_and_its_name(name, what, value):
    with Simulator(Quiet()) as sim:
        headers = without(sim.headers, name) + ([f"{name}: {value}"] if value else [])
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            websocket.create_connection(sim.ws_url, header=headers, timeout=WAIT_S)
        assert caught.value.status_code == 401
        assert caught.value.resp_headers["x-error-message"] == f"Invalid Header - Invalid {what}"
        assert sim.counters.refusals == {"401": 1}


def test_the_token_may_come_with_the_word_bearer():
    with Simulator(Quiet()) as sim:
        headers = [each.replace("Authorization: ", "Authorization: Bearer ") for each in sim.headers]
        with connected(sim, headers=headers):
            assert sim.counters.open == 1


def test_a_browser_gives_its_credentials_in_the_address():
    with Simulator(Quiet()) as sim:
        query = f"?clientCode={sim.account.client_code}&feedToken={sim.tokens.feed}&apiKey={sim.account.api_key}"
        ws = websocket.create_connection(sim.ws_url + query, timeout=WAIT_S)
        assert ws.recv() == "pong"
        ws.shutdown()


def test_the_fourth_connection_is_too_many_until_one_goes():
    with Simulator(Quiet()) as sim, ExitStack() as stack:
        first, *_ = [stack.enter_context(connected(sim)) for _ in range(3)]
        with pytest.raises(websocket.WebSocketBadStatusException) as caught, connected(sim):
            raise AssertionError("it was let in")
        assert caught.value.status_code == 429
        first.close()
        assert sim.wait_for(lambda counters: counters.open == 2, WAIT_S)
        with connected(sim):
            assert sim.counters.connects == 5
            assert len(sim.connect_times_ns) == 5


def test_expired_tokens_are_refused_at_the_next_handshake_but_the_stream_goes_on():
    with Simulator(Quiet()) as sim, connected(sim) as ws:
        sim.fault("expire")
        with pytest.raises(websocket.WebSocketBadStatusException), connected(sim):
            raise AssertionError("it was let in")
        ws.send("ping")
        assert ws.recv() == "pong"


# ── Heartbeat ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pings_of_both_kinds_are_answered():
    with Simulator(Quiet()) as sim, connected(sim) as ws:
        ws.send("ping")
        assert ws.recv_data() == (1, b"pong")
        ws.ping("payload")
        assert ws.recv_data(control_frame=True) == (10, b"payload")
        assert sim.counters.pings == 2


def test_a_silent_client_is_closed_as_idle():
    with Simulator(Quiet(), scale=0.002) as sim, connected(sim) as ws:
        assert until_over(ws) == ([], "1001 Connection Idle Timeout")


# ── Subscriptions ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_packet_of_a_token_is_its_snapshot_and_repeating_brings_no_other():
    with Simulator(Generated(instruments=2, seed=5), hold=None) as sim, connected(sim, "40001", "40001") as ws:
        ws.send(request(["40001"]))
        ws.send(request(["40002"]))
        first, second = packets(ws, 2)
        assert (first.token, second.token) == ("40001", "40002")
        assert first.price == sim.lines[0].price
        assert sim.counters.subscriptions == 2
        ws.send(request(["40001", "777"], action=0))
        ws.send(request(["40001", "777"], action=0))
        assert sim.wait_for(lambda counters: counters.unsubscribes == 2, WAIT_S)
        assert sim.counters.subscriptions == 1


def test_each_mode_of_a_token_counts_and_has_its_own_size():
    with Simulator(Generated(seed=5), hold=None) as sim, connected(sim) as ws:
        for mode in (1, 2, 3):
            ws.send(request(["40001"], mode=mode))
        ltp, quote, snap = packets(ws, 3)
        assert (ltp.mode, quote.mode, snap.mode) == (1, 2, 3)
        assert ltp.sequence == quote.sequence == snap.sequence
        flags, prices = snap.levels[::4], snap.levels[2::4]
        assert flags == (1,) * 5 + (0,) * 5
        assert max(prices[:5]) < snap.price < min(prices[5:])
        assert snap.limits[0] > snap.price > snap.limits[1]
        assert sim.counters.subscriptions == 3


def test_the_1001st_subscription_adds_nothing():
    with Simulator(Quiet()) as sim, connected(sim) as ws:
        ws.send(request([str(n) for n in range(999)]))
        ws.send(request(["2000", "2001"]))
        answer = json.loads(ws.recv())
        assert answer["errorCode"] == "E1002"
        assert answer["correlationID"] == "abcde12345"
        ws.send(request(["2000"]))
        assert sim.wait_subscribed(1000, WAIT_S)
        assert sim.counters.errors == {"E1002": 1}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "[" * 100_000,
        request(["1"], action=2),
        request(["1"], mode=5),
        request(["1"], mode=4),
        request(["1"], exchange_type=99),
        request([1]),
        request([""]),
        request(["1"]).replace('["1"]', '"1"'),
        request(["1"]).replace('"action": 1', '"action": true'),
        request(["1"]).replace('"mode": 2', '"mode": [2]'),
    ],
)
def test_a_malformed_request_is_e1001(text):
    with Simulator(Quiet()) as sim, connected(sim) as ws:
        ws.send(text)
        assert json.loads(ws.recv())["errorCode"] == "E1001"
        assert sim.counters.subscriptions == 0


def test_subscriptions_end_with_the_link():
    with Simulator(Generated(rate=2000), hold=None) as sim:
        with connected(sim, "40001"):
            assert sim.wait_subscribed(1, WAIT_S)
        assert sim.wait_for(lambda counters: counters.open == 0, WAIT_S)
        assert sim.counters.subscriptions == 0
