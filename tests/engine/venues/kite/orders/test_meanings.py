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
from engine.venues.kite.orders.dialect import KiteOrders
from engine.venues.kite.orders.meanings import ERRORS
from tests.support.venues.kite_answers import (
    CANCEL,
    MODIFY,
    ORDER,
    ORDER_ID,
    PLACE,
    POSITION,
    TRADE,
    TRADED,
    answer,
    no,
    taken,
    yes,
)

DIALECT = KiteOrders(TRADED)
HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"
LIMITS = "Your order price is higher than the current upper circuit limit of 512.80."
FUNDS = "Insufficient funds. Required margin is 95417.84 but available margin is 74251.80."
ADDRESS = "IP (203.0.113.7) is not allowed to place orders for this app."


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


UNCLEAR, BUSY = ("unclear", "unclear", "failed"), ("unclear wait", "unclear wait", "failed wait")
OVER = ("unclear login", "unclear login", "failed login")


def refused(family: str) -> tuple[str, str, str]:
    return f"refused {family}", f"refused {family}", "failed"


# What came, and what it is for a new order, for modify and cancel, and for a list that is read.
ROWS: list[tuple[str, Reply, str, str, str]] = [
    ("no connection", lost(sent=False), "not sent", "not sent", "failed"),
    ("lost", lost(sent=True), *UNCLEAR),
    # 200
    ("a yes", taken(), "accepted", "accepted", "failed"),  # a list is no such thing
    ("a yes, 201", replace(taken(), status=201), "accepted", "accepted", "failed"),
    ("a yes with a bare number", taken(int(ORDER_ID)), "accepted", "accepted", "failed"),
    ("a yes of another order", taken("240000000000001"), "accepted", "unclear", "failed"),
    ("a yes without a number", yes({"id": "1"}), *UNCLEAR),
    ("a yes with an empty number", taken(""), *UNCLEAR),
    ("a yes with a number of the wrong kind", taken({"a": 1}), *UNCLEAR),
    ("a yes with a huge number", taken(10**80), *UNCLEAR),
    ("a yes with a number that has lost its end", taken(2.042130686722629e18), *UNCLEAR),
    ("a yes beyond all numbers", answer(b'{"status":"success","data":{"order_id":1e999}}'), *UNCLEAR),
    ("a yes with a path", taken("../../x"), *UNCLEAR),
    ("a yes as a list", yes([{"order_id": ORDER_ID}]), *UNCLEAR),
    ("null data", yes(None), "unclear", "unclear", "read"),
    ("no data", answer({"status": "success"}), "unclear", "unclear", "read"),
    ("not a number", answer(b'{"status":"success","data":{"order_id":NaN}}'), *UNCLEAR),
    ("cut", answer(b'{"status":"success","data":{"order_id":"2042130'), *UNCLEAR),
    ("empty", answer(b""), *UNCLEAR),
    ("html", answer(HTML), *UNCLEAR),
    ("a list", answer([]), *UNCLEAR),
    ("neither", answer({"data": {"order_id": ORDER_ID}}), *UNCLEAR),
    ("a status of the wrong kind", answer({"status": True, "data": {"order_id": ORDER_ID}}), *UNCLEAR),
    ("an error with 200", no("InputException", "Invalid `price`.", 200), *UNCLEAR),
    (
        "yes and no",
        answer({"status": "success", "data": {"order_id": ORDER_ID}, "error_type": "OrderException"}),
        *UNCLEAR,
    ),
    # 400: certain, where the broker itself says so
    ("InputException", no("InputException", "Invalid `price`."), *refused("other")),
    ("OrderException", no("OrderException", "Order cannot be modified as it is being processed."), *refused("other")),
    ("OrderException circuit", no("OrderException", LIMITS), *refused("price")),
    ("OrderException closed", no("OrderException", "Markets are closed right now."), *refused("closed")),
    ("OrderException MIS", no("OrderException", "MIS orders are blocked for this option."), *refused("product")),
    ("MarginException", no("MarginException", FUNDS), *refused("funds")),
    ("MarginException by its kind", no("MarginException", "No."), *refused("funds")),
    ("HoldingException", no("HoldingException", "Insufficient stock holding."), *refused("other")),
    ("UserException", no("UserException", "Your account is blocked for trading."), *refused("blocked")),
    ("PermissionException", no("PermissionException", "Insufficient permission for that call."), *refused("other")),
    ("PermissionException ip", no("PermissionException", ADDRESS), *refused("ip")),
    (
        "TokenException",
        no("TokenException", "Incorrect `api_key` or `access_token`."),
        "refused session login",
        "refused session login",
        "failed login",
    ),
    ("gone", no("OrderException", "Couldn't find that `order_id`."), "refused other", "refused not_found", "failed"),
    ("an unknown kind", no("NewException", "No."), *refused("other")),
    ("no kind", answer({"status": "error", "message": "No."}, 400), *refused("other")),
    ("no words", answer({"status": "error", "error_type": "InputException"}, 400), *refused("other")),
    # 400 beside which nothing is certain
    ("NetworkException", no("NetworkException", "Request failed (kitetrade-oms)."), *UNCLEAR),
    ("DataException", no("DataException", "Bad response."), *UNCLEAR),
    ("GeneralException", no("GeneralException", "Something went wrong."), *UNCLEAR),
    ("400 and a yes", replace(taken(), status=400), *UNCLEAR),
    ("400 empty", answer(b"", 400), *UNCLEAR),
    ("400 html", answer(HTML, 400), *UNCLEAR),
    ("400 words of the wrong kind", answer({"status": "error", "message": {"a": 1}}, 400), *UNCLEAR),
    # anything else is not certain
    ("403 token", no("TokenException", "Incorrect `api_key` or `access_token`.", 403), *OVER),
    ("403 unknown", no("SomeException", "Go away.", 403), *OVER),
    ("403 no kind", answer({"status": "error", "message": "Session expired"}, 403), *OVER),
    ("403 permission", no("PermissionException", ADDRESS, 403), *UNCLEAR),
    ("403 html", answer(HTML, 403), *UNCLEAR),
    ("401 token", no("TokenException", "Session expired.", 401), *OVER),
    ("404", no("GeneralException", "Route not found.", 404), *UNCLEAR),
    ("405", answer(b"", 405), *UNCLEAR),
    ("302", answer(b"", 302), *UNCLEAR),
    ("429", no("NetworkException", "Too many requests", 429), *BUSY),
    ("429 token", no("TokenException", "Too many requests", 429), *BUSY),
    ("429 empty", answer(b"", 429), *BUSY),
    ("500", no("GeneralException", "Something went wrong.", 500), *UNCLEAR),
    ("500 order", no("OrderException", FUNDS, 500), *UNCLEAR),
    ("502 html", answer(HTML, 502), *UNCLEAR),
    ("503", no("NetworkException", "Gateway timed out.", 503), *UNCLEAR),
    ("504 and a yes", replace(taken(), status=504), *UNCLEAR),
]
NAMES = [name for name, *_ in ROWS]


