"""Quotes of Angel One against a server on this machine: shared calls, exact prices, silence after a no, and never a logout."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from engine.gateway.quotes.answers import BadSymbolError, ProviderFailedError, QuoteAnswer
from engine.gateway.quotes.open_quotes import open_quotes
from engine.gateway.quotes.smartapi import SmartApiQuotes
from engine.model.clock import SystemClock, VirtualClock
from engine.model.errors import ConfigError
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.venues.angelone.credentials import Credentials
from engine.venues.angelone.instruments.master import cache_folder, update
from engine.venues.angelone.login import LoginSession
from tests.support.builders import config
from tests.support.http_server import HttpRequest, HttpServer, answer
from tests.support.venues.instrument_list import text_of

SECOND_NS = 10**9
NOON_NS = 1_785_412_800 * SECOND_NS
LOGIN = "/rest/auth/angelbroking/user/v1/loginByPassword"
QUOTE = "/rest/secure/angelbroking/market/v1/quote"
KEYS = {"client_code": "A123456", "pin": "7391", "api_key": "canaryKey", "totp_secret": "CANARYJBSWY3DPEHPK3PXPAA"}
ENVIRON = {f"MYQUANT_SMARTAPI_{key.upper()}": value for key, value in KEYS.items()}
TOKENS = {"jwtToken": "eyJcanary.jwt.sig", "refreshToken": "eyJcanary.refresh", "feedToken": "eyJcanary.feed"}


class Broker:
    """Logs in whoever comes; the price of token 12345 is 123.45; `refusal` is what a quote is answered with instead."""

    def __init__(self) -> None:
        self.refusal: bytes | None = None
        self.unfetched: set[str] = set()
        self.price: Callable[[str], object] = lambda token: int(token) / 100
        self.batches: list[dict[str, list[str]]] = []

    def __call__(self, asked: HttpRequest) -> bytes:
        if asked.path == LOGIN:
            return well(TOKENS)
        assert asked.path == QUOTE
        assert asked.headers["authorization"] == f"Bearer {TOKENS['jwtToken']}"
        wanted = json.loads(asked.body)
        assert wanted["mode"] == "LTP"
        self.batches.append(wanted["exchangeTokens"])
        if self.refusal is not None:
            return self.refusal
        rows = [
            {"exchange": exchange, "tradingSymbol": "x\x1b[2J", "symbolToken": token, "ltp": self.price(token)}
            for exchange, tokens in wanted["exchangeTokens"].items()
            for token in tokens
            if token not in self.unfetched
        ]
        return well({"fetched": rows, "unfetched": []})


def well(data: object) -> bytes:
    return answer(200, json.dumps({"status": True, "message": "SUCCESS", "errorcode": "", "data": data}))


def listed(symbol: str) -> Instrument:
    """NFO12345 is token 12345 at the NFO."""
    if not symbol[3:].isdecimal():
        raise BadSymbolError(f"symbol {symbol}: is not listed")
    return Instrument(CleanText(symbol), CleanText(symbol[3:]), CleanText(symbol[:3]))


Play = Callable[[SmartApiQuotes, Broker, VirtualClock], Coroutine[Any, Any, None]]


def played(play: Play) -> list[HttpRequest]:
    """What the broker was asked."""
    broker = Broker()

    async def run(url: str) -> None:
        clock = VirtualClock(NOON_NS)

        async def sleep(seconds: float) -> None:
            clock.advance(round(seconds * SECOND_NS))

        quotes = SmartApiQuotes(LoginSession(Credentials(**KEYS), url, clock), listed, clock, sleep=sleep)
        try:
            await asyncio.wait_for(play(quotes, broker, clock), 30)
        finally:
            quotes.close()

    with HttpServer(broker) as server:
        asyncio.run(run(server.url))
    return server.requests


def test_those_who_ask_at_once_share_a_call_of_at_most_50() -> None:
    async def play(quotes: SmartApiQuotes, broker: Broker, clock: VirtualClock) -> None:
        symbols = [CleanText(f"{'NSE' if number % 3 else 'NFO'}{10_000 + number}") for number in range(120)]
        told = await asyncio.gather(*map(quotes.fetch, symbols))
        assert [each.price for each in told] == [f"{int(each[3:]) / 100}" for each in symbols]
        assert [each.symbol for each in told] == symbols
        assert {(each.source, each.currency, each.mock) for each in told} == {("smartapi", "INR", False)}
        sizes = [sum(map(len, batch.values())) for batch in broker.batches]
        assert sum(sizes) == 120
        assert max(sizes) == 50
        assert len(sizes) <= 4
        assert clock.monotonic_ns() >= (len(sizes) - 1) * SECOND_NS  # one a second

    asked = played(play)
    assert [each.path for each in asked].count(LOGIN) == 1
    assert not any("logout" in each.path for each in asked)


@pytest.mark.parametrize(
    ("told", "price"),
    [(25900.1, "25900.1"), ("571.75", "571.75"), (0.05, "0.05"), (1e-7, "0.0000001"), (24000, "24000")],
)
def test_a_price_is_the_broker_s_own_text(told: object, price: str) -> None:
    async def play(quotes: SmartApiQuotes, broker: Broker, clock: VirtualClock) -> None:
        broker.price = lambda _: told
        assert (await quotes.fetch(CleanText("NSE1"))).price == price

    played(play)


@pytest.mark.parametrize("told", [0, -1, None, "x", "NaN", "1e400", True, [1], {"a": 1}, 1e300])
def test_what_is_no_price_fails_that_symbol_alone(told: object) -> None:
    async def play(quotes: SmartApiQuotes, broker: Broker, clock: VirtualClock) -> None:
        broker.price = lambda token: told if token == "1" else 5
        with pytest.raises(ProviderFailedError, match="smartapi: the broker tells no price of NSE1"):
            await quotes.fetch(CleanText("NSE1"))
        assert (await quotes.fetch(CleanText("NSE2"))).price == "5"
        broker.unfetched = {"2"}
        with pytest.raises(ProviderFailedError, match="tells no price of NSE2"):
            await quotes.fetch(CleanText("NSE2"))

    played(play)


@pytest.mark.parametrize("data", [None, [], "x", {"fetched": None}, {"fetched": [1, None, {}, {"ltp": 1}]}])
def test_an_answer_of_another_shape_is_no_price(data: object) -> None:
    async def play(quotes: SmartApiQuotes, broker: Broker, clock: VirtualClock) -> None:
        broker.refusal = well(data)
        with pytest.raises(ProviderFailedError, match="tells no price"):
            await quotes.fetch(CleanText("NSE1"))

    played(play)


@pytest.mark.parametrize(
    ("refusal", "words", "pause_s"),
    [
        (answer(403, "Access denied because of exceeding access rate"), "too many requests", 30),
        (answer(200, '{"success":false,"message":"Invalid Token","errorCode":"AG8001","data":""}'), "AG8001", 30),
        (answer(200, '{"status":false,"message":"blocked","errorcode":"AB1006","data":null}'), "AB1006", 300),
        (answer(200, "<html>Request Rejected"), "a web page instead of an answer", 30),
        (b"no http", "is not HTTP", 30),
    ],
)
def test_after_a_no_it_is_left_alone_for_a_while(refusal: bytes, words: str, pause_s: int) -> None:
    async def play(quotes: SmartApiQuotes, broker: Broker, clock: VirtualClock) -> None:
        broker.refusal = refusal
        with pytest.raises(ProviderFailedError, match=words):
            await quotes.fetch(CleanText("NSE1"))
        broker.refusal = None
        clock.advance((pause_s - 1) * SECOND_NS)
        with pytest.raises(ProviderFailedError, match="not asked again for 1 s"):
            await quotes.fetch(CleanText("NSE1"))
        clock.advance(2 * SECOND_NS)
        assert await quotes.fetch(CleanText("NSE1"))
        assert len(broker.batches) == 2

    played(play)


def test_a_symbol_that_is_not_listed_costs_no_call() -> None:
    async def play(quotes: SmartApiQuotes, broker: Broker, clock: VirtualClock) -> None:
        with pytest.raises(BadSymbolError, match="symbol NSEX: is not listed"):
            await quotes.fetch(CleanText("NSEX"))

    assert played(play) == []


# ── As it is configured ─────────────────────────────────────────────────────────────────────────────────────────────


def asked(environ: dict[str, str], symbol: str, *overrides: str, provider: str = "smartapi") -> QuoteAnswer:
    async def play() -> QuoteAnswer:
        quotes = open_quotes(config(*overrides), environ, lambda: None)
        try:
            return await asyncio.wait_for(quotes.quote(provider, symbol), 30)
        finally:
            await quotes.close()

    return asyncio.run(play())


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}


def test_without_credentials_it_is_invented_and_says_so(home: dict[str, str]) -> None:
    said = asked(home, "nifty")
    assert (said.provider, said.symbol, said.mock, said.data.source) == ("smartapi", "NIFTY", True, "mock")
    assert said.data.price == asked(home, "NIFTY", provider="mock").data.price


def test_with_credentials_it_asks_the_broker_for_what_the_configuration_knows(home: dict[str, str]) -> None:
    with HttpServer(Broker()) as server:
        overrides = (
            f"smartapi.rest_url={server.url}",
            'instruments.NIFTY.token="99926000"',
            'instruments.NIFTY.exchange="NSE"',
        )
        said = asked(home | ENVIRON, "nifty", *overrides)
    assert (said.data.price, said.mock, said.data.source) == ("999260.0", False, "smartapi")


def test_an_instrument_is_looked_up_in_the_list_on_the_disk_which_is_not_fetched(home: dict[str, str]) -> None:
    with HttpServer(lambda asked: answer(200, text_of(200))) as lists:
        update(cache_folder(home), lists.url, SystemClock(), least_rows=100)
        with HttpServer(Broker()) as server:
            overrides = (f"smartapi.rest_url={server.url}", f"smartapi.master_url={lists.url}")
            said = asked(home | ENVIRON, "reliance", *overrides)
            assert (said.symbol, said.data.price, said.mock) == ("RELIANCE", "28.85", False)
            with pytest.raises(
                BadSymbolError, match="symbol RELIANC: instrument RELIANC: is not listed; near: RELIANCE"
            ):
                asked(home | ENVIRON, "RELIANC", *overrides)
    assert len(lists.requests) == 1


def test_with_credentials_and_without_a_list_it_says_how_to_get_one(home: dict[str, str]) -> None:
    with pytest.raises(ProviderFailedError, match="myquant-tui instruments update"):
        asked(home | ENVIRON, "RELIANCE")


def test_credentials_that_are_malformed_are_told_before_the_start(home: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="PIN"):
        asked(home | ENVIRON | {"MYQUANT_SMARTAPI_PIN": "12"}, "NIFTY")


def test_invention_that_was_asked_for_needs_no_credentials(home: dict[str, str]) -> None:
    assert asked(home | ENVIRON, "NIFTY", "serve.smartapi=mock").mock


class BrokenLogin:
    """Stands where a `LoginSession` stands, and has a fault."""

    def quotes(self, _: object) -> object:
        raise RuntimeError("broken")

    def close(self) -> None:
        """Nothing is open."""


def test_whoever_waits_is_told_of_an_error_of_ours_as_well() -> None:
    async def asked() -> None:
        quotes = SmartApiQuotes(BrokenLogin(), listed, SystemClock())
        for why in ("smartapi: an error of ours: RuntimeError", "not asked again for"):
            with pytest.raises(ProviderFailedError, match=why):
                await asyncio.wait_for(quotes.fetch(quotes.symbol("NFO12345")), 10)
        quotes.close()

    asyncio.run(asked())
