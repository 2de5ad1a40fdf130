"""What is answered of an engine: one on a real socket, which only stands there."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from engine.gateway.http.api import Api, LogQuery
from engine.gateway.http.problem import ProblemError
from engine.gateway.instruments import InstrumentFinder
from engine.gateway.quotes.open_quotes import open_quotes
from engine.gateway.watched_engine import WatchedEngine
from engine.model.snapshot import Snapshot
from engine.model.trading_views import AccountView, OpenPosition
from engine.model.types import PositionState
from tests.support.builders import config
from tests.support.link_harness import OPEN_MS, FakeEngine, LinkHarness, engine_snapshot, serving
from tests.support.waiting import until

SECOND = 1_000_000_000
HELD = OpenPosition(
    state=PositionState(
        instrument=0,
        quantity=150,
        entry_ms=OPEN_MS,
        entry_price=15_545,
        initial_quantity=225,
        highest=16_080,
        stop=14_045,
        trail_stop=None,
        taken=1,
        entry_turnover=1,
        entry_costs=Decimal("9.08"),
    ),
    last=15_701,
    open_pnl=Decimal("234.10"),
    next_target=16_000,
)


class Clock:
    """What time it is, by the machine's clock."""

    now_ns = 10 * SECOND

    def __call__(self) -> int:
        return self.now_ns


def api_of(engine: WatchedEngine) -> Api:
    return Api(engine, open_quotes(config(), {}, lambda: engine.snapshot), InstrumentFinder(config(), engine))


@contextmanager
def attached(folder: Path, clock: Clock, snapshot: Snapshot) -> Iterator[tuple[Api, LinkHarness]]:
    """What is answered beside an engine with this snapshot."""
    fake = FakeEngine(snapshot)
    fake.log(3)
    with serving(folder, fake=fake) as there:
        engine = WatchedEngine(lambda: there.path, clock)
        engine.start()
        until(lambda: engine.snapshot is not None)
        yield api_of(engine), there
        engine.leave()


def test_a_living_engine_is_healthy_and_one_that_stands_still_is_not(tmp_path: Path) -> None:
    clock = Clock()
    with attached(tmp_path, clock, engine_snapshot(1, taken_ns=clock.now_ns - SECOND)) as (api, _):
        health = api.health()
        assert (health.status, health.components.engine.snapshot_age_s) == ("healthy", 1.0)
        assert api.about().mode == "paper"
        clock.now_ns += 5 * SECOND
        health = api.health()
        assert (health.status, health.components.engine.reason) == ("unhealthy", "its newest snapshot is 6 s old")


def test_one_that_is_gone_is_unhealthy_and_what_it_held_is_still_told_with_its_age(tmp_path: Path) -> None:
    clock = Clock()
    snapshot = engine_snapshot(1, taken_ns=clock.now_ns, positions=(HELD,))
    with attached(tmp_path, clock, snapshot) as (api, there):
        there.server.stop(0.0)
        until(lambda: api.health().status == "unhealthy")
        clock.now_ns += 90 * SECOND
        held = api.positions()
        assert (held.snapshot_age_s, len(held.positions)) == (90.0, 1)


def test_one_that_was_stopped_in_good_order_is_no_alarm_and_one_that_failed_is(tmp_path: Path) -> None:
    clock = Clock()
    with attached(tmp_path, clock, engine_snapshot(1, taken_ns=clock.now_ns)) as (api, there):
        there.fake.go_on(stopped=True, taken_ns=clock.now_ns)
        there.server.stop(5.0)
        until(lambda: api.health().status == "degraded", api.health)
        clock.now_ns += 90 * SECOND
        health = api.health()
        assert (health.status, health.components.engine.status) == ("degraded", "degraded")
        assert health.components.engine.reason == "the engine was stopped in good order"
        assert api.status().engine.status == "degraded"
    folder = tmp_path / "failed"
    folder.mkdir(mode=0o700)
    failed = engine_snapshot(1, taken_ns=clock.now_ns, stopped=True, fault="boom")
    with attached(folder, clock, failed) as (api, _):
        assert (api.health().status, api.health().components.engine.reason) == ("unhealthy", "the engine has failed")


def test_prices_and_money_are_exact(tmp_path: Path) -> None:
    clock = Clock()
    money = AccountView(
        Decimal("99765.90"), Decimal("131.60"), Decimal("18.4"), Decimal("234.10"), Decimal("365.70"), 2
    )
    snapshot = engine_snapshot(1, trades=2, taken_ns=clock.now_ns, positions=(HELD,), account=money)
    with attached(tmp_path, clock, snapshot) as (api, _):
        (held,) = api.positions().positions
        assert (held.symbol, held.quantity) == ("NIFTY25NOV26000CE", Decimal(150))
        assert (held.entry_price, held.last_price, held.stop) == (
            Decimal("155.45"),
            Decimal("157.01"),
            Decimal("140.45"),
        )
        assert (held.trail_stop, held.next_target) == (None, Decimal("160.0"))
        assert held.entry_at.isoformat() == "2025-10-01T03:45:00+00:00"
        trades = api.trades()
        assert (trades.exits, [each.number for each in trades.trades]) == (2, [1, 2])
        assert trades.trades[0].net == trades.trades[0].gross - trades.trades[0].costs
        account = api.account()
        assert (account.cash, account.day_pnl, account.exits) == (Decimal("99765.90"), Decimal("365.70"), 2)


def test_its_log_is_read_on_from_a_number(tmp_path: Path) -> None:
    clock = Clock()
    with attached(tmp_path, clock, engine_snapshot(1, taken_ns=clock.now_ns)) as (api, _):
        until(lambda: len(api.log(LogQuery()).lines) == 3)
        assert [line.number for line in api.log(LogQuery(since=1, limit=1)).lines] == [2]


def test_nothing_of_what_is_held_is_told_openly(tmp_path: Path) -> None:
    clock = Clock()
    money = AccountView(
        Decimal("31337.25"), Decimal("31337.25"), Decimal(0), Decimal("31337.25"), Decimal("31337.25"), 7
    )
    snapshot = engine_snapshot(1, taken_ns=clock.now_ns, positions=(HELD,), account=money)
    with attached(tmp_path, clock, snapshot) as (api, _):
        for answer in (api.about(), api.health(), api.status()):
            assert "31337" not in str(answer)
            assert "155.45" not in str(answer)


def test_before_there_was_an_engine_there_is_nothing_to_tell() -> None:
    api = api_of(WatchedEngine(lambda: Path("/nonexistent/engine.sock")))
    for ask in (api.positions, api.trades, api.account, lambda: api.log(LogQuery())):
        with pytest.raises(ProblemError) as told:
            ask()
        assert told.value.problem.status == 503
