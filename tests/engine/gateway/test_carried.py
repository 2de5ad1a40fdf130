"""What the service needs is carried by nobody else, and what it does not need not by the service."""

import subprocess
import sys

import pytest

from engine.cli import serve
from engine.model.errors import InputError
from tests.support.paths import ROOT

OF_THE_SERVICE = ("uvicorn", "httptools", "starlette", "prometheus_client", "cachetools", "redis", "engine.gateway")
ENGINE = "engine.cli.engine, engine.assembly, engine.serving.process, engine.venues.angelone.stream, engine.venues.binance.stream"
SCREEN = "tui.shell.show, tui.shell.app, tui.view.attached"
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


def test_without_its_libraries_one_line_says_how_to_get_them(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(InputError, match=r"serve needs uvicorn: pip install 'myquant-tui\[serve\]'"):
        serve._require_extra()
