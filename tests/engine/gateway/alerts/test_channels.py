"""What each channel sends, to a server on this machine: text as text, nothing secret in what went wrong, and when to come again."""

import json
import os
from contextlib import suppress

import pytest

from engine.gateway.alerts.channels import Bell, Command, Telegram, Told, Webhook
from engine.presentation.alerting import Message
from engine.text.redaction import hide
from tests.support.http_server import HttpServer, answer

TOKEN = "123456:abcdefghijklmnop"
GRAVE = Message("critical", ("flat ESCALATED <!channel> @everyone & more", "second"), untold=2)
TEXT = "CRITICAL myquant: flat ESCALATED <!channel> @everyone & more; second (and 2 more, not told)"


def test_telegram_gets_a_text_without_markup() -> None:
    with HttpServer(lambda _: answer(200, "{}")) as server:
        assert Telegram(TOKEN, "-100", server.url).tell(GRAVE) == Told()
    (asked,) = server.requests
    assert (asked.method, asked.path) == ("POST", f"/bot{TOKEN}/sendMessage")
    said = json.loads(asked.body)
    assert (said["chat_id"], said["text"], said["disable_notification"]) == ("-100", TEXT, False)
    assert "parse_mode" not in said


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", {"level": "critical", "lines": list(GRAVE.lines), "untold": 2}),
        ("slack", {"text": TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}),
        ("discord", {"content": TEXT, "allowed_mentions": {"parse": []}}),
    ],
)
def test_a_webhook_gets_what_its_form_wants(form, body: dict[str, object]) -> None:
    with HttpServer(lambda _: answer(204, "")) as server:
        assert Webhook(f"{server.url}/hook/secret?x=1", form).tell(GRAVE) == Told()
    (asked,) = server.requests
    assert asked.path == "/hook/secret?x=1"
    said = json.loads(asked.body)
    assert body.items() <= said.items()


def test_ntfy_gets_plain_text_with_its_headers() -> None:
    with HttpServer(lambda _: answer(200, "{}")) as server:
        assert Webhook(f"{server.url}/topic", "ntfy").tell(GRAVE) == Told()
    (asked,) = server.requests
    assert asked.body.decode() == TEXT
    assert (asked.headers["title"], asked.headers["priority"]) == ("myquant critical", "5")


@pytest.mark.parametrize(
    ("status", "headers", "body", "again_s"),
    [
        (429, {"Retry_After": "7"}, "{}", 7.0),
        (429, {}, '{"ok": false, "parameters": {"retry_after": 11}}', 11.0),
        (429, {}, '{"retry_after": 0.65, "global": false}', 0.65),
        (500, {}, "<html>", 0.0),
        (429, {"Retry_After": "1" * 50}, '{"retry_after": NaN}', 0.0),
        (429, {"Retry_After": "999999"}, "[]", 3600.0),
    ],
)
def test_whoever_is_asked_too_often_says_when_to_come_again(status: int, headers, body: str, again_s: float) -> None:
    with HttpServer(lambda _: answer(status, body, **headers)) as server:
        told = Webhook(server.url, "json").tell(GRAVE)
    assert told == Told(f"status {status}", again_s)


def test_what_went_wrong_holds_no_secret() -> None:
    with HttpServer(lambda _: b"") as server:
        pass
    hide(TOKEN)
    told = Telegram(TOKEN, "1", server.url).tell(GRAVE)
    assert told.problem
    assert TOKEN not in told.problem


def test_secrets_in_what_is_told_are_masked_and_a_long_text_is_cut() -> None:
    hide("hunter22hunter22")
    long = Message("info", ("hunter22hunter22 " + "x" * 9_000,))
    with HttpServer(lambda _: answer(200, "")) as server:
        for form in ("json", "ntfy", "slack", "discord"):
            Webhook(server.url, form).tell(long)
    assert all(b"hunter22" not in asked.body for asked in server.requests)
    assert len(json.loads(server.requests[3].body)["content"]) <= 2_000


def test_a_program_that_fails_is_told_and_one_that_does_not_is_well() -> None:
    assert Command(("true",), os.environ).tell(GRAVE) == Told()
    assert Command(("false",), os.environ).tell(GRAVE).problem == "false: exit status 1"


def test_the_bell_rings_in_the_terminal_of_the_service() -> None:
    reads, writes = os.pipe()
    assert Bell(writes, "off").tell(GRAVE) == Told()
    assert os.read(reads, 10) == b"\x07"
    os.close(reads)
    assert "takes nothing" in Bell(writes, "off").tell(GRAVE).problem
    os.close(writes)


def test_a_terminal_that_was_stopped_is_not_waited_for() -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writes, bytes(4096))
    os.set_blocking(writes, True)
    assert Bell(writes, "off").tell(GRAVE) == Told("the terminal takes nothing: it is stopped")
    os.close(reads)
    os.close(writes)
