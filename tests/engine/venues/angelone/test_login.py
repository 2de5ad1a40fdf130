"""The login: what is sent, what every answer means, how often it is tried, and that no secret is in any error."""

import base64
import json
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Condition
from urllib.parse import quote

import pyotp
import pytest

from engine.model.clock import VirtualClock
from engine.text import redaction
from engine.venues.angelone.credentials import Credentials
from engine.venues.angelone.login import LoginError, LoginSession
from engine.venues.angelone.tokens import Tokens
from tests.support.http_server import HttpRequest, HttpServer, answer
from tests.support.waiting import PATIENCE_S

SECRETS = {"pin": "7391", "api_key": "canaryKey", "totp_secret": "CANARYJBSWY3DPEHPK3PXPAA"}
CREDENTIALS = Credentials("A123456", **SECRETS)
JWT, REFRESH, FEED = "eyJcanary.jwt.sig-_1", "eyJcanary.refresh", "eyJcanary.feed"
GOOD = {"jwtToken": JWT, "refreshToken": REFRESH, "feedToken": FEED, "state": None}
NOON_NS = int(datetime(2025, 11, 20, 6, 30, 10, tzinfo=UTC).timestamp()) * 10**9  # 12:00:10 IST
HOUR_NS = 3600 * 10**9


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = redaction._Hidden()
    monkeypatch.setattr(redaction, "_HIDDEN", registry)
    for secret in SECRETS.values():
        redaction.hide(secret)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON_NS)


def well(data: object = GOOD) -> bytes:
    return answer(200, json.dumps({"status": True, "message": "SUCCESS", "errorcode": "", "data": data}))


def no(code: str, message: str = "no", **headers: str) -> bytes:
    return answer(200, json.dumps({"status": False, "message": message, "errorcode": code, "data": None}), **headers)


class Scripted:
    """Answers with one line of a script after the other, the last one again and again."""

    def __init__(self, *answers: bytes) -> None:
        self._answers: Iterator[bytes] = iter(answers)
        self._last = b""

    def __call__(self, asked: HttpRequest) -> bytes:
        self._last = next(self._answers, self._last)
        return self._last


def refused(call: Callable[[], object]) -> LoginError:
    with pytest.raises(LoginError) as caught:
        call()
    return caught.value


def test_what_is_sent_and_what_comes_back(clock: VirtualClock) -> None:
    with HttpServer(Scripted(well({**GOOD, "jwtToken": f"Bearer {JWT}"}))) as stub:
        tokens = LoginSession(CREDENTIALS, stub.url, clock).tokens()
    assert (tokens.jwt, tokens.refresh, tokens.feed) == (JWT, REFRESH, FEED)
    (asked,) = stub.requests
    assert (asked.method, asked.path) == ("POST", "/rest/auth/angelbroking/user/v1/loginByPassword")
    code = pyotp.TOTP(SECRETS["totp_secret"]).at(datetime.fromtimestamp(NOON_NS / 1e9, UTC))
    assert json.loads(asked.body) == {"clientcode": "A123456", "password": "7391", "totp": code}
    needed = "content-type accept x-usertype x-sourceid x-clientlocalip x-clientpublicip x-macaddress x-privatekey"
    assert set(needed.split()) <= set(asked.headers)
    assert asked.headers["x-privatekey"] == "canaryKey"
    assert "authorization" not in asked.headers


def test_tokens_are_kept_for_the_day_and_never_over_midnight_in_india(clock: VirtualClock) -> None:
    with HttpServer(Scripted(well())) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        for _ in range(3):
            login.tokens()
        clock.advance(12 * HOUR_NS - 11 * 10**9)  # 23:59:59 IST
        login.tokens()
        assert len(stub.requests) == 1
        clock.advance(10**9)
        login.tokens()
        assert len(stub.requests) == 2


