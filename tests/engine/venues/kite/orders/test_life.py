"""A whole order at Kite Connect, through the lanes that Angel One's orders go through: they know neither."""

from urllib.parse import parse_qsl

import pytest

from engine.execution.actions import lane_of
from engine.execution.order_dialect import NoAnswer, OrderDialect, Reply
from engine.execution.read_lane import ReadLane
from engine.execution.write_lane import ENTRIES, EXITS
from engine.model.order_reports import (
    Accepted,
    NotSent,
    OrderAnswer,
    OrderSeen,
    Quoted,
    ReadFailed,
    Refused,
    RoundFailed,
    RoundRead,
    Sent,
    SessionChanged,
    Unclear,
)
from engine.model.order_requests import AmendOrder, PlaceOrder, ReadOrder, ReadQuote, ReadRound, WithdrawOrder
from engine.text.sanitize import CleanText
from engine.venues.kite.orders.dialect import KiteOrders
from tests.support.lane_harness import LaneHarness
from tests.support.venues.kite_answers import (
    ORDER,
    ORDER_ID,
    POSITION,
    TRADE,
    TRADED,
    answer,
    no,
    positions,
    taken,
    yes,
)

DIALECT: OrderDialect = KiteOrders(TRADED)
ENTRY = PlaceOrder(1, "L9FAB00700001E", 1, "BUY", 65, 10235, "ENTRY", 10185, "")
EXIT = PlaceOrder(2, "L9FAB00700002X", 1, "SELL", 65, 10180, "EXIT", 10230, "stop")
NUMBER = CleanText(ORDER_ID)
SOLD = CleanText("2042130686722629999")


