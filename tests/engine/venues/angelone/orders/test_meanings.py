"""What an answer means, row by row: the table of the broker's answers, written down a second time."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.execution.order_dialect import NoAnswer, Reply, ReplyMeaning
from engine.model.order_reports import (
    Accepted,
    NotSent,
    OrderAnswer,
    ReadFailed,
    Refused,
    RoundFailed,
    RoundRead,
    Unclear,
)
from engine.model.order_requests import ReadOrder, ReadQuote, WriteRequest
from engine.outside.http_reader import HttpAnswer
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.dialect import SmartApiOrders
from engine.venues.angelone.orders.meanings import CODES
from tests.support.broker_answers import CANCEL, MODIFY, PLACE, TRADED, answer, no, yes

DIALECT = SmartApiOrders(TRADED)
TAKEN = {"script": "NIFTY06OCT2622100PE", "orderid": "200910000000111", "uniqueorderid": "34reqfachdfih"}
BOTH: dict[str, object] = {"status": True, "message": "x", "errorcode": "AG8001", "data": TAKEN}
LPP = "Order price is beyond the Limit Price Protection range. Please reduce the limit price below <101.20>"
HTML = b"<html><head><title>Request Rejected</title></head></html>"
RATE = b"Access denied because of exceeding access rate"


def lost(*, sent: bool) -> NoAnswer:
    return NoAnswer(CleanText("connection lost"), sent)


def word(meaning: ReplyMeaning) -> str:
    """An outcome in a word or three."""
    told = meaning.answer
    words = {Accepted: "accepted", NotSent: "not sent", Unclear: "unclear", Refused: "refused", RoundRead: "read"}
    parts = [words.get(type(told), "failed")]
    if isinstance(told, Refused):
        parts.append(told.family)
    if isinstance(told, Unclear | RoundFailed) and told.wait_s:
        parts.append("wait")
    return " ".join((*parts, "login") if meaning.session_over else parts)


def codes(*names: str, say: str = "No") -> list[tuple[str, Reply]]:
    return [(name, no(name, say)) for name in names]


SESSION, BAD = ("refused session login", "refused session login", "failed login"), ("refused other",) * 2
UNCLEAR, BUSY = ("unclear", "unclear", "failed"), ("unclear wait", "unclear wait", "failed wait")

# What came, and what it is for a new order, for modify and cancel, and for a list that is read.
ROWS: list[tuple[str, Reply, str, str, str]] = [
    ("no connection", lost(sent=False), "not sent", "not sent", "failed"),
    ("a yes", yes(TAKEN), "accepted", "accepted", "failed"),  # a list is no such thing
    ("a yes without a number", yes({"script": "x"}), *UNCLEAR),
    ("null", yes(None), "unclear", "unclear", "read"),
    ("lost", lost(sent=True), *UNCLEAR),
    ("empty", answer(b"", 400), *UNCLEAR),
    ("empty 200", answer(b""), *UNCLEAR),
    ("html", answer(HTML, 403), *UNCLEAR),
    ("cut", answer(b'{"status":true,"data":{"orderid":"2009100'), *UNCLEAR),
    ("5xx", answer(b"upstream error", 502), *UNCLEAR),
    ("5xx, and a yes", replace(yes(TAKEN), status=500), *UNCLEAR),
    ("5xx, and a no", no("AG7002", "Unregistered IP", 503), *UNCLEAR),
    ("rate", answer(RATE, 403), *BUSY),
    ("rate as JSON", no("AB9", RATE.decode(), 403), *BUSY),
    ("429", answer(b"", 429), *BUSY),
    ("429, and a no", no("AG8001", "Invalid Token", 429), *BUSY),
    ("AG7002", no("AG7002", "Access denied"), "refused ip", "refused ip", "failed"),
    ("ip by words", no("AB9999", "Unregistered IP address"), "refused ip", "refused ip", "failed"),
    *((*row, *SESSION) for row in codes("AG8001", "AG8002", "AG8003")),
    *(
        (*row, "unclear login", "unclear login", "failed login")
        for row in codes("AB1010", "AB1011", "AB8050", "AB8051")
    ),
    ("AB1006", no("AB1006", "Client is block for trading"), "refused blocked", "refused blocked", "failed"),
    ("blocked by words", no("", "Client is blocked for trading"), "refused blocked", "refused blocked", "failed"),
    *((*row, *BAD, "failed") for row in codes("AB1008", "AB1009", "AB1012", "AB1018")),
    *((*row, *BAD, "failed") for row in codes("AB4006", "AB4008", "AB4018", "AB4036")),
    ("AB1012 MIS", no("AB1012", "product MIS is not allowed"), "refused product", "refused product", "failed"),
    ("AB1007", no("AB1007", "AMX Error"), *UNCLEAR),
    ("AB1007 price", no("AB1007", LPP), "refused price", "refused price", "failed"),
    ("AB1007 gone", no("AB1007", "Order not found"), "unclear", "refused not_found", "failed"),
    ("AB1007 funds", no("AB1007", "Insufficient Funds"), *UNCLEAR),
    *((*row, "unclear", "refused not_found", "read") for row in codes("AB1013", "AB1014", "AB1015", "AB1016")),
    *((*row, *UNCLEAR) for row in codes("AB1004", "AB2000", "AB2001", "AB9999", "")),
    ("session by words", no("AB9999", "Your session has expired"), *UNCLEAR),
    ("yes and no", answer(BOTH), *UNCLEAR),
    ("neither", answer({"data": TAKEN}), *UNCLEAR),
    ("a list", answer([]), *UNCLEAR),
    ("false as text", answer({"status": "false", "message": "x", "errorcode": "AB1008"}), *BAD, "failed"),
]
NAMES = [name for name, *_ in ROWS]


@pytest.mark.parametrize(("reply", "place", "change", "read"), [row[1:] for row in ROWS], ids=NAMES)
def test_every_row(reply: Reply, place: str, change: str, read: str) -> None:
    assert word(DIALECT.written(PLACE, reply)) == place
    assert word(DIALECT.written(MODIFY, reply)) == change
    assert word(DIALECT.written(CANCEL, reply)) == change
    assert word(round_of(reply)) == read


def round_of(reply: Reply) -> ReplyMeaning:
    """What a round comes to whose every book is answered so."""
    reading = DIALECT.begin_round(3, 1, 1_000)
    for _ in range(3):
        if (meaning := reading.take(reply, 1_500)) is not None:
            return meaning
    raise AssertionError("a round has three parts")


def test_every_code_of_the_table_is_tried_here() -> None:
    assert CODES.keys() <= set(NAMES)


def test_what_is_accepted_is_known_by_both_numbers() -> None:
    expected = Accepted(7, "place", CleanText("200910000000111"), CleanText("34reqfachdfih"))
    assert DIALECT.written(PLACE, yes(TAKEN)).answer == expected
    bare = DIALECT.written(MODIFY, yes({"orderid": 200910000000112})).answer
    assert bare == Accepted(7, "modify", CleanText("200910000000112"), CleanText(""))


def test_a_number_that_could_not_be_asked_for_is_none() -> None:
    assert isinstance(DIALECT.written(PLACE, yes({"orderid": "../../x"})).answer, Unclear)


def test_a_refused_price_tells_the_bound_and_its_words() -> None:
    told = DIALECT.written(PLACE, no("AB1007", LPP)).answer
    assert told == Refused(7, "place", "price", CleanText("AB1007 " + LPP), 10120, above=False)


@pytest.mark.parametrize(("told", "wait_s"), [("4", 4.0), ("9999", 60.0), ("soon", 1.0), ("", 1.0), ("-3", 1.0)])
def test_how_long_the_broker_wants_to_be_left_alone(told: str, wait_s: float) -> None:
    busy = DIALECT.written(PLACE, answer(b"Too Many Requests", 429, retry_after=told)).answer
    assert isinstance(busy, Unclear)
    assert busy.wait_s == wait_s


def test_what_is_told_holds_no_token_and_no_escape() -> None:
    dirty = no("AB9999", "eyJhbGciOi.eyJzdWIi.c2ln \x1b[2J" + "x" * 5_000)
    told = DIALECT.written(PLACE, dirty).answer
    assert isinstance(told, Unclear)
    assert told.reason.isprintable()
    assert "eyJ" not in told.reason
    assert len(told.reason) <= 200


def test_a_look_that_fails_says_at_what_and_for_how_long() -> None:
    failed = DIALECT.seen(ReadOrder(7, "x"), answer(RATE, 403), 1, 5)
    assert failed.answer == ReadFailed(CleanText("too many requests (HTTP 403)"), order=7, wait_s=1.0)
    failed = DIALECT.seen(ReadQuote(1), no("AG8002", "Token Expired"), 1, 5)
    words = CleanText("AG8002 Token Expired")
    assert failed == ReplyMeaning(ReadFailed(words, instrument=1), session_over=words)


REQUESTS: tuple[WriteRequest, ...] = (PLACE, MODIFY, CANCEL)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=12), each, max_size=3),
    max_leaves=8,
)
ENVELOPES = st.fixed_dictionaries(
    {"data": JSON},
    optional={
        "status": st.sampled_from([True, False, "true", "false", None, 1]),
        "success": st.booleans(),
        "message": JSON,
        "errorcode": st.sampled_from([*CODES, "", "AB7777", None, 3]),
        "errorCode": st.sampled_from([*CODES, "", None]),
    },
).map(lambda document: answer(document).body)


@given(st.integers(100, 599), st.binary(max_size=80) | ENVELOPES)
def test_no_answer_raises_and_a_write_has_one_outcome(status: int, body: bytes) -> None:
    reply = HttpAnswer(status, {}, body)
    for asked in REQUESTS:
        told = DIALECT.written(asked, reply).answer
        assert isinstance(told, Accepted | Refused | Unclear)
        assert told.request == asked.request
        assert status < 300 or not isinstance(told, Accepted)
        assert status < 500 or isinstance(told, Unclear)
    assert isinstance(round_of(reply).answer, RoundRead | RoundFailed)
    for look in (ReadOrder(7, "x"), ReadQuote(1)):
        assert isinstance(DIALECT.seen(look, reply, 1, 5).answer, get_args(OrderAnswer))
    assert DIALECT.update(body, 1).kind in {"greeting", "beat", "order", "unreadable"}
