"""Faults of calls: how each ends for the client, and whether what was asked is done, now, later or never."""

import pytest

from tests.simulator.exchange.script import READS
from tests.support.exchange_harness import CALL, ExchangeHarness, befallen, told


@pytest.mark.parametrize(
    ("fault", "end", "status", "body", "taken"),
    [
        ("place after", "silent", 0, b"", True),
        ("place lost", "silent", 0, b"", False),
        ("place reset", "reset", 0, b"", False),
        ("place reset taken", "reset", 0, b"", True),
        ("place unreachable", "unreachable", 0, b"", False),
        ("place rate", "answered", 403, b"Access denied because of exceeding access rate", False),
        ("place rate taken", "answered", 403, b"Access denied because of exceeding access rate", True),
        ("place 429 taken", "answered", 429, b"Too Many Requests", True),
        ("place null", "answered", 200, b'"status":true,"message":"SUCCESS","errorcode":"","data":null', False),
        ("place null taken", "answered", 200, b'"data":null', True),
        ("place status_false AB1010", "answered", 200, b'"AMX Session Expired","errorcode":"AB1010"', False),
        ("place status_false AB7777 taken", "answered", 200, b'"errorcode":"AB7777"', True),
        ("place status_false AG8001", "answered", 200, b'"success":false,"message":"Invalid Token","errorCode"', False),
        ("place slow 3000", "answered", 200, b'"orderid"', True),
        ("place untagged", "answered", 200, b'"orderid"', True),
    ],
)
def test_a_call_ends_as_the_fault_says_whether_or_not_it_was_done(fault, end, status, body, taken):
    client = befallen(fault)
    outcome = client.place()
    assert outcome.end == end
    assert (outcome.answer.status if outcome.answer else 0) == status
    assert body in (outcome.answer.body if outcome.answer else b"")
    assert len(client.exchange.orders) == taken
    assert client.exchange.counters.placed == {"T1": 1}
    assert client.exchange.counters.orders == ({"": 1} if "untagged" in fault else {"T1": 1} if taken else {})
    assert sum(client.exchange.counters.faults.values()) == 1
    assert told(client.place(ordertag="T2"))["status"] is True


@pytest.mark.parametrize("call", ["place", "order_book"])
def test_an_answer_comes_later_than_what_it_tells(call):
    client = befallen(f"{call} slow 3000")
    outcome = client.place() if call == "place" else client.call(call)
    assert outcome.at_ms == client.now_ms + 3_000
    assert len(client.exchange.orders) == (call == "place")


def test_several_statuses_and_bodies_stand_for_one_word():
    client = befallen("quote 5xx x60")
    seen = {client.call("quote").answer.status for _ in range(60)}
    client.exchange.fault(client.now_ms, "quote html x20")
    pages = {(each.status, each.kind) for each in (client.call("quote").answer for _ in range(20))}
    client.exchange.fault(client.now_ms, "quote empty x20")
    empty = {(each.status, each.body) for each in (client.call("quote").answer for _ in range(20))}
    assert seen == {500, 502, 503, 504}
    assert pages == {(200, "text/html"), (403, "text/html")}
    assert empty == {(200, b""), (400, b"")}


def test_a_cut_answer_is_half_of_one_whose_length_was_told():
    client = befallen("place cut")
    outcome = client.place()
    assert (outcome.end, len(outcome.answer.body)) == ("cut", outcome.whole_length // 2)
    assert outcome.answer.body.startswith(b'{"status":true')
    assert client.exchange.net[CALL.symbol] == 65


def test_a_late_order_is_nowhere_until_it_is_taken():
    client = befallen("place late 8000")
    assert client.place().end == "silent"
    client.after(7_998)
    assert told(client.call("order_book"))["data"] is None
    assert not client.exchange.at_rest
    client.after(2)
    assert client.exchange.net[CALL.symbol] == 65
    assert client.rows("order_book")[0]["ordertag"] == "T1"


def test_what_is_done_late_may_have_a_wrong_answer_at_once():
    client = befallen("place late 3000 rate")
    assert client.place().answer.status == 403
    client.after(3_000)
    assert client.exchange.counters.orders == {"T1": 1}


@pytest.mark.parametrize("what", ["modify", "cancel"])
@pytest.mark.parametrize(
    ("fault", "done_after_ms"),
    [
        ("after", 0),
        ("late 5000", 5_000),
        ("lost", None),
        ("reset", None),
        ("reset taken", 0),
        ("5xx taken", 0),
        ("empty", None),
    ],
)
def test_changes_are_done_or_not_as_the_fault_says(what, fault, done_after_ms):
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    client.exchange.fault(client.now_ms, f"{what} {fault}")
    outcome = client.cancel(orderid) if what == "cancel" else client.modify(orderid, 98)
    assert outcome.end != "answered" or outcome.answer.status >= 400 or outcome.answer.body == b""

    def done():
        (order,) = client.exchange.orders
        return order.state == "cancelled" or order.price == 9_800

    client.after((done_after_ms or 2) - 1)
    assert done() is (done_after_ms == 0)
    client.after(20_000)
    assert done() is (done_after_ms is not None)


def test_a_late_cancel_finds_what_has_filled_meanwhile():
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    client.exchange.fault(client.now_ms, "cancel late 4000")
    client.cancel(orderid)
    client.exchange.set_book(client.now_ms, CALL.symbol, (), ((9_900, 650),))
    client.after(4_000)
    assert client.order(orderid)["orderstatus"] == "complete"


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize(
    "fault", ["lost", "reset", "unreachable", "5xx", "rate", "429", "html", "empty", "null", "cut"]
)
def test_reads_fail_in_every_way(call, fault):
    client = befallen(f"{call} {fault}")
    outcome = client.call(call)
    whole = outcome.end == "answered" and outcome.answer.status == 200 and outcome.answer.kind == "application/json"
    assert not whole or outcome.answer.body in {b"", b'{"status":true,"message":"SUCCESS","errorcode":"","data":null}'}