class Reader:
    """A lane of reads that is logged in, on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.lane = ReadLane(DIALECT)
        self.lane.session(1, up=True)
        self.now_ms = 1_000_000
        self.asked: list[str] = []

    def ask(self, request: ReadRound | ReadOrder | ReadQuote, *replies: Reply) -> OrderAnswer:
        """What came of it, each request answered by the next of `replies` after 40 ms."""
        self.lane.wish(request)
        self.now_ms += 2_000
        for reply in replies:
            (send,) = self.lane.step(self.now_ms)
            self.asked.append(f"{send.wire.method} {send.wire.path}")
            self.now_ms += 40
            self.lane.answer(send.number, reply, self.now_ms)
        *_, told = self.lane.take_events()
        return told


def lanes() -> tuple[LaneHarness, LaneHarness]:
    return LaneHarness(ENTRIES, dialect=DIALECT), LaneHarness(EXITS, dialect=DIALECT)


def asked(harness: LaneHarness) -> list[str]:
    return [f"{each.wire.method} {each.wire.path}" for each in harness.sent]


def order(**other: object) -> dict[str, object]:
    return {**ORDER, "tag": ENTRY.tag, **other}


def test_an_order_lives_from_its_row_to_a_flat_account() -> None:
    entries, exits = lanes()
    reader = Reader()

    entries.wish(ENTRY)
    assert entries.sent == []  # no byte before its rows
    entries.sync()
    entries.sync()
    entries.answer(taken())
    assert entries.news() == [Sent(1, "place"), Accepted(1, "place", NUMBER, NUMBER)]

    entries.go(AmendOrder(1, NUMBER, 1, 65, 10290, "ENTRY"))
    entries.answer(taken())
    assert dict(parse_qsl(entries.sent[-1].wire.body.decode())) == {"price": "102.90"}
    seen = reader.ask(ReadOrder(1, NUMBER), yes([order(), order(status="UPDATE", price=102.9, filled_quantity=30)]))
    assert isinstance(seen, OrderSeen)
    assert (seen.report.state, seen.report.limit, seen.report.filled) == ("working", 10290, 30)

    done = order(status="COMPLETE", price=102.9, filled_quantity=65, average_price=102.3)
    told = reader.ask(ReadRound(1), yes([done]), yes([TRADE]), positions(POSITION))
    assert isinstance(told, RoundRead)
    assert (told.orders[0].tag, told.orders[0].state) == (ENTRY.tag, "complete")
    assert sum(fill.quantity for fill in told.fills) == told.net[0].net == 65

    quoted = reader.ask(ReadQuote(1), yes({"NFO:NIFTY26O0622100PE": {"last_price": 101.8}}))
    assert isinstance(quoted, Quoted)
    assert quoted.last == 10180
    exits.go(EXIT)
    exits.answer(taken(SOLD))
    sold = order(order_id=SOLD, status="COMPLETE", transaction_type="SELL", filled_quantity=65, average_price=101.75)
    sale = {**TRADE, "trade_id": "50005799", "order_id": SOLD, "transaction_type": "SELL", "average_price": 101.75}
    flat = reader.ask(ReadRound(2), yes([done, sold]), yes([TRADE, sale]), positions({**POSITION, "quantity": 0}))
    assert isinstance(flat, RoundRead)
    assert [each.net for each in flat.net] == [0]
    assert sum(fill.quantity if fill.side == "BUY" else -fill.quantity for fill in flat.fills) == 0

    assert asked(entries) == ["POST /orders/regular", f"PUT /orders/regular/{ORDER_ID}"]
    assert asked(exits) == ["POST /orders/regular"]
    books = ["GET /orders", "GET /trades", "GET /portfolio/positions"]
    assert reader.asked == [f"GET /orders/{ORDER_ID}", *books, "GET /quote?i=NFO%3ANIFTY26O0622100PE", *books]


def test_an_entry_is_taken_back_and_the_fill_before_that_is_seen() -> None:
    entries, exits = lanes()
    entries.go(ENTRY)
    entries.answer(taken())
    back = WithdrawOrder(1, NUMBER, "ENTRY")
    assert lane_of(back) == "exits"
    exits.go(back)
    exits.answer(no("OrderException", "Order cannot be cancelled as it is being processed. Try later."))
    refused = exits.news()[-1]
    assert isinstance(refused, Refused)
    assert (refused.request, refused.family) == ("cancel", "other")
    exits.go(back)
    exits.answer(taken())
    assert exits.news()[-1] == Accepted(1, "cancel", NUMBER, NUMBER)
    over = order(status="CANCELLED", filled_quantity=30, cancelled_quantity=35, average_price=102.3)
    told = Reader().ask(
        ReadRound(1), yes([over]), yes([{**TRADE, "quantity": 30}]), positions({**POSITION, "quantity": 30})
    )
    assert isinstance(told, RoundRead)
    assert (told.orders[0].state, told.orders[0].filled, told.fills[0].quantity, told.net[0].net) == (
        "cancelled",
        30,
        30,
        30,
    )
    assert asked(exits) == [f"DELETE /orders/regular/{ORDER_ID}"] * 2


@pytest.mark.parametrize(
    "reply",
    [
        NoAnswer(CleanText("reset"), sent=True),
        answer(b""),
        answer(b"<html>", 502),
        no("NetworkException", "Request failed (kitetrade-oms).", 503),
        no("OrderException", "Something went wrong.", 500),
    ],
)
def test_an_order_that_nobody_knows_of_is_not_sent_again_and_its_tag_finds_it(reply: Reply) -> None:
    entries, _ = lanes()
    entries.go(ENTRY)
    entries.answer(reply)
    sent, unclear = entries.news()
    assert (sent, type(unclear)) == (Sent(1, "place"), Unclear)
    entries.go(ENTRY)  # somebody wishes for it once more
    entries.later(60_000)
    assert entries.news() == []
    assert asked(entries) == ["POST /orders/regular"]
    stuck = order(status="PUT ORDER REQ RECEIVED", exchange_timestamp=None)
    told = Reader().ask(ReadRound(1), yes([stuck]), yes([]), positions())
    assert isinstance(told, RoundRead)
    assert [(each.tag, each.state) for each in told.orders] == [(ENTRY.tag, "working")]


def test_what_was_not_sent_is_certain_and_so_is_what_took_too_long() -> None:
    entries, _ = lanes()
    entries.go(ENTRY)
    entries.answer(NoAnswer(CleanText("no connection"), sent=False))
    assert entries.news()[-1] == NotSent(1, "place", CleanText("no connection"))
    late, _ = lanes()
    late.go(ENTRY)
    late.later(7_001)
    assert isinstance(late.news()[-1], Unclear)
    late.answer(taken())
    assert (late.lane.late, late.news()) == (1, [])


def test_too_many_requests_hold_the_lane_up_and_nothing_is_repeated() -> None:
    entries, _ = lanes()
    entries.go(ENTRY)
    entries.answer(answer(b"", 429, retry_after="3"))
    assert entries.news()[-1] == Unclear(1, "place", CleanText("too many requests (HTTP 429)"), 3.0)
    assert entries.lane.wait_ms is None  # nothing waits
    entries.later(2_500)
    entries.go(PlaceOrder(3, "L9FAB00700003E", 1, "BUY", 65, 10235, "ENTRY", 10185, ""))
    assert len(entries.sent) == 1
    entries.later(501)
    entries.sync()
    assert len(entries.sent) == 2


def test_a_session_that_is_over_stops_both_kinds_of_lane() -> None:
    expired = no("TokenException", "Incorrect `api_key` or `access_token`.", 403)
    words = CleanText("TokenException Incorrect `api_key` or `access_token`.")
    entries, _ = lanes()
    entries.go(ENTRY)
    entries.answer(expired)
    assert entries.news()[-2:] == [Unclear(1, "place", words), SessionChanged(1, False, words)]
    reader = Reader()
    assert reader.ask(ReadRound(1), expired) == SessionChanged(1, False, words)
    assert reader.lane.step(reader.now_ms + 2_000) == []
    reader.lane.session(2, up=True)
    told = reader.ask(ReadRound(2), yes([]), yes([]), positions())
    assert isinstance(told, RoundRead)
    assert told.generation == 2


def test_a_round_that_breaks_off_says_where() -> None:
    told = Reader().ask(ReadRound(1), yes([ORDER]), yes({"trades": []}))
    assert isinstance(told, RoundFailed)
    assert told.reason.startswith("trade book: ")
    failed = Reader().ask(ReadOrder(1, NUMBER), no("OrderException", "Couldn't find that `order_id`."))
    assert isinstance(failed, ReadFailed)
