"""Connections that are opened beforehand: alive when they are used, each used once, and to the right server only."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads
from typing import NoReturn

import pytest

from engine.execution import lane_thread, order_line
from engine.model.order_reports import Accepted, NotSent, RoundFailed, RoundRead, SessionChanged, Unclear
from engine.model.order_requests import ReadRound
from tests.support.lane_harness import place
from tests.support.venues.edge_harness import EdgeHarness, threads_left
from tests.support.venues.key_pair import encrypting, pair_in
from tests.support.venues.order_server import OrderServer
from tests.support.waiting import PATIENCE_S, until


def test_a_connection_is_open_before_it_is_wanted_and_the_next_one_as_soon_as_it_is_used() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        until(lambda: server.accepted == 4)  # one for each lane, and the login's
        harness.ask(place(1))
        harness.until(Accepted)
        until(lambda: server.accepted == 5)
        assert len(server.asked("placeOrder")) == 1


def test_an_idle_connection_that_the_server_closes_or_resets_is_replaced_before_it_is_used() -> None:
    closed: list[int] = []

    def closes_the_first(connection: socket.socket) -> None:
        if len(closed) < 6:
            closed.append(1)
            if len(closed) % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()

    with OrderServer() as server:
        harness = EdgeHarness(server.url)
        harness.login.tokens()
        server.idle = closes_the_first
        with harness:
            harness.until(SessionChanged)
            until(lambda: server.accepted == 1 + len(closed) + 3 and len(closed) == 6)
            for order in range(1, 4):
                harness.ask(place(order, "EXIT"))
                harness.until(Accepted)
            assert len(server.asked("placeOrder")) == 3
            assert not any(isinstance(each, NotSent | Unclear) for each in harness.told)


def test_what_speaks_unasked_is_not_used() -> None:
    spoke: list[int] = []

    def speaks(connection: socket.socket) -> None:
        if len(spoke) < 3:
            spoke.append(1)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with OrderServer() as server:
        harness = EdgeHarness(server.url)
        harness.login.tokens()
        server.idle = speaks
        with harness:
            harness.until(SessionChanged)
            until(lambda: server.accepted == 1 + 3 + 3)
            harness.ask(place(1, "EXIT"))
            assert harness.until(Accepted).order == 1


def test_a_connection_that_hangs_means_that_nothing_was_sent_and_holds_up_no_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_thread, "_CONNECTION_MS", 50)
    monkeypatch.setattr(order_line, "OPEN_S", 3_600.0)
    with OrderServer() as server, full_listener() as port:
        with EdgeHarness(f"http://127.0.0.1:{port}", login_url=server.url) as harness:
            harness.until(SessionChanged)
            harness.ask(place(1))
            assert harness.until(NotSent).reason == "no connection in time"
            harness.ask(place(2, "EXIT"))
            assert harness.until(NotSent).order == 2
        assert not threads_left()


def test_a_name_that_nobody_looks_up_means_that_nothing_was_sent_and_holds_up_no_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = Event()

    def hangs(*_: object, **__: object) -> NoReturn:
        found.wait(PATIENCE_S)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(lane_thread, "_CONNECTION_MS", 50)
    with OrderServer() as server:
        harness = EdgeHarness("https://orders.invalid", login_url=server.url)
        harness.login.tokens()
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", hangs)
            with harness:
                harness.until(SessionChanged)
                harness.ask(place(1))
                assert harness.until(NotSent).reason == "no connection in time"
            found.set()
            until(lambda: not [each for each in enumerate_threads() if each.name == "order-name"])


def test_a_name_that_nobody_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(-2, "Name or service not known")

    with OrderServer() as server:
        harness = EdgeHarness("https://orders.invalid", login_url=server.url)
        harness.login.tokens()
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with harness:
            harness.until(SessionChanged)
            harness.ask(place(1))
            assert "no such host" in harness.until(NotSent).reason


def test_where_nobody_answers_for_names_any_more_the_server_is_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    pair = pair_in(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pair))
    with OrderServer(wrap=encrypting(pair)) as server, EdgeHarness(f"https://localhost:{server.port}") as harness:
        assert harness.until(SessionChanged).up
        until(lambda: server.accepted == 4)
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        for order in range(1, 4):
            harness.ask(place(order, "EXIT"))
            assert harness.until(Accepted).order == order


def test_over_tls_orders_go_to_the_server_that_can_prove_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_in(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pair))
    with OrderServer(wrap=encrypting(pair)) as server, EdgeHarness(f"https://localhost:{server.port}") as harness:
        assert harness.until(SessionChanged).up
        for order in range(1, 4):
            harness.ask(place(order))
            assert harness.until(Accepted).order == order
        server.act("placeOrder", lambda line: line.reset())
        harness.ask(place(4))
        assert harness.until(Unclear).order == 4
        harness.ask(ReadRound(1), row=False)
        assert harness.until(RoundRead, lambda each: each.number == 1).generation == 1


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_to_a_server_that_cannot_prove_its_name_nothing_is_sent(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_in(tmp_path)
    if name == "127.0.0.1":  # somebody vouches for the certificate, but it is another's
        monkeypatch.setenv("SSL_CERT_FILE", str(pair))
    with OrderServer() as login, OrderServer(wrap=encrypting(pair)) as server:
        with EdgeHarness(f"https://{name}:{server.port}", login_url=login.url) as harness:
            harness.until(SessionChanged)
            harness.ask(place(1))
            assert "certificate is refused" in harness.until(NotSent).reason
            harness.ask(ReadRound(1), row=False)
            assert "certificate is refused" in harness.until(RoundFailed, lambda each: each.number == 1).reason
        assert server.requests == []


@contextmanager
def full_listener() -> Iterator[int]:
    """The port of a listener that has all that it takes, so that whoever comes now waits."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        for _ in range(3):
            each = waiting.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        yield full.getsockname()[1]
