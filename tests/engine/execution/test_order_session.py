"""The login that lanes go by: each change is told once, a login that is over leads to one more, and an end ends that, too."""

from collections.abc import Callable
from threading import Event, Thread

import pytest

from engine.execution.login import Login
from engine.execution.order_session import OrderSession
from engine.model.order_reports import SessionChanged
from engine.text.sanitize import CleanText
from engine.venues.angelone.tokens import Tokens
from tests.support.waiting import PATIENCE_S, until

OVER = CleanText("AG8001 Invalid Token")


class Keeper:
    """Logs in as often as it is asked, unless it is to say why not; with `hangs` it waits until it is closed."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.current: Tokens | None = None
        self.asked: list[int] = []
        self.why = ""
        self.closed = Event()
        self._hangs = hangs
        self._tell: Callable[[], None] = lambda: None

    def on_change(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def log_in_after(self, generation: int) -> str:
        self.asked.append(generation)
        if self._hangs:
            assert self.closed.wait(PATIENCE_S)
            return "ended on our side"
        if not self.why:
            self.become(generation + 1)
        return self.why

    def become(self, generation: int) -> None:
        """There is another login, whoever made it."""
        self.current = Tokens("jwt", "refresh", "feed", generation) if generation else None
        self._tell()

    def close(self) -> None:
        self.closed.set()


class Bench:
    def __init__(self, *, hangs: bool = False) -> None:
        self.keeper = Keeper(hangs=hangs)
        self.told: list[SessionChanged] = []
        self.given: list[Login] = []
        self.session = OrderSession(self.keeper, self.told.append, self.given.append)
        self.session.start()

    def stop(self) -> None:
        self.session.stop(PATIENCE_S)
        assert not self.session._thread.is_alive()


def test_a_start_logs_in_once_and_tells_it_once() -> None:
    bench = Bench()
    until(lambda: bench.told)
    bench.session.want()
    bench.stop()
    assert bench.told == [SessionChanged(1, True, CleanText(""))]
    assert [(each.generation, each.up, each.token) for each in bench.given] == [(1, True, "jwt")]
    assert bench.keeper.asked == [0]


def test_three_lanes_that_find_a_login_over_lead_to_one_more() -> None:
    bench = Bench()
    until(lambda: bench.told)
    lanes = [Thread(target=bench.session.is_over, args=(1, OVER)) for _ in range(3)]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    until(lambda: bench.session.login.generation == 2)
    bench.session.is_over(1, OVER)  # told late, of a login that is gone
    bench.stop()
    assert bench.told[1:] == [SessionChanged(1, False, OVER), SessionChanged(2, True, CleanText(""))]
    assert bench.keeper.asked == [0, 1]


def test_why_there_is_no_login_is_told_where_it_is_news_and_another_is_made_where_it_is_asked_for() -> None:
    bench = Bench()
    until(lambda: bench.told)
    bench.keeper.why = "login: not now"
    bench.session.is_over(1, OVER)
    until(lambda: len(bench.told) == 3)
    bench.session.want()
    until(lambda: len(bench.keeper.asked) == 3)
    bench.keeper.why = ""
    bench.session.want()
    until(lambda: bench.session.login.up)
    bench.stop()
    assert [(each.up, each.reason) for each in bench.told] == [
        (True, ""),
        (False, OVER),
        (False, "login: not now"),
        (True, ""),
    ]


def test_a_later_login_that_somebody_wants_does_not_end_the_one_that_is_good() -> None:
    bench = Bench()
    until(lambda: bench.told)
    bench.keeper.why = "login: not now"
    bench.session.renew(1)
    until(lambda: bench.keeper.asked == [0, 1])
    bench.keeper.why = ""
    bench.session.renew(1)
    until(lambda: bench.session.login.generation == 2)
    bench.session.renew(1)
    bench.stop()
    assert [(each.generation, each.up) for each in bench.told] == [(1, True), (2, True)]
    assert bench.keeper.asked == [0, 1, 1]


@pytest.mark.parametrize("hangs", [True, False])
def test_an_end_ends_a_login_that_is_under_way_and_no_other(hangs: bool) -> None:
    bench = Bench(hangs=hangs)
    until(lambda: bench.keeper.asked)
    if not hangs:
        until(lambda: bench.told)
    bench.stop()
    assert bench.keeper.closed.is_set() is hangs


def test_a_login_shows_nothing_of_its_token() -> None:
    assert "secret" not in f"{Login(1, True, 'secret')!r} {Login(1, True, 'secret').__rich_repr__()}"
