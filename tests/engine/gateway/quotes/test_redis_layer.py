"""Redis, a real one: used where it is there; stopped, hung, killed and back no request fails, and each change is one line."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.gateway.quotes.answers import QuoteAnswer, SourcedQuote, restored, stored
from engine.gateway.quotes.mock import MockQuotes
from engine.gateway.quotes.open_quotes import open_quotes
from engine.gateway.quotes.quotes import Quotes
from engine.gateway.quotes.redis_layer import OFF_S, WAIT_S, RedisLayer, address_of
from engine.model.clock import VirtualClock
from engine.model.errors import ConfigError
from engine.text import redaction
from engine.text.sanitize import CleanText
from tests.support.builders import config
from tests.support.gateway.quote_providers import MovedProvider
from tests.support.gateway.redis_server import RedisServer, needs_redis

SECOND_NS = 10**9
NOON_NS = 1_785_412_800 * SECOND_NS
KEY = "myquant:v1:moved:A"


class SharedService:
    """One of several services over one Redis."""

    def __init__(self, url: str, wait_s: float = 10.0) -> None:
        self.clock = VirtualClock(NOON_NS)
        self.moved = MovedProvider(self.clock)
        self.redis = RedisLayer(address_of(url), 5.0, self.clock, wait_s=wait_s)
        providers = {"moved": self.moved, "mock": MockQuotes(1, self.clock)}
        self.quotes = Quotes(config().cache, providers, lambda: None, self.clock, redis=self.redis)

    async def ask(self, symbol: str = "A", **more: Any) -> QuoteAnswer:
        said = await self.quotes.quote("moved", symbol, **more)
        while self.quotes._background._tasks:  # until Redis has it
            await asyncio.sleep(0)
        return said

    async def look_again(self) -> None:
        self.clock.advance(OFF_S * SECOND_NS)
        await self.redis.look()


def played(*services: SharedService, screenplay: Callable[..., Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        try:
            for each in services:
                await each.redis.look()
            await asyncio.wait_for(screenplay(*services), 60)
        finally:
            for each in services:
                await each.quotes.close()

    asyncio.run(play())


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged since it was asked the last time."""
    caplog.set_level(logging.INFO, "myquant.gateway")

    def since() -> list[str]:
        found = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return found

    return since


@needs_redis
def test_another_service_has_what_one_has_asked_for(tmp_path: Path) -> None:
    async def play(one: SharedService, other: SharedService) -> None:
        assert (await one.ask()).cache == "none"
        other.clock.advance(100 * SECOND_NS)
        said = await other.ask()
        assert (said.cache, said.data.price, said.data.age_s) == ("redis", "1.50", 100.0)
        assert (await other.ask()).cache == "l1"
        assert other.moved.asked == []
        assert (await other.ask(max_age_s=99)).cache == "none"
        assert (await one.ask(max_age_s=0)).data.price == "1.50"  # its own is as young as can be
        view = other.quotes.view()
        assert (view.redis_available, view.fallback_active, view.hits["redis"], view.misses) == (True, False, 1, 1)
        assert other.quotes.wants_redis
        assert int(server.command("PTTL", KEY)[1:]) <= 300_000

    with RedisServer(tmp_path, password="pass/word@1") as server:
        url = f"redis://:pass%2Fword%401@127.0.0.1:{server.port}/0"
        played(SharedService(url), SharedService(url), screenplay=play)


