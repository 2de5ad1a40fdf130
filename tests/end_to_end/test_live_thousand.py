"""A thousand instruments at once: nothing is dropped, each holds one position at most, and the limits count across all."""

from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE
from engine.runtime import turn
from tests.simulator import Generated, Simulator
from tests.support.venues.live_harness import HOLDING, LiveHarness, assert_same, noon, quick_login
from tests.support.waiting import until

pytestmark = pytest.mark.slow

COUNT = 1000
KEYS = (*HOLDING, *noon(), "capital.initial_capital=100000000000", "recording.checkpoint_ticks=2000")
NO_LIMIT = "risk.max_positions_per_day=1000000"
# Where a machine has no time for the engine, thousands wait; what is to be shown is not that.
ROOMY = "engine.inbox_size=50000"


@pytest.fixture(autouse=True)
def nothing_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has no time ticks wait for seconds, and would enter nothing; that is tried where lateness is."""
    monkeypatch.setattr(turn, "_LATE_NS", 1 << 62)


def market(ticks: int, rate: float, count: int = COUNT) -> Simulator:
    return Simulator(Generated(instruments=count, rate=rate, count=ticks, seed=5), hold=count)


def held(live: LiveHarness) -> int:
    return sum(position is not None for position in live.portfolio.positions)


def test_ten_thousand_ticks_of_a_thousand_instruments(tmp_path: Path, record_property) -> None:
    with (
        market(10_000, 6_000.0) as sim,
        LiveHarness(tmp_path, sim, *KEYS, ROOMY, delivery="polling", supply=quick_login()) as live,
    ):
        live.all_worked()
        live.until(lambda: live.engine.snapshot.ticking == COUNT)
        sent = sim.counters.sent
        assert sum(sent.values()) == 10_000 + COUNT  # and what the exchange tells of each when it is asked for
        assert (live.engine.cursor.position, live.engine.inbox.merged, live.refused, live.view.bad) == (
            11_000,
            0,
            {},
            {},
        )
        assert live.view.ticking == live.view.wanted == COUNT
        assert len(live.ups) == 1
        stages = live.engine.snapshot.epochs[-1].stages
        record_property("receive_to_decision_p99_us", stages["receive→decision"].p99_ns / 1000)
    ticks = live.recorded()
    of_each = [0] * COUNT
    for tick in ticks:
        of_each[tick.instrument] += 1
    assert {line.token: of_each[line.index] for line in sim.lines} == sent
    assert live.portfolio.entries == held(live) == 100  # of a day, across all
    assert_same(live.verified())


def test_each_instrument_may_hold_one_position_and_no_second(tmp_path: Path) -> None:
    with (
        market(2_000, 4_000.0, 200) as sim,
        LiveHarness(tmp_path, sim, *KEYS, NO_LIMIT, ROOMY, supply=quick_login()) as live,
    ):
        live.all_worked()
        # Nothing is ever sold here, so that an entry is a position.
        assert live.portfolio.entries == held(live) > 160
    assert_same(live.verified())


@pytest.mark.parametrize("limit", [7, 50])
def test_entries_of_a_day_are_counted_across_all(tmp_path: Path, limit: int) -> None:
    keys = (*KEYS, f"risk.max_positions_per_day={limit}")
    with market(2_000, 10_000.0) as sim, LiveHarness(tmp_path, sim, *keys, ROOMY, supply=quick_login()) as live:
        live.all_worked()
        assert live.portfolio.entries == held(live) == limit


def test_cash_is_shared_by_all(tmp_path: Path) -> None:
    cash = ("capital.initial_capital=2000000", "risk.max_position_value_percent=30", NO_LIMIT)
    with market(2_000, 10_000.0) as sim, LiveHarness(tmp_path, sim, *KEYS, *cash, ROOMY, supply=quick_login()) as live:
        live.all_worked()
        assert 3 < held(live) < 100
        assert 0 <= live.portfolio.cash < 2_000_000
        assert "cash for not one lot" in {inst.objection for inst in live.instrument_states}


def test_the_usual_inbox_holds_what_a_thousand_instruments_tell_at_once(tmp_path: Path) -> None:
    """On subscribing the exchange tells the newest of each, all between two looks of the engine, and then one ticks."""
    with (
        market(1, 1.0, COUNT - 1) as sim,
        LiveHarness(tmp_path, sim, *KEYS, delivery="polling", supply=quick_login()) as live,
    ):
        with live.engine.turn.lock:
            until(lambda: len(live.engine.inbox) + live.engine.cursor.position == COUNT)
        live.all_worked()
        assert live.engine.inbox.merged == 0


def test_what_the_journal_takes_grows_with_the_fills_and_not_with_their_square(tmp_path: Path) -> None:
    with (
        market(2_000, 4_000.0) as sim,
        LiveHarness(tmp_path, sim, *KEYS, NO_LIMIT, ROOMY, supply=quick_login()) as live,
    ):
        live.all_worked()
        fills = live.portfolio.entries
        assert fills > 200
    assert (live.folder / "state" / JOURNAL_FILE).stat().st_size < 12_000 * fills
