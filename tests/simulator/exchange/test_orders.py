"""The life of an order at the simulated broker, as answers, order book, details and updates tell it."""

import pytest

from tests.simulator.exchange import Delays, Quirks
from tests.support.exchange_harness import ASKS, CALL, PUT, ExchangeHarness, order_fields, told

SLOW = Delays((10, 10), (20, 20), (30, 30), (0, 0), (0, 0), (0, 0), (0, 0), 0)


def test_an_order_is_taken_looked_at_opened_and_filled():
    client = ExchangeHarness(delays=SLOW)
    outcome = client.place()
    data = told(outcome)["data"]
    assert (outcome.end, outcome.at_ms) == ("answered", client.now_ms + 10)
    assert outcome.answer.status == 200
    assert told(outcome) | {"data": {}} == {"status": True, "message": "SUCCESS", "errorcode": "", "data": {}}
    assert data.keys() == {"script", "orderid", "uniqueorderid"}
    assert data["script"] == CALL.symbol
    assert data["orderid"].startswith("260925")
    assert len(data["orderid"]) == 15
    states = []
    for _ in range(6):
        states.append(told(client.call("details", uniqueorderid=data["uniqueorderid"]))["data"]["orderstatus"])
        client.after(10)
    assert states == ["validation pending"] * 2 + ["open pending"] * 3 + ["complete"]
    assert client.updates() == [("AB00", ""), ("AB09", "open pending"), ("AB01", "open"), ("AB05", "complete")]


def test_the_order_book_has_text_where_details_and_updates_have_numbers():
    client = ExchangeHarness()
    data = told(client.place(price=100.15, quantity=130))["data"]
    row = client.order(data["orderid"])
    details = told(client.call("details", uniqueorderid=data["uniqueorderid"]))["data"]
    assert (row["price"], row["averageprice"], row["triggerprice"]) == ("100.15", "100.1", "0.0")
    assert (details["price"], details["averageprice"], details["triggerprice"]) == (100.15, 100.1, 0.0)
    assert (row["quantity"], row["filledshares"], row["unfilledshares"], row["cancelsize"]) == ("130", "130", "0", "0")
    assert (row["ordertag"], row["variety"], row["ordertype"], row["producttype"]) == (
        "T1",
        "NORMAL",
        "LIMIT",
        "INTRADAY",
    )
    assert (row["strikeprice"], row["optiontype"], row["expirydate"]) == ("22100.0", "CE", "06OCT2026")
    assert (row["updatetime"], row["exchorderupdatetime"]) == ("25-Sep-2026 09:15:00", "25-Sep-2026 09:15:00")
    assert row["uniqueorderid"] == data["uniqueorderid"]
    assert row["exchangeorderid"]
    same = {"tradingsymbol", "symboltoken", "exchange", "orderid", "orderstatus", "fillid", "text", "ordertag"}
    assert {name: row[name] for name in same} == {name: details[name] for name in same}
    assert row.keys() == details.keys()


def test_a_trade_has_neither_tag_nor_token_nor_date():
    client = ExchangeHarness()
    orderid = client.placed(price=100.15, quantity=65 * 15)
    first, second = client.rows("trade_book")
    assert (first["orderid"], first["fillsize"], first["fillprice"]) == (orderid, "650", "100.10")
    assert second["fillid"] != first["fillid"]
    assert first["filltime"] == "09:15:00"
    assert not first.keys() & {"symboltoken", "ordertag", "uniqueorderid"}


def test_positions_keep_closed_rows_and_sum_what_was_bought_and_sold():
    client = ExchangeHarness()
    client.placed(quantity=130)
    client.placed("SELL", 99.9, 130, ordertag="T2")
    client.placed(security=PUT)
    closed, held = client.rows("positions")
    assert (closed["netqty"], closed["buyqty"], closed["sellqty"]) == ("0", "130", "130")
    assert (closed["netvalue"], closed["pnl"], closed["realised"]) == ("- 26.00", "-26.00", "-26.00")
    assert (held["netqty"], held["buyavgprice"], held["ltp"]) == ("65", "100.10", "100.10")
    assert (held["multiplier"], held["boardlotsize"], held["lotsize"]) == ("-1", "1", "65")


def test_empty_lists_are_null():
    client = ExchangeHarness()
    for book in ("order_book", "trade_book", "positions"):
        assert told(client.call(book)) == {"status": True, "message": "SUCCESS", "errorcode": "", "data": None}


def test_a_partly_filled_order_is_open_and_its_rest_can_be_cancelled():
    client = ExchangeHarness()
    orderid = client.placed(price=100.1, quantity=1300)
    row = client.order(orderid)
    assert (row["orderstatus"], row["filledshares"], row["unfilledshares"]) == ("open", "650", "650")
    assert client.updates()[-1] == ("AB01", "open")
    assert told(client.cancel(orderid))["data"]["orderid"] == orderid
    row = client.order(orderid)
    assert (row["orderstatus"], row["filledshares"], row["cancelsize"]) == ("cancelled", "650", "650")
    assert client.updates() == [("AB02", "cancelled")]


