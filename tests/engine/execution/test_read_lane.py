"""The lane of reads: rounds whole and apart, single looks between their parts, nothing tried again."""

import pytest

from engine.execution.actions import SendRequest
from engine.execution.order_dialect import NoAnswer, Reply
from engine.execution.read_lane import ReadLane
from engine.model.order_reports import (
    OrderAnswer,
    OrderSeen,
    Quoted,
    ReadFailed,
    RoundFailed,
    RoundRead,
    SessionChanged,
)
from engine.model.order_requests import ReadOrder, ReadQuote, ReadRequest, ReadRound
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.support.broker_answers import ORDER, POSITION, TRADE, TRADED, answer, no, yes

LOOK = ReadOrder(7, "34reqfachdfih")
BUSY = answer(b"Too Many Requests", 429)
BOOKS = {"getOrderBook": yes([ORDER]), "getTradeBook": yes([TRADE]), "getPosition": yes([POSITION])}
NO_SESSION = CleanText("not logged in")


class Reader:
    """A lane that is logged in, and what it sent and told."""

    def __init__(self) -> None:
        self.lane = ReadLane(SmartApiOrders(TRADED))
        self.lane.session(1, up=True)
        self.now_ms = 1_000_000
        self.sent: list[SendRequest] = []
        self.told: list[OrderAnswer] = []

    @property
    def asked(self) -> list[str]:
        """The last part of every path so far."""
        return [each.wire.path.rpartition("/")[2] for each in self.sent]

    def wish(self, *requests: ReadRequest) -> None:
        for request in requests:
            self.lane.wish(request)
        self.step()

    def step(self) -> None:
        self.sent += self.lane.step(self.now_ms)
        self.told += self.lane.take_events()

    def later(self, ms: int) -> None:
        self.now_ms += ms
        self.step()

    def answer(self, reply: Reply) -> None:
        self.lane.answer(self.sent[-1].number, reply, self.now_ms)
        self.step()

    def books(self, parts: int = 3) -> None:
        """The right answers, 50 ms each."""
        for _ in range(parts):
            self.now_ms += 50
            self.answer(BOOKS[self.asked[-1]])

    def news(self) -> list[OrderAnswer]:
        told, self.told = self.told, []
        return told


def test_a_round_is_three_reads_one_after_the_other() -> None:
    reader = Reader()
    reader.wish(ReadRound(3))
    assert reader.asked == ["getOrderBook"]
    reader.books()
    assert reader.asked == ["getOrderBook", "getTradeBook", "getPosition"]
    (told,) = reader.news()
    assert isinstance(told, RoundRead)
    assert (told.number, told.begun_ms, told.ended_ms, told.generation) == (3, 1_000_000, 1_000_150, 1)
    assert (len(told.orders), len(told.fills), len(told.net)) == (1, 1, 1)


def test_rounds_keep_apart_whatever_became_of_the_one_before() -> None:
    reader = Reader()
    reader.wish(ReadRound(1), ReadRound(2), ReadRound(3))
    reader.books()
    reader.later(1_099)
    assert len(reader.sent) == 3
    reader.later(1)
    assert len(reader.sent) == 4
    reader.answer(no("AB2001", "Internal Error"))
    reader.later(1_099)
    assert len(reader.sent) == 4
    reader.later(1)
    assert len(reader.sent) == 5
    told = reader.news()
    assert isinstance(told[0], RoundRead)
    assert told[1] == RoundFailed(2, CleanText("order book: AB2001 Internal Error"))


def test_looks_go_between_the_parts_of_a_round() -> None:
    reader = Reader()
    reader.wish(ReadRound(1), LOOK, ReadQuote(1))
    assert reader.asked == ["34reqfachdfih"]
    reader.answer(yes(ORDER))
    reader.answer(yes({"fetched": [{"exchange": "NFO", "symbolToken": "40672", "ltp": 102.35}]}))
    reader.books(1)
    reader.wish(LOOK)
    reader.books(1)
    reader.answer(no("AB1007", "Order not found"))
    reader.books(1)
    assert reader.asked[2:] == ["getOrderBook", "getTradeBook", "34reqfachdfih", "getPosition"]
    assert [type(each) for each in reader.news()] == [OrderSeen, Quoted, ReadFailed, RoundRead]


