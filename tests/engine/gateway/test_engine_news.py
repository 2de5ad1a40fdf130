"""A line of the log for each change: an engine that comes, goes, is another one, was stopped; none while nothing changes."""

import logging
from types import SimpleNamespace

import pytest

from engine.gateway.engine_news import EngineNews
from engine.link.client import ConnectionStatus
from tests.support.screens.lamp_snapshots import live

LIVE, STOPPED = live(), live(stopped=True)


def lost(reason: str) -> ConnectionStatus:
    return ConnectionStatus("LOST", reason, 0)


def there(run: int, pid: int = 7, seen=LIVE) -> dict[str, object]:
    return {"state": ConnectionStatus("CONNECTED", "", 0), "run": run, "pid": pid, "snapshot": seen}


def test_each_change_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    engine = SimpleNamespace(snapshot=None, state=lost("there is no socket"), run=0, pid=0)
    news = EngineNews(engine)
    with caplog.at_level(logging.INFO, "myquant.gateway"):
        for change in (
            {},
            {"state": lost("several engines are running")},
            there(1),
            {"state": lost("nobody listens")},
            {"state": lost("still nobody")},
            there(2),
            there(3, pid=8),
            there(3, pid=8, seen=STOPPED),
            {"state": lost("nobody listens")},
            there(4, pid=9) | {"state": lost("killed at once")},
        ):
            vars(engine).update(change)
            news.look()
            news.look()
    said = f"paper, source {LIVE.source}"
    assert [record.getMessage() for record in caplog.records] == [
        "no engine so far: there is no socket",
        "no engine so far: several engines are running",
        f"engine attached: process 7, {said}",
        "engine gone: process 7: nobody listens",
        f"engine attached: process 7, {said}",
        f"engine attached: process 8, {said}",
        "engine gone: process 8: it was stopped",
        f"engine attached: process 9, {said}",
        "engine gone: process 9: killed at once",
    ]
