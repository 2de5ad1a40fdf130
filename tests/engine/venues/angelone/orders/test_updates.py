"""Messages of the socket for order updates."""

import json

import pytest

from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.support.broker_answers import ORDER, TRADED

DIALECT = SmartApiOrders(TRADED)
EMPTY = {name: 0.0 if name in {"price", "triggerprice", "averageprice"} else "" for name in ORDER}


def message(code: str, order: dict[str, object], status: object = "200", error: str = "") -> bytes:
    told = {
        "user-id": "A123456",
        "status-code": status,
        "order-status": code,
        "error-message": error,
        "orderData": order,
    }
    return json.dumps(told).encode()


def test_the_greeting_and_beats_are_no_orders() -> None:
    assert DIALECT.update(message("AB00", EMPTY), 4).kind == "greeting"
    assert DIALECT.update(b"\x00", 4).kind == "beat"
    assert DIALECT.update(b"pong", 4).kind == "beat"


@pytest.mark.parametrize(
    ("code", "word", "state"),
    [
        ("AB01", "open", "working"),
        ("AB02", "cancelled", "cancelled"),
        ("AB03", "rejected", "rejected"),
        ("AB04", "modified", "working"),
        ("AB05", "complete", "complete"),
        ("AB06", "after market order req received", "working"),
        ("AB09", "open pending", "working"),
        ("AB10", "trigger pending", "working"),
        ("AB11", "modify pending", "working"),
        ("AB05", "open", "working"),  # the order's own word counts
        ("AB02", "", "cancelled"),  # and its code where there is none
        ("AB03", "", "rejected"),
        ("AB05", "", "complete"),
        ("AB07", "", "cancelled"),
        ("AB01", "", "working"),
        ("AB77", "", "working"),
    ],
)
def test_an_update_says_what_its_order_says(code: str, word: str, state: str) -> None:
    numbers = {"price": 102.35, "quantity": "65", "filledshares": "30", "averageprice": 102.3, "uniqueorderid": None}
    told = DIALECT.update(message(code, {**ORDER, **numbers, "orderstatus": word, "status": word}), 4)
    assert told.kind == "order"
    assert told.seen is not None
    report = told.seen.report
    assert (report.state, report.filled, report.average, report.limit) == (state, 30, 10230, 10235)
    assert (report.unique_id, told.seen.generation) == ("", 4)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (b"", "not the broker's format"),
        (b"hello", "not the broker's format"),
        (b"\xff\xfe", "not the broker's format"),
        (b"[]", "not the broker's format"),
        (b"[" * 100_000, "not the broker's format"),
        (message("AB01", EMPTY), "not the broker's format"),
        (message("AB01", {}), "not the broker's format: "),
        (message("AB01", {**ORDER, "orderid": ""}), "not the broker's format: an order without a number"),
        (message("", EMPTY, "401", "Invalid token\x1b[2J"), "401 Invalid token\N{REPLACEMENT CHARACTER}[2J"),
    ],
)
def test_what_is_no_update_says_why(told: bytes, says: str) -> None:
    got = DIALECT.update(told, 4)
    assert (got.kind, got.seen) == ("unreadable", None)
    assert got.reason.startswith(says)
    assert got.reason.isprintable()
