"""A date is one day, however many runs and accounts had it, and whatever came between: in the list, in its exits, and on a screen."""

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.journal.chain_reader import ChainReader
from engine.journal.days import day_result, day_results, day_trades
from engine.journal.history import History
from engine.model.day_page import DayPage
from engine.model.history import DayResult, DayTrade
from engine.model.statistics import DayStatistics
from engine.presentation.listed_days import joined, listed
from tests.support.day_journals import Run, counted, write
from tests.support.screens.snapshots import SNAPSHOT

MONDAY, TUESDAY = "2026-10-26", "2026-10-27"
SYMBOLS = ("NIFTY25000CE",)


def runs(folder: Path, *dates: str) -> list[DayResult]:
    """One run after the other, each with an account of its own."""
    for seed, date in enumerate(dates):
        write(folder, [Run((date,), SYMBOLS, 60, seed)], anew=True)
    return day_results(History(ChainReader(folder)), 100)


def exits(folder: Path, date: str) -> list[DayTrade]:
    history = History(ChainReader(folder))
    return [each for each in day_trades(history, history.days(100), date) if each.exit_ms is not None]


def followed(trades: list[DayTrade]) -> tuple[Decimal, Decimal, int]:
    """Net, largest fall and longest losing streak of exits that each end a position or leave some of it."""
    sums, curve, streak, longest, so_far, number = Decimal(0), [Decimal(0)], 0, 0, Decimal(0), 0
    for each in trades:
        so_far = so_far if each.number > number else Decimal(0)  # another account
        number = each.number
        sums += each.net
        curve.append(sums)
        so_far += each.net
        if not each.left:
            streak, so_far = (streak + 1 if so_far < 0 else 0), Decimal(0)
            longest = max(longest, streak)
    return sums, max(high - low for n, low in enumerate(curve) for high in curve[: n + 1]), longest


@pytest.mark.parametrize("dates", [(MONDAY, MONDAY), (MONDAY, MONDAY, MONDAY), (MONDAY, TUESDAY, MONDAY)])
def test_a_date_is_one_row_over_accounts_and_other_dates(tmp_path: Path, dates: tuple[str, ...]) -> None:
    found = runs(tmp_path / "state", *dates)
    assert [day.statistics.date for day in found] == sorted(set(dates), key=dates[::-1].index)[::-1]
    day = found[-1].statistics
    sold = exits(tmp_path / "state", MONDAY)
    made = counted(tmp_path / "state")[MONDAY]
    assert (day.entries, day.exits, day.positions, day.net) == (made.entries, made.exits, made.positions, made.net)
    assert day.exits == len(sold) > 10
    assert (day.net, day.drawdown, day.longest_lost) == followed(sold)
    assert found[-1].cumulative == sum((each.statistics.net for each in found), Decimal(0))
    history = History(ChainReader(tmp_path / "state"))
    assert day_result(history, history.days(100), MONDAY).statistics == day


def test_the_largest_fall_over_days_is_that_of_all_their_exits(tmp_path: Path) -> None:
    found = runs(tmp_path / "state", MONDAY, TUESDAY)
    sold = [each for date in (MONDAY, TUESDAY) for each in exits(tmp_path / "state", date)]
    assert found[-1].fallen == followed(sold)[1]


def test_the_screen_s_row_of_today_has_what_accounts_before_made(tmp_path: Path) -> None:
    """The engine counts its own account; the page of the journal knows those of before."""
    days = runs(tmp_path / "state", TUESDAY, MONDAY, MONDAY)
    alone = runs(tmp_path / "alone", MONDAY)[0].statistics
    assert (days[-1].earlier is None, days[0].statistics.date) == (False, TUESDAY)
    (before,) = [days[-1].earlier]
    assert before is not None
    behind = replace(alone, net=days[-1].statistics.net - before.net, exits=days[-1].statistics.exits - before.exits)
    seen = replace(SNAPSHOT, account=replace(SNAPSHOT.account, day=behind))
    shown = listed(DayPage("", MONDAY, 0, "HERE", tuple(days)), seen)
    assert [day.statistics.date for day in shown] == [TUESDAY, MONDAY]
    assert (shown[-1].statistics.net, shown[-1].statistics.exits) == (
        days[-1].statistics.net,
        days[-1].statistics.exits,
    )
    assert shown[-1].cumulative == days[-1].cumulative


def test_two_parts_of_a_day_fall_as_one() -> None:
    up_and_down = DayStatistics("d", net=Decimal(-10), peak=Decimal(30), lowest=Decimal(-10), drawdown=Decimal(40))
    down = DayStatistics("d", net=Decimal(-5), lowest=Decimal(-20), drawdown=Decimal(20), reasons={"Flat": 1})
    whole = joined(up_and_down, down)
    assert (whole.net, whole.peak, whole.lowest, whole.drawdown) == (-15, 30, -30, 60)
    assert joined(down, whole).reasons == {"Flat": 2}
