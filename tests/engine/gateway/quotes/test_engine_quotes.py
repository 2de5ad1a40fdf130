"""The engine's own quotes: exact, with its market's age; an invented session's say so, a live one's stand in for a provider."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.gateway.quotes.answers import BadSymbolError, ProviderFailedError, QuoteAnswer
from engine.gateway.quotes.engine_quotes import EngineQuotes
from engine.gateway.quotes.open_quotes import open_quotes
from engine.model.clock import VirtualClock
from engine.model.snapshot import Snapshot
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from tests.support.builders import config
from tests.support.screens.snapshots import AT_MS, CALL, PUT, SNAPSHOT, quote

SECOND_NS = 10**9
SYMBOL = CleanText(CALL.symbol)
BTC = Instrument(CleanText("BTCUSDT"), CleanText(""), CleanText("BINANCE"), 10**8, 1, 1, quantity_scale=10**8)
PAPER = replace(
    SNAPSHOT,
    trade_mode="paper",
    taken_ns=0,
    at_ms=AT_MS,
    ahead_ms=0,
    instruments=(CALL, BTC),
    quotes=(quote(0, 15_705), quote(1, 61_837_63000000, exch_ms=AT_MS - 400, day_volume=5 * 10**7)),
)


def clock_at(seconds: float = 0.0) -> VirtualClock:
    clock = VirtualClock(AT_MS * 1_000_000)
    clock.advance(round(seconds * SECOND_NS))
    return clock


def engine(seen: Snapshot | None, seconds: float = 0.0) -> EngineQuotes:
    return EngineQuotes(lambda: seen, clock_at(seconds))


def test_a_quote_is_exact_and_as_old_as_the_market_says() -> None:
    said = engine(PAPER, 1.5).quote(SYMBOL)
    assert (said.quote.price, said.quote.volume, said.quote.currency) == ("157.05", "815061", "INR")
    assert (said.quote.source, said.quote.mock, said.quote.as_of_ms) == ("engine", False, AT_MS)
    assert (said.age_s, said.is_stale) == (1.5, False)
    coin = engine(PAPER).quote(CleanText("BTCUSDT")).quote
    assert Decimal(coin.price) == Decimal("61837.63")
    assert (coin.volume, coin.currency) == ("0.5", "USDT")


def test_it_is_stale_once_it_is_older_than_prices_may_be() -> None:
    assert not engine(PAPER, PAPER.stale_s).quote(SYMBOL).is_stale
    assert engine(PAPER, PAPER.stale_s + 0.1).quote(SYMBOL).is_stale


@pytest.mark.parametrize("mode", ["mock", "replay"])
def test_of_a_mock_or_replay_it_is_invented_and_stands_in_for_nobody(mode: str) -> None:
    seen = replace(PAPER, trade_mode=mode)
    assert engine(seen).quote(SYMBOL).quote.mock
    assert engine(seen).stands_in("smartapi", SYMBOL, 60) is None


def test_a_live_one_stands_in_for_the_provider_of_the_same_exchange_while_its_price_is_young() -> None:
    live = engine(PAPER, 4)
    stand_in = live.stands_in("smartapi", SYMBOL, 4)
    assert stand_in is not None
    assert stand_in.price == "157.05"
    assert live.stands_in("smartapi", SYMBOL, 3.9) is None
    assert live.stands_in("binance", SYMBOL, 60) is None
    assert live.stands_in("binance", CleanText("BTCUSDT"), 60) is not None
    assert live.stands_in("smartapi", CleanText("BTCUSDT"), 60) is None
    assert live.stands_in("smartapi", CleanText(PUT.symbol), 60) is None
    assert engine(PAPER, 5.1).stands_in("smartapi", SYMBOL, 60) is None


@pytest.mark.parametrize("seen", [None, replace(PAPER, taken_ns=-6 * SECOND_NS)])
def test_without_an_engine_or_a_fresh_snapshot_there_is_none(seen: Snapshot | None) -> None:
    with pytest.raises(ProviderFailedError, match="none is attached, or its newest snapshot is more than 5 s old"):
        engine(seen).quote(SYMBOL)


@pytest.mark.parametrize("other", [{"last": 0}, {"last": -5}, {"exch_ms": 0}])
def test_before_the_first_price_there_is_none(other: dict[str, int]) -> None:
    seen = replace(PAPER, quotes=(replace(PAPER.quotes[0], **other),))
    with pytest.raises(ProviderFailedError, match="no price of NIFTY25NOV25900CE has come yet"):
        engine(seen).quote(SYMBOL)
    assert engine(seen).stands_in("smartapi", SYMBOL, 60) is None


def test_what_is_not_watched_or_no_longer_is_unknown() -> None:
    for seen in (replace(PAPER, quotes=()), replace(PAPER, instruments=(replace(CALL, removed=True), BTC))):
        with pytest.raises(BadSymbolError, match="the engine does not watch it"):
            engine(seen).quote(SYMBOL)


def answered(overrides: tuple[str, ...], seen: Snapshot, provider: str, symbol: str, **more: Any) -> QuoteAnswer:
    async def play() -> QuoteAnswer:
        quotes = open_quotes(config(*overrides), {}, lambda: seen, clock_at())
        try:
            return await quotes.quote(provider, symbol, **more)
        finally:
            await quotes.close()

    return asyncio.run(play())


def test_through_the_service_it_is_never_cached() -> None:
    said = answered((), PAPER, "engine", SYMBOL.lower())
    assert (said.provider, said.symbol, said.cached, said.cache) == ("engine", SYMBOL, False, "none")
    assert (said.data.age_s, said.data.stale, said.mock) == (0.0, False, False)


def test_an_invented_provider_gives_way_to_a_live_engine_unless_invention_was_asked_for() -> None:
    live = answered((), PAPER, "binance", "btc/usdt")
    assert (live.provider, live.data.source, live.mock, live.cached) == ("binance", "engine", False, False)
    assert answered(("serve.binance=mock",), PAPER, "binance", "BTCUSDT").mock
    assert answered((), PAPER, "mock", "BTCUSDT").mock
    assert answered((), PAPER, "binance", "BTCUSDT", max_age_s=0.3).mock
    assert answered((), replace(PAPER, trade_mode="mock"), "binance", "BTCUSDT").data.source == "mock"
