"""What a snapshot has of the markets of a run."""

from pathlib import Path

from engine.config import instrument_for
from engine.model.types import Instrument
from tests.support.builders import config
from tests.support.scripted_feed import ScriptedRun
from tests.support.waiting import until

GOLD = Instrument("GOLD", exchange="MCX", market="MCX")


def test_where_a_run_has_several_markets_each_is_shown_by_itself(tmp_path: Path) -> None:
    both = ScriptedRun(tmp_path, instruments=(instrument_for(config(), "NIFTY"), GOLD))
    with both.run:
        until(lambda: both.run.engine.snapshot.markets)
        seen = both.run.engine.snapshot
        assert {name: (each.zone, each.daily) for name, each in seen.markets.items()} == {
            "NSE": ("Asia/Kolkata", True),
            "MCX": ("Asia/Kolkata", True),
        }
        assert seen.session in seen.markets.values()


def test_one_market_alone_is_the_session(tmp_path: Path) -> None:
    one = ScriptedRun(tmp_path)
    with one.run:
        until(lambda: one.run.engine.snapshot.session.start_ms)
        assert one.run.engine.snapshot.markets == {}


def test_what_a_strategy_has_yet_to_see_and_the_days_limit_are_told(tmp_path: Path) -> None:
    one = ScriptedRun(tmp_path, "strategy.min_warmup_ticks=10", "risk.max_positions_per_day=7")
    with one.run:
        for price in (100.0, 100.0, 100.0):
            one.tick(price)
        until(lambda: one.run.engine.snapshot.ticks == 3)
        seen = one.run.engine.snapshot
    assert (seen.quotes[0].warmup, seen.entries.limit, seen.entries.today) == (7, 7, 0)


def test_what_the_day_may_still_lose_is_told_where_it_is_limited(tmp_path: Path) -> None:
    limited = ScriptedRun(tmp_path / "limited", "risk.max_daily_loss=5000")
    with limited.run:
        until(lambda: limited.run.engine.snapshot.session.start_ms)
        seen = limited.run.engine.snapshot
    assert seen.account.loss_left == 5000 + seen.account.day_pnl
    assert (seen.live, seen.lanes, seen.orders, seen.broker_account) == (None, None, (), "")
    free = ScriptedRun(tmp_path / "free", "risk.max_daily_loss=0")
    with free.run:
        until(lambda: free.run.engine.snapshot.session.start_ms)
        assert free.run.engine.snapshot.account.loss_left is None
