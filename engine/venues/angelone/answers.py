"""What an answer of SmartAPI's REST side means, judged by its body; knows no connection and no clock."""

import re
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.outside.strange_answers import strange_answer
from engine.text.redaction import MASK, redact
from engine.text.sanitize import CleanText, clean

# well: `data` counts · clock: the one-time password did not fit · dead: the session is over · hopeless: trying again
# may block the account · busy: too many requests · unclear: no answer of the broker's, or it asks to come back
# unknown: a no of the broker's whose meaning is not known; like what is unclear it is never final
Kind = Literal["well", "clock", "dead", "hopeless", "busy", "unclear", "unknown"]

_TEXT_LIMIT = 200
_MESSAGE_LIMIT = 500  # why an order is refused has numbers at its end
_KINDS: dict[str, Kind] = {
    "AB1050": "clock",
    **dict.fromkeys(("AG8001", "AG8002", "AG8003", "AB1010", "AB1011", "AB8050", "AB8051"), "dead"),
    **dict.fromkeys(("AB1000", "AB1001", "AB1002", "AB1005", "AB1006", "AB1007", "AB1031", "AB1032"), "hopeless"),
    **dict.fromkeys(("AB1004", "AB2000", "AB2001"), "unclear"),
}
_PARTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TRUE = (True, "true", "True", "TRUE")
_EITHER = (*_TRUE, False, "false", "False", "FALSE")


class AnswerVerdict(Struct, frozen=True):
    """What an answer says: `data` where it is well, else the broker's `code` ("" = none) and `text` in one clean line.

    `message` is what the broker itself says where it plainly says no, and "" everywhere else.
    """

    kind: Kind
    text: CleanText = CleanText("")
    code: str = ""
    data: object = None
    message: CleanText = CleanText("")


def judge(status: int, body: bytes, scrub: str = "") -> AnswerVerdict:
    """Tell what the answer with HTTP `status` means; `scrub` (a one-time password) is taken out of the text, as secrets are."""
    try:
        document = msgspec.json.decode(body)
    except _NOT_JSON:
        return _not_json(status, body, scrub)
    if not isinstance(document, dict):
        return _unclear(f"not the broker's format (HTTP {status})")
    return _judged(status, document, scrub)


def judge_unread(status: int, body: bytes) -> AnswerVerdict:
    """The same, with the bytes of the data (`msgspec.Raw`) as its `data`: a long list weighs five times as much once it is read."""
    try:
        parts = _PARTS.decode(body)
        data = parts.pop("data", msgspec.Raw(b"null"))
        verdict = _judged(status, {name: msgspec.json.decode(told) for name, told in parts.items()}, "")
    except _NOT_JSON:
        verdict = judge(status, body)
        return _unclear(f"not the broker's format (HTTP {status})") if verdict.kind == "well" else verdict
    return replace(verdict, data=data) if verdict.kind == "well" else judge(status, body)


def _judged(status: int, document: dict[str, Any], scrub: str) -> AnswerVerdict:
    well = document.get("status", document.get("success"))
    if not isinstance(well, bool | str) or well not in _EITHER:
        return _unclear(f"neither yes nor no (HTTP {status})")
    code = document.get("errorcode") or document.get("errorCode") or ""
    code = code if isinstance(code, str) and re.fullmatch("[A-Z]{2}[0-9]{3,6}", code) else ""
    if well in _TRUE and status < 300 and not code:
        return AnswerVerdict("well", data=document.get("data"))
    message = str(document.get("message") or "no reason given")
    if well in _TRUE:  # it says yes and no at once
        return AnswerVerdict("unknown", one_line(f"{code} {message} (a yes with HTTP {status})", scrub), code)
    kind = _KINDS.get(code, "busy" if is_busy(status, message) else "unknown")
    words = one_line(message, scrub, _MESSAGE_LIMIT) or CleanText("no reason given")
    return AnswerVerdict(kind, one_line(f"{code} {message}", scrub), code, message=words)


def one_line(text: str, scrub: str = "", limit: int = _TEXT_LIMIT) -> CleanText:
    """`text` from outside without secrets, without `scrub`, in one clean line."""
    text = redact(text)  # before it is cut: half a secret would not be found
    return clean((text.replace(scrub, MASK) if scrub else text).strip(), limit)


def is_busy(status: int, text: str) -> bool:
    """Whether an answer says that there were too many requests."""
    return status == 429 or "exceeding access rate" in text.lower() or "too many requests" in text.lower()


def _not_json(status: int, body: bytes, scrub: str) -> AnswerVerdict:
    """A gateway, a firewall or a limit answered instead of the broker."""
    text = body.decode("utf-8", "replace").strip()
    if is_busy(status, text):
        return AnswerVerdict("busy", one_line(f"too many requests (HTTP {status})"))
    return _unclear(strange_answer(status, one_line(text, scrub)))


def _unclear(text: str) -> AnswerVerdict:
    return AnswerVerdict("unclear", one_line(text))
