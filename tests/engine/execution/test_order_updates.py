"""The socket for order updates: what it says is told, what it may have missed is read, and it comes back whatever ends it."""

import json
from collections.abc import Callable

import pytest

from engine.execution import updates_thread
from engine.model.order_reports import OrderSeen, RoundRead, SessionChanged
from tests.support.broker_answers import ORDER
from tests.support.venues.edge_harness import EdgeHarness, threads_left
from tests.support.venues.order_server import OrderServer
from tests.support.venues.stream_server import BINARY, CLOSE, PING, PONG, TEXT, ScriptedServer, ServerConnection
from tests.support.waiting import PATIENCE_S, until

UNNUMBERED = 0


def message(code: str, **fields: object) -> bytes:
    order = {**ORDER, **fields}
    return json.dumps({"status-code": "200", "order-status": code, "error-message": "", "orderData": order}).encode()


def greets(conn: ServerConnection) -> None:
    conn.accept(0)
    conn.send(TEXT, json.dumps({"status-code": "200", "order-status": "AB00", "orderData": {"price": 0.0}}).encode())


def stays(conn: ServerConnection) -> None:
    greets(conn)
    conn.linger()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is turned away comes back at once."""
    monkeypatch.setattr("engine.venues.angelone.order_connections.FIRST_WAIT_S", 0.001)
    monkeypatch.setattr("engine.venues.angelone.order_connections.LONGEST_WAIT_S", 0.001)


def an_order(harness: EdgeHarness) -> OrderSeen:
    return harness.until(OrderSeen)


def test_orders_are_told_under_their_login_and_the_books_are_read_behind_the_connect() -> None:
    def speaks(conn: ServerConnection) -> None:
        greets(conn)
        conn.send(BINARY, b"\0")
        conn.send(TEXT, message("AB01", filledshares="65", averageprice="102.30"))
        conn.send(TEXT, b"not JSON")
        conn.send(PING, b"there?")
        while (frame := conn.read_frame())[0] != PONG:
            pass
        assert frame == (PONG, b"there?")
        conn.send(TEXT, message("AB05"))
        conn.linger()

    with OrderServer() as server, ScriptedServer(speaks) as updates:
        with EdgeHarness(server.url, updates.url) as harness:
            seen = an_order(harness)
            assert (seen.generation, seen.report.filled, seen.report.state) == (1, 65, "working")
            an_order(harness)
            assert harness.until(RoundRead).number == UNNUMBERED
            view = harness.edge.view()
            assert (view.updates_state, view.updates_frames) == ("UP", 6)
            assert view.updates_frame_ns > 0
        assert harness.edge.view().updates_state == "STOPPED"
        head = updates.heads[0].decode()
        assert "Authorization: Bearer jwt-secret" in head
        assert "x-client-code: A123456" in head


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (lambda conn: conn.reset(), "reset"),
        (lambda conn: conn.send(CLOSE, (1001).to_bytes(2) + b"bye"), "1001 bye"),
        (lambda conn: conn.raw(b"\xff\xff\xff"), "no WebSocket's bytes"),
        (lambda conn: conn.raw(b"\x82\x7f" + (1 << 40).to_bytes(8)), "no WebSocket's bytes"),
        (lambda conn: None, "closed by the server"),
    ],
)
def test_whatever_ends_a_link_there_is_another_and_the_books_are_read_again(
    ends: Callable[[ServerConnection], None], words: str
) -> None:
    def ends_so(conn: ServerConnection) -> None:
        conn.accept(0)
        ends(conn)

    def goes_on(conn: ServerConnection) -> None:
        seen.append(harness.edge.view().updates_because)
        greets(conn)
        conn.send(TEXT, message("AB02", orderstatus="cancelled"))
        conn.linger()

    seen: list[str] = []
    with OrderServer() as server, ScriptedServer(ends_so, goes_on) as updates:
        harness = EdgeHarness(server.url, updates.url)
        with harness:
            assert an_order(harness).report.state == "cancelled"
            assert words in seen[0]
            harness.until(RoundRead)
            assert updates.connections == 2


def test_a_link_that_says_nothing_is_asked_for_a_sign_of_life_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(updates_thread, "PING_S", 0.05)
    monkeypatch.setattr(updates_thread, "STALE_S", 0.2)
    pinged: list[tuple[int, bytes]] = []

    def says_nothing(conn: ServerConnection) -> None:
        conn.accept(0)
        pinged.append(conn.read_frame())
        conn.linger()

    def speaks(conn: ServerConnection) -> None:
        greets(conn)
        conn.send(TEXT, message("AB01"))
        conn.linger()

    with OrderServer() as server, ScriptedServer(says_nothing, speaks) as updates:
        with EdgeHarness(server.url, updates.url) as harness:
            an_order(harness)
        assert pinged == [(TEXT, b"ping")]


def test_another_login_opens_another_link() -> None:
    with OrderServer() as server, ScriptedServer(stays) as updates, EdgeHarness(server.url, updates.url) as harness:
        until(lambda: harness.edge.view().updates_state == "UP")
        harness.clock.advance(60 * 10**9)
        harness.login.renew(1)
        until(lambda: updates.connections == 2 and harness.edge.view().updates_state == "UP")
        assert harness.edge.view().generation == 2


def test_a_login_that_is_refused_there_is_made_anew_once() -> None:
    def refuses(conn: ServerConnection) -> None:
        conn.answer("401 Unauthorized")

    with OrderServer() as server, ScriptedServer(refuses) as updates:
        harness = EdgeHarness(server.url, updates.url)
        harness.login.tokens()
        harness.clock.advance(60 * 10**9)
        with harness:
            assert harness.until(SessionChanged) == SessionChanged(1, True, "")
            assert harness.until(SessionChanged) == SessionChanged(
                2, True, ""
            )  # what it was good for went on until then
            harness.clock.advance(60 * 10**9)
            until(lambda: updates.connections >= 4)
            assert len(server.asked("loginByPassword")) == 2


@pytest.mark.parametrize("script", [stays, lambda conn: conn.linger(), lambda conn: conn.raw(b"H")])
def test_the_end_waits_for_no_server(
    script: Callable[[ServerConnection], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates_thread, "HANDSHAKE_S", 3_600.0)
    with OrderServer() as server, ScriptedServer(script) as updates, EdgeHarness(server.url, updates.url) as harness:
        until(lambda: updates.connections)
        harness.edge.stop(PATIENCE_S)
        assert not threads_left()
