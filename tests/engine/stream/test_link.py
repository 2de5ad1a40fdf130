"""A live feed against a server that misbehaves on the link: it finds out, says so in plain words, and comes back."""

import socket
from threading import Event

import msgspec
import pytest

from engine.model.types import FLAG_NEW_LINK
from engine.stream.lateness import LatenessMonitor
from engine.stream.live_feed import StreamFeed
from engine.stream.sequence import SequenceTracker
from engine.stream.tick_builder import TickBuilder
from engine.venues.angelone.login import LoginError
from engine.venues.binance.stream import Binance
from tests.support.builders import config
from tests.support.stream_harness import COIN, QUICK, Login, Witness, binance, packet, running, smartapi
from tests.support.stream_server import BINARY, CLOSE, PING, PONG, TEXT, Server, frame

IMPATIENT = msgspec.structs.replace(QUICK, silence_s=0.1)


def well(conn):
    """A server as it should be: one packet, then nothing to complain about."""
    conn.accept()
    conn.send(BINARY, packet(1))
    conn.linger()


def lost(script, *, pace=QUICK, in_session=True, login=None, up_before=True):
    """What the feed says of a link on which `script` plays, and that it comes back; the server's `seen` beside it."""
    with Server(script, well) as server:
        feed, witness = smartapi(server.url, pace=pace, in_session=in_session, login=login)
        with running(feed, witness):
            witness.until_ups(2 if up_before else 1)
            assert feed.view().link >= 1
        return witness.losses[0], server


# ── Links that die quietly ──────────────────────────────────────────────────────────────────────────────────────────


def half_a_frame(conn):
    conn.accept()
    conn.send(BINARY, packet(1))
    conn.raw(frame(BINARY, packet(2))[:60])
    conn.linger()


def half_open(conn):
    conn.accept()
    conn.linger()


def pongs_only(conn):
    conn.accept()
    conn.send(BINARY, packet(1))
    while not conn.stopped.wait(0.02):
        conn.send(TEXT, b"pong")


def drips_a_frame(conn):
    conn.accept()
    for byte in frame(BINARY, packet(1)):
        if conn.stopped.wait(0.02):
            return
        conn.raw(bytes([byte]))
    conn.linger()


@pytest.mark.parametrize("script", [half_a_frame, half_open, pongs_only, drips_a_frame])
def test_silence_in_session_is_found_by_the_age_of_the_data(script):
    reason, _ = lost(script, pace=IMPATIENT)
    assert reason.startswith("no data for 0.")


def test_outside_the_session_a_link_without_a_sign_of_life_is_dropped():
    pace = msgspec.structs.replace(QUICK, silence_s=0.01, lifeless_s=0.2)
    reason, _ = lost(half_open, pace=pace, in_session=False)
    assert reason.startswith("no sign of life for 0.")


def test_outside_the_session_pongs_keep_a_link():
    def answers(conn):
        conn.accept()
        while conn.stopped.wait(0) is False:
            opcode, payload = conn.read_frame()
            if opcode == TEXT and payload == b"ping":
                conn.send(TEXT, b"pong")
                server.seen.append(payload)
                if len(server.seen) == 20:
                    enough.set()

    enough = Event()
    pace = msgspec.structs.replace(QUICK, silence_s=0.01, lifeless_s=30.0, ping_s=0.01)
    with Server(answers) as server:
        feed, witness = smartapi(server.url, pace=pace, in_session=False)
        with running(feed, witness):
            assert enough.wait(20)
            assert witness.losses == []


# ── Links that are ended ────────────────────────────────────────────────────────────────────────────────────────────


def resets(conn):
    conn.accept()
    conn.reset()


def idles_out(conn):
    conn.accept()
    conn.send(CLOSE, (1001).to_bytes(2) + b"Connection Idle Timeout")
    conn.linger()


def closes_with_escapes(conn):
    conn.accept()
    conn.send(CLOSE, (1011).to_bytes(2) + "\x1b[2J\u202egone".encode())


def hangs_up(conn):
    conn.accept()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (resets, "connection reset by peer"),
        (idles_out, "closed by the server: 1001 Connection Idle Timeout"),
        (closes_with_escapes, "closed by the server: 1011 �[2J�gone"),
        (hangs_up, "closed by the server without a word"),
    ],
)
def test_an_end_is_told_in_plain_words(script, reason):
    assert lost(script)[0] == reason


