"""The broker's REST calls around a session: login, tokens, profile, logout, and the list of instruments. Sends nothing."""

import hashlib
import json
import re
import time
from collections.abc import Callable

from tests.simulator.account import Account
from tests.simulator.floor import Floor
from tests.simulator.http import Request, response
from tests.simulator.listing import listing
from tests.simulator.tally import add

_ROOT = "/rest/"
LOGIN = "/rest/auth/angelbroking/user/v1/loginByPassword"
TOKENS = "/rest/auth/angelbroking/jwt/v1/generateTokens"
PROFILE = "/rest/secure/angelbroking/user/v1/getProfile"
LOGOUT = "/rest/secure/angelbroking/user/v1/logout"
CHALLENGE = "/simulator/challenge/"  # of no broker: by it one knows that none is there
MASTER = "/OpenAPI_File/files/OpenAPIScripMaster.json"

_NONCE = re.compile(r"[0-9a-fA-F]{32}")
_PER_SECOND = {LOGIN: 1, TOKENS: 1, PROFILE: 3, LOGOUT: 1}
_HEADERS = {"x-sourceid": "X-SourceID", "x-macaddress": "X-MACAddress", "x-privatekey": "X-PrivateKey"}
_RATE_TEXT = b"Access denied because of exceeding access rate"
_MESSAGES = {
    "AB1006": "Client is block for trading",
    "AB1007": "AMX Error: Invalid username or password",
    "AB1050": "Invalid totp",
    "AB8050": "Invalid Refresh Token",
}
# Whole answers that stand in for the right one when a fault asks for them.
SHAPES: dict[str, Callable[[], bytes]] = {
    "rate": lambda: response(403, _RATE_TEXT, kind="text/plain"),
    "429": lambda: response(429, b"Too Many Requests", kind="text/plain"),
    "html": lambda: response(200, b"<html><head><title>Request Rejected</title></head></html>", kind="text/html"),
    "empty": lambda: response(400),
    "null": lambda: response(200, _json(True, "SUCCESS", "", None)),
    "string_false": lambda: response(
        200, b'{"status":"false","message":"Something Went Wrong","errorcode":"AB1004","data":null}'
    ),
    "gateway": lambda: _gateway("Invalid Token", "AG8001"),
    "500": lambda: response(500, b"upstream error", kind="text/plain"),
    "garbage": lambda: response(200, b'{"status":tru'),
    "huge": lambda: response(200, b'"' + b"x" * (1 << 20) + b'"'),
    "cut": lambda: response(200, b"x" * 500)[:200],  # the connection ends in the middle of it
    "drop": lambda: b"",
}


