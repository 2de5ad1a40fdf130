"""`validate --notify`: each channel is told once, and what it could not tell is left to a service."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine.backtest.validation_record import Validation
from engine.backtest.validation_told import TOLD_FILE, Telling, take_on
from engine.gateway.alerts.notification import Notification
from engine.text.sanitize import CleanText
from tests.support.builders import config
from tests.support.http_server import HttpServer, answer

AT = datetime(2026, 11, 27, tzinfo=UTC)
FOUND = Validation("2026-11-27", AT, "missing", CleanText(""))
PROGRAM = "alerts.command=[{}]".format(json.dumps(sys.executable) + ', "-c", "pass"')


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **more}


def written(folder: Path) -> Telling:
    return msgspec.json.decode((folder / TOLD_FILE).read_bytes(), type=Telling)


def test_it_is_taken_on_before_it_is_told_and_then_written_down_by_channel(tmp_path: Path) -> None:
    with HttpServer(lambda _: answer(500, "")) as server:
        telling = Notification(config(PROGRAM), tmp_path, FOUND, environ(tmp_path, MYQUANT_WEBHOOK_URL=server.url))
        assert (written(tmp_path).by, written(tmp_path).pid, written(tmp_path).told) == ("validate", os.getpid(), ())
        assert telling.tell(("it is missing",)) == ["webhook: status 500"]
    assert (written(tmp_path).by, written(tmp_path).told) == ("", ("command",))
    assert take_on(tmp_path, FOUND, "serve", ["command", "webhook"], AT) == ("webhook",)


def test_without_a_channel_it_is_left_to_a_service_and_said(tmp_path: Path) -> None:
    telling = Notification(config(), tmp_path, FOUND, environ(tmp_path))
    assert telling.tell(("it is missing",)) == [
        "--notify: there is no channel to tell by; see `myquant-tui alert --test`"
    ]
    half = Notification(config(), tmp_path, FOUND, environ(tmp_path, MYQUANT_TELEGRAM_CHAT="-1"))
    assert half.tell(("it is missing",)) == [
        "MYQUANT_TELEGRAM_TOKEN: missing; telegram needs both it and MYQUANT_TELEGRAM_CHAT"
    ]
    assert take_on(tmp_path, FOUND, "serve", ["command"], AT) == ("command",)
