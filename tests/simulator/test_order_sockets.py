"""The socket of order updates over the wire: greeting, updates, beats, pings, and every way it may fail."""

import json
import time
from contextlib import ExitStack

import pytest
import websocket

from tests.simulator import Generated, Orders, Quiet, Simulator
from tests.simulator.exchange import NO_DELAYS
from tests.simulator.exchange.updates import UpdateStream
from tests.support.venues.order_client import codes, listening, order_client
from tests.support.venues.simulator_client import WAIT_S, until_over


def broker(script=""):
    return Simulator(Quiet(Generated().lines), script=script, orders=Orders(deep=True, delays=NO_DELAYS))


def test_it_tells_what_becomes_of_an_order():
    with broker() as sim, listening(sim) as ws, order_client(sim) as client:
        client.place()
        told = [json.loads(ws.recv()) for _ in range(3)]
        assert [each["order-status"] for each in told] == ["AB09", "AB01", "AB05"]
        assert told[2]["orderData"]["filledshares"] == str(client.security.lot)
        assert sim.counters.update_messages == 4


def test_who_has_no_good_token_or_comes_fourth_is_refused():
    with broker() as sim, ExitStack() as stack:
        first, *_ = [stack.enter_context(listening(sim)) for _ in range(3)]
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            stack.enter_context(listening(sim))
        assert caught.value.status_code == 429
        first.close()
        assert sim.wait_for(lambda counters: counters.update_sockets == 2, WAIT_S)
        for token, status in (("Bearer other", 401), ("", 401)):
            with pytest.raises(websocket.WebSocketBadStatusException) as caught:
                stack.enter_context(listening(sim, Authorization=token))
            assert caught.value.status_code == status
        sim.fault("session")
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            stack.enter_context(listening(sim))
        assert caught.value.status_code == 403
        assert sim.counters.refusals == {"updates 429": 1, "updates 401": 2, "updates 403": 1}
        assert sim.counters.open == 0


def test_pings_of_both_kinds_are_answered():
    with broker() as sim, listening(sim) as ws:
        ws.send("ping")
        assert ws.recv_data() == (1, b"pong")
        ws.ping(b"here")
        assert ws.recv_data(control_frame=True) == (10, b"here")
        ws.send("something else")
        assert sim.counters.update_pings == 2
        assert sim.counters.pings == 0


def test_a_nul_is_a_binary_frame(monkeypatch):
    monkeypatch.setattr("tests.simulator.exchange.updates._BEAT_MS", 20)
    with broker() as sim, listening(sim) as ws:
        assert [ws.recv_data() for _ in range(3)] == [(2, b"\x00")] * 3
        assert isinstance(sim.look(lambda exchange: exchange.open_updates(time.time_ns())), UpdateStream)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("updates lost", ["AB01", "AB05"]),
        ("updates dup", ["AB09", "AB09", "AB01", "AB05"]),
        ("updates reorder", ["AB01", "AB09", "AB05"]),
        ("updates late 30", ["AB09", "AB01", "AB05"]),
    ],
)
def test_updates_are_lost_doubled_swapped_and_late(fault, told):
    with broker() as sim, listening(sim) as ws, order_client(sim) as client:
        sim.fault(fault)
        client.place()
        assert codes(ws, len(told)) == told
        assert sim.counters.orders.update_faults


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("updates close", "1000 "),
        ("updates close 1011", "1011 "),
        ("updates close 1006", "WebSocketConnectionClosedException"),
        ("updates reset", "ConnectionResetError"),
        ("updates down 60000", "WebSocketConnectionClosedException"),
    ],
)
def test_the_socket_ends(fault, how):
    with broker() as sim, listening(sim) as ws:
        sim.fault(fault)
        assert until_over(ws) == ([], how)
        ws.shutdown()
        assert sim.wait_for(lambda counters: counters.update_sockets == 0, WAIT_S)
        assert sum(sim.counters.update_closes.values()) == 1
        if "down" in fault:
            with pytest.raises(websocket.WebSocketBadStatusException) as caught, listening(sim):
                raise AssertionError("it was let in")
            assert caught.value.status_code == 503
            sim.fault("orders recover")
        with listening(sim):
            assert sim.counters.update_sockets == 1


def test_a_half_open_socket_says_nothing_and_the_next_one_does():
    with broker() as sim, listening(sim) as ws, order_client(sim) as client:
        sim.fault("updates half_open")
        with listening(sim) as second:
            client.place()
            assert codes(second, 3) == ["AB09", "AB01", "AB05"]
        ws.sock.settimeout(0.0)
        with pytest.raises((BlockingIOError, websocket.WebSocketException)):
            ws.recv()


def test_the_feed_s_faults_are_not_those_of_updates():
    with broker() as sim, listening(sim) as ws:
        sim.fault("reset")
        sim.fault("text")
        ws.send("ping")
        assert ws.recv_data() == (1, b"pong")
