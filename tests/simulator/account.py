"""The one account of the simulated broker: who may log in, and which tokens are good. Knows no HTTP."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

from msgspec import Struct

_PERIOD_S = 30
_MOST_FAILURES = 5
_TOKEN_S = 28 * 3600
CLIENT_CODE = "A123456"
PIN = "1234"
API_KEY = "simkey01"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Tokens(Struct, frozen=True):
    """What a login gives; they are good until a logout or `expire`."""

    jwt: str
    refresh: str
    feed: str


def totp(secret: str, at_s: float) -> str:
    """The one-time password of a base32 secret (RFC 6238: SHA-1, 6 digits, 30 s)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    digest = hmac.new(key, (int(at_s) // _PERIOD_S).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Account:
    """Credentials, failures, and the tokens given out; `clock` gives the broker's own seconds since the epoch.

    `given` is good from the start, for clients that do not log in.
    """

    def __init__(
        self,
        client_code: str = CLIENT_CODE,
        pin: str = PIN,
        api_key: str = API_KEY,
        totp_secret: str = TOTP_SECRET,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.client_code = client_code
        self.api_key = api_key
        self.failures = 0
        self._pin = pin
        self._secret = totp_secret
        self._clock = clock
        self._good: dict[str, Tokens] = {}
        self._old: dict[str, Tokens] = {}
        self._number = -1
        self.given = self.issue()

    @property
    def locked(self) -> bool:
        """Whether there were too many failures."""
        return self.failures >= _MOST_FAILURES

    def refuse(self, client_code: object, pin: object, password: object) -> str:
        """The error code for a login, empty when it is right; counts failures. A password of the window before is taken."""
        if self.locked:
            return "AB1006"
        now_s = self._clock()
        if client_code != self.client_code or pin != self._pin:
            code = "AB1007"
        elif password not in {totp(self._secret, now_s), totp(self._secret, now_s - _PERIOD_S)}:
            code = "AB1050"
        else:
            self.failures = 0
            return ""
        self.failures += 1
        return code

    def issue(self) -> Tokens:
        """New tokens; those before stay good, as the broker allows several sessions."""
        self._number += 1
        number = self._number
        told = {"username": self.client_code, "exp": int(self._clock()) + _TOKEN_S}
        jwt = f"eyJ.{base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip('=')}.sim-jwt-{number}"
        tokens = Tokens(jwt, f"eyJ.sim.refresh.{number}", f"eyJ.sim.feed.{number}")
        self._good[tokens.jwt] = tokens
        return tokens

    def prove(self, nonce: str) -> str:
        """What only this account's simulated broker can answer to `nonce`: by it a client knows that no real one is there."""
        key = f"{self.client_code}:{self.api_key}:{self._secret}"
        return hmac.new(key.encode(), nonce.encode("ascii"), hashlib.sha256).hexdigest()

    def expire(self) -> None:
        """No token that was given out is good any longer: a logout ends all sessions of a client."""
        self._old |= self._good
        self._good.clear()

    @property
    def ended(self) -> int:
        """How many tokens that were given out are good no longer."""
        return len(self._old)

    def knows_jwt(self, jwt: str) -> bool:
        """Whether `jwt` (without the word Bearer) is good."""
        return jwt in self._good

    def was_jwt(self, jwt: str) -> bool:
        """Whether `jwt` was good once."""
        return jwt in self._old

    def knows_refresh(self, refresh: object) -> bool:
        """Whether this refresh token is good."""
        return any(each.refresh == refresh for each in self._good.values())

    def knows_feed(self, feed: str) -> bool:
        """Whether this feed token is good."""
        return any(each.feed == feed for each in self._good.values())
