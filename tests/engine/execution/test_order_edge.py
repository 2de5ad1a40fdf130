"""Orders over real sockets: what leaves, once, and what every way in which an answer does not come is taken for."""

import json
from itertools import count
from threading import Event
from typing import NoReturn

import msgspec
import pytest

from engine.execution import order_line, write_lane
from engine.execution.write_lane import WriteLane
from engine.model.order_reports import Accepted, NotSent, Refused, RoundFailed, RoundRead, Sent, SessionChanged, Unclear
from engine.model.order_requests import LogIn, ReadRound, WithdrawOrder
from engine.model.order_rows import SendBegun
from engine.venues.angelone.login import LoginError
from tests.support.http_server import answer
from tests.support.lane_harness import cancel, place
from tests.support.venues.edge_harness import EdgeHarness, threads_left
from tests.support.venues.order_server import Act, OrderServer, ServedLine, no, says, taken
from tests.support.waiting import PATIENCE_S, until

SECRETS = ("7391", "canaryKey", "CANARYJBSWY3DPEHPK3PXPAA", "jwt-secret", "refresh-secret", "feed-secret")


def test_an_order_goes_out_once_behind_its_rows_with_all_that_the_broker_asks_for() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        assert harness.until(SessionChanged) == SessionChanged(1, True, "")
        harness.ask(place(1))
        assert harness.until(Sent) == Sent(1, "place", durable=True)
        assert harness.until(Accepted) == Accepted(1, "place", "200910000000001", "unique1")
        (asked,) = server.asked("placeOrder")
        needed = "content-type accept x-usertype x-sourceid x-clientlocalip x-clientpublicip x-macaddress x-privatekey"
        assert set(needed.split()) <= set(asked.headers)
        assert asked.headers["authorization"] == "Bearer jwt-secret"
        assert asked.headers["connection"] == "close"
        assert json.loads(asked.body)["ordertag"] == "L9FAB0070001E"
        assert [type(row) for row in harness.journal.rows] == [type(place(1)), SendBegun]
        assert harness.edge.view().good_ns
        assert harness.edge.view().errors == 0
        assert not any(secret in harness.texts for secret in SECRETS)


def test_no_byte_leaves_before_both_rows_are_on_the_disk() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        harness.journal.late = True
        harness.ask(place(1, "EXIT"))
        harness.ask(ReadRound(1), row=False)
        harness.until(RoundRead, lambda each: each.number == 1)  # reads wait for no row
        harness.journal.sync(1)
        until(lambda: len(harness.journal.rows) == 2)
        assert server.asked("placeOrder") == []
        harness.journal.sync()
        assert harness.until(Sent).durable
        harness.until(Accepted)


def test_both_rows_of_an_order_go_to_the_disk_together_where_its_lane_is_free() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        harness.ask(place(1))  # behind the login in its lane
        harness.until(Accepted)
        harness.journal.late = True
        harness.ask(place(2))
        assert [type(row) for row in harness.journal.rows[2:]] == [type(place(2)), SendBegun]
        harness.journal.sync()
        assert harness.until(Accepted).order == 2
        assert len(harness.journal.rows) == 4


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (says(403, "Access denied because of exceeding access rate"), "too many requests"),
        (says(429, ""), "too many requests"),
        (says(400, ""), "empty answer"),
        (says(500, "oops"), "not the broker's format"),
        (says(200, "<html>gone</html>"), "web page"),
        (says(200, "null"), "not the broker's format"),
        (says(302, "", Location="http://127.0.0.1:1/"), "points elsewhere"),
        (lambda line: line.say(answer(200, "x" * 50)[:-20]), "cut off"),
        (lambda line: line.say(b"HTTP/1.1 2"), "cut off"),
        (lambda line: line.say(b"SSH-2.0-OpenSSH\r\n\r\n"), "not HTTP"),
        (lambda line: line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"), "larger than"),
        (lambda line: None, "closed without an answer"),
        (lambda line: line.reset(), "reset"),
    ],
)
def test_whatever_is_no_whole_answer_leaves_the_order_unclear(act: Act, words: str) -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        server.act("placeOrder", act, taken())
        harness.ask(place(1))
        unclear = harness.until(Unclear)
        assert words.lower() in unclear.reason.lower()
        assert (harness.edge.view().errors, harness.edge.view().because) == (1, unclear.reason)
        assert len(server.asked("placeOrder")) == 1
        if not unclear.wait_s:
            harness.ask(place(2))
            harness.until(Accepted, lambda each: each.order == 2)
            assert len(server.asked("placeOrder")) == 2