class Rest:
    """Answers requests; an answer of `cut` and `drop` is followed by the end of the connection."""

    def __init__(self, account: Account, floor: Floor, *, limits: bool, whole_list: bool = False) -> None:
        self._account = account
        self._floor = floor
        self._counters = floor.counters
        self._limits = limits
        self._calls: dict[str, list[float]] = {}
        self._master = listing(floor.market.lines, whole=whole_list)

    def answer(self, request: Request) -> tuple[bytes, bool]:
        """The answer, and whether the connection is to end behind it."""
        if request.path.startswith(_ROOT) or request.path == MASTER:
            add(self._counters.requests, request.path.rpartition("/")[2])
            for shape, make in SHAPES.items():
                if self._floor.knobs.take(f"rest {shape}"):
                    add(self._counters.faults, f"rest {shape}")
                    return make(), shape in {"cut", "drop"}
        return self._right_answer(request), request.headers.get("connection", "").lower() == "close"

    def _right_answer(self, request: Request) -> bytes:
        if request.path == MASTER and request.method == "GET":
            return self._list(request)
        if request.path.startswith(CHALLENGE) and request.method == "GET":
            return self._prove(request.path.removeprefix(CHALLENGE))
        calls = {
            LOGIN: ("POST", self._login),
            TOKENS: ("POST", self._tokens),
            PROFILE: ("GET", self._profile),
            LOGOUT: ("POST", self._logout),
        }
        method, call = calls.get(request.path, ("", None))
        if call is None or request.method != method:
            return response(404, b"no such call", kind="text/plain")
        if self._limits and self._too_fast(request.path):
            return SHAPES["rate"]()
        for name, shown in _HEADERS.items():
            if name not in request.headers:
                return response(400, _json(False, f"Required header {shown} is missing", "AB1012", None))
        if request.headers["x-privatekey"] != self._account.api_key:
            return _gateway("Invalid API Key", "AG8004")
        return call(request)

    def _prove(self, nonce: str) -> bytes:
        if not _NONCE.fullmatch(nonce):
            return response(400, b"a nonce has 32 hex digits", kind="text/plain")
        return response(200, json.dumps({"proof": self._account.prove(nonce)}).encode())

    def _login(self, request: Request) -> bytes:
        body = _body(request)
        code = self._account.refuse(body.get("clientcode"), body.get("password"), body.get("totp"))
        if code:
            self._counters.login_failures += 1
            return response(200, _json(False, _MESSAGES[code], code, None))
        self._counters.logins += 1
        return self._given({"state": body.get("state")})

    def _tokens(self, request: Request) -> bytes:
        if refused := self._unauthorized(request):
            return refused
        if not self._account.knows_refresh(_body(request).get("refreshToken")):
            return response(200, _json(False, _MESSAGES["AB8050"], "AB8050", None))
        return self._given({})

    def _profile(self, request: Request) -> bytes:
        if refused := self._unauthorized(request):
            return refused
        data = {
            "clientcode": self._account.client_code,
            "name": "SIMULATED CLIENT",
            "email": "",
            "mobileno": "",
            "exchanges": ["nse_cm", "nse_fo", "bse_cm", "bse_fo"],
            "products": ["NRML", "MIS", "CNC"],
            "lastlogintime": "",
            "brokerid": "B2C",
        }
        return response(200, _json(True, "SUCCESS", "", data))

    def _logout(self, request: Request) -> bytes:
        if refused := self._unauthorized(request):
            return refused
        if _body(request).get("clientcode") != self._account.client_code:
            return response(200, _json(False, _MESSAGES["AB1007"], "AB1007", None))
        self._account.expire()
        return response(200, _json(True, "SUCCESS", "", ""))

    def _unauthorized(self, request: Request) -> bytes:
        """The answer to a call without a good token; a missing one is told with status 200."""
        if "authorization" not in request.headers:
            return _gateway("Token is missing", "AG8003")
        jwt = _jwt(request)
        if self._account.knows_jwt(jwt):
            return b""
        return (
            _gateway("Token Expired", "AG8002") if self._account.was_jwt(jwt) else _gateway("Invalid Token", "AG8001")
        )

    def _given(self, more: dict[str, object]) -> bytes:
        tokens = self._account.issue()
        data = {"jwtToken": tokens.jwt, "refreshToken": tokens.refresh, "feedToken": tokens.feed, **more}
        return response(200, _json(True, "SUCCESS", "", data))

    def _too_fast(self, path: str) -> bool:
        now_s = time.monotonic()
        recent = [at_s for at_s in self._calls.get(path, []) if now_s - at_s < self._floor.scale]
        self._calls[path] = [*recent, now_s]
        return len(recent) >= _PER_SECOND[path]

    def _list(self, request: Request) -> bytes:
        tag = f'"{hashlib.sha1(self._master).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return response(304, headers={"ETag": tag})
        return response(200, self._master, {"ETag": tag})


def _jwt(request: Request) -> str:
    """The token of a call; only one word Bearer is taken off."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _body(request: Request) -> dict[str, object]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _json(status: bool, message: str, code: str, data: object) -> bytes:
    return json.dumps({"status": status, "message": message, "errorcode": code, "data": data}).encode()


def _gateway(message: str, code: str) -> bytes:
    """An error in the shape that the gateway in front of the broker gives it."""
    return response(200, json.dumps({"success": False, "message": message, "errorCode": code, "data": ""}).encode())
