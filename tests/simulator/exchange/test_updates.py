"""The socket of order updates greets, tells what happens from then on, beats, and fails in every way there is."""

import msgspec
import pytest

from tests.simulator.exchange import Delays, Quirks, UpdateStream
from tests.support.exchange_harness import CALL, ExchangeHarness

SLOW = Delays((0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (50, 50), 0)


def test_the_first_message_is_a_greeting_about_no_order():
    client = ExchangeHarness()
    (message,) = client.stream.take(client.now_ms)
    told = msgspec.json.decode(message)
    assert (told["user-id"], told["status-code"], told["order-status"]) == ("A123456", "200", "AB00")
    assert (told["orderData"]["price"], told["orderData"]["filledshares"]) == (0.0, "")
    assert {*map(str, told["orderData"].values())} == {"", "0.0"}


def test_a_message_is_the_order_with_numbers_and_arrives_late():
    client = ExchangeHarness(delays=SLOW)
    client.updates()
    client.place(price=99)
    assert client.stream.take(client.now_ms + 49) == []
    assert client.stream.next_ms == client.now_ms + 50
    client.after(50)
    pending, opened = map(msgspec.json.decode, client.stream.take(client.now_ms))
    assert (pending["order-status"], opened["order-status"]) == ("AB09", "AB01")
    assert (opened["orderData"]["price"], opened["orderData"]["quantity"]) == (99.0, "65")
    assert opened["orderData"]["ordertag"] == "T1"


def test_no_message_overtakes_another_by_itself():
    client = ExchangeHarness(delays=Delays((0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 900), 0))
    for n in range(9):
        client.place(price=99, ordertag=f"T{n}")
    client.after(900)
    orders = [msgspec.json.decode(each)["orderData"] for each in client.stream.take(client.now_ms)]
    assert [each["ordertag"] for each in orders] == ["", *(f"T{n}" for n in range(9) for _ in range(2))]


def test_a_nul_comes_each_ten_seconds():
    client = ExchangeHarness()
    client.after(35_000)
    assert client.stream.take(client.now_ms)[1:] == [b"\x00"] * 3
    assert client.stream.next_ms == client.now_ms + 5_000


def test_who_connects_later_is_not_told_what_was():
    client = ExchangeHarness()
    client.place()
    second = client.exchange.open_updates(client.now_ms)
    assert isinstance(second, UpdateStream)
    assert len(second.take(client.now_ms)) == 1
    client.place(ordertag="T2")
    assert len(second.take(client.now_ms)) == 3
    assert len(client.updates()) == 7


def test_three_streams_are_taken_and_a_closed_one_makes_room():
    client = ExchangeHarness()
    streams = [client.exchange.open_updates(client.now_ms) for _ in range(3)]
    assert streams[2] == 429
    client.stream.close()
    assert isinstance(client.exchange.open_updates(client.now_ms), UpdateStream)


def test_a_token_is_asked_for():
    client = ExchangeHarness()
    assert client.exchange.open_updates(client.now_ms, "other") == 401
    assert client.exchange.open_updates(client.now_ms, "") == 401
    client.exchange.fault(client.now_ms, "session")
    assert client.exchange.open_updates(client.now_ms) == 403
    assert isinstance(client.exchange.open_updates(client.now_ms, client.exchange.account.issue().jwt), UpdateStream)


def test_orders_of_the_app_come_by_the_setting():
    for told in (True, False):
        client = ExchangeHarness(quirks=Quirks(app_updates=told))
        client.exchange.fault(client.now_ms, "external 65")
        assert (("AB05", "complete") in client.updates()) is told


def codes(client):
    return [code for code, _ in client.updates()]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("updates lost", ["AB01", "AB05"]),
        ("updates lost 2", ["AB05"]),
        ("updates dup", ["AB09", "AB09", "AB01", "AB05"]),
        ("updates dup 3", ["AB09", "AB09", "AB01", "AB01", "AB05", "AB05"]),
        ("updates reorder", ["AB01", "AB09", "AB05"]),
        ("updates reorder 2", ["AB01", "AB09", "AB05"]),
    ],
)
def test_messages_are_lost_come_twice_or_in_another_order(fault, told):
    client = ExchangeHarness(delays=SLOW)
    client.after(50)
    client.updates()
    client.exchange.fault(client.now_ms, fault)
    client.place()
    client.after(60)
    before = codes(client)
    client.after(2_000)
    assert before + codes(client) == told
    assert client.exchange.counters.update_faults


def test_the_last_message_that_was_held_back_comes_in_the_end():
    client = ExchangeHarness()
    client.exchange.fault(client.now_ms, "updates reorder 3")
    client.place()
    assert codes(client) == ["AB00", "AB01", "AB09"]
    client.after(1_000)
    assert codes(client) == ["AB05"]


def test_messages_may_be_later_than_usual_for_a_while():
    client = ExchangeHarness()
    client.exchange.fault(client.now_ms, "updates late 4000 for 2s")
    client.place(price=99)
    client.after(3_999)
    assert codes(client) == ["AB00"]
    client.after(1)
    assert codes(client) == ["AB09", "AB01"]
    client.place(price=99, ordertag="T2")
    assert codes(client) == ["AB09", "AB01"]


def test_the_socket_may_be_silent_and_beat_on():
    client = ExchangeHarness()
    client.exchange.fault(client.now_ms, "updates silent 12000")
    client.place()
    client.after(12_000)
    assert client.stream.take(client.now_ms)[1:] == [b"\x00"]
    client.place(ordertag="T2")
    assert codes(client) == ["AB09", "AB01", "AB05"]


def test_the_socket_may_be_down_for_a_while():
    client = ExchangeHarness()
    client.exchange.fault(client.now_ms, "updates down 3000")
    assert not client.stream.open
    assert client.stream.take(client.now_ms) == []
    assert client.stream.next_ms > client.now_ms + 10**9
    client.place()
    assert client.exchange.open_updates(client.now_ms) == 503
    client.after(3_000)
    stream = client.exchange.open_updates(client.now_ms)
    assert len(stream.take(client.now_ms)) == 1
    assert client.exchange.net[CALL.symbol] == 65
