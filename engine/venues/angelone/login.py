"""A session with SmartAPI: one-time password, login, tokens of today. Knows no feed; writes no token anywhere."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.model.clock import Clock, SystemClock
from engine.outside.https import Caller, CallError, Request
from engine.text.sanitize import CleanText, clean
from engine.venues.angelone.answers import AnswerVerdict, judge, one_line
from engine.venues.angelone.broker_time import BrokerTime
from engine.venues.angelone.credentials import Credentials, masked
from engine.venues.angelone.login_budget import LoginBudget, Moment
from engine.venues.angelone.one_time_password import WINDOW_S, one_time_password
from engine.venues.angelone.tokens import AGENT, Tokens, headers, is_of, tokens_in

_USER = "/rest/auth/angelbroking/user/v1/"
_SECURE = "/rest/secure/angelbroking/user/v1/"
_MARKET = "/rest/secure/angelbroking/market/v1/"
_IST = timedelta(hours=5, minutes=30)  # no daylight saving

PAUSE_S = 30.0  # between two logins: one window of the one-time password
UNSENT_PAUSE_S = 5.0  # the broker never heard of it
BUSY_PAUSE_S = 60.0  # from the second time in a row on; the first may be due to a login of the image or run before
UNKNOWN_PAUSE_S = 300.0  # after five answers in a row that nobody knows: it may be that the account is to be blocked
MOST_FAILURES = 5  # refused logins in a row; a broker may block the account for more
AGAIN_S = 900.0  # until a login that seems hopeless is tried once more, lest positions stay unwatched for a mistake
MOST_AGAIN = 3
TAIL_S = 2  # of a window: the password could be too old when it arrives

_SYSTEM_CLOCK = SystemClock()


class AccountProfile(Struct, frozen=True):
    """Whose session it is, as the broker says, and where it may trade."""

    client_code: str
    exchanges: tuple[str, ...]


class LoginError(Exception):
    """There is no session; `text` says why, `retry_s` when to ask again (None: never, somebody must act).

    `session_dead`: the tokens in use are worth nothing any more; the next `tokens()` logs in. `again_s` is when a program
    that nobody watches may ask once more although `retry_s` is None.
    """

    def __init__(
        self, text: str, retry_s: float | None, *, session_dead: bool = False, again_s: float | None = None
    ) -> None:
        super().__init__(text)
        self.text = text
        self.retry_s = retry_s
        self.session_dead = session_dead
        self.again_s = again_s


class LoginSession:
    """Keeps the tokens of one IST day in memory; `close` from any thread ends the call under way at once.

    Every call is over within 7 s, and 2 s more where it waits for a fresh password. Feed and orders go by one of these:
    `current` is read without waiting for a call, by any thread, and whoever finds its tokens refused asks for later ones;
    where that fails, the others may find them good still.
    """

    def __init__(self, credentials: Credentials, rest_url: str, clock: Clock = _SYSTEM_CLOCK) -> None:
        self.client_code = credentials.client_code
        self.api_key = credentials.api_key
        self._credentials = credentials
        self._caller = Caller(rest_url)
        self._clock = clock
        self._time = BrokerTime(clock)
        self._turn = threading.Lock()  # one call at a time; guards everything below
        self._tokens: Tokens | None = None  # None: the next call logs in
        self.current: Tokens | None = (
            None  # what others go by: until there are later ones, or the broker knows them no more
        )
        self._generation = 0  # of the newest login
        self._changed: Callable[[], None] = lambda: None
        self._day = date.min
        self._earliest_ns = -(2**62)  # monotonic: no login before
        self._failures = 0  # refusals in a row whose meaning is known
        self._unknown = 0  # and those that nobody knows
        self._busy = 0  # and those that said: too many requests
        self._last = LoginBudget(most=MOST_AGAIN, every_s=AGAIN_S)
        self._closing = threading.Condition()  # notified by close; never held while calling
        self._closed = False

    def __repr__(self) -> str:
        return f"Login({masked(self.client_code)})"

    @property
    def clock_off_s(self) -> float | None:
        """Our clock minus the server's, to a second; None: not known."""
        return self._time.off_s

    def tokens(self) -> Tokens:
        """Return today's tokens, logging in where there are none; raises LoginError."""
        with self._turn:
            if self._tokens is not None and self._day == self._today():
                return self._tokens
            return self._log_in()

    def on_change(self, tell: Callable[[], None]) -> None:
        """Have `tell` called whenever `current` has become another, from whichever thread made it so; it must not wait."""
        self._changed = tell

    def renew(self, after: int) -> Tokens:
        """Tokens of a later login than number `after`, by one where there is none yet; at most one in 30 s. Raises LoginError, also when it is too early."""
        with self._turn:
            if self._tokens is not None and self._tokens.generation > after and self._day == self._today():
                return self._tokens
            return self._log_in()

    def log_in_after(self, generation: int) -> str:
        """The same in words: why there is no later login, "" where there is."""
        try:
            self.renew(generation)
        except LoginError as error:
            return error.text
        return ""

    def profile(self) -> AccountProfile:
        """Ask whose session it is: the probe whether it is alive; raises LoginError (`session_dead` where it is not)."""
        with self._turn:
            verdict = self._ask("profile", "GET", _SECURE + "getProfile")
        data = verdict.data if isinstance(verdict.data, dict) else {}
        code, exchanges = data.get("clientcode"), data.get("exchanges")
        if not isinstance(code, str) or not isinstance(exchanges, list | None):
            raise LoginError("profile: the answer names no client", PAUSE_S)
        return AccountProfile(clean(code, 40), tuple(one_line(str(exchange)) for exchange in exchanges or ()))

    def quotes(self, tokens: Mapping[str, Sequence[str]]) -> object:
        """Ask for the last prices of `tokens` by exchange, 50 at most; what the broker's answer holds. Raises LoginError."""
        with self._turn:
            return self._ask("quotes", "POST", _MARKET + "quote", {"mode": "LTP", "exchangeTokens": tokens}).data

    def probe_clock(self) -> float | None:
        """Seconds that our clock is ahead of the server's, None where it does not tell; raises LoginError."""
        with self._turn:
            begun_ns = self._clock.monotonic_ns()
            try:
                answer = self._caller.call(Request("GET", "/", {"Accept": "*/*", "User-Agent": AGENT}))
            except CallError as error:
                raise LoginError(str(error), UNSENT_PAUSE_S) from None
            self._time.note(answer.headers, begun_ns)
            return self.clock_off_s

    def close(self) -> None:
        """End the call under way and refuse every further one."""
        with self._closing:
            self._closed = True
            self._closing.notify_all()
        self._caller.close()

    # ── Below, the turn is held. ───────────────────────────────────────────────────────────────────────────────────

    def _keep(self, tokens: Tokens | None) -> None:
        """Go by these tokens from now on, and tell whoever else does."""
        self._tokens = tokens
        if tokens is not self.current:
            self.current = tokens
            self._changed()

    def _log_in(self) -> Tokens:
        self._tokens = None
        if self._last.is_outdated(self._now()):
            self._last.begin_anew()
            self._failures = 0
        again_s = self._last.wait_s(self._clock.monotonic_ns())
        if again_s != 0:
            raise LoginError(self._last.told, None, again_s=again_s)
        early_s = (self._earliest_ns - self._clock.monotonic_ns()) / 1e9
        if early_s > 0:
            raise LoginError(f"login: not again for {early_s:.0f} s, lest the account be blocked", early_s)
        self._await_window()
        today = self._today()
        code = self._one_time_password()
        secrets = {"clientcode": self.client_code, "password": self._credentials.pin, "totp": code}
        verdict = self._call("login", "POST", _USER + "loginByPassword", secrets, scrub=code)
        if verdict.kind != "well":
            raise self._refused(verdict)
        tokens = tokens_in(verdict.data)
        if tokens is None:
            raise self._refused(AnswerVerdict("unknown", CleanText("the answer holds no tokens")))
        if not is_of(self.client_code, verdict.data):
            raise self._refused(AnswerVerdict("unknown", CleanText("the session is another client's")))
        self._failures = self._unknown = self._busy = 0
        self._last.begin_anew()
        self._generation += 1
        self._day = today
        tokens = replace(tokens, generation=self._generation)
        self._keep(tokens)
        return tokens

    def _await_window(self) -> None:
        """Let the end of a password's window pass: it would be too old on arrival."""
        left_ns = WINDOW_S * 10**9 - self._time.password_ns() % (WINDOW_S * 10**9)
        if left_ns >= TAIL_S * 10**9:
            return
        until_ns = self._clock.monotonic_ns() + left_ns
        with self._closing:
            while not self._closed and (rest_ns := until_ns - self._clock.monotonic_ns()) > 0:
                self._clock.wait(self._closing, rest_ns / 1e9)
            if self._closed:
                raise LoginError("login: ended on our side", None)

    def _one_time_password(self) -> str:
        return one_time_password(self._credentials.totp_secret, self._time.password_ns() // 10**9)

    def _refused(self, verdict: AnswerVerdict) -> LoginError:
        """What a login that was answered with no means for the next one: only what is known to be final is given up."""
        text = f"login: {verdict.text}"
        if verdict.kind == "busy":
            self._busy += 1
            return LoginError(text, self._pause(PAUSE_S if self._busy == 1 else BUSY_PAUSE_S))
        if verdict.kind not in {"clock", "hopeless"}:
            self._unknown += verdict.kind in {"unknown", "dead"}
            return LoginError(text, self._pause(UNKNOWN_PAUSE_S) if self._unknown >= MOST_FAILURES else PAUSE_S)
        self._failures += 1
        if verdict.kind == "clock":
            self._time.refused()
            text += f": check this machine's clock{self._clock_words()} and the TOTP secret"
            if self._failures < MOST_FAILURES:
                return LoginError(text, PAUSE_S)
            text += f"; given up after {self._failures} refused logins, lest the account be blocked"
        now = self._now()
        self._last.give_up(text, now, for_good=self._failures >= MOST_FAILURES)
        return LoginError(self._last.told, None, again_s=self._last.wait_s(now.mono_ns))

    def _pause(self, pause_s: float) -> float:
        """Let no login begin before `pause_s` from now."""
        self._earliest_ns = self._clock.monotonic_ns() + round(pause_s * 1e9)
        return pause_s

    def _now(self) -> Moment:
        mono_ns = self._clock.monotonic_ns()
        return Moment(mono_ns, self._clock.wall_ns() - mono_ns, self._today())

    def _clock_words(self) -> str:
        if self.clock_off_s is None:
            return ""
        direction = "ahead of" if self.clock_off_s >= 0 else "behind"
        return f" ({abs(self.clock_off_s):.0f} s {direction} the broker's)"

    def _ask(self, what: str, method: str, path: str, content: Mapping[str, object] | None = None) -> AnswerVerdict:
        """Ask something within the session, logging in where there is none; raises LoginError for every no."""
        if self._tokens is None or self._day != self._today():
            self._log_in()
        verdict = self._call(what, method, path, content)
        if verdict.kind == "well":
            return verdict
        if verdict.kind == "dead":
            self._keep(None)
            raise LoginError(f"{what}: {verdict.text}", PAUSE_S, session_dead=True)
        raise LoginError(f"{what}: {verdict.text}", None if verdict.kind == "hopeless" else PAUSE_S)

    def _call(
        self, what: str, method: str, path: str, content: Mapping[str, object] | None, *, scrub: str = ""
    ) -> AnswerVerdict:
        """Make one call; a login counts as tried once its bytes may be on their way."""
        body = b"" if content is None else msgspec.json.encode(content)
        begun_ns = self._clock.monotonic_ns()
        sent = True
        try:
            answer = self._caller.call(Request(method, path, self._headers(), body))
        except CallError as error:
            sent = error.sent
            pause_s = None if self._closed else PAUSE_S if sent else UNSENT_PAUSE_S
            raise LoginError(f"{what}: {error}", pause_s) from None
        finally:
            if sent and what == "login":
                self._earliest_ns = begun_ns + round(PAUSE_S * 1e9)
                self._last.spend(begun_ns)
        self._time.note(answer.headers, begun_ns)
        return judge(answer.status, answer.body, scrub)

    def _headers(self) -> dict[str, str]:
        return headers(self.api_key, "" if self._tokens is None else self._tokens.jwt)

    def _today(self) -> date:
        return (datetime.fromtimestamp(self._clock.wall_ns() // 10**9, UTC) + _IST).date()
