"""A live feed's TLS, and its stop: certificates and names are verified, and no state of the feed outlasts the bell."""

import contextlib
import os
import socket
from threading import Event

import msgspec
import pytest

from engine.stream.live_feed import StreamFeed
from engine.venues.angelone.login import LoginError
from tests.support.venues.key_pair import encrypting, pair_in
from tests.support.venues.stream_harness import QUICK, FakeLogin, packet, running, smartapi
from tests.support.venues.stream_server import BINARY, ScriptedServer
from tests.support.waiting import PATIENCE_S

# Times that only the bell can cut short.
ENDLESS = msgspec.structs.replace(
    QUICK,
    silence_s=3600.0,
    lifeless_s=3600.0,
    handshake_s=3600.0,
    login_s=3600.0,
    first_wait_s=3600.0,
    longest_wait_s=3600.0,
)


@pytest.fixture
def pair(tmp_path):
    return pair_in(tmp_path)


def two_packets(conn):
    conn.accept()
    conn.send(BINARY, packet(1))
    conn.send(BINARY, packet(2))
    conn.linger()


def test_a_server_that_can_prove_its_name_is_listened_to(pair, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(pair))
    with ScriptedServer(two_packets, wrap=encrypting(pair)) as server:
        feed, observer = smartapi(f"wss://localhost:{server.port}")
        with running(feed, observer):
            observer.until(lambda: len(observer.ticks) == 2)
    assert observer.losses == []


def test_a_storm_of_records_comes_through_whole(pair, monkeypatch):
    def storms(conn):
        conn.accept()
        burst = b"".join(b"\x82\x7b" + packet(number) for number in range(1, 5001))
        for start in range(0, len(burst), 40_000):  # records of at most 16 KiB, cut where they like
            conn.raw(burst[start : start + 40_000])
        conn.linger()

    monkeypatch.setenv("SSL_CERT_FILE", str(pair))
    with ScriptedServer(storms, wrap=encrypting(pair)) as server:
        feed, observer = smartapi(f"wss://localhost:{server.port}")
        with running(feed, observer):
            observer.until(lambda: len(observer.ticks) == 5000)
    assert [tick.exch_seq for tick in observer.ticks] == list(range(1, 5001))


def test_a_certificate_that_nobody_vouches_for_is_refused(pair):
    with ScriptedServer(two_packets, wrap=encrypting(pair)) as server:
        feed, observer = smartapi(f"wss://localhost:{server.port}")
        with running(feed, observer):
            observer.until(lambda: observer.losses)
    assert observer.losses[0].startswith("TLS: self")
    assert "UP" not in observer.states


def test_a_certificate_of_another_name_is_refused(pair, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(pair))
    with ScriptedServer(two_packets, wrap=encrypting(pair)) as server:
        feed, observer = smartapi(f"wss://127.0.0.1:{server.port}")
        with running(feed, observer):
            observer.until(lambda: observer.losses)
    assert observer.losses[0].startswith("TLS: ip address mismatch")


def test_a_server_that_speaks_no_tls_is_refused():
    with ScriptedServer(lambda conn: conn.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        feed, observer = smartapi(f"wss://localhost:{server.port}")
        with running(feed, observer):
            observer.until(lambda: observer.losses)
    assert observer.losses[0].startswith("TLS: ")


# ── Stop, whatever the feed waits for ───────────────────────────────────────────────────────────────────────────────


def stops(feed: StreamFeed) -> None:
    """The feed ends by itself long before anything it waits for does."""
    feed.stop(PATIENCE_S)
    assert not feed._thread.is_alive()
    assert feed.view().state == "STOPPED"


def test_while_it_looks_up_a_name(monkeypatch):
    asked, let_go = Event(), Event()

    def look_up(*_, **__):
        asked.set()
        let_go.wait(PATIENCE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    feed, observer = smartapi("wss://stream.example", pace=ENDLESS)
    feed.start(observer.deliver, observer.on_end)
    assert asked.wait(PATIENCE_S)
    stops(feed)
    let_go.set()


def test_while_nobody_answers_the_connection():
    with contextlib.ExitStack() as sockets:
        full = sockets.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(8):  # more than may wait, so that the next one is not answered
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        feed, observer = smartapi(f"ws://127.0.0.1:{full.getsockname()[1]}", pace=ENDLESS)
        feed.start(observer.deliver, observer.on_end)
        observer.until(lambda: observer.states == ["CONNECTING"])
        stops(feed)
    assert observer.states == ["CONNECTING", "STOPPED"]


def reached(scheme, script):
    """A feed is stopped once the server's `script` has set its event."""
    there = Event()

    def play(conn):
        script(conn)
        there.set()
        conn.linger()

    with ScriptedServer(play) as server:
        feed, observer = smartapi(f"{scheme}://localhost:{server.port}", pace=ENDLESS)
        feed.start(observer.deliver, observer.on_end)
        assert there.wait(PATIENCE_S)
        stops(feed)
    assert observer.states[-1] == "STOPPED"


def test_within_a_tls_handshake():
    reached("wss", lambda conn: conn.sock.recv(1))


def test_within_half_an_http_answer():
    def half(conn):
        conn.read_head()
        conn.raw(b"HTTP/1.1 101 Switching")

    reached("ws", half)


def test_on_a_link_that_is_silent():
    reached("ws", lambda conn: conn.accept())


def test_the_server_is_told_goodbye():
    codes = []

    def listens(conn):
        conn.accept()
        conn.send(BINARY, packet(1))
        codes.append(conn.read_close())
        heard.set()

    heard = Event()
    with ScriptedServer(listens) as server:
        feed, observer = smartapi(server.url, pace=ENDLESS)
        feed.start(observer.deliver, observer.on_end)
        observer.until(lambda: observer.ticks)
        stops(feed)
        assert heard.wait(PATIENCE_S)
    assert codes == [1000]


def test_while_it_waits_for_the_next_attempt():
    feed, observer = smartapi("ws://127.0.0.1:9", pace=ENDLESS, login=FakeLogin(LoginError("later", 3600.0)))
    feed.start(observer.deliver, observer.on_end)
    observer.until(lambda: observer.states == ["WAITING"])
    stops(feed)


def test_while_it_logs_in():
    asked, let_go = Event(), Event()

    class Slow(FakeLogin):
        def tokens(self):
            asked.set()
            let_go.wait(PATIENCE_S)
            raise LoginError("ended", None)

    feed, observer = smartapi("ws://127.0.0.1:9", pace=ENDLESS, login=Slow())
    feed.start(observer.deliver, observer.on_end)
    assert asked.wait(PATIENCE_S)
    assert feed.view().state == "LOGIN"
    stops(feed)
    let_go.set()


def test_before_it_was_started_and_twice():
    feed, observer = smartapi("ws://127.0.0.1:9")
    feed.stop(1)
    feed.stop(1)
    assert feed.view().state == "STOPPED"
    assert observer.events == []


def test_no_descriptor_is_left_behind():
    def out(conn):
        conn.accept()

    with ScriptedServer(out) as server:
        before = os.dup(0)  # the lowest number that is free
        os.close(before)
        feed, observer = smartapi(server.url)
        with running(feed, observer):
            observer.until_ups(20)
    after = os.dup(0)
    os.close(after)
    assert after <= before + 3