@pytest.mark.parametrize("act", [lambda line: line.stay(), lambda line: line.drip(b"H")])
def test_a_server_that_never_finishes_holds_up_nothing_else(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_line, "ANSWER_S", 3_600.0)  # it is not by these limits that it ends
    monkeypatch.setattr(write_lane, "ANSWER_MS", 3_600_000)
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        server.act("placeOrder", act, taken())
        harness.ask(place(1))
        until(lambda: server.asked("placeOrder"))
        assert harness.edge.view().asked_ns
        harness.ask(place(2))
        harness.ask(WithdrawOrder(2, "", "ENTRY"))
        assert harness.until(NotSent).order == 2
        harness.ask(cancel(3, "EXIT"))
        harness.until(Accepted, lambda each: each.order == 3)
        harness.ask(ReadRound(1), row=False)
        harness.until(RoundRead, lambda each: each.number == 1)
        harness.edge.stop(PATIENCE_S)
        assert not threads_left()
        assert not any(isinstance(each, Unclear) for each in harness.told)


def test_an_answer_that_takes_too_long_is_unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_line, "ANSWER_S", 0.1)
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        server.act("placeOrder", lambda line: line.drip(b"H"), taken())
        harness.ask(place(1))
        assert "no whole answer within" in harness.until(Unclear).reason


def test_an_answer_that_comes_when_the_outcome_was_told_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_line, "ANSWER_S", 3_600.0)
    monkeypatch.setattr(write_lane, "ANSWER_MS", 100)
    told = Event()

    def late(line: ServedLine) -> None:
        told.wait(PATIENCE_S)
        taken(1)(line)

    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        server.act("placeOrder", late, taken(2))
        harness.ask(place(1))
        assert harness.until(Unclear).reason == "no answer in time"
        told.set()
        harness.ask(place(2))
        assert harness.until(Accepted).order == 2
        assert not any(isinstance(each, Accepted | Unclear) for each in harness.told)


def test_where_nobody_listens_nothing_was_sent() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        server.leave()
        harness.ask(place(1))
        assert "refused" in harness.until(NotSent).reason.lower()
        harness.ask(ReadRound(3), row=False)
        assert harness.until(RoundFailed, lambda each: each.number == 3)


def test_a_refusal_is_told_with_its_words() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        server.act("placeOrder", no("AG7002", "Unregistered IP"))
        harness.ask(place(1, "EXIT"))
        refused = harness.until(Refused)
        assert (refused.family, refused.order) == ("ip", 1)


def test_a_session_that_is_over_leads_to_one_login_and_goes_on() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        harness.clock.advance(60 * 10**9)
        server.act("placeOrder", no("AG8001", "Invalid Token"), taken())
        harness.ask(place(1, "EXIT"))
        assert harness.until(Refused).family == "session"
        over = harness.until(SessionChanged)
        assert (over.generation, over.up) == (1, False)
        assert "Invalid Token" in over.reason
        harness.ask(LogIn(), row=False)
        assert harness.until(SessionChanged) == SessionChanged(2, True, "")
        harness.ask(place(2, "EXIT"))
        assert harness.until(Accepted).order == 2
        harness.ask(LogIn(), row=False)
        harness.ask(ReadRound(1), row=False)
        assert harness.until(RoundRead, lambda each: each.number == 1).generation == 2
        assert len(server.asked("loginByPassword")) == 2
        assert not any(isinstance(each, SessionChanged) for each in harness.told)


def test_a_login_that_fails_is_told_and_tried_again_when_it_is_asked_for() -> None:
    with OrderServer() as server:
        server.act("loginByPassword", no("AB9998", "not now"), *[*server.acts["loginByPassword"]])
        with EdgeHarness(server.url) as harness:
            failed = harness.until(SessionChanged)
            assert (failed.generation, failed.up) == (0, False)
            assert "not now" in failed.reason
            harness.ask(place(1))
            assert harness.until(NotSent).reason == "not logged in"
            harness.ask(LogIn(), row=False)
            early = harness.until(SessionChanged)
            assert "not again for" in early.reason
            harness.clock.advance(60 * 10**9)
            harness.ask(LogIn(), row=False)
            assert harness.until(SessionChanged) == SessionChanged(1, True, "")