def test_a_modified_order_trades_at_its_new_price_and_says_so_in_one_of_its_two_words():
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    assert told(client.modify(orderid, 99.5))["data"].keys() == {"orderid", "uniqueorderid"}
    row = client.order(orderid)
    assert (row["price"], row["status"], row["orderstatus"]) == ("99.5", "modified", "open")
    client.modify(orderid, 100.1)
    assert client.order(orderid)["orderstatus"] == "complete"
    assert ("AB04", "modified") in client.updates()


@pytest.mark.parametrize(
    ("changes", "first"),
    [([(99, 65)], "T1"), ([(99, 130)], "T1"), ([(99, 195)], "T2"), ([(98, 130), (99, 130)], "T2")],
)
def test_a_modify_loses_its_place_unless_it_only_asks_for_less(changes, first):
    client = ExchangeHarness()
    orderid = client.placed(price=99, quantity=130)
    client.placed(price=99, quantity=130, ordertag="T2")
    for price, quantity in changes:
        client.modify(orderid, price, quantity)
    client.exchange.set_book(client.now_ms, CALL.symbol, (), ((9_900, 65),))
    assert [each.tag for each in client.exchange.fills] == [first]


def test_a_stop_waits_for_its_trigger_and_its_status_differs_from_its_orderstatus_once_modified():
    client = ExchangeHarness()
    client.placed()
    stop = client.placed("SELL", 94, stop=95, ordertag="T2")
    assert client.order(stop)["orderstatus"] == "trigger pending"
    client.modify(stop, 93, variety="STOPLOSS", ordertype="STOPLOSS_LIMIT", triggerprice="94")
    row = client.order(stop)
    assert (row["status"], row["orderstatus"]) == ("modified", "trigger pending")
    assert client.updates()[-1] == ("AB04", "trigger pending")
    client.exchange.set_book(client.now_ms, CALL.symbol, ((9_380, 650),), ((9_410, 650),), 9_400)
    row = client.order(stop)
    assert (row["orderstatus"], row["averageprice"]) == ("complete", "93.8")


def test_a_stop_that_is_jumped_over_rests_at_its_limit():
    client = ExchangeHarness()
    client.placed()
    stop = client.placed("SELL", 94, stop=95, ordertag="T2")
    client.exchange.set_book(client.now_ms, CALL.symbol, ((9_000, 650),), ((9_010, 650),), 9_000)
    assert client.order(stop)["orderstatus"] == "open"
    assert client.exchange.net[CALL.symbol] == 65
    client.modify(stop, 90, variety="STOPLOSS", ordertype="STOPLOSS_LIMIT", triggerprice="95")
    assert client.order(stop)["averageprice"] == "90.0"


def test_price_protection_is_looked_at_again_when_a_stop_triggers():
    client = ExchangeHarness(quirks=Quirks(at_once=frozenset()), short_margin=0)
    stop = client.placed("SELL", 80, stop=95)
    for _ in range(7):
        client.exchange.set_book(client.now_ms, CALL.symbol, ((17_000, 65),), ((17_010, 65),), 17_000)
        client.after(10_000)
    client.exchange.set_book(client.now_ms, CALL.symbol, ((8_500, 65),), ((8_510, 65),), 8_500)
    row = client.order(stop)
    assert row["orderstatus"] == "rejected"
    assert "above <102.00>" in row["text"]


@pytest.mark.parametrize(("meaning", "left"), [("total", 195), ("rest", 845)])
def test_the_quantity_of_a_modify_is_the_total_or_the_rest_by_the_setting(meaning, left):
    client = ExchangeHarness(quirks=Quirks(modify_quantity=meaning))
    orderid = client.placed(price=100.1, quantity=1300)  # 650 fill
    client.modify(orderid, 100.1, 845)
    (order,) = client.exchange.working
    assert order.rest == left


def test_a_modify_to_less_than_has_filled_is_not_done():
    client = ExchangeHarness()
    orderid = client.placed(price=100.1, quantity=1300)
    client.modify(orderid, 100.1, 650)
    row = client.order(orderid)
    assert (row["orderstatus"], row["quantity"]) == ("not modified", "1300")
    assert "traded quantity" in row["text"]


def test_a_modified_order_may_have_another_order_id_and_keeps_its_unique_one():
    client = ExchangeHarness(quirks=Quirks(new_orderid=True))
    first = told(client.place(price=99))["data"]
    second = told(client.modify(first["orderid"], 100.1))["data"]
    assert second["orderid"] != first["orderid"]
    assert second["uniqueorderid"] == first["uniqueorderid"]
    assert told(client.cancel(first["orderid"]))["errorcode"] == "AB1013"
    (row,) = client.rows("order_book")
    assert (row["orderid"], row["ordertag"]) == (second["orderid"], "T1")
    assert client.rows("trade_book")[0]["orderid"] == second["orderid"]


def test_what_is_not_settled_about_the_order_book_is_a_setting():
    client = ExchangeHarness(quirks=Quirks(number_orderid=True, null_token=True, average_decimals=4))
    data = told(client.place(price=100.15, quantity=65 * 15))["data"]
    (row,) = client.rows("order_book")
    assert row["orderid"] == int(data["orderid"])
    assert row["symboltoken"] is None
    assert row["averageprice"] == "100.1167"