@pytest.mark.parametrize(("reply", "place", "change", "read"), [row[1:] for row in ROWS], ids=NAMES)
def test_every_row(reply: Reply, place: str, change: str, read: str) -> None:
    assert word(DIALECT.written(PLACE, reply)) == place
    assert word(DIALECT.written(MODIFY, reply)) == change
    assert word(DIALECT.written(CANCEL, reply)) == change
    assert word(round_of(reply)) == read


def round_of(reply: Reply) -> ReplyMeaning:
    """What a round comes to whose every list is answered so."""
    reading = DIALECT.begin_round(3, 1, 1_000)
    for _ in range(3):
        if (meaning := reading.take(reply, 1_500)) is not None:
            return meaning
    raise AssertionError("a round has three parts")


def test_every_kind_of_the_table_is_tried_here() -> None:
    assert ERRORS.keys() <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


def test_what_is_accepted_has_one_number_for_life() -> None:
    number = CleanText(ORDER_ID)
    assert DIALECT.written(PLACE, taken()).answer == Accepted(7, "place", number, number)
    assert DIALECT.written(CANCEL, taken(int(ORDER_ID))).answer == Accepted(7, "cancel", number, number)


def test_a_refusal_tells_its_kind_and_its_words() -> None:
    told = DIALECT.written(PLACE, no("MarginException", FUNDS)).answer
    assert told == Refused(7, "place", "funds", CleanText("MarginException " + FUNDS))
    bound = DIALECT.written(PLACE, no("InputException", "LPP: the price must be below 101.20")).answer
    assert isinstance(bound, Refused)
    assert (bound.family, bound.bound, bound.above) == ("price", 10120, False)


