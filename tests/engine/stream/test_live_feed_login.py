"""A live feed that is refused its tokens, or cannot log in: renewed once, waited for, or given up."""

import socket

import msgspec

from engine.venues.angelone.login import LoginError
from tests.support.venues.stream_harness import QUICK, FakeLogin, loss_of, packet, running, sends_one_packet, smartapi
from tests.support.venues.stream_server import BINARY, ScriptedServer


def unauthorised(conn):
    conn.answer("401 Unauthorized", "x-error-message: Invalid Header - Invalid Auth token\x1b[31m", "Set-Cookie: a=b")


def test_refused_tokens_are_renewed_once():
    login = FakeLogin()
    reason, server = loss_of(unauthorised, login=login, up_before=False)
    assert reason == "401 Invalid Header - Invalid Auth token�[31m"
    assert login.renewed == 1
    first, second = server.heads
    assert b"Authorization: jwt-secret-1" in first
    assert b"Authorization: jwt-secret-2" in second
    assert b"ookie" not in second


def test_tokens_refused_twice_are_given_up_and_the_feed_stays_until_it_is_stopped():
    with ScriptedServer(unauthorised) as server:
        feed, observer = smartapi(server.url, login=(login := FakeLogin()))
        with running(feed, observer):
            observer.until(lambda: "REFUSED" in observer.states)
            assert feed.view().state == "REFUSED"
            assert feed.view().because.startswith("401 Invalid Header")
        assert server.connections == 2
    assert login.renewed == 1
    assert observer.states[-2:] == ["REFUSED", "STOPPED"]
    assert not observer.ended


def test_tokens_that_lasted_on_a_link_may_be_renewed_again():
    def lasts(conn):
        conn.accept()
        for number in range(1, 4):
            conn.stopped.wait(0.02)
            conn.send(BINARY, packet(number))

    login = FakeLogin()
    pace = msgspec.structs.replace(QUICK, steady_s=0.01)
    with ScriptedServer(unauthorised, lasts, unauthorised, sends_one_packet) as server:
        feed, observer = smartapi(server.url, login=login, pace=pace)
        with running(feed, observer):
            observer.until_ups(2)
    assert login.renewed == 2
    assert "REFUSED" not in observer.states


def test_no_descriptor_free_is_a_reason_to_try_again(monkeypatch):
    real, failures = socket.socket, [OSError(24, "Too many open files")] * 2

    def scarce(*args, **more):
        if failures:
            raise failures.pop()
        return real(*args, **more)

    with ScriptedServer(sends_one_packet) as server:
        feed, observer = smartapi(server.url)
        monkeypatch.setattr("engine.stream.socket.socket.socket", scarce)
        with running(feed, observer):
            observer.until_ups(1)
        monkeypatch.undo()
    assert observer.losses == ["too many open files"] * 2


def test_a_login_that_can_never_succeed_is_given_up_at_once():
    feed, observer = smartapi("ws://127.0.0.1:9", login=FakeLogin(LoginError("login: AB1006 client blocked", None)))
    with running(feed, observer):
        observer.until(lambda: "REFUSED" in observer.states)
    assert [(c.state, c.reason) for c in observer.changes] == [
        ("REFUSED", "login: AB1006 client blocked"),
        ("STOPPED", ""),
    ]


def test_a_login_that_asks_for_patience_gets_it():
    feed, observer = smartapi("ws://127.0.0.1:9", login=FakeLogin(LoginError("login: not again for 28 s", 28.0)))
    with running(feed, observer):
        observer.until(lambda: "WAITING" in observer.states)
        view = feed.view()
    assert view.retry_ns - view.since_ns > 25 * 10**9
    assert view.because == "login: not again for 28 s"


def test_a_renewal_that_fails_for_now_is_waited_for():
    login = FakeLogin(renewal=LoginError("login: not again for 0 s", 0.001))
    reason, _ = loss_of(unauthorised, login=login, up_before=False)
    assert reason == "login: not again for 0 s"
