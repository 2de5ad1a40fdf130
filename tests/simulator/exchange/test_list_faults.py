"""Faults of the three lists and of the account: what they say wrongly, late or not at all, who else trades, who is barred."""

import pytest

from tests.simulator.exchange.script import CALLS
from tests.support.exchange_harness import CALL, PUT, ExchangeHarness, befallen, told


def two_orders():
    client = ExchangeHarness()
    client.placed()
    client.placed(price=99, ordertag="T2", security=PUT)
    client.placed(ordertag="T3", security=PUT)
    return client


def test_a_list_lacks_a_row_once():
    client = two_orders()
    client.exchange.fault(client.now_ms, "order_book short x2")
    assert [each["ordertag"] for each in client.rows("order_book")] == ["T1", "T2"]
    client.exchange.fault(client.now_ms, "trade_book short 1")
    assert [each["tradingsymbol"] for each in client.rows("trade_book")] == [PUT.symbol]
    client.exchange.fault(client.now_ms, "positions short")
    assert [each["tradingsymbol"] for each in client.rows("positions")] == [CALL.symbol]
    assert len(client.rows("order_book")) == 2
    assert [len(client.rows(book)) for book in ("order_book", "trade_book", "positions")] == [3, 2, 2]


def test_a_list_is_null_though_there_is_something():
    client = two_orders()
    client.exchange.fault(client.now_ms, "book empty x3")
    assert [client.rows(book) for book in ("order_book", "trade_book", "positions")] == [[], [], []]
    assert len(client.rows("order_book")) == 3


@pytest.mark.parametrize("book", ["order_book", "trade_book", "positions"])
def test_a_list_is_as_it_was(book):
    client = two_orders()
    client.after(10_000)
    client.placed(price=100.1, ordertag="T4")
    count = {"order_book": 3, "trade_book": 2, "positions": 2}[book]
    new = client.rows(book)
    client.exchange.fault(client.now_ms, f"{book} stale 5000")
    old = client.rows(book)
    assert len(old) == count
    assert old != new
    assert client.rows(book) == new


@pytest.mark.parametrize("book", ["order_book", "trade_book", "positions"])
def test_a_list_lags_from_now_on_until_it_recovers(book):
    client = befallen(f"{book} lag 6000")
    client.placed()
    assert [bool(client.rows(book)) for _ in range(6)] == [False] * 5 + [True]
    client.exchange.fault(client.now_ms, "recover")
    client.placed(security=PUT)
    assert len(client.rows(book)) == 2


def test_a_list_lags_for_a_while():
    client = befallen("order_book lag 6000 for 3s")
    client.after(3_000)
    client.placed()
    assert client.rows("order_book")


def test_positions_say_a_wrong_quantity():
    client = two_orders()
    client.exchange.fault(client.now_ms, "positions wrong -130")
    assert [each["netqty"] for each in client.rows("positions")] == ["65", "-65"]
    assert [each["netqty"] for each in client.rows("positions")] == ["65", "65"]
    assert client.exchange.net == {CALL.symbol: 65, PUT.symbol: 65}


def test_nothing_is_wrong_where_there_is_no_position():
    assert befallen("positions wrong").rows("positions") == []


def test_a_hand_at_the_app_trades_at_once_without_a_tag():
    client = ExchangeHarness()
    client.placed(quantity=130)
    client.exchange.fault(client.now_ms, "external -65")
    row = client.rows("order_book")[-1]
    assert (row["ordertag"], row["transactiontype"], row["orderstatus"], row["averageprice"]) == (
        "",
        "SELL",
        "complete",
        "99.9",
    )
    assert client.exchange.net[CALL.symbol] == 65
    client.exchange.fault(client.now_ms, f"external +195 {PUT.symbol} CARRYFORWARD")
    assert client.exchange.net[PUT.symbol] == 195
    assert client.rows("positions")[-1]["producttype"] == "CARRYFORWARD"
    assert client.exchange.counters.external == 2
    assert client.exchange.counters.orders == {"T1": 1}


def test_a_hand_at_the_app_finds_somebody_whatever_the_book():
    client = ExchangeHarness()
    client.exchange.set_book(client.now_ms, CALL.symbol, ((9_000, 65),), (), 9_500)
    client.exchange.fault(client.now_ms, "external -130")
    assert [each.price for each in client.exchange.fills] == [9_000, 9_000]
    assert client.exchange.net[CALL.symbol] == -130


def test_the_broker_squares_off():
    client = ExchangeHarness()
    client.placed(quantity=130)
    client.placed(security=PUT, producttype="CARRYFORWARD", ordertag="T2")
    other = client.placed(price=99, security=PUT, producttype="CARRYFORWARD", ordertag="T2")
    resting = client.placed("SELL", 101, 130, ordertag="T3")
    client.exchange.fault(client.now_ms, "square_off")
    assert client.exchange.net == {CALL.symbol: 0, PUT.symbol: 65}
    assert client.order(resting)["text"] == "RMS: cancelled before auto square off"
    assert client.order(other)["orderstatus"] == "open"
    assert client.order(client.placed(ordertag="T4"))["orderstatus"] == "complete"


@pytest.mark.parametrize(("fault", "code"), [("ip", "AG7002"), ("blocked", "AB1006")])
def test_changes_are_barred_and_reads_are_not(fault, code):
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    client.exchange.fault(client.now_ms, f"{fault} for 5s")
    for outcome in (client.place(), client.modify(orderid, 98), client.cancel(orderid), client.cancel("0")):
        answer = told(outcome)
        assert answer.get("errorcode", answer.get("errorCode")) == code
    assert client.order(orderid)["orderstatus"] == "open"
    client.after(5_000)
    assert told(client.cancel(orderid))["status"] is True
    client.exchange.fault(client.now_ms, fault)
    client.after(100_000)
    assert told(client.place()).get("status") is not True
    client.exchange.fault(client.now_ms, "recover")
    assert told(client.place())["status"] is True


def test_a_session_ends_for_every_call_until_a_login():
    client = befallen("session")
    for call in CALLS:
        answer = told(client.call(call))
        assert (answer["success"], answer["errorCode"]) == (False, "AG8002")
    token = client.exchange.account.issue().jwt
    assert told(client.exchange.call(client.now_ms, "profile", {}, token))["status"] is True
