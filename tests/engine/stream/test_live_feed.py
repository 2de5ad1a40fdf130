"""A live feed against a server that misbehaves on the link: it finds out, says so in plain words, and comes back."""

import socket
from threading import Event

import msgspec
import pytest

from engine.model.types import FLAG_NEW_LINK
from engine.stream.live_feed import StreamFeed
from engine.stream.tick_builder import TickBuilder
from engine.venues.binance.stream import Binance
from tests.support.builders import config
from tests.support.venues.stream_harness import (
    COIN,
    QUICK,
    FeedObserver,
    binance,
    loss_of,
    packet,
    running,
    sends_one_packet,
    smartapi,
)
from tests.support.venues.stream_server import BINARY, CLOSE, PING, PONG, TEXT, ScriptedServer, frame
from tests.support.waiting import PATIENCE_S

IMPATIENT = msgspec.structs.replace(QUICK, silence_s=0.1)


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
    reason, _ = loss_of(script, pace=IMPATIENT)
    assert reason.startswith("no data for 0.")


def test_outside_the_session_a_link_without_a_sign_of_life_is_dropped():
    pace = msgspec.structs.replace(QUICK, silence_s=0.01, lifeless_s=0.2)
    reason, _ = loss_of(half_open, pace=pace, in_session=False)
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
    with ScriptedServer(answers) as server:
        feed, observer = smartapi(server.url, pace=pace, in_session=False)
        with running(feed, observer):
            assert enough.wait(PATIENCE_S)
            assert observer.losses == []


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
    assert loss_of(script)[0] == reason


def test_ticks_are_numbered_on_over_links_and_the_first_of_each_says_so():
    def two_and_out(conn):
        conn.accept()
        conn.raw(frame(BINARY, packet(7)) + frame(BINARY, packet(8)))

    with ScriptedServer(two_and_out, two_and_out, sends_one_packet) as server:
        feed, observer = smartapi(server.url)
        with running(feed, observer):
            observer.until(lambda: len(observer.ticks) == 5)
    assert [tick.seq for tick in observer.ticks] == [1, 2, 3, 4, 5]
    assert [bool(tick.flags & FLAG_NEW_LINK) for tick in observer.ticks] == [True, False, True, False, True]
    assert [change.link for change in observer.changes if change.state == "UP"] == [1, 2, 3]
    downs = [change.down_ms for change in observer.changes if change.state == "UP"]
    assert downs[0] == 0
    assert all(down_ms >= 0 for down_ms in downs)
    assert observer.states[:4] == ["CONNECTING", "UP", "WAITING", "CONNECTING"]
    assert observer.states[-1] == "STOPPED"
    assert not observer.ended


def test_nobody_there_is_told_and_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"ws://127.0.0.1:{free.getsockname()[1]}"
    feed, observer = smartapi(url)
    with running(feed, observer):
        observer.until(lambda: observer.states.count("WAITING") >= 3)
    assert set(observer.losses) == {"connection refused"}


def test_connections_are_never_more_than_the_budget_allows():
    pace = msgspec.structs.replace(QUICK, connects=3, connects_within_s=3600.0)
    with ScriptedServer(resets) as server:
        feed, observer = smartapi(server.url, pace=pace)
        with running(feed, observer):
            observer.until(lambda: observer.states.count("WAITING") == 3)
            view = feed.view()
        assert server.connections == 3
    assert view.retry_ns - view.since_ns > 3500 * 10**9


def test_an_unencrypted_line_goes_nowhere_but_to_this_machine(monkeypatch):
    somewhere = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: somewhere)
    feed, observer = smartapi("ws://localhost")
    with running(feed, observer):
        observer.until(lambda: observer.losses)
    assert observer.losses[0] == "localhost is not this machine; an unencrypted line goes nowhere else"


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
    with ScriptedServer(pings) as server:
        feed, observer = binance(server.url)
        with running(feed, observer):
            assert answered.wait(PATIENCE_S)
    assert set(server.seen) <= {(PONG, b"one"), (PONG, b"two"), (PONG, b"three")}


def test_the_round_trip_is_measured_by_our_own_pings_only():
    def answers(conn):
        conn.accept()
        conn.send(TEXT, b"pong")  # unasked, as the real one does
        conn.send(BINARY, packet(1))
        ping = conn.read_frame()
        server.seen.append(ping)
        conn.raw(frame(TEXT, b"pong") + frame(BINARY, packet(2)))
        conn.linger()

    pace = msgspec.structs.replace(QUICK, ping_s=0.05)
    with ScriptedServer(answers) as server:
        feed, observer = smartapi(server.url, pace=pace)
        with running(feed, observer):
            observer.until(lambda: len(observer.ticks) == 2)
        assert server.seen == [(TEXT, b"ping")]
    assert feed.view().rtt_ms > 0  # in the picture that was made when the feed stopped
    assert feed.view().pong_ns > 0


def test_a_day_old_link_is_made_anew_by_ourselves():
    with ScriptedServer(half_open) as server:
        observer = FeedObserver()
        ticker = TickBuilder(1, "chained")
        adapter = Binance(config(f'binance.stream_url="{server.url}"'), (COIN,), ticker)
        adapter.lifetime_s = 0.05
        feed = StreamFeed(adapter, ticker, tell=observer.tell, in_session=lambda: True, pace=QUICK)
        with running(feed, observer):
            observer.until_ups(3)
    assert set(observer.losses) == {"the exchange ends every link after a day"}


# ── Soundness ───────────────────────────────────────────────────────────────────────────────


def test_a_link_with_steady_data_forgives_the_failures_before_it():
    def streams(conn):
        conn.accept()
        number = 0
        while not conn.stopped.wait(0.005):
            number += 1
            conn.send(BINARY, packet(number))

    pace = msgspec.structs.replace(QUICK, silence_s=1.0, steady_s=0.1)
    with ScriptedServer(resets, resets, streams) as server:
        feed, observer = smartapi(server.url, pace=pace)
        with running(feed, observer):
            observer.until(lambda: observer.ticks)
            observer.until(lambda: feed.view().attempt == 0)
    assert observer.losses[:2] == ["connection reset by peer"] * 2