def test_ticks_are_numbered_on_over_links_and_the_first_of_each_says_so():
    def two_and_out(conn):
        conn.accept()
        conn.raw(frame(BINARY, packet(7)) + frame(BINARY, packet(8)))

    with Server(two_and_out, two_and_out, well) as server:
        feed, witness = smartapi(server.url)
        with running(feed, witness):
            witness.until(lambda: len(witness.ticks) == 5)
    assert [tick.seq for tick in witness.ticks] == [1, 2, 3, 4, 5]
    assert [bool(tick.flags & FLAG_NEW_LINK) for tick in witness.ticks] == [True, False, True, False, True]
    assert [change.link for change in witness.changes if change.state == "UP"] == [1, 2, 3]
    downs = [change.down_ms for change in witness.changes if change.state == "UP"]
    assert downs[0] == 0
    assert all(down_ms >= 0 for down_ms in downs)
    assert witness.states[:4] == ["CONNECTING", "UP", "WAITING", "CONNECTING"]
    assert witness.states[-1] == "STOPPED"
    assert not witness.ended


# ── Bytes that are no WebSocket's, or too many ──────────────────────────────────────────────────────────────────────


def answering(data, expected_code):
    def script(conn):
        conn.accept()
        try:
            for piece in data():
                conn.raw(piece)
        except OSError:
            return  # it has had enough
        assert conn.read_close() == expected_code
        checked.append(expected_code)

    checked = []
    script.checked = checked
    return script


def a_tebibyte():
    yield b"\x82\x7f" + (1 << 40).to_bytes(8)


def a_message_too_long():
    yield frame(BINARY, bytes(60_000), fin=False)
    for _ in range(4):
        yield frame(0, bytes(60_000), fin=False)


def endless_fragments():
    yield frame(BINARY, b"", fin=False)
    yield frame(0, b"", fin=False) * 5000


def masked():
    yield b"\x82\x81\x00\x00\x00\x00x"


def reserved_bits():
    yield b"\xf2\x01x"


@pytest.mark.parametrize(
    ("data", "code"), [(a_tebibyte, 1009), (a_message_too_long, 1009), (masked, 1002), (reserved_bits, 1002)]
)
def test_what_no_frame_may_be_ends_the_link_with_its_close_code(data, code):
    script = answering(data, code)
    reason, _ = lost(script)
    assert reason.startswith("no WebSocket's bytes: ")
    assert script.checked == [code]


def test_endless_empty_fragments_end_the_link():
    assert lost(answering(endless_fragments, 1009))[0].startswith("no WebSocket's bytes: ")


def test_the_twenty_first_bad_packet_ends_the_link_and_each_kind_is_told_once():
    def script(conn):
        conn.accept()
        for _ in range(20):
            conn.send(BINARY, b"\x02short")
        conn.send(TEXT, b"pong")
        conn.send(TEXT, b"nonsense")
        conn.linger()

    with Server(script, well) as server:
        feed, witness = smartapi(server.url)
        with running(feed, witness):
            witness.until_ups(2)
            witness.until(lambda: witness.ticks)
            assert feed.view().bad == {"length": 20, "text": 1}
    assert witness.losses[0].startswith("too many bad packets, the last: text")
    assert [note.text.split(":")[1].strip() for note in witness.notes] == ["length", "text"]
    assert not any(note.severe for note in witness.notes)


def test_twenty_bad_packets_are_counted_and_the_link_kept():
    def script(conn):
        conn.accept()
        for _ in range(20):
            conn.send(BINARY, b"\x02short")
        for number in range(1, 31):
            conn.send(BINARY, packet(number, token="999"))
        well_known = packet(1)
        conn.send(BINARY, well_known)
        conn.linger()

    with Server(script) as server:
        feed, witness = smartapi(server.url)
        with running(feed, witness):
            witness.until(lambda: witness.ticks)
        assert witness.losses == []
        assert feed.view().bad == {"length": 20, "unknown_token": 30}


# ── Doors that do not open ──────────────────────────────────────────────────────────────────────────────────────────


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
    assert lost(script, up_before=False)[0] == reason


