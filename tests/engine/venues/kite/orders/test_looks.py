"""A single order's history, and a quote with its best five."""

import pytest

from engine.execution.order_dialect import Reply
from engine.model.order_reports import OrderSeen, Quoted, ReadFailed
from engine.model.order_requests import ReadOrder, ReadQuote
from engine.text.sanitize import CleanText
from engine.venues.kite.orders.dialect import KiteOrders
from engine.venues.kite.orders.rows import stamp_ms
from tests.support.venues.kite_answers import ORDER, ORDER_ID, PUT, TRADED, no, yes

DIALECT = KiteOrders(TRADED)
LOOK = ReadOrder(7, ORDER_ID)
NAME = "NFO:NIFTY26O0622100PE"
NOTHING = {"price": 0, "quantity": 0, "orders": 0}
QUOTE: dict[str, object] = {
    "instrument_token": 10412290,
    "timestamp": "2026-10-06 13:10:59",
    "last_price": 102.35,
    "lower_circuit_limit": 0.05,
    "upper_circuit_limit": 512.8,
    "depth": {
        "buy": [{"price": 102.2, "quantity": 130, "orders": 2}, {"price": 102.3, "quantity": 65, "orders": 1}, NOTHING],
        "sell": [{"price": 101.0, "quantity": 0, "orders": 0}, {"price": 102.45, "quantity": 65, "orders": 1}, NOTHING],
    },
}


def history(*steps: dict[str, object]) -> OrderSeen | ReadFailed:
    told = DIALECT.seen(LOOK, yes([{**ORDER, **step} for step in steps]), 4, 9).answer
    assert isinstance(told, OrderSeen | ReadFailed)
    return told


def test_an_order_is_what_its_history_ends_with() -> None:
    told = history(
        {"status": "PUT ORDER REQ RECEIVED", "exchange_timestamp": None},
        {"status": "OPEN"},
        {"status": "UPDATE", "filled_quantity": 30, "average_price": 102.3},
    )
    assert isinstance(told, OrderSeen)
    assert (told.generation, told.report.state, told.report.filled, told.report.average) == (4, "working", 30, 10230)


def test_what_stands_behind_an_end_does_not_undo_it() -> None:
    told = history(
        {"status": "OPEN"},
        {"status": "COMPLETE", "filled_quantity": 65, "average_price": 102.3},
        {"status": "UPDATE", "filled_quantity": 30, "average_price": 102.3},
    )
    assert isinstance(told, OrderSeen)
    assert (told.report.state, told.report.filled) == ("complete", 65)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (yes([]), "the broker knows no such order"),
        (yes(None), "the broker knows no such order"),
        (no("OrderException", "Couldn't find that `order_id`."), "OrderException Couldn't find that `order_id`."),
        (no("GeneralException", "Something went wrong.", 500), "GeneralException Something went wrong."),
        (yes([{**ORDER, "order_id": "240000000000001"}]), "the history is of another order"),
        (yes(ORDER), "got `object`"),
        (yes([{**ORDER, "quantity": "x"}]), "'x' is no number"),
    ],
)
def test_a_history_that_cannot_be_read_says_why(reply: Reply, says: str) -> None:
    told = DIALECT.seen(LOOK, reply, 4, 9).answer
    assert isinstance(told, ReadFailed)
    assert (told.order, told.instrument) == (7, -1)
    assert told.reason.endswith(says)


def quote(**other: object) -> Quoted | ReadFailed:
    told = DIALECT.seen(ReadQuote(1), yes({NAME: {**QUOTE, **other}}), 4, 9).answer
    assert isinstance(told, Quoted | ReadFailed)
    return told


def test_a_quote_has_the_best_prices_at_which_somebody_wants_something() -> None:
    at_ms = stamp_ms("2026-10-06 13:10:59")
    assert quote() == Quoted(1, at_ms, bid=10230, ask=10245, last=10235, lower=5, upper=51280)


def test_what_is_not_told_is_nought() -> None:
    assert quote(depth=None, last_price=None, lower_circuit_limit="", timestamp=None) == Quoted(1, 9, upper=51280)
    assert quote(depth={"buy": [], "sell": [NOTHING]}, last_price=0).bid == 0


def test_a_quote_that_is_none_says_why() -> None:
    unlisted = ReadFailed(CleanText(f"{PUT.symbol} is not in the answer"), instrument=1)
    for data in ({}, None, {"NFO:OTHER": QUOTE}):
        assert DIALECT.seen(ReadQuote(1), yes(data), 4, 9).answer == unlisted
    assert quote(last_price="soon") == ReadFailed(CleanText("'soon' is no number"), instrument=1)
    other = ReadFailed(CleanText(f"the quote of {PUT.symbol} has another token"), instrument=1)
    assert quote(instrument_token=10412034) == other
