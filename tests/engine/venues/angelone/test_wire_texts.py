"""SmartAPI's texts: what it answers and what we ask, letter by letter; nothing secret in an error."""

from collections.abc import Callable

import msgspec
import pytest

from engine.model.errors import WireError
from engine.venues.angelone import wire as smartapi
from engine.venues.angelone.instruments.listed import scale_of
from engine.venues.angelone.wire import Pong, Refusal, decode_text
from tests.support.venues.wire_samples import QUOTE, encode_packet


def test_texts() -> None:
    assert decode_text(b"pong") == Pong()
    limit = b'{"correlationID":"abc","errorCode":"E1002","errorMessage":"Invalid Request. Subscription Limit Exceeded"}'
    assert decode_text(limit) == Refusal("abc", "E1002", "Invalid Request. Subscription Limit Exceeded")
    malformed = b'{"errorCode":"E1001","errorMessage":null,"correlationID":null,"more":[1]}'
    assert decode_text(malformed) == Refusal("", "E1001", "")


def test_texts_are_cleaned_and_cut() -> None:
    data = msgspec.json.encode(
        {"correlationID": "\x1b[2J" * 50, "errorCode": "E\n1001", "errorMessage": "\u202e" * 900}
    )
    found = decode_text(data)
    assert isinstance(found, Refusal)
    assert (len(found.correlation), found.code, len(found.message)) == (40, "E\N{REPLACEMENT CHARACTER}1001", 200)
    assert "\x1b" not in found.correlation
    assert "\u202e" not in found.message


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"PONG",
        b"pong\n",
        b"ping",
        b"\xff\xfe",
        b"[]",
        b'["E1001"]',
        b"null",
        b"{}",
        b'{"errorMessage":"no code"}',
        b'{"errorCode":1001}',
        b'{"errorCode":"\xff"}',
        b'{"errorCode":"\\ud800"}',
        b'{"errorCode":"E1001"',
        b'{"x":' + b"[" * 100_000,
        b'{"errorCode":"E1001","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"9" * 5000,
        encode_packet(QUOTE, 2, "54786", sequence=1, exch_ms=1, price=1),
    ],
)
def test_what_is_no_text_of_the_exchange_is_refused(text: bytes) -> None:
    with pytest.raises(WireError) as error:
        decode_text(text)
    assert error.value.reason == "text"
    assert len(str(error.value)) < 250


def test_requests_are_as_documented() -> None:
    assert smartapi.subscribe("abcde12345", 3, {2: ["54786", "54787"], 1: ("99926000",), 5: []}) == (
        b'{"correlationID":"abcde12345","action":1,"params":{"mode":3,"tokenList":['
        b'{"exchangeType":2,"tokens":["54786","54787"]},{"exchangeType":1,"tokens":["99926000"]}]}}'
    )
    assert smartapi.PING == b"ping"


@pytest.mark.parametrize(
    "call",
    [
        lambda: smartapi.subscribe("a", 4, {1: ["1"]}),
        lambda: smartapi.subscribe("a", 0, {1: ["1"]}),
        lambda: smartapi.subscribe("a", 1, {6: ["1"]}),
        lambda: smartapi.subscribe("a", 1, {1: "54786"}),
        lambda: smartapi.subscribe("a", 1, {1: ["5478x"]}),
        lambda: smartapi.subscribe("a", 1, {1: [""]}),
        lambda: smartapi.subscribe("a", 1, {1: ["1\n"]}),
        lambda: smartapi.subscribe("a", 1, {1: ["1" * 26]}),
        lambda: smartapi.subscribe("a", 1, {}),
        lambda: smartapi.subscribe("a", 1, {1: []}),
        lambda: smartapi.subscribe("a\n", 1, {1: ["1"]}),
        lambda: smartapi.subscribe("a" * 11, 1, {1: ["1"]}),
    ],
)
def test_our_own_mistakes_are_told(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        call()


def test_scales_and_names() -> None:
    assert [scale_of(exchange) for exchange in smartapi.EXCHANGE_TYPES] == [100] * 6 + [10_000_000]
    assert dict(smartapi.EXCHANGE_TYPES) == {"NSE": 1, "NFO": 2, "BSE": 3, "BFO": 4, "MCX": 5, "NCX": 7, "CDS": 13}
    assert dict(smartapi.MODES) == {"ltp": 1, "quote": 2, "snap_quote": 3}


def test_headers() -> None:
    assert smartapi.handshake_headers("Bearer j.w.t", "key", "A123456", "feed") == [
        "Authorization: Bearer j.w.t",
        "x-api-key: key",
        "x-client-code: A123456",
        "x-feed-token: feed",
    ]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("end", ["\r\nX: y", "\n", "\0", "\t", "\x7f", "é", " "])
def test_a_value_that_is_no_header_is_refused_and_not_shown(place: int, end: str) -> None:
    values = ["good"] * 4
    values[place] = "canary" + end
    with pytest.raises(ValueError) as error:
        smartapi.handshake_headers(*values)
    assert "canary" not in repr(error.value)
    with pytest.raises(ValueError, match="is empty"):
        smartapi.handshake_headers(*["good"] * place, "", *["good"] * (3 - place))