def test_a_head_that_drips_is_not_waited_for():
    def drips(conn):
        conn.read_head()
        for byte in conn.switching() * 100:
            conn.raw(bytes([byte]))
            if conn.stopped.wait(0.01):
                return

    pace = msgspec.structs.replace(QUICK, handshake_s=0.5)
    assert lost(drips, pace=pace, up_before=False)[0] == "no complete answer to the handshake in time"


def test_too_many_requests_are_answered_with_the_pause_that_was_asked_for():
    with Server(lambda conn: conn.answer("429 Too Many Requests", "Retry-After: 120")) as server:
        feed, witness = smartapi(server.url)
        with running(feed, witness):
            witness.until(lambda: "WAITING" in witness.states)
            view = feed.view()
    assert witness.losses == ["429 Too Many Requests"]
    assert view.state == "WAITING"
    assert view.attempt == 1
    assert view.retry_ns - view.since_ns > 110 * 10**9


def test_nobody_there_is_told_and_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"ws://127.0.0.1:{free.getsockname()[1]}"
    feed, witness = smartapi(url)
    with running(feed, witness):
        witness.until(lambda: witness.states.count("WAITING") >= 3)
    assert set(witness.losses) == {"connection refused"}


def test_connections_are_never_more_than_the_budget_allows():
    pace = msgspec.structs.replace(QUICK, connects=3, connects_within_s=3600.0)
    with Server(resets) as server:
        feed, witness = smartapi(server.url, pace=pace)
        with running(feed, witness):
            witness.until(lambda: witness.states.count("WAITING") == 3)
            view = feed.view()
        assert server.connections == 3
    assert view.retry_ns - view.since_ns > 3500 * 10**9


def test_an_unencrypted_line_goes_nowhere_but_to_this_machine(monkeypatch):
    somewhere = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: somewhere)
    feed, witness = smartapi("ws://localhost")
    with running(feed, witness):
        witness.until(lambda: witness.losses)
    assert witness.losses[0] == "localhost is not this machine; an unencrypted line goes nowhere else"


# ── Who we say we are ───────────────────────────────────────────────────────────────────────────────────────────────


def unauthorised(conn):
    conn.answer("401 Unauthorized", "x-error-message: Invalid Header - Invalid Auth token\x1b[31m", "Set-Cookie: a=b")


def test_refused_tokens_are_renewed_once():
    login = Login()
    reason, server = lost(unauthorised, login=login, up_before=False)
    assert reason == "401 Invalid Header - Invalid Auth token�[31m"
    assert login.renewed == 1
    first, second = server.heads
    assert b"Authorization: jwt-secret-1" in first
    assert b"Authorization: jwt-secret-2" in second
    assert b"ookie" not in second


def test_tokens_refused_twice_are_given_up_and_the_feed_stays_until_it_is_stopped():
    with Server(unauthorised) as server:
        feed, witness = smartapi(server.url, login=(login := Login()))
        with running(feed, witness):
            witness.until(lambda: "REFUSED" in witness.states)
            assert feed.view().state == "REFUSED"
            assert feed.view().because.startswith("401 Invalid Header")
        assert server.connections == 2
    assert login.renewed == 1
    assert witness.states[-2:] == ["REFUSED", "STOPPED"]
    assert not witness.ended


def test_tokens_that_lasted_on_a_link_may_be_renewed_again():
    def lasts(conn):
        conn.accept()
        for number in range(1, 4):
            conn.stopped.wait(0.02)
            conn.send(BINARY, packet(number))

    login = Login()
    pace = msgspec.structs.replace(QUICK, steady_s=0.01)
    with Server(unauthorised, lasts, unauthorised, well) as server:
        feed, witness = smartapi(server.url, login=login, pace=pace)
        with running(feed, witness):
            witness.until_ups(2)
    assert login.renewed == 2
    assert "REFUSED" not in witness.states


def test_no_descriptor_free_is_a_reason_to_try_again(monkeypatch):
    real, failures = socket.socket, [OSError(24, "Too many open files")] * 2

    def scarce(*args, **more):
        if failures:
            raise failures.pop()
        return real(*args, **more)

    with Server(well) as server:
        feed, witness = smartapi(server.url)
        monkeypatch.setattr("engine.stream.socket.socket.socket", scarce)
        with running(feed, witness):
            witness.until_ups(1)
        monkeypatch.undo()
    assert witness.losses == ["too many open files"] * 2


