"""What a sweep tells: the table and what heads it, the map of two keys, all sets as CSV, and the ledger of what was tried."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from engine.backtest.sweep.ledger import Ledger
from engine.backtest.sweep.maps import map_of
from engine.backtest.sweep.selection import Wishes
from engine.backtest.sweep.sweeping import summed_up
from engine.backtest.sweep.told import as_csv, command_of
from engine.model.errors import InputError
from engine.presentation.sweep_words import lines, map_lines
from tests.support.sweeps import DAYS, SETS, filled, plan_of


def test_the_table_says_what_is_worth_something_and_what_luck(tmp_path: Path) -> None:
    plan, ledger = plan_of(*SETS), Ledger(tmp_path / "ledger.sqlite")
    ledger.enter(plan)
    summary, chosen = summed_up(filled(plan, tmp_path / "worth.sqlite", 2000.0), ledger, Wishes(), 3)
    assert (summary.verdict, summary.rows[0].row, len(summary.rows)) == ("HOLDS SO FAR", 3, 3)
    assert (summary.sets, summary.dropped, summary.days_in, summary.days_out) == (18, 6, 30, 10)
    assert summary.rows[0].net_in == pytest.approx(60_000, rel=0.4)
    assert summary.rows[0].win_rate == 0.5
    assert chosen.order[0] == 2
    told = list(lines(summary))
    assert told[0].endswith("worth.sqlite: HOLDS SO FAR")
    assert "18 sets (6 contradict themselves) on 40 sessions; ranked by sharpe: 18" in told[1]
    assert "ever tried on these days: 18 sets; held out: 10 of 40 days, looked at 1 times" in told[2]
    assert summed_up(filled(plan, tmp_path / "noise.sqlite"), ledger, Wishes(), 3)[0].verdict == "LUCK"


def test_few_days_rank_by_net_and_few_positions_do_not_rank(tmp_path: Path) -> None:
    plan, ledger = plan_of(*SETS, days=12), Ledger(tmp_path / "ledger.sqlite")
    store = filled(plan, tmp_path / "out.sqlite")
    summary, _ = summed_up(store, ledger, Wishes(least_positions=18), 20)
    assert (summary.verdict, summary.objective, summary.ranked) == ("TOO FEW DAYS", "net", 18)
    nets = [row.net_in for row in summary.rows]
    assert nets == sorted(nets, reverse=True)
    assert summed_up(store, ledger, Wishes(least_positions=19), 20)[0].ranked == 0
    nothing_out, _ = summed_up(store, ledger, Wishes(least_positions=0, holdout=0.0), 1)
    assert nothing_out.rows[0].net_out is None


def test_what_is_lost_of_a_file_is_told_once(tmp_path: Path) -> None:
    plan = plan_of(*SETS)
    lossy = tuple(replace(each, path="/days/a.mqr", losses=("/days/a.mqr: bytes 5-9",)) for each in plan.sessions[:2])
    plan = replace(plan, sessions=(*lossy, *plan.sessions[2:]))
    summary, _ = summed_up(filled(plan, tmp_path / "out.sqlite"), Ledger(tmp_path / "ledger.sqlite"), Wishes(), 3)
    assert [line for line in lines(summary) if line.startswith("  lost")] == ["  lost: a.mqr: bytes 5-9"]


def test_the_ledger_counts_each_set_once_and_each_look(tmp_path: Path) -> None:
    ledger, names = Ledger(tmp_path / "ledger.sqlite"), [f"f{day}" for day in range(DAYS)]
    assert ledger.tried(names) == 0
    ledger.enter(plan_of(*SETS))
    ledger.enter(plan_of(*SETS))
    assert ledger.tried(names) == 18
    ledger.enter(plan_of("strategy.fast_ema=3..10", "strategy.slow_ema=9,9", "risk.base_sl_points=5,5", days=3))
    assert (
        ledger.tried(names) == 18 + 2
    )  # with fast 7 and 8; those of 3 to 6 are known, and 9 and 10 contradict themselves
    ledger.look(names[:2])
    ledger.look(names[:1])
    assert (ledger.looks(names), ledger.looks(names[1:]), ledger.looks(names[5:])) == (2, 1, 0)


def test_a_map_is_the_median_over_the_other_keys(tmp_path: Path) -> None:
    store = filled(plan_of(*SETS), tmp_path / "out.sqlite")
    _, chosen = summed_up(store, Ledger(tmp_path / "ledger.sqlite"), Wishes(), 3)
    told = list(map_lines(map_of(store.sets(), chosen, "strategy.slow_ema", "strategy.fast_ema")))
    assert told[1].split() == ["3", "4", "5", "6"]
    first = [
        row
        for row in range(18)
        if store.sets().texts(row)["strategy.fast_ema"] == "3" and store.sets().texts(row)["strategy.slow_ema"] == "9"
    ]
    assert told[3].split()[:2] == ["9", f"{np.median(chosen.scores[first]):.2f}"]
    assert told[2].split()[3:] == ["—", "—"]
    with pytest.raises(InputError, match=r"--map risk.gst_percent: does not vary; allowed: strategy.fast_ema"):
        map_of(store.sets(), chosen, "risk.gst_percent", "strategy.fast_ema")


def test_all_sets_as_csv_and_the_command_of_one(tmp_path: Path) -> None:
    store = filled(
        plan_of("risk.tp_points=[5,12,20,30],[6,12,20,30]", "risk.gst_percent=5"), tmp_path / "out.sqlite", 1.0
    )
    head, first, *others = as_csv(store)
    assert head.startswith("row,risk.tp_points,positions,won,drawdown,2025-01-01,")
    assert first.startswith('1,"[5, 12, 20, 30]",80,40,0.0,')
    assert len(others) == 1
    said = command_of(store, 1)
    assert said.startswith(
        "myquant-tui report --replay --set risk.gst_percent=5 --set 'risk.tp_points=[6, 12, 20, 30]' --json /days/00.mqr"
    )
