"""The ways to tell a person: each takes one message, and says whether it was told. A call may block; it is made in a thread."""

import os
import select
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Literal, Protocol

import msgspec
from msgspec import Struct

from engine.model.errors import reason
from engine.outside.http_reader import HttpAnswer
from engine.outside.https import Caller, CallError, Request
from engine.presentation.alerting import Message
from engine.presentation.terminal_alert import sequences
from engine.serving.alert_command import run as run_command
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean
from engine.version import VERSION

TELEGRAM: Final = "https://api.telegram.org"
_LONGEST: Final = 3_500  # Telegram takes 4,096 characters, Discord 2,000
_LONGEST_DISCORD: Final = 1_900
_TOTAL_S: Final = 10.0
_LIMIT_BYTES: Final = 1 << 16
_LONGEST_WAIT_S: Final = 3_600.0
_JSON: Final = {"Content-Type": "application/json"}
_PRIORITY: Final = {"critical": "5", "warning": "4", "info": "3"}
_TAG: Final = {"critical": "rotating_light", "warning": "warning", "info": "information_source"}
WebhookFormat = Literal["json", "ntfy", "slack", "discord"]


class Told(Struct, frozen=True):
    """What came of telling: `problem` is empty where it was told; `again_s`: not before so many seconds, where the other end says so."""

    problem: CleanText = CleanText("")
    again_s: float = 0.0


class Channel(Protocol):
    """One way to tell a person."""

    @property
    def name(self) -> str:
        """What it is called: telegram, webhook, command, bell."""

    def tell(self, message: Message) -> Told:
        """Say `message`; blocks for seconds at most, raises nothing."""


class _Caller:
    """Posts to one address; whatever it holds of secrets is never said."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Post, and say how that went."""
        request = Request("POST", path, headers, body, limit_bytes=_LIMIT_BYTES, total_s=_TOTAL_S)
        try:
            answer = Caller(self._url).call(request)
        except CallError as error:
            return Told(clean(redact(str(error))))
        if 200 <= answer.status < 300:
            return Told()
        return Told(clean(f"status {answer.status}"), _retry_after_s(answer))


class Telegram:
    """A bot that writes to one chat; what comes of silence is up to the person: an info makes no sound."""

    name = "telegram"

    def __init__(self, token: str, chat: str, url: str = TELEGRAM) -> None:
        self._caller = _Caller(url)
        self._path = f"/bot{token}/sendMessage"
        self._chat = chat

    def tell(self, message: Message) -> Told:
        """Send it as a text without any markup."""
        body = {
            "chat_id": self._chat,
            "text": _said(message, _LONGEST),
            "disable_notification": message.level == "info",
            "link_preview_options": {"is_disabled": True},
        }
        return self._caller.post(self._path, _JSON, msgspec.json.encode(body))


class Webhook:
    """An address that is posted to: as JSON of ours, or as ntfy, Slack or Discord want it."""

    name = "webhook"

    def __init__(self, url: str, form: WebhookFormat) -> None:
        self._caller = _Caller(url)
        self._form = form

    def tell(self, message: Message) -> Told:
        """Post it."""
        headers, body = posted(message, self._form)
        return self._caller.post("", headers, body)


def posted(message: Message, form: WebhookFormat) -> tuple[Mapping[str, str], bytes]:
    """Headers and body of `message` in the form that the other end wants."""
    if form == "ntfy":
        headers = {
            "Title": f"myquant {message.level}",
            "Priority": _PRIORITY[message.level],
            "Tags": _TAG[message.level],
        }
        return headers | {"Content-Type": "text/plain; charset=utf-8"}, _said(message, _LONGEST).encode()
    body: dict[str, object]
    if form == "slack":
        body = {"text": _escaped(_said(message, _LONGEST))}
    elif form == "discord":
        body = {"content": _said(message, _LONGEST_DISCORD), "allowed_mentions": {"parse": []}}
    else:
        lines = [redact(line) for line in message.lines]
        body = {"level": message.level, "lines": lines, "untold": message.untold, "program": f"myquant-tui {VERSION}"}
    return _JSON, msgspec.json.encode(body)


class Command:
    """A program of the operator's, as the engine runs it."""

    name = "command"

    def __init__(self, words: tuple[str, ...], environ: Mapping[str, str]) -> None:
        self._words, self._environ = words, environ

    def tell(self, message: Message) -> Told:
        """Run it."""
        return Told(clean(run_command(self._words, message, self._environ)))


class Bell:
    """The terminal that the service was started in, where it was."""

    name = "bell"

    def __init__(self, terminal_fd: int, notify: Literal["off", "osc9", "osc777"]) -> None:
        self._fd, self._notify = terminal_fd, notify

    def tell(self, message: Message) -> Told:
        """Ring, where the terminal takes it at once: one that was stopped would keep us for ever."""
        try:
            if not select.select((), (self._fd,), (), 0)[1]:
                return Told(CleanText("the terminal takes nothing: it is stopped"))
            os.write(self._fd, sequences(message, bell=True, notify=self._notify).encode())
        except OSError as error:
            return Told(clean(f"the terminal takes nothing: {reason(error)}"))
        return Told()


def _said(message: Message, longest: int) -> str:
    """The message as a text for people, the gravest word first, no longer than is taken."""
    head = f"{message.level.upper()} myquant: "
    return head + message.text(longest - len(head), redact)


def _escaped(text: str) -> str:
    """`text` as Slack takes it literally."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Parameters(Struct, frozen=True):
    retry_after: float = 0.0


class _TooMany(Struct, frozen=True):
    """What Telegram (`parameters`) and Discord answer where they are asked too often."""

    retry_after: float = 0.0
    parameters: _Parameters = _Parameters()


def _retry_after_s(answer: HttpAnswer) -> float:
    """How long the other end wants to be left alone; 0 where it does not say."""
    told = answer.headers.get("retry-after", "").strip()
    wanted_s = float(told) if told.isascii() and told.isdecimal() and len(told) < 8 else 0.0
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # most answers say nothing of it
        said = msgspec.json.decode(answer.body, type=_TooMany)
        wanted_s = max(wanted_s, said.retry_after, said.parameters.retry_after)
    return min(max(wanted_s, 0.0), _LONGEST_WAIT_S) if wanted_s == wanted_s else 0.0  # noqa: PLR0124 - it may be NaN
