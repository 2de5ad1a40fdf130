"""What is asked is what the broker documents, field by field."""

import json

import pytest
from msgspec.structs import replace

from engine.model.order_requests import AmendOrder, PlaceOrder, ReadOrder, ReadQuote, WriteRequest
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.support.broker_answers import CANCEL, DOLLAR, MODIFY, PLACE, TRADED

DIALECT = SmartApiOrders(TRADED)
SECURE = "/rest/secure/angelbroking"


def test_a_new_order() -> None:
    wire = DIALECT.write(PLACE)
    assert (wire.method, wire.path) == ("POST", f"{SECURE}/order/v1/placeOrder")
    assert wire.content_type == "application/json"
    assert json.loads(wire.body) == {
        "variety": "NORMAL",
        "tradingsymbol": "NIFTY06OCT2622100PE",
        "symboltoken": "40672",
        "transactiontype": "BUY",
        "exchange": "NFO",
        "ordertype": "LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "price": "102.35",
        "triggerprice": "0",
        "squareoff": "0",
        "stoploss": "0",
        "quantity": "65",
        "disclosedquantity": "0",
        "ordertag": "L9FAB00700007E",
    }


def test_another_limit() -> None:
    wire = DIALECT.write(MODIFY)
    assert (wire.method, wire.path) == ("POST", f"{SECURE}/order/v1/modifyOrder")
    assert json.loads(wire.body) == {
        "variety": "NORMAL",
        "orderid": "200910000000111",
        "ordertype": "LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "price": "102.90",
        "quantity": "65",
        "tradingsymbol": "NIFTY06OCT2622100PE",
        "symboltoken": "40672",
        "exchange": "NFO",
    }


@pytest.mark.parametrize(("variety", "said"), [("", "NORMAL"), ("STOPLOSS", "STOPLOSS")])
def test_the_end_of_an_order_ours_or_not(variety: str, said: str) -> None:
    wire = DIALECT.write(replace(CANCEL, variety=variety))
    assert (wire.method, wire.path) == ("POST", f"{SECURE}/order/v1/cancelOrder")
    assert json.loads(wire.body) == {"variety": said, "orderid": "200910000000111"}


@pytest.mark.parametrize(
    ("asked", "product"),
    [
        (PlaceOrder(1, "T", 0, "SELL", 65, 100, "FLAT", 100, "flat", overnight=True), "CARRYFORWARD"),
        (AmendOrder(1, "1", 0, 65, 100, "FLAT", overnight=True), "CARRYFORWARD"),
        (PlaceOrder(1, "T", 0, "SELL", 65, 100, "EXIT", 100, "stop"), "INTRADAY"),
    ],
)
def test_the_product_is_the_one_that_is_held(asked: WriteRequest, product: str) -> None:
    assert json.loads(DIALECT.write(asked).body)["producttype"] == product


def test_a_stop_that_rests_waits_for_its_trigger_and_is_cancelled_as_what_it_is() -> None:
    placed = json.loads(DIALECT.write(PlaceOrder(1, "T", 0, "SELL", 65, 8_555, "NET", 9_010, "Net stop")).body)
    said = [placed[name] for name in ("variety", "ordertype", "triggerprice", "price")]
    assert said == ["STOPLOSS", "STOPLOSS_LIMIT", "90.10", "85.55"]
    assert json.loads(DIALECT.write(replace(CANCEL, purpose="NET")).body)["variety"] == "STOPLOSS"


def test_a_price_has_the_decimals_of_its_scale() -> None:
    place = PlaceOrder(1, "T", TRADED.index(DOLLAR), "BUY", 1, 831_225_000, "ENTRY", 1, "")
    assert json.loads(DIALECT.write(place).body)["price"] == "83.1225"


def test_all_values_of_an_order_are_text() -> None:
    for asked in (PLACE, MODIFY, CANCEL):
        assert all(isinstance(value, str) for value in json.loads(DIALECT.write(asked).body).values())


def test_what_is_read() -> None:
    begun = DIALECT.begin_round(1, 1, 0)
    assert (begun.wire.method, begun.wire.path, begun.wire.body) == ("GET", f"{SECURE}/order/v1/getOrderBook", b"")
    details = DIALECT.look(ReadOrder(7, "34reqfachdfih"))
    assert (details.method, details.path) == ("GET", f"{SECURE}/order/v1/details/34reqfachdfih")
    quote = DIALECT.look(ReadQuote(1))
    assert (quote.method, quote.path) == ("POST", f"{SECURE}/market/v1/quote")
    assert json.loads(quote.body) == {"mode": "FULL", "exchangeTokens": {"NFO": ["40672"]}}


def test_an_identity_leads_to_no_other_path() -> None:
    assert DIALECT.look(ReadOrder(7, "../x?y#z")).path == f"{SECURE}/order/v1/details/..%2Fx%3Fy%23z"
