"""A server that does not open its door: each way of it is told in plain words, and tried again when it should be."""

import msgspec
import pytest

from tests.support.venues.stream_harness import QUICK, loss_of, running, smartapi
from tests.support.venues.stream_server import ScriptedServer


def half_a_head(conn):
    conn.read_head()
    conn.raw(b"HTTP/1.1 101 Swit")


def wrong_key(conn):
    conn.read_head()
    conn.raw(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
    )
    conn.linger()


def a_page(conn):
    conn.answer("200 OK", "Content-Type: text/html", "Content-Length: 99999999999", body="<html>")
    conn.linger()


def elsewhere(conn):
    conn.answer("302 Found", "Location: ws://127.0.0.1:1/")
    conn.linger()


def nonsense(conn):
    conn.read_head()
    conn.raw(b"\xff\xfe\r\n\r\n")
    conn.linger()


def endless_head(conn):
    conn.read_head()
    conn.raw(b"HTTP/1.1 101 Switching Protocols\r\n" + b"X: y\r\n" * 5000)
    conn.linger()


def forbidden(conn):
    conn.answer("403 Forbidden")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (half_a_head, "closed by the server without a word"),
        (wrong_key, "the answer to the handshake is no WebSocket's"),
        (a_page, "200 OK"),
        (elsewhere, "302: the server points elsewhere, which is not followed"),
        (nonsense, "the answer to the handshake is no WebSocket's"),
        (endless_head, "the answer to the handshake is longer than 16384 bytes"),
        (forbidden, "403 Forbidden"),
    ],
)
def test_a_handshake_that_fails_is_tried_again(script, reason):
    assert loss_of(script, up_before=False)[0] == reason


def test_a_head_that_drips_is_not_waited_for():
    def drips(conn):
        conn.read_head()
        for byte in conn.switching() * 100:
            conn.raw(bytes([byte]))
            if conn.stopped.wait(0.01):
                return

    pace = msgspec.structs.replace(QUICK, handshake_s=0.5)
    assert loss_of(drips, pace=pace, up_before=False)[0] == "no complete answer to the handshake in time"


def test_too_many_requests_are_answered_with_the_pause_that_was_asked_for():
    with ScriptedServer(lambda conn: conn.answer("429 Too Many Requests", "Retry-After: 120")) as server:
        feed, observer = smartapi(server.url)
        with running(feed, observer):
            observer.until(lambda: "WAITING" in observer.states)
            view = feed.view()
    assert observer.losses == ["429 Too Many Requests"]
    assert view.state == "WAITING"
    assert view.attempt == 1
    assert view.retry_ns - view.since_ns > 110 * 10**9