def test_the_last_two_seconds_of_a_window_are_let_pass(clock: VirtualClock) -> None:
    clock.advance(19 * 10**9)  # second 29 of 30
    with HttpServer(Scripted(well())) as stub:
        LoginSession(CREDENTIALS, stub.url, clock).tokens()
    assert clock.wall_ns() == NOON_NS + 20 * 10**9
    code = pyotp.TOTP(SECRETS["totp_secret"]).at(datetime.fromtimestamp(clock.wall_ns() / 1e9, UTC))
    assert json.loads(stub.requests[0].body)["totp"] == code


def test_one_login_in_thirty_seconds(clock: VirtualClock) -> None:
    with HttpServer(Scripted(well())) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        login.tokens()
        clock.advance(12 * 10**9)
        assert refused(lambda: login.renew(1)).retry_s == pytest.approx(18)
        assert len(stub.requests) == 1
        clock.advance(18 * 10**9)
        login.renew(1)
        assert len(stub.requests) == 2
        assert login.tokens().jwt == JWT


def test_a_wrong_one_time_password_points_at_the_clock_and_is_tried_five_times(clock: VirtualClock) -> None:
    date = "Thu, 20 Nov 2025 06:28:35 GMT"  # 95 s behind ours
    with HttpServer(Scripted(no("AB1050", "Invalid totp", Date=date))) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        first = refused(login.tokens)
        assert "AB1050 Invalid totp: check this machine's clock (94 s ahead of the broker's)" in first.text
        assert first.retry_s == 30
        for _ in range(4):
            clock.advance(30 * 10**9)
            last = refused(login.tokens)
        assert (last.retry_s, last.again_s) == (None, 60)
        assert "given up after 5" in last.text
        assert last.text.endswith("; not tried again before tomorrow (IST), unless this machine's clock is set")
        for _ in range(11):  # until 23:02 in India
            clock.advance(HOUR_NS)
            assert refused(lambda: login.renew(1)).again_s == 60
        assert len(stub.requests) == 5


def test_a_success_forgets_the_failures_before_it(clock: VirtualClock) -> None:
    with HttpServer(Scripted(*[no("AB1050")] * 4, well(), *[no("AB1050")] * 4, well())) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        for _ in range(4):
            refused(lambda: login.renew(1))
            clock.advance(30 * 10**9)
        login.renew(1)
        for _ in range(4):
            clock.advance(30 * 10**9)
            assert refused(lambda: login.renew(1)).retry_s is not None
        clock.advance(30 * 10**9)
        login.renew(1)
        assert len(stub.requests) == 10


@pytest.mark.parametrize("code", ["AB1000", "AB1002", "AB1006", "AB1007"])
def test_a_hopeless_login_is_tried_three_times_more_a_quarter_of_an_hour_apart(clock: VirtualClock, code: str) -> None:
    with HttpServer(Scripted(no(code, "Invalid"))) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        for tries in (1, 2, 3):
            error = refused(login.tokens)
            assert (error.retry_s, error.again_s) == (None, 900)
            clock.advance(899 * 10**9)
            early = refused(lambda: login.renew(1))
            assert code in early.text
            assert (early.retry_s, early.again_s) == (None, 1)
            assert len(stub.requests) == tries
            clock.advance(10**9)
        assert refused(lambda: login.renew(1)).again_s == 60
        for _ in range(11):  # until 23:45 in India
            clock.advance(HOUR_NS)
            error = refused(login.tokens)
            assert (error.retry_s, error.again_s) == (None, 60)
            assert code in error.text
            assert "before tomorrow (IST)" in error.text
        assert len(stub.requests) == 4
        clock.advance(HOUR_NS)
        assert refused(login.tokens).again_s == 900  # a new day: a verdict of its own
        assert len(stub.requests) == 5


@pytest.mark.parametrize("step_s", [-7200, -6, 6, 95])
def test_a_clock_that_was_set_ends_what_was_given_up_for_good(clock: VirtualClock, step_s: int) -> None:
    with HttpServer(Scripted(*[no("AB1050")] * 5, well())) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        for _ in range(5):
            assert "AB1050" in refused(login.tokens).text
            clock.advance(30 * 10**9)
        assert refused(login.tokens).again_s == 60
        clock.set(clock.wall_ns() + step_s * 10**9)
        assert login.tokens().jwt == JWT
        assert len(stub.requests) == 6


