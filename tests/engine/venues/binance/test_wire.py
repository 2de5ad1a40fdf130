"""Binance's messages: two real captures read without loss, every number exact, and what is no message refused by a word."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import WireError
from engine.venues.binance import wire as binance
from engine.venues.binance.decimals import to_price, to_quantity
from engine.venues.binance.wire import (
    SCALE,
    BookMessage,
    Ignored,
    Message,
    RequestError,
    Shutdown,
    TradeMessage,
    decode,
)
from tests.support.shared_data import shared

TRADE = (
    b'{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000",'
    b'"T":1723161255342,"m":true,"M":true}'
)
AGGREGATE = (
    b'{"e":"aggTrade","E":1633998523967,"s":"NKNUSDT","a":15683430,"p":"0.35280000","q":"58.00000000","f":19862790,'
    b'"l":19862790,"T":1633998523963,"m":false,"M":true}'
)
BOOK = b'{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}'
FUTURES_BOOK = (
    b'{"e":"bookTicker","u":4,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.3","B":"1","a":"25.4","A":"2"}'
)


def wrapped(stream: bytes, data: bytes) -> bytes:
    return b'{"stream":"%s","data":%s}' % (stream, data)


def of_trade(**changed: object) -> bytes:
    """A trade with some of its fields replaced."""
    return json.dumps({**json.loads(TRADE), **changed}).encode()


THE_TRADE = TradeMessage("BTCUSDT", 3_735_683_259, 6_183_763_000_000, 2_000_000, 1_723_161_255_342, False)
THE_AGGREGATE = TradeMessage("NKNUSDT", 15_683_430, 35_280_000, 5_800_000_000, 1_633_998_523_963, True)
THE_BOOK = BookMessage("BTCUSDT", 6_183_763_000_000, 6_183_764_000_000)


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (TRADE, THE_TRADE),
        (wrapped(b"btcusdt@trade", TRADE), THE_TRADE),
        (AGGREGATE, THE_AGGREGATE),
        (wrapped(b"nknusdt@aggTrade", AGGREGATE), THE_AGGREGATE),
        (BOOK, THE_BOOK),
        (wrapped(b"btcusdt@bookTicker", BOOK), THE_BOOK),
        (wrapped(b"!bookTicker", BOOK), THE_BOOK),
        (FUTURES_BOOK, BookMessage("BNBUSDT", 2_530_000_000, 2_540_000_000)),
        (b' {"data":%s,"stream":"btcusdt@trade"} ' % TRADE, THE_TRADE),
        (
            BOOK.replace(b"61837.64000000", b"0.00000000"),
            BookMessage("BTCUSDT", 6_183_763_000_000, 0),
        ),
        (
            BOOK.replace(b"61837.63000000", b"-0.00000001"),
            BookMessage("BTCUSDT", 0, 6_183_764_000_000),
        ),
        (b'{"e":"serverShutdown","E":1770123456789}', Shutdown()),
        (wrapped(b"!serverShutdown", b'{"e":"serverShutdown","E":1770123456789}'), Shutdown()),
        (b'{"result":null,"id":1}', Ignored("other")),
        (b'{"result":["btcusdt@trade"],"id":3}', Ignored("other")),
        (b'{"id":7,"result":true}', Ignored("other")),
        (b'{"result":null,"id":null}', Ignored("other")),
        (b'{"result":null,"id":"seven"}', Ignored("other")),
        (b'{"result":null,"id":-5}', Ignored("other")),
        (b'{"result":null,"id":%s}' % (b"9" * 300), Ignored("other")),
        (b'{"code":2,"msg":"Invalid request"}', RequestError(2, "Invalid request")),
        (b'{"code":-1121,"msg":"Invalid symbol.","id":4}', RequestError(-1121, "Invalid symbol.")),
        (b'{"error":{"code":2,"msg":"Invalid request"},"id":5}', RequestError(2, "Invalid request")),
        (b'{"code":0,"msg":"\\u001b[2J\\u202e"}', RequestError(0, "\ufffd[2J\ufffd")),
        (b'{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["1","2"]],"a":[]}', Ignored("depthUpdate")),
        (wrapped(b"btcusdt@depth@100ms", b'{"e":"depthUpdate","b":[["1","2"]]}'), Ignored("depth")),
        (wrapped(b"btcusdt@kline_1m", b'{"e":"kline","k":{"t":1}}'), Ignored("kline_1m")),
        (wrapped(b"!miniTicker@arr", b"[]"), Ignored("miniTicker")),
        (wrapped(b"nothing", b"{}"), Ignored("other")),
        (b'{"e":"referencePrice","s":"BTCUSDT"}', Ignored("referencePrice")),
        (b'{"e":"%s"}' % (b"k" * 99), Ignored("k" * 39 + "…")),
        (b'{"e":"\\u001b[31m","s":5,"u":"x"}', Ignored("\ufffd[31m")),
        (b'{"lastUpdateId":160,"bids":[],"asks":[]}', Ignored("other")),
        (b"{}", Ignored("other")),
        (
            of_trade(t=1, u=2).replace(b'"u"', b'"t"'),
            TradeMessage("BTCUSDT", 2, 6_183_763_000_000, 2_000_000, 1_723_161_255_342, False),
        ),
        (of_trade(p="0.00000000"), TradeMessage("BTCUSDT", 3_735_683_259, 0, 2_000_000, 1_723_161_255_342, False)),
        (of_trade(p="-1.5"), TradeMessage("BTCUSDT", 3_735_683_259, -150_000_000, 2_000_000, 1_723_161_255_342, False)),
        (
            of_trade(q="99999999999.5"),
            TradeMessage("BTCUSDT", 3_735_683_259, 6_183_763_000_000, 0, 1_723_161_255_342, False),
        ),
    ],
)
def test_what_messages_mean(message: bytes, meaning: Message) -> None:
    assert decode(message) == meaning


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"\xff", "json"),
        (b'{"e":"\xff"}', "json"),
        (b'{"e":"\\ud800"}', "json"),
        (b'{"e":"\\udc00\\ud800"}', "json"),
        (b'{"T":NaN}', "json"),
        (b'{"x":' + b"[" * 100_000, "json"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json"),
        (b'{"x":' * 200_000 + b"1" + b"}" * 200_000, "json"),
        (wrapped(b"a@trade", b"[" * 100_000 + b"]" * 100_000), "json"),
        (TRADE + TRADE, "json"),
        (b"[]", "shape"),
        (b"null", "shape"),
        (b'"trade"', "shape"),
        (b"9" * 10_000, "shape"),
        (b'{"stream":5}', "shape"),
        (b'{"stream":"btcusdt@trade"}', "shape"),
        (wrapped(b"a" * 101 + b"@depth", b"{}"), "shape"),
        (wrapped(b"btcusdt@trade", b"null"), "shape"),
        (wrapped(b"btcusdt@trade", AGGREGATE), "shape"),
        (wrapped(b"btcusdt@trade", BOOK), "shape"),
        (wrapped(b"btcusdt@trade", TRADE.replace(b'"trade"', b'"blockTrade"')), "shape"),
        (wrapped(b"btcusdt@bookTicker", TRADE), "shape"),
        (wrapped(b"btcusdt@aggTrade", AGGREGATE.replace(b"aggTrade", b"trade")), "shape"),
        (wrapped(b"btcusdt@bookTicker", FUTURES_BOOK.replace(b"bookTicker", b"trade")), "shape"),
        (TRADE.replace(b'"t":', b'"x":'), "shape"),
        (of_trade(p=61837.63), "shape"),
        (of_trade(t="5"), "shape"),
        (of_trade(t=1.5), "shape"),
        (of_trade(t=True), "shape"),
        (TRADE.replace(b"3735683259", b"1e400"), "shape"),
        (TRADE.replace(b"3735683259", b"9" * 5000), "shape"),
        (b'{"code":"2"}', "shape"),
        (b'{"code":99999999999}', "shape"),
        (b'{"error":"no"}', "shape"),
        (TRADE.replace(b"3735683259", b"9" * 4000), "id"),
        (of_trade(t=-1), "id"),
        (of_trade(t=2**63), "id"),
        (BOOK.replace(b"50093239212", b"-1"), "id"),
        (AGGREGATE.replace(b"15683430", b"-1"), "id"),
        (of_trade(T=-1), "time"),
        (of_trade(T=1_723_161_255_342_000), "time"),
        (of_trade(T=1 << 43), "time"),
        (AGGREGATE.replace(b"1633998523963", b"-1"), "time"),
        (FUTURES_BOOK.replace(b"1568014460891", b"-1"), "time"),
        (of_trade(s=""), "symbol"),
        (of_trade(s="btcusdt"), "symbol"),
        (of_trade(s="BTC\u001b[31m"), "symbol"),
        (of_trade(s="BTC\n"), "symbol"),
        (of_trade(s="B" * 41), "symbol"),
        (BOOK.replace(b"BTCUSDT", b"\\u0130"), "symbol"),
        *(
            (of_trade(p=text), "number")
            for text in ("", ".", "nan", "NaN", "inf", "-Infinity", "1e3", "+1", "--1", "-", "1.")
        ),
        *(
            (of_trade(p=text), "number")
            for text in (".5", "1_0.00000000", " 1", "1\n", "٣.00000000", "1.٠٠٠٠٠٠٠٠", "0x1", "1.2.3")
        ),
        *(
            (of_trade(p=text), "number")
            for text in ("0.000000001", "1.000000001", "10000000000.00000001", "9" * 5000, "1" * 21)
        ),
        (of_trade(p="0." + "0" * 31), "number"),
        (of_trade(q="-1.00000000"), "number"),
        (of_trade(q="nan"), "number"),
        (BOOK.replace(b"61837.64", b"abc"), "number"),
    ],
)
def test_what_is_no_message_is_refused_by_a_word(message: bytes, reason: str) -> None:
    with pytest.raises(WireError) as error:
        decode(message)
    assert error.value.reason == reason
    assert reason in binance.REASONS
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300


def exactly(text: str) -> int:
    with localcontext(prec=100):
        return int(Decimal(text) * SCALE)


@given(st.integers(0, 10**18))
def test_every_price_is_read_exactly(value: int) -> None:
    whole, fraction = divmod(value, SCALE)
    text = f"{whole}.{fraction:08d}"
    shorter = text.rstrip("0").rstrip(".")
    assert [to_price(text), to_price(shorter), to_price(text + "00")] == [value] * 3
    assert (to_price("-" + text), to_quantity(text)) == (-value, value)


@given(st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,12})?", fullmatch=True))
def test_numbers_are_exact_or_refused(text: str) -> None:
    exact = Decimal(text) * SCALE
    if exact > 10**18 or exact != int(exact):
        with pytest.raises(WireError, match=r"^number: "):
            to_price(text)
    else:
        assert to_price(text) == exact


@given(st.text(alphabet="0123456789.+-eE_ naif٣", max_size=12))
def test_no_text_is_taken_for_a_number_that_is_none(text: str) -> None:
    for read in (to_price, to_quantity):
        try:
            found = read(text)
        except WireError:
            continue
        assert set(text) <= set("0123456789.-")
        beyond_measure = read is to_quantity and exactly(text) > 10**18
        assert found == (0 if beyond_measure else exactly(text))


def read_all(name: str, messages: list[bytes]) -> Counter[str]:
    """Decodes each message and holds it against a reading by other means; how many there are of each kind."""
    kinds: Counter[str] = Counter()
    last: dict[tuple[str, str], int] = {}
    for message in messages:
        found = decode(message)
        kind = found.kind if isinstance(found, Ignored) else type(found).__name__
        kinds[kind] += 1
        if not isinstance(found, TradeMessage | BookMessage):
            continue
        plain = json.loads(message)["data"]
        before = last.get((found.symbol, kind))
        if isinstance(found, TradeMessage):
            number = plain["a"] if found.aggregate else plain["t"]
            assert found.id == number
            assert found.aggregate is (plain["e"] == "aggTrade")
            assert (found.symbol, found.exch_ms) == (plain["s"], plain["T"])
            assert (found.price, found.quantity) == (exactly(plain["p"]), exactly(plain["q"]))
            assert before is None or number == before + 1
        else:
            number = plain["u"]
            assert found.symbol == plain["s"]
            assert (found.bid, found.ask) == (exactly(plain["b"]), exactly(plain["a"]))
            assert found.bid < found.ask
            assert before is None or number > before
        last[found.symbol, kind] = number
    assert sum(kinds.values()) == len(messages), name
    return kinds


def test_a_capture_of_one_symbol_is_read_without_loss() -> None:
    path = shared("raw_ws/binance_spot_btcusdt_20240808.jsonl.gz")
    with gzip.open(path) as file:
        messages = [line.split(b" ", 1)[1] for line in file]
    assert read_all(path.name, messages) == {"BookMessage": 28_040, "TradeMessage": 9757, "depth": 3451, "other": 1}


def test_a_capture_of_many_symbols_is_read_without_loss() -> None:
    path = shared("raw_ws/binance_spot_cryptofeed_20211012.txt")
    lines = path.read_bytes().splitlines()
    messages = [line.split(b": ", 1)[1] for line in lines[1:] if line]
    assert read_all(path.name, messages) == {"BookMessage": 84, "TradeMessage": 2, "depth": 177, "kline_1m": 2}


def test_requests_are_as_documented() -> None:
    names = binance.stream_names("BTCUSDT", "aggTrade", True)
    assert names == ["btcusdt@aggTrade", "btcusdt@bookTicker"]
    assert binance.stream_names("bnbusdt", "trade", False) == ["bnbusdt@trade"]
    assert binance.subscribe(names[:1], 1) == b'{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":1}'


@pytest.mark.parametrize(
    "call",
    [
        lambda: binance.stream_names("BTC/USDT", "trade", True),
        lambda: binance.stream_names("", "trade", True),
        lambda: binance.stream_names("BTCUSDT\n", "trade", True),
        lambda: binance.stream_names("BTCUSDT", "depth", True),
        lambda: binance.subscribe([], 1),
        lambda: binance.subscribe("btcusdt@trade", 1),
        lambda: binance.subscribe(["a@trade"] * 1025, 1),
        lambda: binance.subscribe(["a@trade"], -1),
    ],
)
def test_our_own_mistakes_are_told(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        call()
