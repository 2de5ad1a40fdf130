"""SmartAPI's stream as clients meet it: handshake rules, subscriptions, text heartbeat, packets. Knows no fault."""

import json
from collections.abc import Collection, Sequence
from typing import TypeGuard

from tests.simulator.account import Account
from tests.simulator.connection import Connection
from tests.simulator.floor import Floor
from tests.simulator.framing import BINARY, TEXT, frame
from tests.simulator.http import Request
from tests.simulator.loop import now_ns
from tests.simulator.market import EXCHANGE_TYPES, Line, RawMessage
from tests.simulator.session import FeedSession
from tests.simulator.tally import add

PATH = "/smart-stream"
_MOST_SUBSCRIPTIONS = 1000
_IDLE_S = 120.0
_NAMES = {"E1001": "Invalid Request Payload", "E1002": "Invalid Request. Subscription Limit Exceeded"}

Wanted = tuple[int, str, int]  # exchange type, token, mode


def refusal(request: Request, account: Account) -> str:
    """The value of `x-error-message` for a handshake with bad credentials; empty when they are good."""
    headers = request.headers
    query = request.query
    jwt = headers.get("authorization", "").removeprefix("Bearer ")
    # A browser cannot set headers: it gives three of them in the address, and no token of the session.
    browser = "authorization" not in headers and {"clientCode", "feedToken", "apiKey"} <= query.keys()
    if not browser and not account.knows_jwt(jwt):
        return "Invalid Header - Invalid Auth token"
    if headers.get("x-client-code", query.get("clientCode", "")) != account.client_code:
        return "Invalid Header - Invalid Client Code"
    if headers.get("x-api-key", query.get("apiKey", "")) != account.api_key:
        return "Invalid Header - Invalid API Key"
    if not account.knows_feed(headers.get("x-feed-token", query.get("feedToken", ""))):
        return "Invalid Header - Invalid Feed Token"
    return ""


class SmartSession(FeedSession):
    """A client of SmartAPI's stream."""

    def __init__(self, connection: Connection, floor: Floor) -> None:
        super().__init__(connection, floor)
        self._wanted: set[Wanted] = set()
        self._modes: dict[int, list[int]] = {}  # by index of the line

    def begin(self, request: Request) -> None:
        """Say `pong` unasked, as the real one does."""
        self.text("pong")
        self._watch_idle()

    # ── What comes ─────────────────────────────────────────────────────────────────────────────────────────────

    def on_text(self, text: bytes) -> None:
        """`ping`, or a request to subscribe or unsubscribe; a binary frame is treated alike."""
        if text == b"ping":
            self._floor.counters.pings += 1
            self.pong(frame(TEXT, b"pong"))
            return
        correlation, asked = _read(text)
        if asked is None:
            self._error(correlation, "E1001")
            return
        subscribe, wanted = asked
        if subscribe:
            self._floor.counters.subscribes += 1
            new = [each for each in dict.fromkeys(wanted) if each not in self._wanted]
            if len(self._wanted) + len(new) > _MOST_SUBSCRIPTIONS:
                self._error(correlation, "E1002")
            else:
                self._subscribe(new)
        else:
            self._floor.counters.unsubscribes += 1
            self._unsubscribe([each for each in dict.fromkeys(wanted) if each in self._wanted])

    def on_pong(self, payload: bytes) -> None:
        """None was asked for."""

    def unsubscribe_all(self) -> None:
        """Take back every subscription."""
        self._unsubscribe(list(self._wanted))

    def _subscribe(self, new: Sequence[Wanted]) -> None:
        self._wanted.update(new)
        self._count(len(new))
        listed: list[tuple[Line, int]] = []
        for exchange_type, token, mode in new:
            line = self._floor.market.by_token.get((exchange_type, token))
            if line is not None:
                self._modes.setdefault(line.index, []).append(mode)
                self._floor.market.want(self, line)
                listed.append((line, mode))
        for line, mode in listed:
            if line.happened and self.hears(line.token):
                add(self._floor.counters.snapshots, line.token)
                self._send(line, mode)

    def _unsubscribe(self, gone: Sequence[Wanted]) -> None:
        self._wanted.difference_update(gone)
        self._count(-len(gone))
        for exchange_type, token, mode in gone:
            line = self._floor.market.by_token.get((exchange_type, token))
            if line is not None:
                self._modes[line.index].remove(mode)
                if not self._modes[line.index]:
                    self._floor.market.leave(self, line)

    def _count(self, more: int) -> None:
        self.subscriptions += more
        self._floor.counters.subscriptions += more

    def _error(self, correlation: str, code: str) -> None:
        add(self._floor.counters.errors, code)
        self.text(json.dumps({"correlationID": correlation, "errorCode": code, "errorMessage": _NAMES[code]}))

    def _watch_idle(self) -> None:
        """Close a client that has said nothing for two minutes."""
        if self.closing:
            return
        left_s = _IDLE_S * self._floor.scale - (now_ns() - self.heard_ns) / 1e9
        if left_s <= 0:
            self.close(1001, "Connection Idle Timeout")
        else:
            self._floor.loop.after(left_s, self._watch_idle)

    # ── What goes ──────────────────────────────────────────────────────────────────────────────────────────────

    def on_tick(self, line: Line) -> None:
        """Tell the newest state of `line`, once for each mode."""
        for mode in self._modes[line.index]:
            if self.hears(line.token):
                self._send(line, mode)

    def on_raw(self, message: RawMessage) -> None:
        """There are none on this stream."""

    def ticks(self, line: Line) -> Sequence[bytes]:
        """The state of `line` in each mode that this client wants."""
        return [frame(BINARY, line.packet(mode)) for mode in self._modes.get(line.index, ())]

    def _send(self, line: Line, mode: int) -> None:
        counters = self._floor.counters
        counters.sent[line.token] = counters.sent.get(line.token, 0) + 1
        if self._floor.eager:
            line.average = now_ns()
        packet = line.packet(mode)
        self.data((b"\x82\x7b" + packet) if len(packet) == 123 else frame(BINARY, packet))


def _read(text: bytes) -> tuple[str, tuple[bool, list[Wanted]] | None]:
    """The correlation id, and (subscribe?, what) of a well-formed request."""
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        return "", None
    if not isinstance(request, dict):
        return "", None
    correlation = request.get("correlationID", "")
    params = request.get("params")
    if not isinstance(correlation, str) or not isinstance(params, dict):
        return str(correlation), None
    action, mode, listed = request.get("action"), params.get("mode"), params.get("tokenList")
    if not (_one_of(action, (0, 1)) and _one_of(mode, (1, 2, 3, 4)) and isinstance(listed, list)):
        return correlation, None
    wanted: list[Wanted] = []
    for each in listed:
        found = _tokens(each, mode)
        if found is None:
            return correlation, None
        wanted += found
    return correlation, (action == 1, wanted)


def _one_of(value: object, allowed: Collection[int]) -> TypeGuard[int]:
    """Whether `value` is one of these whole numbers: neither a truth value nor something else that equals one."""
    return type(value) is int and value in allowed


def _tokens(entry: object, mode: int) -> list[Wanted] | None:
    """What one entry of a token list asks for, if it is well formed; the deep book is for cash only."""
    if not isinstance(entry, dict):
        return None
    exchange_type, tokens = entry.get("exchangeType"), entry.get("tokens")
    if not _one_of(exchange_type, EXCHANGE_TYPES.values()) or (mode == 4 and exchange_type != 1):
        return None
    if not isinstance(tokens, list) or not all(isinstance(token, str) and token for token in tokens):
        return None
    return [(exchange_type, token, mode) for token in tokens]