def test_a_login_that_can_never_succeed_is_given_up_at_once():
    feed, witness = smartapi("ws://127.0.0.1:9", login=Login(LoginError("login: AB1006 client blocked", None)))
    with running(feed, witness):
        witness.until(lambda: "REFUSED" in witness.states)
    assert [(c.state, c.reason) for c in witness.changes] == [
        ("REFUSED", "login: AB1006 client blocked"),
        ("STOPPED", ""),
    ]


def test_a_login_that_asks_for_patience_gets_it():
    feed, witness = smartapi("ws://127.0.0.1:9", login=Login(LoginError("login: not again for 28 s", 28.0)))
    with running(feed, witness):
        witness.until(lambda: "WAITING" in witness.states)
        view = feed.view()
    assert view.retry_ns - view.since_ns > 25 * 10**9
    assert view.because == "login: not again for 28 s"


def test_a_renewal_that_fails_for_now_is_waited_for():
    login = Login(renewal=LoginError("login: not again for 0 s", 0.001))
    reason, _ = lost(unauthorised, login=login, up_before=False)
    assert reason == "login: not again for 0 s"


# ── Pings, both ways ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ping_of_the_server_is_answered_with_its_payload():
    def pings(conn):
        conn.accept()
        conn.raw(frame(PING, b"one") + frame(PING, b"two"))
        conn.send(PING, b"three")
        while not server.seen or server.seen[-1] != (PONG, b"three"):
            server.seen.append(conn.read_frame())
        answered.set()
        conn.linger()

    answered = Event()
    with Server(pings) as server:
        feed, witness = binance(server.url)
        with running(feed, witness):
            assert answered.wait(20)
    assert set(server.seen) <= {(PONG, b"one"), (PONG, b"two"), (PONG, b"three")}


def test_the_round_trip_is_measured_by_our_own_pings_only():
    def answers(conn):
        conn.accept()
        conn.send(TEXT, b"pong")  # unasked, as the real one does
        conn.send(BINARY, packet(1))
        ping = conn.read_frame()
        conn.raw(frame(TEXT, b"pong") + frame(BINARY, packet(2)))
        server.seen.append(ping)
        conn.linger()

    pace = msgspec.structs.replace(QUICK, ping_s=0.05)
    with Server(answers) as server:
        feed, witness = smartapi(server.url, pace=pace)
        with running(feed, witness):
            witness.until(lambda: len(witness.ticks) == 2)
        assert server.seen == [(TEXT, b"ping")]
    assert feed.view().rtt_ms > 0  # in the picture that was made when the feed stopped
    assert feed.view().pong_ns > 0


def test_a_day_old_link_is_made_anew_by_ourselves():
    with Server(half_open) as server:
        witness = Witness()
        ticker = TickBuilder(1, SequenceTracker(1, "chained"), LatenessMonitor())
        adapter = Binance(config(f'binance.stream_url="{server.url}"'), (COIN,), ticker)
        adapter.lifetime_s = 0.05
        feed = StreamFeed(adapter, ticker, wanted=1, tell=witness.tell, in_session=lambda: True, pace=QUICK)
        with running(feed, witness):
            witness.until_ups(3)
    assert set(witness.losses) == {"the exchange ends every link after a day"}


# ── Soundness ───────────────────────────────────────────────────────────────────────────────


def test_a_link_with_steady_data_forgives_the_failures_before_it():
    def streams(conn):
        conn.accept()
        number = 0
        while not conn.stopped.wait(0.005):
            number += 1
            conn.send(BINARY, packet(number))

    pace = msgspec.structs.replace(QUICK, silence_s=1.0, steady_s=0.1)
    with Server(resets, resets, streams) as server:
        feed, witness = smartapi(server.url, pace=pace)
        with running(feed, witness):
            witness.until(lambda: witness.ticks)
            witness.until(lambda: feed.view().attempt == 0)
    assert witness.losses[:2] == ["connection reset by peer"] * 2
