"""The day's result over time: the whole day in a bounded number of samples, whoever came late."""

from decimal import Decimal
from itertools import pairwise

from msgspec.structs import replace

from tests.support.screens.snapshots import AT_MS, OPEN_MS, SNAPSHOT, snapshot, trade
from tui.view.results import Results


def seen(at_ms: int, result: int):
    return snapshot(
        at_ms=at_ms, trades=(), account=replace(SNAPSHOT.account, day_pnl=Decimal(result), open_pnl=Decimal(0))
    )


def test_a_day_of_samples_is_bounded_and_whole():
    results = Results()
    for n in range(20_000):
        results.note(seen(OPEN_MS + 1_000 * n, n))
    curve = results.curve(seen(OPEN_MS + 20_000_000, 7))
    assert len(curve) <= 722
    assert curve[0] == (OPEN_MS, 0.0)
    assert curve[-1] == (OPEN_MS + 20_000_000, 7.0)
    assert curve[-2][0] > OPEN_MS + 19_000_000
    assert {after[0] - before[0] for before, after in pairwise(curve[:-1])} == {40_000}


def test_another_day_and_a_replay_that_went_back_begin_anew():
    results = Results()
    results.note(seen(OPEN_MS, 1))
    results.note(replace(seen(OPEN_MS + 9_000, 2), session=replace(SNAPSHOT.session, date="2025-10-03")))
    assert results.curve(seen(OPEN_MS + 9_001, 2)) == ((OPEN_MS + 9_000, 2.0), (OPEN_MS + 9_001, 2.0))
    results.clear()
    assert results.curve(seen(0, 2)) == ()


def test_who_comes_late_sees_what_exits_made_of_the_day_and_nothing_of_another():
    trades = (replace(trade(1, "100"), exit_ms=OPEN_MS - 86_400_000), trade(2, "10"), trade(3, "-4"))
    late = snapshot(trades=trades, account=replace(SNAPSHOT.account, day_pnl=Decimal(16), open_pnl=Decimal(10)))
    assert Results().curve(late) == ((trades[1].exit_ms, 10.0), (trades[2].exit_ms, 6.0), (AT_MS, 16.0))
