"""A live feed that was refused or broke: shown as what it is, tried again rarely, ended by nothing but its stop."""

import os
import threading
from collections.abc import Callable

import msgspec
import pytest

from engine.model.types import Tick
from engine.stream.errors import LinkLost
from engine.stream.wakeup import Wakeup, beside
from engine.text.redaction import hide
from engine.venues.angelone.login import LoginError
from tests.support.venues.stream_harness import QUICK, FakeLogin, packet, running, smartapi
from tests.support.venues.stream_server import BINARY, Script, ScriptedServer, ServerConnection
from tests.support.waiting import PATIENCE_S

S = 1_000_000_000
RARE = msgspec.structs.replace(QUICK, again_s=0.01, steady_s=60.0)


def unauthorised(conn: ServerConnection) -> None:
    conn.answer("401 Unauthorized", "x-error-message: Invalid Auth token")


def forbidden(conn: ServerConnection) -> None:
    conn.answer("403 Forbidden")


def brief(conn: ServerConnection) -> None:
    """A link that comes up and is gone before it has proved anything."""
    conn.accept()
    conn.send(BINARY, packet(1))


def well(conn: ServerConnection) -> None:
    brief(conn)
    conn.linger()


def told(script: tuple[Script, ...], login: FakeLogin, until: Callable[..., bool]) -> tuple[list[tuple[str, str]], int]:
    """What a feed of rare attempts tells of its link until `until(witness, feed)`, and its connections."""
    with ScriptedServer(*script) as server:
        feed, observer = smartapi(server.url, login=login, pace=RARE)
        with running(feed, observer):
            observer.until(lambda: until(observer, feed))
            assert not observer.ended
        return [(change.state, change.reason) for change in observer.changes], server.connections


def test_a_refusal_soon_after_a_renewal_is_tried_again_and_comes_back() -> None:
    login = FakeLogin()
    script = (brief, unauthorised, brief, unauthorised, unauthorised, unauthorised, well)
    changes, connections = told(script, login, lambda observer, _: observer.states.count("UP") == 3)
    assert connections == 7
    states = [state for state, _ in changes]
    # The refusal is told once; the attempts that follow it are not.
    assert states[states.index("REFUSED") - 2 :] == ["WAITING", "CONNECTING", "REFUSED", "UP", "STOPPED"]
    assert changes[states.index("REFUSED")] == ("REFUSED", "401 Invalid Auth token")


def test_each_rare_attempt_costs_one_login() -> None:
    login = FakeLogin()
    with ScriptedServer(unauthorised) as server:
        feed, observer = smartapi(server.url, login=login, pace=RARE)
        with running(feed, observer):
            observer.until(lambda: login.renewed >= 5)
            view = feed.view()
    assert (view.state, view.because) == ("REFUSED", "401 Invalid Auth token")
    assert view.retry_ns
    assert observer.states == ["CONNECTING", "WAITING", "CONNECTING", "REFUSED", "STOPPED"]
    assert login.renewed <= server.connections // 2 + 1


def test_another_trouble_on_a_rare_attempt_leaves_it_refused() -> None:
    script = (unauthorised, unauthorised, forbidden, forbidden, well)
    changes, _ = told(script, FakeLogin(), lambda observer, _: "UP" in observer.states)
    assert [state for state, _ in changes[3:]] == ["REFUSED", "UP", "STOPPED"]


def test_after_it_came_back_a_refusal_is_told_anew() -> None:
    script = (unauthorised, unauthorised, unauthorised, brief, unauthorised, well)
    changes, _ = told(script, FakeLogin(), lambda observer, _: observer.states.count("UP") == 2)
    assert [state for state, _ in changes].count("REFUSED") == 2


def blocked(again_s: float | None, text: str = "login: AB1006 client blocked") -> LoginError:
    return LoginError(text, None, again_s=again_s)


