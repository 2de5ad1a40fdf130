"""Margins and charges are asked for as JSON, and read in paise."""

import json

import pytest
from msgspec.structs import replace

from engine.execution.order_dialect import Reply
from engine.execution.told_fields import MisfitError
from engine.model.order_reports import RoundRead
from engine.venues.kite.orders.dialect import KiteOrders
from engine.venues.kite.orders.estimates import charges, charges_in, margin, margin_in
from engine.venues.kite.orders.meanings import hear
from tests.support.venues.kite_answers import ORDER, ORDER_ID, PLACE, PUT, TRADED, no, positions, yes


def test_the_margin_of_an_order() -> None:
    wire = margin(PLACE, PUT)
    assert (wire.method, wire.path, wire.content_type) == ("POST", "/margins/orders", "application/json")
    assert json.loads(wire.body) == [
        {
            "exchange": "NFO",
            "tradingsymbol": "NIFTY26O0622100PE",
            "transaction_type": "BUY",
            "variety": "regular",
            "product": "MIS",
            "order_type": "LIMIT",
            "quantity": 65,
            "price": 102.35,
        }
    ]
    assert margin_in(hear(yes([{"type": "equity", "total": 6652.75, "charges": {"total": 1.2}}]))) == 665_275
    assert json.loads(margin(replace(PLACE, overnight=True), PUT).body)[0]["product"] == "NRML"


def test_the_charges_of_what_was_carried_out() -> None:
    reading = KiteOrders(TRADED).begin_round(1, 1, 0)
    reading.take(yes([{**ORDER, "status": "COMPLETE", "filled_quantity": 65, "average_price": 102.3}]), 0)
    reading.take(yes([]), 0)
    meaning = reading.take(positions(), 0)
    assert meaning is not None
    assert isinstance(meaning.answer, RoundRead)
    wire = charges([(meaning.answer.orders[0], PUT)])
    assert (wire.method, wire.path, wire.content_type) == ("POST", "/charges/orders", "application/json")
    (asked,) = json.loads(wire.body)
    assert (asked["order_id"], asked["quantity"], asked["average_price"]) == (ORDER_ID, 65, 102.3)
    told = hear(yes([{"charges": {"transaction_tax": 0, "brokerage": 20, "total": 27.635}}]))
    assert charges_in(told, 1) == (2764,)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (yes([]), "0 margins for one order"),
        (yes(None), "0 margins for one order"),
        (yes([{"total": None}]), "'None' is no number"),
        (no("InputException", "Invalid `tradingsymbol`."), "InputException Invalid `tradingsymbol`."),
    ],
)
def test_a_margin_that_is_none_says_why(reply: Reply, says: str) -> None:
    with pytest.raises(MisfitError, match=f"^{says}$"):
        margin_in(hear(reply))


def test_charges_of_other_orders_are_none() -> None:
    with pytest.raises(MisfitError, match=r"^charges of 1 orders instead of 2$"):
        charges_in(hear(yes([{"charges": {"total": 1}}])), 2)