@needs_redis
def test_stopped_killed_and_back_no_request_fails_and_each_change_is_one_line(
    tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    async def play(service: SharedService) -> None:
        name = f"Redis at 127.0.0.1:{server.port}/0"
        assert lines() == [f"{name} is used"]
        for end in (server.stop, server.kill):
            await service.ask(max_age_s=0)
            await asyncio.to_thread(end)
            service.clock.advance(61 * SECOND_NS)
            said = await asyncio.gather(*(service.ask(symbol) for symbol in "AAA"))
            assert [each.cache for each in said] == ["fallback"] * 3
            (line,) = lines()
            assert line.startswith(f"{name} is left alone, quotes are kept in memory: ")
            await service.look_again()
            assert await service.ask("D")
            assert lines() == []
            await asyncio.to_thread(server.start)
            await service.redis.look()  # too early
            assert not service.redis.is_up
            await service.look_again()
            assert service.redis.is_up
            assert lines() == [f"{name} is used"]

    with RedisServer(tmp_path) as server:
        played(SharedService(server.url), screenplay=play)


@needs_redis
def test_a_hung_one_is_waited_for_once_and_left_alone_then(tmp_path: Path, lines: Callable[[], list[str]]) -> None:
    async def play(service: SharedService) -> None:
        await service.ask()
        service.clock.advance(61 * SECOND_NS)
        lines()
        server.hang()
        service.redis._wait_s = WAIT_S
        number = 0
        while service.redis.is_up:  # it is not blamed for a time in which we were late ourselves
            number += 1
            assert (await service.quotes.quote("moved", f"S{number}")).cache == "none"
        assert [line.rpartition(": ")[2] for line in lines()] == ["no answer within 25 ms"]
        assert (await service.ask("Z")).cache == "none"
        assert service.redis._connections is None  # nobody asks it
        server.go_on()
        service.redis._wait_s = 10.0
        await service.look_again()
        service.clock.advance(61 * SECOND_NS)
        assert (await service.ask("Z")).cache == "none"  # it was not told of it while it hung
        service.clock.advance(61 * SECOND_NS)
        assert (await service.ask("Z")).cache == "redis"
        assert len(lines()) == 1

    with RedisServer(tmp_path) as server:
        played(SharedService(server.url), screenplay=play)


@needs_redis
def test_a_busy_loop_is_not_a_hung_redis(tmp_path: Path, lines: Callable[[], list[str]]) -> None:
    async def play(service: SharedService) -> None:
        await service.ask()
        lines()
        loop = asyncio.get_running_loop()
        service.redis._wait_s = WAIT_S
        server.hang()
        service.clock.advance(61 * SECOND_NS)
        asked = asyncio.create_task(service.ask())
        while not service.redis._calls:
            await asyncio.sleep(0)
        over_s = loop.time() + 2 * WAIT_S
        while loop.time() < over_s:  # the loop stands still
            pass
        assert (await asked).cache == "fallback"
        assert service.redis.is_up
        assert lines() == []
        server.go_on()
        while service.redis._calls:  # what nobody waits for any more is answered all the same
            await asyncio.sleep(0)
        service.clock.advance(61 * SECOND_NS)
        service.redis._wait_s = 10.0
        assert (await service.ask()).cache == "redis"

    with RedisServer(tmp_path) as server:
        played(SharedService(server.url), screenplay=play)


@needs_redis
def test_of_a_flood_so_much_is_kept_as_it_takes(tmp_path: Path) -> None:
    async def play(service: SharedService) -> None:
        await asyncio.gather(*(service.quotes.quote("moved", f"S{number}", max_age_s=0) for number in range(300)))
        while service.quotes._background._tasks or service.redis._calls:
            await asyncio.sleep(0)
        unsent = service.quotes.view().unsent
        assert 0 < unsent < 300
        assert int(server.command("DBSIZE")[1:]) - 1 + unsent == 300  # beside the probe
        assert service.redis.is_up

    with RedisServer(tmp_path) as server:
        played(SharedService(server.url), screenplay=play)


@needs_redis
def test_what_lies_there_and_is_none_of_ours_is_refused_and_replaced(tmp_path: Path) -> None:
    good = SourcedQuote(CleanText("A"), CleanText("9.50"), CleanText("moved"), NOON_NS // 10**6, NOON_NS // 10**6)

    async def play(service: SharedService) -> None:
        bad = [b"", b"x", b"{}", b"[1]", stored(good)[:-1], stored(good) * 200, b"\xff" * 3_000_000, b"[" * 1_000]
        for number, data in enumerate(bad[1:], 1):
            server.command("SET", KEY, data)
            service.clock.advance(61 * SECOND_NS)
            assert (await service.ask()).data.price == f"{number}.50"
            assert service.quotes.view().refused == number
        server.command("DEL", KEY)
        server.command("LPUSH", KEY, "of another kind")
        service.clock.advance(61 * SECOND_NS)
        assert (await service.ask()).cache == "none"
        assert service.redis.is_up
        service.clock.advance(61 * SECOND_NS)
        assert (await service.ask()).cache == "redis"

    with RedisServer(tmp_path) as server:
        played(SharedService(server.url), screenplay=play)


@needs_redis
def test_one_that_takes_nothing_or_wants_a_password_is_not_used(tmp_path: Path, lines: Callable[[], list[str]]) -> None:
    async def play(service: SharedService) -> None:
        assert not service.redis.is_up
        assert (await service.ask()).cache == "none"
        (line,) = lines()
        assert "is left alone" in line
        assert "wrong-one" not in line

    with RedisServer(tmp_path, password="right-one") as server:
        played(SharedService(server.url.replace("right-one", "wrong-one")), screenplay=play)
    with RedisServer(tmp_path) as server:
        server.command("CONFIG", "SET", "min-replicas-to-write", "1")  # it answers, and refuses every write
        played(SharedService(server.url), screenplay=play)


def test_none_at_all_is_one_line_and_no_failure(lines: Callable[[], list[str]]) -> None:
    async def play(service: SharedService) -> None:
        await service.look_again()
        assert [(await service.ask()).cache, (await service.ask()).cache] == ["none", "l1"]
        assert len(lines()) == 1

    played(SharedService("redis://127.0.0.1:1/0"), screenplay=play)


def test_without_the_library_or_with_one_put_together_otherwise_it_is_the_same(
    monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[str]]
) -> None:
    async def play(service: SharedService) -> None:
        await service.look_again()
        assert [(await service.ask()).cache, (await service.ask()).cache] == ["none", "l1"]
        (line,) = lines()
        assert "is left alone, quotes are kept in memory: " in line
        assert "redis.asyncio.connection" in line

    monkeypatch.setitem(sys.modules, "redis.asyncio.connection", None)
    played(SharedService("redis://127.0.0.1:1/0"), screenplay=play)


A = SourcedQuote(CleanText("A"), CleanText("1.5"), CleanText("moved"), 1, 1_000)


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": "B"},
        {"source": "binance"},
        {"mock": True},
        {"fetched_ms": 7_000},
        {"fetched_ms": -1},
        {"as_of_ms": 1.5},
        {"price": "1e5"},
        {"price": "NaN"},
        {"price": "1.5\n"},
        {"price": 1.5},
        {"price": "9" * 41},
        {"volume": "x"},
        {"symbol": "A" * 81},
    ],
)
def test_a_stored_quote_must_be_of_the_symbol_the_source_the_past_and_the_form(other: dict[str, object]) -> None:
    fields = msgspec.json.decode(stored(A))
    assert restored(msgspec.json.encode(fields), symbol="A", source="moved", now_ms=1_500) == A
    assert restored(msgspec.json.encode(fields | other), symbol="A", source="moved", now_ms=1_500) is None