def test_a_hopeless_login_is_tried_as_often_as_it_may_be_and_nothing_connects() -> None:
    login = FakeLogin(blocked(0.01), blocked(0.01), blocked(0.01, "login: AB1007 other"), blocked(None))
    changes, connections = told((well,), login, lambda _, feed: login.asked == 4 and not feed.view().retry_ns)
    assert connections == 0
    assert changes == [
        ("REFUSED", "login: AB1006 client blocked"),
        ("REFUSED", "login: AB1007 other"),
        ("REFUSED", "login: AB1006 client blocked"),
        ("STOPPED", ""),
    ]


def test_a_login_that_is_no_longer_hopeless_brings_the_link_up() -> None:
    changes, _ = told((well,), FakeLogin(blocked(0.01)), lambda observer, _: bool(observer.ticks))
    assert [state for state, _ in changes] == ["REFUSED", "UP", "STOPPED"]


# ── What breaks on our side ─────────────────────────────────────────────────────────────────────────────────────────


def breaks(times: int, deliver: Callable[[Tick], None]) -> Callable[[Tick], None]:
    """`deliver`, but for the first so many ticks."""
    left = [times]

    def broken(tick: Tick) -> None:
        if left[0]:
            left[0] -= 1
            raise RuntimeError("the \x1b[2Jroof, with jwt-secret-1")
        deliver(tick)

    return broken


def test_what_breaks_the_feed_costs_the_link_and_is_told() -> None:
    hide("jwt-secret-1")
    with ScriptedServer(well) as server:
        feed, observer = smartapi(server.url, pace=RARE)
        observer.deliver = breaks(2, observer.deliver)  # type: ignore[method-assign]
        with running(feed, observer):
            observer.until(lambda: observer.ticks)
            assert feed.view().state == "UP"
    problem = "smartapi 127.0.0.1 feed: RuntimeError: the �[2Jroof, with ***"
    assert [(note.text, note.severe) for note in observer.notes] == [(f"{problem}; the link is made anew", True)]
    assert observer.losses == [problem] * 2
    assert observer.states.count("UP") == 3
    assert observer.ended == []


def test_many_failures_in_a_short_while_are_followed_by_a_long_pause() -> None:
    pace = msgspec.structs.replace(RARE, breaks=3)
    with ScriptedServer(well) as server:
        feed, observer = smartapi(server.url, pace=pace)
        observer.deliver = breaks(99, observer.deliver)  # type: ignore[method-assign]
        with running(feed, observer):
            observer.until(lambda: len(observer.losses) == 3)
            view = feed.view()
        assert server.connections == 3
    assert view.state == "WAITING"
    assert view.retry_ns - view.since_ns > 55 * S


def test_what_cannot_even_be_told_ends_the_feed_aloud() -> None:
    def deaf(_: object) -> None:
        raise RuntimeError("nobody listens")

    feed, observer = smartapi("ws://127.0.0.1:9")
    feed._status._tell = deaf
    feed.start(observer.deliver, observer.on_end)
    observer.until(lambda: observer.ended)
    feed._thread.join(PATIENCE_S)
    assert observer.ended == ["smartapi 127.0.0.1 feed: RuntimeError: nobody listens"]


def test_a_machine_without_a_thread_to_spare_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    start, left = threading.Thread.start, [2]

    def scarce(self: threading.Thread) -> None:
        if self.name == "feed-call" and left[0]:
            left[0] -= 1
            raise RuntimeError("can't start new thread")
        start(self)

    with ScriptedServer(well) as server:
        feed, observer = smartapi(server.url)
        monkeypatch.setattr(threading.Thread, "start", scarce)
        with running(feed, observer):
            observer.until(lambda: observer.ticks)
    assert observer.losses == ["can't start new thread"] * 2
    assert observer.notes == []


def test_no_descriptor_is_left_where_no_thread_could_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    wakeup, pipe, made = Wakeup(), os.pipe, list[int]()

    def noted() -> tuple[int, int]:
        made.extend(pipe())
        return made[-2], made[-1]

    monkeypatch.setattr(threading.Thread, "start", never)
    monkeypatch.setattr(os, "pipe", noted)
    for _ in range(3):
        with pytest.raises(LinkLost, match="can't start new thread"):
            beside(lambda: 1, wakeup, 1.0, "late")
    wakeup.close()
    assert len(made) == 6
    for fd in made:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
