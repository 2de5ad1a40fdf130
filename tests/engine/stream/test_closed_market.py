"""A feed while the market is closed: it connects nowhere, says until when, and comes by itself at the opening."""

from threading import Event

from engine.model.ports import Closed
from tests.support.venues.stream_harness import packet, running, smartapi
from tests.support.venues.stream_server import BINARY, ScriptedServer
from tests.support.waiting import PATIENCE_S


def stays(conn):
    conn.accept()
    conn.send(BINARY, packet(1))
    conn.linger()


class Hours:
    """A market that is closed until it is opened; `asked` counts how often that was asked while it was closed."""

    def __init__(self, *, closed: bool) -> None:
        self.closed = closed
        self.asked = Event()

    def __call__(self) -> Closed | None:
        if self.closed:
            self.asked.set()
        return Closed(0.02, "until Mon 09:15") if self.closed else None


def test_it_connects_nowhere_while_closed_and_by_itself_at_the_opening():
    hours = Hours(closed=True)
    with ScriptedServer(stays) as server:
        feed, observer = smartapi(server.url, in_session=lambda: not hours.closed)
        feed.keep_hours(hours)
        with running(feed, observer):
            observer.until(lambda: observer.states)
            assert hours.asked.wait(PATIENCE_S)
            assert (observer.states, feed.view().state, feed.view().because) == (
                ["CLOSED"],
                "CLOSED",
                "until Mon 09:15",
            )
            assert server.connections == 0
            hours.closed = False
            observer.until_ups(1)
            observer.until(lambda: observer.ticks)
    assert observer.states[:3] == ["CLOSED", "CONNECTING", "UP"]  # told once, however long it lasted


def test_a_link_that_is_up_is_left_when_the_market_closes_and_not_made_again():
    hours = Hours(closed=False)
    with ScriptedServer(stays) as server:
        feed, observer = smartapi(server.url, in_session=lambda: not hours.closed)
        feed.keep_hours(hours)
        with running(feed, observer):
            observer.until_ups(1)
            hours.closed = True
            observer.until(lambda: "CLOSED" in observer.states)
            hours.asked.clear()
            assert hours.asked.wait(PATIENCE_S)
            assert hours.asked.wait(PATIENCE_S)
    assert observer.states.count("UP") == 1
    assert "WAITING" not in observer.states


def test_a_feed_is_stopped_while_it_rests():
    hours = Hours(closed=True)
    with ScriptedServer(stays) as server:
        feed, observer = smartapi(server.url)
        feed.keep_hours(lambda: Closed(86_400.0, "until tomorrow"))
        with running(feed, observer):
            observer.until(lambda: observer.states == ["CLOSED"])
        assert feed.view().state == "STOPPED"
    assert not hours.asked.is_set()