def test_its_texts_come_in_clean() -> None:
    dirty = stored(A).replace(b'"currency":""', b'"currency":"U\\u001b[2J\\u202e"')
    quote = restored(dirty, symbol="A", source="moved", now_ms=1_500)
    assert quote is not None
    assert quote.currency.isprintable()


# ── The address ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_HIDDEN", redaction._Hidden())
    address = address_of("rediss://me:s3cret%2Fword@cache.example:7000/2")
    assert (address.name, address.scheme) == ("Redis at cache.example:7000/2", "rediss")
    assert address.options == {
        "username": "me",
        "password": "s3cret/word",
        "host": "cache.example",
        "port": 7000,
        "db": 2,
    }
    assert "s3cret" not in f"{address!r} {address.__rich_repr__()}"
    assert redaction.redact("it was s3cret/word") == "it was ***"
    assert address_of("unix:///run/redis.sock").options["path"] == "/run/redis.sock"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6379",
        "127.0.0.1:6379",
        "redis://",
        "redis://h:port",
        "redis://h:99999",
        "redis://h/zero",
        "redis://:hunter22@h/0?socket_timeout=600",
        "unix://",
        "redis://[::1",
    ],
)
def test_what_is_no_address_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(ConfigError, match="REDIS_URL") as caught:
        open_quotes(config(), {"REDIS_URL": url}, lambda: None)
    assert "hunter22" not in str(caught.value)