@pytest.mark.parametrize(
    "said",
    [
        no("AB9999", "Service is under maintenance"),
        no("", "Internal error"),
        no("AG8001"),
        well(None),
        well({**GOOD, "clientcode": "B654321"}),
    ],
)
def test_an_answer_that_nobody_knows_is_never_final(clock: VirtualClock, said: bytes) -> None:
    with HttpServer(Scripted(*[said] * 200, well())) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        begun_ns = clock.monotonic_ns()
        for tries in range(1, 201):
            error = refused(login.tokens)
            assert error.retry_s == (30 if tries < 5 else 300)
            early = refused(login.tokens)
            assert early.retry_s == pytest.approx(error.retry_s)
            clock.advance(round(error.retry_s * 1e9))
        assert login.tokens().jwt == JWT
        assert len(stub.requests) == 201
        assert clock.monotonic_ns() - begun_ns < 24 * HOUR_NS


def test_a_hopeless_login_that_helps_after_all_forgets_the_verdict(clock: VirtualClock) -> None:
    with HttpServer(Scripted(no("AB1006"), no("AB1006"), well(), no("AB1006"))) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        refused(login.tokens)
        clock.advance(900 * 10**9)
        refused(login.tokens)
        clock.advance(900 * 10**9)
        assert login.tokens().jwt == JWT
        clock.advance(30 * 10**9)
        assert refused(lambda: login.renew(1)).again_s == 900  # a verdict of its own
        assert len(stub.requests) == 4


def test_a_hopeless_login_that_was_never_sent_is_not_counted(clock: VirtualClock) -> None:
    with HttpServer(Scripted(no("AB1006"))) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        refused(login.tokens)
        clock.advance(900 * 10**9)
    for _ in range(9):  # nobody listens any more
        assert refused(login.tokens).retry_s == 5


def test_a_failure_on_the_way_is_no_refusal_and_does_not_count(clock: VirtualClock) -> None:
    with HttpServer(Scripted(answer(502, "<html>"))) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        for _ in range(8):
            assert refused(login.tokens).retry_s == 30
            clock.advance(30 * 10**9)
    assert len(stub.requests) == 8
    gone = refused(login.tokens)  # nobody listens any more
    assert gone.retry_s == 5
    assert refused(login.tokens).retry_s == 5  # nothing was sent: no half minute's wait


@pytest.mark.parametrize("data", [None, {}, "", [], {**GOOD, "feedToken": None}, {**GOOD, "jwtToken": "a b\r\nX: 1"}])
def test_a_yes_without_three_usable_tokens_is_no_session(clock: VirtualClock, data: object) -> None:
    with HttpServer(Scripted(well(data))) as stub:
        error = refused(LoginSession(CREDENTIALS, stub.url, clock).tokens)
    assert "no tokens" in error.text
    assert error.retry_s == 30


def test_a_session_of_another_client_is_none(clock: VirtualClock) -> None:
    with HttpServer(Scripted(well({**GOOD, "clientcode": "B654321"}), well({**GOOD, "clientcode": "a123456"}))) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        assert "another client's" in refused(login.tokens).text
        clock.advance(30 * 10**9)
        assert login.tokens().jwt == JWT


def test_the_first_busy_answer_costs_half_a_minute_and_those_behind_it_a_whole_one(clock: VirtualClock) -> None:
    """The first may be due to the login of an image before, that began anew at once."""
    busy = answer(403, "Access denied because of exceeding access rate")
    with HttpServer(Scripted(busy, busy, busy, well(), busy)) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        for pause_s in (30, 60, 60):
            assert refused(login.tokens).retry_s == pause_s
            assert refused(lambda: login.renew(1)).retry_s == pytest.approx(pause_s)
            clock.advance(pause_s * 10**9)
        login.tokens()
        clock.advance(30 * 10**9)
        assert refused(lambda: login.renew(1)).retry_s == 30
        assert len(stub.requests) == 5


