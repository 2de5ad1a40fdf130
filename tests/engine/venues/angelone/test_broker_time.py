"""A machine whose clock is off logs in all the same: by the dates of the broker's answers, for the one-time password alone."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from engine.model.clock import SystemClock, VirtualClock
from engine.venues.angelone import login as login_module
from engine.venues.angelone.broker_time import BrokerTime, http_time_s
from engine.venues.angelone.credentials import Credentials
from engine.venues.angelone.login import LoginError, LoginSession
from tests.simulator import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET, Quiet, Simulator

CREDENTIALS = Credentials(CLIENT_CODE, PIN, API_KEY, TOTP_SECRET)
NOON = datetime(2025, 11, 20, 6, 30, tzinfo=UTC)
SECOND = 10**9


class OffClock(SystemClock):
    """The machine's clock, set wrong."""

    def __init__(self, off_s: int) -> None:
        self.off_s = off_s

    def wall_ns(self) -> int:
        return super().wall_ns() + self.off_s * SECOND


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_module, "PAUSE_S", 0.0)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "myquant.feed"]


@pytest.mark.parametrize("off_s", [-300, 300])
def test_a_login_that_a_wrong_clock_has_spoilt_is_put_right_by_the_answer(
    off_s: int, caplog: pytest.LogCaptureFixture
) -> None:
    with Simulator(Quiet(), rate_limits=False) as sim:
        login = LoginSession(CREDENTIALS, sim.http_url, OffClock(off_s))
        with pytest.raises(LoginError, match="AB1050"):
            login.tokens()
        assert (login.tokens().generation, sim.account.failures) == (1, 0)
        login.renew(1)
    words = f"login: this machine's clock is 300 s {'ahead of' if off_s > 0 else 'behind'} the broker's"
    assert told(caplog) == [f"{words}: one-time passwords are made for the broker's time, nothing else is"]


def test_what_was_answered_before_saves_the_first_login(caplog: pytest.LogCaptureFixture) -> None:
    with Simulator(Quiet(), rate_limits=False) as sim:
        login = LoginSession(CREDENTIALS, sim.http_url, OffClock(-300))
        assert login.probe_clock() == pytest.approx(-300, abs=2)
        assert login.tokens().generation == 1
    assert len(told(caplog)) == 1


def test_dates_that_somebody_else_has_set_wrong_cost_one_login_and_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = format_datetime(datetime.now(UTC) - timedelta(minutes=5), usegmt=True)
    monkeypatch.setattr("tests.simulator.http.formatdate", lambda **_: wrong)
    with Simulator(Quiet(), rate_limits=False) as sim:
        login = LoginSession(CREDENTIALS, sim.http_url, SystemClock())
        login.probe_clock()
        with pytest.raises(LoginError, match="AB1050"):
            login.tokens()
        assert login.tokens().generation == 1
        assert login.renew(1).generation == 2


# ── The time itself ─────────────────────────────────────────────────────────────────────────────────────────────────


def dated(ahead_s: float) -> dict[str, str]:
    """The headers of an answer that came when our clock, at noon, was so far ahead."""
    return {"date": format_datetime(NOON - timedelta(seconds=ahead_s), usegmt=True)}


def followed_s(time: BrokerTime, clock: VirtualClock) -> float:
    """How far behind our clock the time for passwords is."""
    return (clock.wall_ns() - time.password_ns()) / SECOND


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(round(NOON.timestamp()) * SECOND)


@pytest.mark.parametrize(
    ("ahead_s", "follows_s"),
    [(0, 0), (2, 0), (-2, 0), (4, 3.5), (-300, -300.5), (300, 299.5), (86_400, 86_399.5), (86_402, 0), (-(9**9), 0)],
)
def test_an_offset_is_followed_up_to_a_day(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture, ahead_s: float, follows_s: float
) -> None:
    time = BrokerTime(clock)
    time.note(dated(ahead_s), clock.monotonic_ns())
    assert followed_s(time, clock) == follows_s
    assert followed_s(time, clock) == follows_s
    words = told(caplog)
    assert len(words) == (abs(ahead_s) > 5)
    assert ["not followed" in each for each in words] == [abs(ahead_s) > 86_401] * len(words)


def test_a_slow_answer_is_no_proof_that_the_clock_is_off(clock: VirtualClock) -> None:
    time, begun_ns = BrokerTime(clock), clock.monotonic_ns()
    clock.advance(7 * SECOND)
    time.note(dated(0), begun_ns)
    assert (time.off_s, followed_s(time, clock)) == (6.5, 0)


@pytest.mark.parametrize("set_by_s", [-300, -3, 3, 300])
def test_a_clock_that_was_set_since_or_slept_is_believed_until_the_next_answer(
    clock: VirtualClock, set_by_s: int
) -> None:
    time = BrokerTime(clock)
    time.note(dated(300), clock.monotonic_ns())
    clock.advance(60 * SECOND)
    assert followed_s(time, clock) == 299.5
    clock.set(clock.wall_ns() + set_by_s * SECOND)
    assert followed_s(time, clock) == 0


def test_each_time_is_tried_in_turn_while_passwords_are_refused(clock: VirtualClock) -> None:
    time = BrokerTime(clock)
    time.note(dated(300), clock.monotonic_ns())
    tried = []
    for _ in range(4):
        tried.append(followed_s(time, clock))
        time.refused()
    assert tried == [299.5, 0, 299.5, 0]


@pytest.mark.parametrize("header", ["", "yesterday", "Thu, 99 Nov 2025 06:28:35 GMT"])
def test_an_answer_without_a_date_tells_nothing(clock: VirtualClock, header: str) -> None:
    time = BrokerTime(clock)
    time.note({"date": header} if header else {}, clock.monotonic_ns())
    assert (time.off_s, followed_s(time, clock)) == (None, 0)


@pytest.mark.parametrize("days", [0, 41, 200, 366, 20_000])
def test_a_date_is_read_as_it_is_written(days: int) -> None:
    when = NOON + timedelta(days=days, seconds=days)
    assert http_time_s(format_datetime(when, usegmt=True)) == when.timestamp()


@pytest.mark.parametrize(
    "told",
    ["", "now", "Tue, 31 Feb 2026 11:30:00 GMT", "Tue, 01 Dez 2026 11:30:00 GMT", "Tue, 01 Dec 2026 25:30:00 GMT"],
)
def test_what_is_no_date_is_none(told: str) -> None:
    assert http_time_s(told) is None