@pytest.mark.parametrize("what", ["modify", "cancel"])
def test_what_is_over_or_unknown_can_be_changed_no_more(what):
    client = ExchangeHarness()
    data = told(client.place())["data"]
    change = client.cancel if what == "cancel" else lambda orderid: client.modify(orderid, 99)
    answer = told(change(data["orderid"]))
    assert (answer["status"], answer["errorcode"]) == (False, "AB1007")
    assert "complete" in answer["message"]
    for unknown in (data["uniqueorderid"], "999999999999999", ""):
        assert told(change(unknown)) | {"data": 0} == {
            "status": False,
            "message": "Order not found",
            "errorcode": "AB1013",
            "data": 0,
        }


def test_details_of_an_unknown_order_have_a_code_of_three_meanings():
    answer = told(ExchangeHarness().call("details", uniqueorderid="00"))
    assert (answer["status"], answer["errorcode"], answer["message"]) == (False, "AB1007", "Order not found")


def test_a_second_order_with_the_same_tag_is_taken():
    client = ExchangeHarness()
    client.place()
    client.place()
    assert client.exchange.counters.orders == {"T1": 2}
    assert client.exchange.net[CALL.symbol] == 130


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"variety": "AMO"}, "AB1008"),
        ({"variety": "STOPLOSS"}, "AB1008"),
        ({"variety": "ROBO"}, "AB1008"),
        ({"tradingsymbol": "NIFTY06OCT2622100PE"}, "AB1009"),
        ({"exchange": "NSE"}, "AB1009"),
        ({"producttype": "NRML"}, "AB1012"),
        ({"symboltoken": "1"}, "AB4006"),
        ({"symboltoken": ""}, "AB4018"),
        ({"ordertag": "X" * 21}, "AB4008"),
        ({"duration": "GTC"}, "AB2000"),
        ({"transactiontype": "HOLD"}, "AB2000"),
        ({"ordertype": "ICEBERG"}, "AB2000"),
        ({"price": "much"}, "AB2000"),
        ({"price": "100.123"}, "AB2000"),
        ({"price": "nan"}, "AB2000"),
        ({"price": None}, "AB2000"),
        ({"quantity": "0"}, "AB2000"),
        ({"quantity": "-65"}, "AB2000"),
        ({"quantity": "6.5e1"}, "AB2000"),
    ],
)
def test_a_form_that_is_wrong_is_refused_at_once_and_is_no_order(wrong, code):
    client = ExchangeHarness()
    answer = told(client.call("place", **order_fields("BUY", 100.1, 65) | wrong))
    assert (answer["status"], answer["errorcode"], answer["data"]) == (False, code, None)
    assert client.exchange.counters.orders == {}
    assert client.exchange.counters.placed == {str(wrong.get("ordertag", "T1")): 1}


def test_a_tag_of_twenty_characters_is_taken():
    assert ExchangeHarness().placed(ordertag="X" * 20)


@pytest.mark.parametrize("what", ["modify", "cancel"])
def test_a_change_of_another_variety_is_refused(what):
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    answers = {
        "cancel": [client.cancel(orderid, "STOPLOSS"), client.cancel(orderid, "AMO")],
        "modify": [client.modify(orderid, 99, stop=100), client.modify(orderid, 99, variety="AMO")],
    }
    assert [told(each)["errorcode"] for each in answers[what]] == ["AB1008", "AB1008"]


@pytest.mark.parametrize("kind", [{"ordertype": "MARKET", "price": "0"}, {"duration": "IOC"}])
def test_market_and_ioc_orders_are_taken_and_rejected(kind):
    client = ExchangeHarness()
    orderid = client.placed(**kind)
    row = client.order(orderid)
    assert row["orderstatus"] == "rejected"
    assert "Market and IOC" in row["text"]


def test_the_gateway_may_cancel_what_has_not_reached_the_exchange():
    client = ExchangeHarness(delays=SLOW)
    orderid = client.placed()
    client.cancel(orderid)
    client.after(200)
    assert [each for each in client.updates() if each[0] != "AB00"][-1] == ("AB05", "complete")  # a fill wins
    orderid = client.placed(price=99)
    client.cancel(orderid)
    client.after(200)
    assert client.updates()[-1] == ("AB02", "cancelled")


def test_resting_orders_trade_at_their_own_price_once_the_book_crosses_them():
    client = ExchangeHarness()
    orderid = client.placed(price=99)
    client.exchange.set_book(client.now_ms, CALL.symbol, ((9_700, 65),), ((9_800, 65),), 9_800)
    assert client.order(orderid)["averageprice"] == "99.0"


def test_others_liquidity_is_taken_once():
    client = ExchangeHarness()
    client.placed(price=100.1, quantity=650)
    second = client.placed(price=100.1, ordertag="T2")
    assert client.order(second)["filledshares"] == "0"
    client.exchange.set_book(client.now_ms, CALL.symbol, (), ASKS)
    assert client.order(second)["filledshares"] == "65"
