"""A single order's details, and a quote with its best five."""

import pytest

from engine.execution.order_dialect import Reply
from engine.model.order_reports import OrderSeen, Quoted, ReadFailed
from engine.model.order_requests import ReadOrder, ReadQuote
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.dialect import SmartApiOrders
from engine.venues.angelone.orders.stamps import stamp_ms
from tests.support.broker_answers import ORDER, TRADED, no, yes

DIALECT = SmartApiOrders(TRADED)
LOOK = ReadOrder(7, "34reqfachdfih")
NOTHING = {"price": 0.0, "quantity": 0, "orders": 0}
QUOTE: dict[str, object] = {
    "exchange": "NFO",
    "tradingSymbol": "NIFTY06OCT2622100PE",
    "symbolToken": "40672",
    "ltp": 102.35,
    "lowerCircuit": 0.05,
    "upperCircuit": 512.8,
    "exchFeedTime": "20-Oct-2020 13:10:59",
    "depth": {
        "buy": [{"price": 102.2, "quantity": 130, "orders": 2}, {"price": 102.3, "quantity": 65, "orders": 1}, NOTHING],
        "sell": [{"price": 101.0, "quantity": 0, "orders": 0}, {"price": 102.45, "quantity": 65, "orders": 1}, NOTHING],
    },
}


def test_details_are_an_order_of_this_login() -> None:
    told = DIALECT.seen(LOOK, yes({**ORDER, "price": 102.35, "filledshares": "65", "averageprice": 102.3}), 4, 9).answer
    assert isinstance(told, OrderSeen)
    assert (told.generation, told.report.filled, told.report.average) == (4, 65, 10230)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (no("AB1007", "Order not found"), "the broker knows no such order"),
        (no("AB1013", "Order not found"), "the broker knows no such order"),
        (yes(None), "the broker knows no such order"),
        (no("AB2000", "Error"), "AB2000 Error"),
        (yes({**ORDER, "uniqueorderid": "other"}), "the details are of another order"),
        (yes([ORDER]), "got `array`"),
        (yes({**ORDER, "quantity": "x"}), "'x' is no number"),
    ],
)
def test_details_that_cannot_be_read_say_why(reply: Reply, says: str) -> None:
    told = DIALECT.seen(LOOK, reply, 4, 9).answer
    assert isinstance(told, ReadFailed)
    assert (told.order, told.instrument) == (7, -1)
    assert told.reason.endswith(says)


def quote(**other: object) -> Quoted | ReadFailed:
    told = DIALECT.seen(ReadQuote(1), yes({"fetched": [{**QUOTE, **other}], "unfetched": []}), 4, 9).answer
    assert isinstance(told, Quoted | ReadFailed)
    return told


def test_a_quote_has_the_best_prices_at_which_somebody_wants_something() -> None:
    at_ms = stamp_ms("20-Oct-2020 13:10:59")
    assert quote() == Quoted(1, at_ms, bid=10230, ask=10245, last=10235, lower=5, upper=51280)


def test_what_is_not_told_is_nought() -> None:
    assert quote(depth=None, ltp="", lowerCircuit=None, exchFeedTime="") == Quoted(1, 9, upper=51280)
    assert quote(depth={"buy": [], "sell": [NOTHING]}, upperCircuit="512.80", symbolToken=40672) == Quoted(
        1, stamp_ms("20-Oct-2020 13:10:59"), last=10235, lower=5, upper=51280
    )


def test_a_quote_that_is_none_says_why() -> None:
    assert quote(symbolToken="1") == ReadFailed(CleanText("NIFTY06OCT2622100PE is not in the answer"), instrument=1)
    assert quote(ltp="soon") == ReadFailed(CleanText("'soon' is no number"), instrument=1)
    nothing = DIALECT.seen(ReadQuote(1), yes({"fetched": None, "unfetched": [{"symbolToken": "40672"}]}), 4, 9).answer
    assert nothing == ReadFailed(CleanText("NIFTY06OCT2622100PE is not in the answer"), instrument=1)
