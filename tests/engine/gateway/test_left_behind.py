"""A service that comes after an engine has died says what nobody watches; it is over once an engine is there."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.gateway.left_behind import LeftBehind
from tests.support.http_server import HttpServer, answer
from tests.support.paths import ROOT
from tests.support.processes.process_harness import environment

LEFT = {"state": "dead", "running": False, "mode": "paper", "positions": [{"symbol": "NIFTY", "quantity": 150}]}


def looked(said: object, *, seen: bool = False) -> tuple[str, ...]:
    left = LeftBehind(lambda: seen, lambda: said if isinstance(said, bytes) else json.dumps(said).encode())
    asyncio.run(left.look())
    return tuple(each.text for each in left.alerts())


def test_what_is_held_by_no_engine_is_critical() -> None:
    assert looked(LEFT) == ("no engine runs, and the journal of the last one (paper) holds 150 NIFTY: UNWATCHED",)
    assert looked(LEFT, seen=True) == ()


@pytest.mark.parametrize(
    "said",
    [
        LEFT | {"running": True},
        LEFT | {"mode": "mock"},
        LEFT | {"positions": []},
        LEFT | {"positions": [{"symbol": "NIFTY", "quantity": 0}]},
        b"",
        b'{"running": 5}',
    ],
)
def test_everything_else_is_nothing(said: object) -> None:
    assert looked(said) == ()


_SERVES = """
import sys
from pathlib import Path
from engine.gateway import left_behind
from engine.gateway.http.listening import listen_on_port
from engine.gateway.service import serve
from tests.support.builders import config
here = Path(sys.argv[1])
said = sys.argv[2].encode()
left_behind._FIRST_S = 0  # no engine is there that would need time to answer
serve(config(), listen_on_port(0), "t" * 40, lambda: here / "engine.sock", here, lambda: said, log_fd=2, ready=lambda: None)
"""


@pytest.mark.slow
def test_the_service_tells_it(tmp_path: Path) -> None:
    with HttpServer(lambda _: answer(200, "{}")) as told:
        words = [sys.executable, "-c", _SERVES, str(tmp_path), json.dumps(LEFT)]
        with subprocess.Popen(words, cwd=ROOT, env=environment(tmp_path, MYQUANT_WEBHOOK_URL=told.url)) as service:
            came = told.came.wait(60)
            service.kill()
    assert came
    assert json.loads(told.requests[0].body)["lines"] == list(looked(LEFT))
