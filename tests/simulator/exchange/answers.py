"""What a call comes to: an answer in the broker's bytes, a part of one, or none. Knows no order."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

# answered: all of it · cut: some of it, then the connection ends · reset: the connection ends, bytes of the request have
# left · unreachable: no connection, not one byte has left · silent: nothing, ever
End = Literal["answered", "cut", "reset", "unreachable", "silent"]

_JSON: Final = "application/json"
_YES: Final = b'{"status":true,"message":"SUCCESS","errorcode":"","data":'
_RATE: Final = b"Access denied because of exceeding access rate"
_HTML: Final = b"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.</body></html>"
_GATEWAY_CODES: Final = "AG"

MESSAGES: Final = {
    "AG7002": "Access denied: Unregistered IP address",
    "AG8001": "Invalid Token",
    "AG8002": "Token Expired",
    "AG8003": "Token is missing",
    "AG8004": "Invalid API Key",
    "AB8050": "Invalid Refresh Token",
    "AB8051": "Refresh Token Expired",
    "AB1004": "Something Went Wrong, Please Try After Sometime",
    "AB1006": "Client is blocked for trading",
    "AB1007": "AMX Error",
    "AB1008": "Invalid Order Variety. Value should be NORMAL, STOPLOSS, ROBO.",
    "AB1009": "Symbol Not Found",
    "AB1010": "AMX Session Expired",
    "AB1011": "Client not login",
    "AB1012": "Invalid Product Type",
    "AB1013": "Order not found",
    "AB1014": "Trade not found",
    "AB1015": "Holding not found",
    "AB1016": "Position not found",
    "AB1018": "Failed to get symbol details",
    "AB2000": "Error not specified",
    "AB2001": "Internal Error, Please Try After Sometime",
    "AB4006": "Invalid symboltoken",
    "AB4008": "ordertag length should not exceed 20 characters",
    "AB4018": "symboltoken cannot be empty",
    "AB4036": "The scrip is under a cautionary listing",
}


class WireAnswer(Struct, frozen=True):
    """HTTP status, body and its kind."""

    status: int
    body: bytes
    kind: str = _JSON

    @property
    def headers(self) -> dict[str, str]:
        """The headers that belong to the body."""
        return {"Content-Type": self.kind, "Content-Length": str(len(self.body))}


class CallOutcome(Struct, frozen=True):
    """How a call ended for whoever made it, and when (`at_ms`; with silence, when it was made).

    The body of what was `cut` ends early, its `Content-Length` is that of the whole.
    """

    end: End
    at_ms: int
    answer: WireAnswer | None = None
    whole_length: int = 0


def yes(data: bytes) -> WireAnswer:
    """A good answer around `data`, which is JSON."""
    return WireAnswer(200, b"".join((_YES, data, b"}")))


def listed(rows: bytes) -> WireAnswer:
    """A good answer with a list of rows, which stand with commas between."""
    return WireAnswer(200, b"".join((_YES, b"[", rows, b"]}")))


def good(data: object) -> WireAnswer:
    """A good answer with `data`."""
    return yes(msgspec.json.encode(data))


def no(code: str, message: str = "") -> WireAnswer:
    """A refusal by `code`, in the shape that the gateway or the broker gives it."""
    message = message or MESSAGES.get(code, "Something Went Wrong, Please Try After Sometime")
    body: dict[str, object] = {"status": False, "message": message, "errorcode": code, "data": None}
    if code.startswith(_GATEWAY_CODES):
        body = {"success": False, "message": message, "errorCode": code, "data": ""}
    return WireAnswer(200, msgspec.json.encode(body))


def missing_header(name: str) -> WireAnswer:
    """A header is not there."""
    message = f"Required header {name} is missing"
    body = {"status": False, "message": message, "errorcode": "AB1012", "data": None}
    return WireAnswer(400, msgspec.json.encode(body))


RATE: Final = WireAnswer(403, _RATE, "text/plain")
NULL: Final = yes(b"null")
NOT_FOUND: Final = WireAnswer(404, b"no such call", "text/plain")

# What stands in for the right answer, by the words of the script; `5xx` has several, one is drawn.
SHAPES: Final[dict[str, tuple[WireAnswer, ...]]] = {
    "5xx": tuple(WireAnswer(status, b"upstream error", "text/plain") for status in (500, 502, 503, 504)),
    "rate": (RATE,),
    "429": (WireAnswer(429, b"Too Many Requests", "text/plain"),),
    "html": (WireAnswer(200, _HTML, "text/html"), WireAnswer(403, _HTML, "text/html")),
    "empty": (WireAnswer(400, b""), WireAnswer(200, b"")),
    "null": (NULL,),
}
ENDS: Final[dict[str, End]] = {"after": "silent", "lost": "silent", "reset": "reset", "unreachable": "unreachable"}