@pytest.mark.parametrize(("told", "wait_s"), [("4", 4.0), ("9999", 60.0), ("soon", 1.0), ("", 1.0), ("-3", 1.0)])
def test_how_long_the_broker_wants_to_be_left_alone(told: str, wait_s: float) -> None:
    meaning = DIALECT.written(PLACE, answer(b"Too Many Requests", 429, retry_after=told))
    assert meaning == ReplyMeaning(
        Unclear(7, "place", CleanText("too many requests (HTTP 429)"), wait_s), wait_s=wait_s
    )


def test_what_is_told_holds_no_escape_and_no_end_of_words() -> None:
    told = DIALECT.written(PLACE, no("InputException", "eyJhbGciOi.eyJzdWIi.c2ln \x1b[2J" + "x" * 5_000)).answer
    assert isinstance(told, Refused)
    assert told.text.isprintable()
    assert "eyJ" not in told.text
    assert len(told.text) <= 200


def test_a_look_that_fails_says_at_what_and_for_how_long() -> None:
    failed = DIALECT.seen(ReadOrder(7, "x"), answer(b"", 429), 1, 5)
    words = CleanText("too many requests (HTTP 429)")
    assert failed == ReplyMeaning(ReadFailed(words, order=7, wait_s=1.0), wait_s=1.0)
    failed = DIALECT.seen(ReadQuote(1), no("TokenException", "Expired.", 403), 1, 5)
    words = CleanText("TokenException Expired.")
    assert failed == ReplyMeaning(ReadFailed(words, instrument=1), session_over=words)


REQUESTS: tuple[WriteRequest, ...] = (PLACE, MODIFY, CANCEL)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=12), each, max_size=3),
    max_leaves=8,
)
NAMES_OF_FIELDS = sorted({*ORDER, *TRADE, *POSITION})
SPOILED = st.dictionaries(st.sampled_from(NAMES_OF_FIELDS), JSON, max_size=3)
ROW = st.builds(lambda row, other: {**row, **other}, st.sampled_from((ORDER, TRADE, POSITION)), SPOILED)
DATA = JSON | st.lists(ROW, max_size=2) | st.fixed_dictionaries({"net": JSON | st.lists(ROW, max_size=2)}) | ROW
ENVELOPES = st.fixed_dictionaries(
    {"data": DATA},
    optional={
        "status": st.sampled_from(["success", "error", "SUCCESS", None, True]),
        "message": JSON,
        "error_type": st.sampled_from([*ERRORS, "", "NewException", None, 3]),
    },
).map(lambda document: answer(document).body)
MESSAGES = st.fixed_dictionaries({"type": st.sampled_from(["order", "error", "message", 1])}, optional={"data": DATA})


@given(st.sampled_from((200, 400, 403, 429, 500)) | st.integers(100, 599), st.binary(max_size=80) | ENVELOPES)
def test_no_answer_raises_and_a_write_has_one_outcome(status: int, body: bytes) -> None:
    reply = HttpAnswer(status, {}, body)
    for asked in REQUESTS:
        told = DIALECT.written(asked, reply).answer
        assert isinstance(told, Accepted | Refused | Unclear)
        assert told.request == asked.request
        assert 200 <= status < 300 or not isinstance(told, Accepted)
        assert status == 400 or not isinstance(told, Refused)
    assert isinstance(round_of(reply).answer, RoundRead | RoundFailed)
    for look in (ReadOrder(7, ORDER_ID), ReadQuote(1)):
        assert isinstance(DIALECT.seen(look, reply, 1, 5).answer, get_args(OrderAnswer))


@given(st.binary(max_size=80) | MESSAGES.map(lambda document: answer(document).body))
def test_no_update_raises(message: bytes) -> None:
    told = DIALECT.update(message, 1)
    assert told.kind in {"beat", "order", "unreadable"}
    assert (told.seen is not None) == (told.kind == "order")