def test_the_profile_is_asked_with_the_token_and_a_dead_session_is_forgotten(clock: VirtualClock) -> None:
    profile = well({"clientcode": "A123456", "exchanges": ["NSE", "NFO"], "name": "X"})
    with HttpServer(Scripted(well(), profile, no("AG8002", "Token expired"), well())) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        assert login.profile().exchanges == ("NSE", "NFO")
        assert stub.requests[1].headers["authorization"] == f"Bearer {JWT}"
        dead = refused(login.profile)
        assert dead.session_dead
        clock.advance(30 * 10**9)
        login.tokens()
        assert stub.requests[3].path.endswith("loginByPassword")


def test_close_ends_a_login_that_hangs(clock: VirtualClock) -> None:
    with HttpServer(lambda _: None) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        errors: list[LoginError] = []
        thread = threading.Thread(target=lambda: errors.append(refused(login.tokens)))
        thread.start()
        assert stub.came.wait(PATIENCE_S)
        login.close()
        thread.join(PATIENCE_S)
        assert [(error.text, error.retry_s) for error in errors] == [("login: ended on our side", None)]
        assert "closed on our side" in refused(login.profile).text or "not again" in refused(login.profile).text


class Standing(VirtualClock):
    """A clock on which a wait is over only when somebody notifies."""

    def __init__(self, wall_ns: int) -> None:
        super().__init__(wall_ns)
        self.waiting = threading.Event()

    def wait(self, condition: Condition, duration_s: float) -> None:
        self.waiting.set()
        condition.wait(PATIENCE_S)


def test_close_ends_the_wait_for_the_next_window() -> None:
    clock = Standing(NOON_NS + 19 * 10**9)
    with HttpServer(Scripted(well())) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        errors: list[LoginError] = []
        thread = threading.Thread(target=lambda: errors.append(refused(login.tokens)))
        thread.start()
        assert clock.waiting.wait(PATIENCE_S)
        login.close()
        thread.join(PATIENCE_S)
        assert [error.text for error in errors] == ["login: ended on our side"]
        assert stub.requests == []


def _echoes(asked: HttpRequest) -> list[str]:
    """The request as careless servers print it."""
    text = f"{asked.headers} {asked.body.decode()}"
    return [text, json.dumps(text), quote(text), base64.b64encode(text.encode()).decode(), repr(asked)]


@pytest.mark.parametrize("spelling", range(5))
@pytest.mark.parametrize("shape", ["message", "plain", "code"])
def test_a_server_that_echoes_the_request_makes_no_secret_visible(
    clock: VirtualClock, spelling: int, shape: str
) -> None:
    def respond(asked: HttpRequest) -> bytes:
        if asked.path.endswith("loginByPassword") and shape == "code":
            return well()
        echo = _echoes(asked)[spelling]
        return answer(500, echo) if shape == "plain" else no(echo if shape == "code" else "AB9999", echo)

    with HttpServer(respond) as stub:
        login = LoginSession(CREDENTIALS, stub.url, clock)
        error = refused(login.profile)
        whole = "".join(traceback.format_exception(error)) + repr(error) + repr(login)
        whole += repr({name: value for name, value in vars(login).items() if name != "api_key"})
        sent = json.loads(stub.requests[0].body)
    # Four digits of a PIN stand by chance in an object's address and in a port.
    whole = re.sub(r"\b0x[0-9a-f]+", "", whole.replace(stub.url, ""))
    whole = re.sub(r"\bport=\d+|127\.0\.0\.1:\d+", "", whole)
    shown = [value for value in (*SECRETS.values(), JWT, REFRESH, FEED) if value in whole]
    assert shown == []
    assert sent["totp"] not in error.text


def test_tokens_show_nothing_of_themselves() -> None:
    tokens = Tokens(JWT, REFRESH, FEED)
    assert "canary" not in f"{tokens!r} {tokens} {tokens.__rich_repr__()}"
