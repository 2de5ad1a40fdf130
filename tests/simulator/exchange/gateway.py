"""What stands before the broker: paths, headers, sessions, the registered address, rates. Knows no order."""

from collections import deque
from collections.abc import Mapping

from tests.simulator.account import Account
from tests.simulator.exchange.answers import RATE, WireAnswer, missing_header, no
from tests.simulator.exchange.counters import OrderCounters
from tests.simulator.exchange.script import BOOKS, WRITES
from tests.simulator.tally import add

_SECURE = "/rest/secure/angelbroking"
PATHS = {
    "place": ("POST", f"{_SECURE}/order/v1/placeOrder"),
    "modify": ("POST", f"{_SECURE}/order/v1/modifyOrder"),
    "cancel": ("POST", f"{_SECURE}/order/v1/cancelOrder"),
    "order_book": ("GET", f"{_SECURE}/order/v1/getOrderBook"),
    "trade_book": ("GET", f"{_SECURE}/order/v1/getTradeBook"),
    "positions": ("GET", f"{_SECURE}/order/v1/getPosition"),
    "details": ("GET", f"{_SECURE}/order/v1/details/"),
    "quote": ("POST", f"{_SECURE}/market/v1/quote"),
    "ltp": ("POST", f"{_SECURE}/order/v1/getLtpData"),
    "funds": ("GET", f"{_SECURE}/user/v1/getRMS"),
    "margin": ("POST", f"{_SECURE}/margin/v1/batch"),
    "charges": ("POST", f"{_SECURE}/brokerage/v1/estimateCharges"),
    "profile": ("GET", f"{_SECURE}/user/v1/getProfile"),
}
_DETAILS = PATHS["details"][1]
_BY_PATH = {(method, path): call for call, (method, path) in PATHS.items() if call != "details"}
_HEADERS = {"x-sourceid": "X-SourceID", "x-macaddress": "X-MACAddress", "x-privatekey": "X-PrivateKey"}

_S, _MIN, _H = 1_000, 60_000, 3_600_000
# How many calls within how many ms; those that change something share theirs.
_LIMITS = {
    "write": ((9, _S), (500, _MIN), (1_000, _H)),
    **dict.fromkeys(BOOKS, ((1, _S),)),
    **dict.fromkeys(("details", "quote", "ltp", "margin", "charges"), ((10, _S), (500, _MIN), (5_000, _H))),
    "funds": ((2, _S),),
    "profile": ((3, _S), (1_000, _H)),
}


def call_of(method: str, path: str) -> tuple[str, str]:
    """Which call a request is, and the order it asks for; ("", "") for none."""
    if method == "GET" and path.startswith(_DETAILS):
        return "details", path[len(_DETAILS) :]
    return _BY_PATH.get((method, path), ""), ""


class Gateway:
    """Lets a call through, or answers in the broker's place."""

    def __init__(self, account: Account, counters: OrderCounters) -> None:
        self.account = account
        self._counters = counters
        self._calls: dict[str, deque[int]] = {name: deque(maxlen=limits[-1][0]) for name, limits in _LIMITS.items()}
        self._ip_until_ms = self._blocked_until_ms = 0

    def header_objection(self, headers: Mapping[str, str]) -> WireAnswer | None:
        """The answer to a request that lacks a header or has another API key; names in lower case."""
        missing = next((shown for name, shown in _HEADERS.items() if name not in headers), None)
        if missing:
            return missing_header(missing)
        return None if headers["x-privatekey"] == self.account.api_key else no("AG8004")

    def objection(self, now_ms: int, call: str, jwt: str | None) -> WireAnswer | None:
        """The answer of the gateway to a call that goes no further; `jwt` None stands for the token given at the start."""
        changes = call in WRITES
        if self._is_too_fast(now_ms, "write" if changes else call):
            add(self._counters.rates, call)
            return RATE
        if not self.account.knows_jwt(self.account.given.jwt if jwt is None else jwt):
            return self._refused(self.session_objection(jwt))
        if changes and now_ms < self._ip_until_ms:
            return self._refused("AG7002")
        if changes and now_ms < self._blocked_until_ms:
            return self._refused("AB1006")
        return None

    def session_objection(self, jwt: str | None) -> str:
        """The code by which a token is refused, "" for a good one."""
        token = self.account.given.jwt if jwt is None else jwt
        if not token:
            return "AG8003"
        if self.account.knows_jwt(token):
            return ""
        return "AG8002" if self.account.was_jwt(token) else "AG8001"

    def bar(self, what: str, until_ms: int) -> None:
        """Until then calls that change something are refused: `ip` or `blocked`."""
        if what == "ip":
            self._ip_until_ms = until_ms
        else:
            self._blocked_until_ms = until_ms

    def recover(self) -> None:
        """No bar any longer; a session that has ended needs a login."""
        self._ip_until_ms = self._blocked_until_ms = 0

    def _refused(self, code: str) -> WireAnswer:
        family = {"AG7002": "ip", "AB1006": "blocked"}.get(code, "session")
        add(self._counters.refused, family)
        return no(code)

    def _is_too_fast(self, now_ms: int, name: str) -> bool:
        """Counts a call, refused ones too."""
        times = self._calls[name]
        fast = False
        for limit, window_ms in _LIMITS[name]:
            if len(times) >= limit and now_ms - times[-limit] < window_ms:
                fast = True
        times.append(now_ms)
        return fast
