"""Text frames of the ticker's socket are of orders; what else comes on it is none of ours."""

import json

import pytest

from engine.venues.kite.orders.dialect import KiteOrders
from tests.support.venues.kite_answers import ORDER, ORDER_ID, TRADED

DIALECT = KiteOrders(TRADED)
LTP = (1).to_bytes(2) + (8).to_bytes(2) + (10412290).to_bytes(4) + (10235).to_bytes(4)
MANY = (3_000).to_bytes(2) + b"\x00\x08" + b"{" * 8


def message(kind: str, data: object) -> bytes:
    return json.dumps({"type": kind, "id": "", "data": data}).encode()


@pytest.mark.parametrize(
    "frame",
    [b"\x00", b"{", LTP, MANY, message("message", "Maintenance at night"), message("instruments_meta", {"count": 9})],
)
def test_ticks_heartbeats_and_news_are_no_orders(frame: bytes) -> None:
    told = DIALECT.update(frame, 4)
    assert (told.kind, told.seen, told.reason) == ("beat", None, "")


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        ("PUT ORDER REQ RECEIVED", 0, "working"),
        ("OPEN", 0, "working"),
        ("UPDATE", 30, "working"),
        ("COMPLETE", 65, "complete"),
        ("CANCELLED", 30, "cancelled"),
        ("REJECTED", 0, "rejected"),
        ("NEWS TO US", 0, "working"),
    ],
)
def test_an_update_says_what_its_order_says(status: str, filled: int, state: str) -> None:
    other = {"status": status, "filled_quantity": filled, "average_price": 102.3, "unfilled_quantity": 65 - filled}
    told = DIALECT.update(message("order", {**ORDER, **other}), 4)
    assert told.kind == "order"
    assert told.seen is not None
    report = told.seen.report
    assert (report.broker_id, report.unique_id, told.seen.generation) == (ORDER_ID, ORDER_ID, 4)
    assert (report.state, report.filled, report.average) == (state, filled, 10230 if filled else 0)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (b"", "not the broker's format"),
        (b"hello", "not the broker's format"),
        (b"\xff\xfe", "not the broker's format"),
        (b"[]", "not the broker's format"),
        (b"[" * 100_000, "not the broker's format"),
        (b"{}", "not the broker's format"),
        (message("order", None), "not the broker's format"),
        (message("order", {}), "not the broker's format"),
        (message("order", {**ORDER, "order_id": ""}), "not the broker's format: an order without a number"),
        (message("order", ORDER)[:-20], "not the broker's format"),
        (message("error", "Invalid `access_token`\x1b[2J"), "Invalid `access_token`\N{REPLACEMENT CHARACTER}[2J"),
        (message("error", {"a": 1}), "an error without a reason"),
        (message("error", ""), "an error without a reason"),
    ],
)
def test_what_is_no_update_says_why(told: bytes, says: str) -> None:
    got = DIALECT.update(told, 4)
    assert (got.kind, got.seen) == ("unreadable", None)
    assert got.reason.startswith(says)
    assert got.reason.isprintable()