def test_a_look_that_waits_already_is_not_asked_twice() -> None:
    reader = Reader()
    reader.wish(ReadQuote(1), LOOK, ReadQuote(1), LOOK)
    reader.answer(no("AB1004", "Something went wrong"))
    reader.answer(yes(ORDER))
    assert [type(each) for each in reader.news()] == [ReadFailed, OrderSeen]
    assert len(reader.sent) == 2


@pytest.mark.parametrize("request_", [ReadRound(1), LOOK, ReadQuote(1)])
def test_what_is_not_answered_has_failed_and_is_not_asked_again(request_: ReadRequest) -> None:
    reader = Reader()
    reader.wish(request_)
    reader.later(6_999)
    assert reader.news() == []
    reader.later(1)
    (told,) = reader.news()
    assert isinstance(told, RoundFailed | ReadFailed)
    assert told.reason.endswith("no answer in time")
    reader.answer(yes(None))
    reader.later(60_000)
    assert (reader.news(), len(reader.sent), reader.lane.late) == ([], 1, 1)


def test_reads_wait_longer_and_longer_while_the_broker_wants_to_be_left_alone() -> None:
    reader = Reader()
    reader.wish(LOOK)
    for wait_ms in (1_000, 2_000, 4_000, 4_000):
        reader.answer(BUSY)
        reader.wish(LOOK)
        assert reader.lane.wait_ms == wait_ms
        reader.later(wait_ms)
    reader.answer(yes(ORDER))
    reader.wish(LOOK)
    reader.answer(BUSY)
    reader.wish(LOOK)
    assert reader.lane.wait_ms == 1_000


def test_without_a_login_nothing_is_asked_and_everything_has_failed() -> None:
    reader = Reader()
    reader.wish(ReadRound(1))
    reader.books(1)
    reader.wish(ReadRound(2), LOOK, ReadQuote(1))
    reader.answer(no("AG8001", "Invalid Token"))
    words = CleanText("AG8001 Invalid Token")
    assert reader.news() == [
        RoundFailed(1, CleanText("trade book: AG8001 Invalid Token")),
        SessionChanged(1, False, words),
        ReadFailed(NO_SESSION, order=7),
        ReadFailed(NO_SESSION, instrument=1),
        RoundFailed(2, NO_SESSION),
    ]
    reader.wish(ReadRound(3))
    assert reader.news() == [RoundFailed(3, NO_SESSION)]
    reader.lane.session(2, up=True)
    reader.later(2_000)
    reader.wish(ReadRound(4))
    reader.books()
    (told,) = reader.news()
    assert isinstance(told, RoundRead)
    assert told.generation == 2


def test_a_round_is_of_one_login() -> None:
    reader = Reader()
    reader.wish(ReadRound(1))
    reader.lane.session(2, up=True)
    reader.books(1)
    assert reader.news() == [RoundFailed(1, CleanText("there was another login meanwhile"))]
    assert len(reader.sent) == 1


def test_an_answer_from_an_older_login_says_nothing_of_the_new_one() -> None:
    reader = Reader()
    reader.wish(LOOK)
    reader.lane.session(2, up=True)
    reader.answer(no("AB8051", "Refresh Token Expired"))
    reader.wish(LOOK)
    assert len(reader.sent) == 2
    assert [type(each) for each in reader.news()] == [ReadFailed]


def test_a_lost_connection_fails_the_round_at_once() -> None:
    reader = Reader()
    reader.wish(ReadRound(1))
    reader.books(2)
    reader.answer(NoAnswer(CleanText("reset"), sent=True))
    assert reader.news() == [RoundFailed(1, CleanText("positions: reset"))]
    assert reader.lane.wait_ms is None
