"""What is asked is what the broker documents, field by field."""

import json
import re
from datetime import date
from typing import get_args
from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace

from engine.execution.order_dialect import WireRequest
from engine.model.order_requests import AmendOrder, PlaceOrder, Purpose, ReadOrder, ReadQuote
from engine.trading.orders.tags import Tags
from engine.venues.kite.orders.dialect import KiteOrders
from tests.support.venues.kite_answers import CANCEL, MODIFY, ORDER_ID, PLACE, POSITION, TRADE, TRADED, positions, yes

DIALECT = KiteOrders(TRADED)


def form(wire: WireRequest) -> dict[str, str]:
    assert wire.content_type == "application/x-www-form-urlencoded"
    return dict(parse_qsl(wire.body.decode("ascii"), strict_parsing=True))


def test_a_new_order_is_a_form() -> None:
    wire = DIALECT.write(PLACE)
    assert (wire.method, wire.path) == ("POST", "/orders/regular")
    assert form(wire) == {
        "exchange": "NFO",
        "tradingsymbol": "NIFTY26O0622100PE",
        "transaction_type": "BUY",
        "order_type": "LIMIT",
        "quantity": "65",
        "product": "MIS",
        "price": "102.35",
        "validity": "DAY",
        "tag": "L9FAB00700007E",
    }


def test_another_limit_names_no_quantity() -> None:
    wire = DIALECT.write(MODIFY)
    assert (wire.method, wire.path) == ("PUT", f"/orders/regular/{ORDER_ID}")
    assert form(wire) == {"price": "102.90"}
    assert DIALECT.write(AmendOrder(7, ORDER_ID, 1, 130, 10290, "EXIT", overnight=True)) == wire


@pytest.mark.parametrize(("variety", "said"), [("", "regular"), ("iceberg", "iceberg"), ("../x?y", "..%2Fx%3Fy")])
def test_the_end_of_an_order_ours_or_not(variety: str, said: str) -> None:
    wire = DIALECT.write(replace(CANCEL, variety=variety))
    assert (wire.method, wire.path, wire.body) == ("DELETE", f"/orders/{said}/{ORDER_ID}", b"")


@pytest.mark.parametrize(
    ("instrument", "overnight", "product"), [(1, True, "NRML"), (1, False, "MIS"), (2, True, "CNC"), (2, False, "MIS")]
)
def test_the_product_is_the_one_that_is_held(instrument: int, overnight: bool, product: str) -> None:
    asked = PlaceOrder(1, "T", instrument, "SELL", 65, 100, "FLAT", 100, "flat", overnight=overnight)
    assert form(DIALECT.write(asked))["product"] == product


def test_a_stop_that_rests_waits_for_its_trigger() -> None:
    fields = form(DIALECT.write(PlaceOrder(1, "T", 1, "SELL", 65, 8_555, "NET", 9_010, "Net stop")))
    assert [fields[name] for name in ("order_type", "trigger_price", "price")] == ["SL", "90.10", "85.55"]


def test_our_tags_are_such_as_the_broker_takes() -> None:
    made = [Tags(date(2026, 12, 31), "ZZ", 99).make(1_999, purpose) for purpose in get_args(Purpose)]
    assert all(re.fullmatch("[A-Za-z0-9]{1,20}", tag) for tag in made)
    assert [form(DIALECT.write(replace(PLACE, tag=tag)))["tag"] for tag in made] == made


def test_what_a_name_holds_stays_one_field() -> None:
    tagged = DIALECT.write(replace(PLACE, tag="a&quantity=9 +é"))
    assert form(tagged)["tag"] == "a&quantity=9 +é"
    assert form(tagged)["quantity"] == "65"
    assert b"%26quantity%3D9" in tagged.body


def test_what_is_read() -> None:
    begun = DIALECT.begin_round(1, 1, 0)
    asked = [begun.wire]
    for reply in (yes([]), yes([TRADE])):
        begun.take(reply, 0)
        asked.append(begun.wire)
    assert begun.take(positions(POSITION), 0) is not None
    history = DIALECT.look(ReadOrder(7, ORDER_ID))
    quote = DIALECT.look(ReadQuote(1))
    paths = [each.path for each in (*asked, history, quote)]
    assert paths == [
        "/orders",
        "/trades",
        "/portfolio/positions",
        f"/orders/{ORDER_ID}",
        "/quote?i=NFO%3ANIFTY26O0622100PE",
    ]
    assert {(each.method, each.body) for each in (*asked, history, quote)} == {("GET", b"")}


def test_an_identity_leads_to_no_other_path() -> None:
    assert DIALECT.look(ReadOrder(7, "../x?y#z")).path == "/orders/..%2Fx%3Fy%23z"
    assert DIALECT.write(replace(MODIFY, broker_id="../x")).path == "/orders/regular/..%2Fx"


def test_no_body_is_json_where_something_changes() -> None:
    for asked in (PLACE, MODIFY):
        with pytest.raises(json.JSONDecodeError):
            json.loads(DIALECT.write(asked).body)