def test_a_login_of_the_feed_is_the_lanes_too() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        harness.clock.advance(60 * 10**9)
        assert harness.login.renew(1).generation == 2
        assert harness.until(SessionChanged) == SessionChanged(2, True, "")
        assert harness.login.renew(1).generation == 2  # somebody else whose tokens were refused
        assert len(server.asked("loginByPassword")) == 2


def test_where_the_feed_cannot_log_in_anew_orders_go_on_with_what_is_good_for_them() -> None:
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        with pytest.raises(LoginError, match="not again for"):
            harness.login.renew(1)
        harness.ask(place(1, "EXIT"))
        harness.until(Accepted)
        assert not any(isinstance(each, SessionChanged) for each in harness.told)


def test_what_an_answer_says_of_a_login_that_is_gone_does_not_end_the_next_one() -> None:
    renewed = Event()

    def late(line: ServedLine) -> None:
        renewed.wait(PATIENCE_S)
        no("AG8001", "Invalid Token")(line)

    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        server.act("placeOrder", late, taken())
        harness.ask(place(1, "EXIT"))
        until(lambda: server.asked("placeOrder"))
        harness.clock.advance(60 * 10**9)
        harness.login.renew(1)
        assert harness.until(SessionChanged) == SessionChanged(2, True, "")
        renewed.set()
        assert harness.until(Refused).family == "session"
        harness.ask(place(2, "EXIT"))
        harness.until(Accepted)
        assert not any(isinstance(each, SessionChanged) for each in harness.told)
        assert len(server.asked("loginByPassword")) == 2


def test_the_end_waits_for_no_login() -> None:
    with OrderServer() as server:
        server.act("loginByPassword", lambda line: line.stay())
        with EdgeHarness(server.url) as harness:
            until(lambda: server.asked("loginByPassword"))
            harness.edge.stop(PATIENCE_S)
            assert not threads_left()


def test_the_end_waits_for_nothing_that_any_lane_has_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_line, "ANSWER_S", 3_600.0)
    monkeypatch.setattr(write_lane, "ANSWER_MS", 3_600_000)
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        for call in ("placeOrder", "getOrderBook"):
            server.act(call, lambda line: line.stay())
        for request in (place(1), place(2, "EXIT"), ReadRound(1)):
            harness.ask(request, row=not isinstance(request, ReadRound))
        until(lambda: len(server.asked("placeOrder")) == 2 and server.asked("getOrderBook"))
        harness.edge.stop(PATIENCE_S)
        assert not threads_left()


def test_an_edge_that_was_never_started_ends_too() -> None:
    with OrderServer() as server:
        harness = EdgeHarness(server.url)
        harness.edge.stop(PATIENCE_S)
        assert server.accepted == 0


def test_what_breaks_on_our_side_costs_that_request_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_lane, "ANSWER_MS", 50)
    nowhere = msgspec.structs.replace(place(1, "EXIT"), instrument=99)
    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        harness.ask(nowhere)
        harness.until(Sent)  # nobody knows what became of it
        until(lambda: harness.edge.view().because.startswith("IndexError"))
        monkeypatch.undo()
        harness.ask(place(2, "EXIT"))
        assert harness.until(Accepted).order == 2
        assert len(server.asked("placeOrder")) == 1


def test_a_lane_that_breaks_again_and_again_says_so_with_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> NoReturn:
        raise ValueError("it is broken")

    numbers = count(1)

    def is_refused() -> bool:
        harness.ask(place(next(numbers), "EXIT"))
        return any(isinstance(each, NotSent) for each in harness.told)

    with OrderServer() as server, EdgeHarness(server.url) as harness:
        harness.until(SessionChanged)
        with monkeypatch.context() as patched:
            patched.setattr(WriteLane, "step", breaks)
            until(is_refused)
        assert harness.until(NotSent).reason == "ValueError: it is broken"
        harness.ask(ReadRound(1), row=False)
        harness.until(RoundRead, lambda each: each.number == 1)
        assert server.asked("placeOrder") == []
