"""Quotes of Binance against a server on this machine: exact, bounded, no more often than it bears, and silent when told to be."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from engine.gateway.quotes.answers import BadSymbolError, ProviderFailedError
from engine.gateway.quotes.binance import BinanceQuotes, coin_symbol
from engine.gateway.quotes.pacing import LONGEST_WAIT_S, TokenBucket
from engine.model.clock import VirtualClock
from engine.text.sanitize import CleanText
from tests.support.http_server import HttpRequest, HttpServer, answer

SECOND_NS = 10**9
NOON_NS = 1_785_412_800 * SECOND_NS
BTC = CleanText("BTCUSDT")
TICKER = {
    "symbol": "BTCUSDT",
    "lastPrice": "61837.63000000",
    "volume": "1203.50000000",
    "closeTime": NOON_NS // 10**6 - 40,
}


class Answers:
    """Gives one answer after the other, the last again and again."""

    def __init__(self, *answers: bytes | None) -> None:
        self._left = list(answers)

    def __call__(self, asked: HttpRequest) -> bytes | None:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


def ticker(**other: object) -> bytes:
    return answer(200, json.dumps(TICKER | other))


Play = Callable[[BinanceQuotes, VirtualClock], Coroutine[Any, Any, None]]


def played(play: Play, *answers: bytes | None) -> list[HttpRequest]:
    """What the server was asked."""

    async def run(url: str) -> None:
        clock = VirtualClock(NOON_NS)
        binance = BinanceQuotes(clock, url)
        try:
            await asyncio.wait_for(play(binance, clock), 30)
        finally:
            binance.close()

    with HttpServer(Answers(*answers)) as server:
        asyncio.run(run(server.url))
    return server.requests


async def failure(binance: BinanceQuotes, kind: type[Exception] = ProviderFailedError) -> str:
    with pytest.raises(kind) as caught:
        await binance.fetch(BTC)
    return str(caught.value)


def test_a_quote_is_the_exchange_s_own_text() -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        quote = await binance.fetch(BTC)
        assert (quote.price, quote.volume, quote.currency) == ("61837.63000000", "1203.50000000", "USDT")
        assert (quote.as_of_ms, quote.fetched_ms) == (TICKER["closeTime"], NOON_NS // 10**6)
        assert (quote.source, quote.mock, quote.until_ms) == ("binance", False, 0)

    (asked,) = played(play, ticker())
    assert (asked.method, asked.path) == ("GET", "/api/v3/ticker/24hr?type=MINI&symbol=BTCUSDT")
    assert "x-mbx-apikey" not in asked.headers


@pytest.mark.parametrize(
    "body",
    [
        ticker(symbol="ETHUSDT"),
        ticker(lastPrice="0.00000000"),
        ticker(lastPrice="-1"),
        ticker(lastPrice="1e9"),
        ticker(lastPrice="\x1b[2J"),
        ticker(lastPrice=61837.63),
        ticker(closeTime=None),
        answer(200, "[]"),
        answer(200, "<html>"),
        answer(200, b"\xff\xfe"),
        answer(200, "[" * 10_000),
    ],
)
def test_an_answer_that_is_no_quote_is_refused(body: bytes) -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        assert (await failure(binance)).startswith("binance: the answer ")

    played(play, body)


def test_a_time_that_is_none_becomes_ours() -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        assert (await binance.fetch(BTC)).as_of_ms == NOON_NS // 10**6

    played(play, ticker(closeTime=10**15))


@pytest.mark.parametrize(
    ("status", "told", "pause_s"),
    [
        (429, "7", 7),
        (418, "120", 120),
        (429, "", 60),
        (418, "soon", 60),
        (429, "9" * 9, 259_200),
        (403, "", 60),
        (500, "", 5),
    ],
)
def test_it_is_silent_for_as_long_as_it_is_told_to_be(status: int, told: str, pause_s: int) -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        words = await failure(binance)
        assert f"HTTP {status}" in words
        clock.advance((pause_s - 1) * SECOND_NS)
        assert (await failure(binance)).endswith("; not asked again for 1 s")
        clock.advance(SECOND_NS)
        assert await binance.fetch(BTC)

    headers = {"Retry_After": told} if told else {}
    assert len(played(play, answer(status, "{}", **headers), ticker())) == 2


def test_that_it_gives_none_and_that_it_does_again_is_a_line_each(caplog: pytest.LogCaptureFixture) -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        for _ in range(3):
            await failure(binance)
            clock.advance(5 * SECOND_NS)
        for _ in range(3):
            await binance.fetch(BTC)

    caplog.set_level("INFO", "myquant.gateway")
    played(play, answer(500, ""), answer(502, ""), answer(503, ""), ticker())
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["binance gives no quotes: answers HTTP 500", "binance answers again"]


def test_an_unknown_coin_is_refused_and_others_are_still_asked_for() -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        assert await failure(binance, BadSymbolError) == "symbol BTCUSDT: Binance does not trade it"
        assert await binance.fetch(BTC)

    played(play, answer(400, '{"code":-1121,"msg":"Invalid symbol."}'), ticker())


def test_who_waits_behind_a_call_that_fails_is_told_without_a_call_of_its_own() -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        told = await asyncio.gather(*(binance.fetch(BTC) for _ in range(4)), return_exceptions=True)
        assert all(isinstance(each, ProviderFailedError) for each in told)
        assert str(told[3]).endswith("; not asked again for 5 s")

    assert len(played(play, b"no http")) == 1


def test_an_answer_beyond_all_bounds_is_not_read() -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        assert await failure(binance) == "binance: the answer is larger than 16,384 bytes"

    played(play, answer(200, "x" * 20_000))


def test_its_end_ends_the_call_under_way() -> None:
    async def play(binance: BinanceQuotes, clock: VirtualClock) -> None:
        asked = asyncio.create_task(failure(binance))
        await asyncio.to_thread(server.came.wait, 20)
        binance.close()
        assert await asked == "binance: ended on our side"

    async def run() -> None:
        clock = VirtualClock(NOON_NS)
        await play(BinanceQuotes(clock, server.url), clock)

    with HttpServer(Answers(None)) as server:
        asyncio.run(run())


@pytest.mark.parametrize("text", ["btc/usdt", "BTC-USDT", "BINANCE:BTCUSDT", "BTCUSDT"])
def test_a_coin_however_it_is_written(text: str) -> None:
    assert coin_symbol(text) == "BTCUSDT"


@pytest.mark.parametrize("text", ["", "B", "BTC&x=1", "BTC USDT?", "BTC\r\nHost: x", "A" * 21, "ＢＴＣ"])
def test_what_is_no_coin(text: str) -> None:
    with pytest.raises(BadSymbolError):
        coin_symbol(text)


def test_so_many_a_second_and_no_longer_queue_than_it_bears() -> None:
    bucket = TokenBucket(5, 5)
    waits = [bucket.reserve_s(0, LONGEST_WAIT_S) for _ in range(20)]
    assert waits[:5] == [0] * 5
    assert waits[5:15] == [pytest.approx(0.2 * number) for number in range(1, 11)]
    assert waits[15:] == [None] * 5
    assert bucket.reserve_s(2 * SECOND_NS, LONGEST_WAIT_S) == pytest.approx(0.2)
    assert [bucket.reserve_s(60 * SECOND_NS, 0) for _ in range(6)] == [0] * 5 + [None]
