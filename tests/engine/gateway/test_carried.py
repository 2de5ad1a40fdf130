"""What the service needs is carried by nobody else, and what it does not need not by the service."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import serve
from engine.model.errors import InputError
from tests.support.gateway.redis_server import RedisServer, needs_redis
from tests.support.paths import ROOT

OF_THE_SERVICE = ("uvicorn", "httptools", "starlette", "prometheus_client", "cachetools", "redis", "engine.gateway")
ENGINE = "engine.cli.engine, engine.assembly, engine.serving.process, engine.venues.angelone.stream, engine.venues.binance.stream"
SCREEN = "tui.shell.show, tui.shell.app, tui.view.attached"
# What `redis` brings as a whole, and neither connecting nor a command needs.
REST_OF_REDIS = (
    "redis.client",
    "redis.asyncio.client",
    "redis.commands",
    "redis.cluster",
    "redis.asyncio.cluster",
)
ASKS_REDIS = """
import asyncio, sys
from engine.gateway.quotes.redis_layer import RedisLayer, address_of
from engine.model.clock import SystemClock

async def ask():
    redis = RedisLayer(address_of(sys.argv[1]), 60.0, SystemClock(), wait_s=60.0)
    await redis.look()
    await redis.put("moved:A", b"kept", 60.0)
    print((await redis.get("moved:A")).decode(), *sys.modules)
    await redis.close()

asyncio.run(ask())
"""
SERVICE = "engine.cli.serve, engine.gateway.service, engine.serving.state_dirs"


def carried(modules: str, wanted: tuple[str, ...]) -> list[str]:
    """Which of `wanted` come with an import of `modules`."""
    code = f"import sys, {modules}; print(*[name for name in {wanted} if name in sys.modules])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.split()


@pytest.mark.parametrize("modules", [ENGINE, SCREEN])
def test_neither_engine_nor_screen_carries_it(modules: str) -> None:
    assert carried(modules, OF_THE_SERVICE) == []


def test_the_service_carries_no_database_no_redis_and_no_engine() -> None:
    assert carried(SERVICE, ("redis", "sqlite3", "engine.runtime", "engine.assembly", "engine.trading.trader")) == []
    assert carried(SERVICE, ("uvicorn", "starlette")) == ["uvicorn", "starlette"]


@needs_redis
def test_of_the_library_redis_it_carries_what_talks_to_one_server(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        command = (sys.executable, "-c", ASKS_REDIS, server.url)
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    got, *modules = done.stdout.split()
    assert got == "kept"
    assert "redis.asyncio.connection" in modules
    assert [name for name in REST_OF_REDIS if name in modules] == []


def test_without_its_libraries_one_line_says_how_to_get_them(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(InputError, match=r"serve needs uvicorn: pip install 'myquant-tui\[serve\]'"):
        serve._require_extra()
