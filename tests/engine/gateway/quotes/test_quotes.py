"""The service of quotes: what is asked once, what is served from where and how old, what is refused and in which words."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from engine.gateway.quotes.answers import BadSymbolError, ProviderFailedError, QuoteAnswer, UnknownProviderError
from engine.gateway.quotes.mock import MockQuotes
from engine.gateway.quotes.open_quotes import open_quotes
from engine.gateway.quotes.quotes import Quotes
from engine.model.clock import VirtualClock
from engine.model.errors import ConfigError
from tests.support.builders import config
from tests.support.gateway.quote_providers import MovedProvider

SECOND_NS = 10**9
NOON_NS = 1_785_412_800 * SECOND_NS
HOUR = 495_948


class Service:
    """A service over one provider that is moved by hand, and the invented one."""

    def __init__(self, *overrides: str) -> None:
        self.clock = VirtualClock(NOON_NS)
        self.moved = MovedProvider(self.clock)
        providers = {"moved": self.moved, "mock": MockQuotes(1, self.clock)}
        self.quotes = Quotes(config(*overrides).cache, providers, lambda: None, self.clock, warm=[("moved", "WARM")])

    def pass_s(self, seconds: float) -> None:
        self.clock.advance(round(seconds * SECOND_NS))

    async def ask(self, symbol: str = "A", provider: str = "moved", **more: Any) -> QuoteAnswer:
        return await self.quotes.quote(provider, symbol, **more)


def served(screenplay: Callable[[Service], Coroutine[Any, Any, None]], *overrides: str) -> Service:
    """Play it against a service of its own."""

    async def play() -> Service:
        service = Service(*overrides)
        try:
            await asyncio.wait_for(screenplay(service), 30)
        finally:
            await service.quotes.close()
        return service

    return asyncio.run(play())


def refused(kind: type[Exception], words: str, **question: Any) -> None:
    async def play(service: Service) -> None:
        with pytest.raises(kind) as caught:
            await service.ask(**question)
        assert str(caught.value) == words

    served(play)


def test_the_second_time_it_is_cached_and_of_the_same_price() -> None:
    async def play(service: Service) -> None:
        first, second = await service.ask(), await service.ask()
        assert (first.cached, first.cache, first.data.price) == (False, "none", "1.50")
        assert (second.cached, second.cache, second.data.price) == (True, "l1", "1.50")
        assert second.data.as_of == "2026-07-30T12:00:00.000+00:00"
        assert not second.mock

    assert served(play).moved.asked == ["A"]


def test_those_who_want_it_at_once_ask_once() -> None:
    async def play(service: Service) -> None:
        service.moved.gate.clear()
        wanted = [asyncio.create_task(service.ask(symbol)) for symbol in "ABABAABB" * 5]
        while len(service.moved.asked) < 2:
            await asyncio.sleep(0)
        wanted[0].cancel()  # its client is gone, the others still wait
        service.moved.gate.set()
        answers = await asyncio.gather(*wanted[1:])
        assert {(each.symbol, each.data.price) for each in answers} == {("A", "1.50"), ("B", "2.50")}

    assert served(play).moved.asked == ["A", "B"]


def test_many_who_wait_for_what_fails_are_each_told() -> None:
    async def play(service: Service) -> None:
        service.moved.failing = "silent for 3 s"
        told = await asyncio.gather(*(service.ask() for _ in range(10)), return_exceptions=True)
        assert {str(each) for each in told} == {"moved: silent for 3 s"}
        assert len({id(each) for each in told}) == 10

    assert len(served(play).moved.asked) == 1


def test_layers_by_age_then_a_stale_value_while_the_provider_fails_then_none() -> None:
    async def play(service: Service) -> None:
        await service.ask()
        service.moved.failing = "down"
        service.pass_s(59)
        assert (await service.ask()).cache == "l1"
        service.pass_s(2)
        assert (await service.ask()).cache == "fallback"
        assert (await service.ask()).cache == "l1"
        stale = await service.ask(max_age_s=10)
        assert (stale.cache, stale.cached, stale.data.stale, stale.data.age_s) == ("last", True, True, 61.0)
        service.pass_s(238)  # 299 s old
        assert (await service.ask(max_age_s=298)).data.stale
        assert not (await service.ask()).data.stale
        service.pass_s(2)
        with pytest.raises(ProviderFailedError, match="moved: down"):
            await service.ask()
        service.moved.failing = ""
        assert (await service.ask()).data.price == f"{len(service.moved.asked)}.50"
        view = service.quotes.view()
        assert view.hits == {"l1": 3, "redis": 0, "fallback": 1}  # who wanted it younger put it into memory
        assert view.misses == 5
        assert (view.fallback_hits, view.hit_rate, view.fallback_active, view.redis_available) == (
            1,
            4 / 9,
            True,
            False,
        )

    served(play)


def test_who_wants_it_young_gets_it_young() -> None:
    async def play(service: Service) -> None:
        await service.ask()
        service.pass_s(5)
        assert (await service.ask(max_age_s=5)).data.price == "1.50"
        assert (await service.ask(max_age_s=4.9)).data.price == "2.50"
        assert (await service.ask(max_age_s=0)).data.price == "2.50"
        service.pass_s(0.001)
        assert (await service.ask(max_age_s=0)).data.price == "3.50"

    served(play)


def test_an_invented_price_is_not_served_beyond_its_hour() -> None:
    async def play(service: Service) -> None:
        service.pass_s(3_590)
        first = await service.ask("BTCUSDT", "mock")
        assert (await service.ask("btcusdt", "mock")).cached
        service.pass_s(11)
        later = await service.ask("BTCUSDT", "mock")
        assert (later.cached, later.mock, later.data.source) == (False, True, "mock")
        assert later.data.price != first.data.price
        at = await service.ask("BTCUSDT", "mock", at="2026-07-30T12:59Z")
        assert (at.data.price, at.data.as_of) == (first.data.price, "2026-07-30T12:00:00.000+00:00")
        assert await service.ask("BTCUSDT", "mock", at=str(HOUR * 3600 + 3599)) == at

    served(play)


def test_a_symbol_that_a_provider_does_not_know_is_asked_for_once_a_minute() -> None:
    async def play(service: Service) -> None:
        service.moved.failing = "unknown"
        for _ in range(3):
            with pytest.raises(BadSymbolError, match="nobody knows it"):
                await service.ask()
        assert len(service.moved.asked) == 1
        service.pass_s(61)
        service.moved.failing = ""
        assert (await service.ask()).data.price == "2.50"

    served(play)


def test_what_is_kept_warm_is_asked_for_and_hits_nobody_s_count() -> None:
    async def play(service: Service) -> None:
        await service.quotes.refresh()
        service.pass_s(48)
        service.moved.failing = "down"
        await service.quotes.refresh()
        assert (await service.ask("WARM")).cache == "l1"
        assert service.quotes.view().misses == 0

    assert served(play).moved.asked == ["WARM", "WARM"]


def test_memory_is_bounded_whatever_is_asked_for() -> None:
    async def play(service: Service) -> None:
        for number in range(300):
            await service.ask(f"S{number}")
        cache = service.quotes._cache
        assert (len(cache._l1), len(cache._fallback)) == (7, 20)
        service.moved.failing = "unknown"
        for number in range(300):
            with pytest.raises(BadSymbolError):
                await service.ask(f"T{number}")
        assert len(service.quotes._refused) <= 256

    served(play, "cache.l1_size=7", "cache.fallback_size=20")


def test_after_its_end_it_refuses_and_asks_nobody() -> None:
    async def play(service: Service) -> None:
        await service.quotes.close()
        with pytest.raises(ProviderFailedError, match="the service is ending"):
            await service.ask()

    assert served(play).moved.asked == []


def test_refusals() -> None:
    refused(UnknownProviderError, "provider nse: there is none; allowed: engine, mock, moved", provider="nse")
    allowed = "allowed: 1 to 80 letters, digits and _ . & : | / - or blanks, no blank first"
    for symbol in ("", "A\x1b[2J", "../etc", "a" * 81, "₹", "A\n"):
        with pytest.raises(BadSymbolError, match=allowed):
            served(lambda service, symbol=symbol: service.ask(symbol))  # type: ignore[arg-type, misc]
    refused(BadSymbolError, "max_age=-1: allowed: 0 to 86400 seconds", max_age_s=-1)
    refused(BadSymbolError, "max_age=nan: allowed: 0 to 86400 seconds", max_age_s=float("nan"))
    refused(BadSymbolError, "at: quotes of moved are of now; only invented ones can be had of another hour", at="0")
    refused(
        BadSymbolError,
        "at: quotes of engine are of now; only invented ones can be had of another hour",
        at="0",
        provider="engine",
    )
    for at in (
        "",
        "now",
        "-1",
        "4102444800",
        "2026-13-01",
        "9" * 50,
        "000000001785412800",
        "2026113012000",
        "0001-01-01",
        "²",
    ):
        with pytest.raises(BadSymbolError, match="whole seconds since 1970"):
            served(lambda service, at=at: service.ask("A", "mock", at=at))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("overrides", "environ", "mocked"),
    [
        ((), {}, ("binance",)),
        ((), {"BINANCE_API_KEY": "k"}, ()),
        (("serve.binance=public",), {}, ()),
        (("serve.binance=mock",), {"BINANCE_API_KEY": "k"}, ("binance",)),
    ],
)
def test_who_is_invented(overrides: tuple[str, ...], environ: dict[str, str], mocked: tuple[str, ...]) -> None:
    async def play() -> tuple[str, ...]:
        quotes = open_quotes(config(*overrides), environ, lambda: None)
        await quotes.close()
        return tuple(name for name in quotes.mocked if name == "binance")

    assert asyncio.run(play()) == mocked


def test_what_is_to_be_kept_warm_is_looked_at_before_the_start() -> None:
    with pytest.raises(ConfigError) as caught:
        open_quotes(config('serve.warm=["nse/X", "binance/btc.usdt", "mock/NIFTY"]'), {}, lambda: None)
    assert [line.partition(":")[0] for line in caught.value.lines] == ["serve.warm", "serve.warm"]
    assert "nse/X" in caught.value.lines[0]
    assert "btc.usdt: no coin" in caught.value.lines[1]
