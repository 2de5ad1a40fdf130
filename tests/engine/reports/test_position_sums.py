"""Figures of positions and their sums, held to the plainest way of working them out; what is not defined is None."""

import statistics
from decimal import Decimal
from itertools import groupby
from math import isclose, sqrt

from hypothesis import given
from hypothesis import strategies as st

from engine.model.session_result import PositionResult
from engine.reports.groups import KINDS, Groups, days_to_expiry, expiry_of
from engine.reports.position_figures import mean_exit, position_figures
from engine.reports.position_sums import PositionSums
from tests.support.position_samples import BEGIN_MS, NIFTY, position, positions


def near(found: float | None, wanted: float | None) -> bool:
    return found is wanted if found is None or wanted is None else isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def longest(signs: list[int], sign: int) -> int:
    return max((len(list(run)) for key, run in groupby(signs) if key == sign), default=0)


@given(st.lists(positions(), max_size=60))
def test_sums_are_their_definitions(some: list[PositionResult]) -> None:
    sums = PositionSums()
    for each in some:
        sums.add(each)
    nets = [sum((sold.net for sold in each.exits), Decimal(0)) for each in some]
    wins, losses = [net for net in nets if net > 0], [-net for net in nets if net < 0]
    risks = [each for each in some if each.first_stop is not None]
    rs = [float(each.net / (each.quantity * (each.entry_price - each.first_stop)) * 100) for each in risks]
    assert (sums.positions, sums.won, sums.lost) == (len(some), len(wins), len(losses))
    assert sums.net == sum(nets, Decimal(0)) == sums.gross - sums.costs
    assert near(sums.win_rate, len(wins) / len(nets) if nets else None)
    assert near(sums.profit_factor, float(sum(wins)) / float(sum(losses)) if losses else None)
    assert near(
        sums.payoff,
        statistics.fmean(map(float, wins)) / statistics.fmean(map(float, losses)) if wins and losses else None,
    )
    assert near(sums.mean_r, statistics.fmean(rs) if rs else None)
    is_enough = len(rs) >= 30 and len(set(rs)) > 1
    sqn = sqrt(min(len(rs), 100)) * statistics.fmean(rs) / statistics.stdev(rs) if is_enough else None
    assert near(sums.sqn, sqn)
    signs = [(net > 0) - (net < 0) for net in nets]
    assert (sums.longest_won, sums.longest_lost) == (longest(signs, 1), longest(signs, -1))


@given(st.lists(positions(), max_size=30))
def test_every_kind_of_group_adds_up_to_all(some: list[PositionResult]) -> None:
    groups = Groups("Asia/Kolkata")
    for each in some:
        groups.add(each, position_figures(each))
    for kind in KINDS:
        found = groups.of(kind)
        assert sum(each.positions for each in found.values()) == len(some)
        assert sum((each.net for each in found.values()), Decimal(0)) == sum((each.net for each in some), Decimal(0))


def test_a_position_is_told_by_points_money_and_risk() -> None:
    held = position(20_000, (21_000, 75), (20_500, 75), low=19_400, high=21_500, high_after=22_000, decided=19_990)
    found = position_figures(held)
    assert (found.risk, found.mae, found.mfe) == (Decimal(2250), Decimal(900), Decimal(2250))
    assert (found.mae_points, found.mfe_points, found.after_points) == (600, 1_500, 2_000)
    assert (found.mae_r, found.mfe_r, found.efficiency) == (0.4, 1.0, 0.5)
    assert found.r == float((Decimal(1125) - 2) / 2250)
    assert found.slippage is None  # of the exits the decided prices are not known
    assert mean_exit(held) == 20_750


def test_slippage_against_us_is_positive() -> None:
    held = position(20_010, (20_990, 150), decided=20_000)
    sold = held.exits[0].__copy__()
    exits = (type(sold)(**{name: getattr(sold, name) for name in sold.__struct_fields__} | {"decided": 21_000}),)
    fields = {name: getattr(held, name) for name in held.__struct_fields__}
    assert position_figures(PositionResult(**fields | {"exits": exits})).slippage == NIFTY.money(20 * 150)


def test_what_has_not_ended_counts_nowhere() -> None:
    sums, groups = PositionSums(), Groups("Asia/Kolkata")
    held = position(20_000, (21_000, 75), low=19_000, high=21_000)
    sums.add(held)
    groups.add(held, position_figures(held))
    assert sums == PositionSums()
    assert all(not groups.of(kind) for kind in KINDS)
    found = position_figures(held)
    assert (found.r, found.efficiency) == (None, None)
    assert (sums.win_rate, sums.profit_factor, sums.payoff, sums.expectancy, sums.sqn) == (None,) * 5


def test_partial_exits_do_not_inflate_the_rate() -> None:
    sums = PositionSums()
    sums.add(position(20_000, (21_000, 75), (20_900, 75)))
    sums.add(position(20_000, (19_000, 150)))
    assert (sums.positions, sums.exits, sums.win_rate) == (2, 3, 0.5)


def test_groups_are_of_the_session_zone_and_in_order() -> None:
    groups = Groups("Asia/Kolkata")
    for minutes in (61, 1, 20):
        each = position(20_000, (21_000, 150), at_ms=BEGIN_MS + 60_000 * minutes)
        groups.add(each, position_figures(each))
    assert list(groups.of("entry, quarter hour")) == ["09:15", "09:30", "10:15"]
    assert list(groups.of("weekday")) == ["Wednesday"]
    assert list(groups.of("days to expiry")) == ["6"]


def test_the_expiry_stands_in_the_symbol() -> None:
    assert str(expiry_of("NIFTY29DEC2625000CE")) == "2026-12-29"
    assert str(expiry_of("NIFTY25O0725000CE")) == "2025-10-07"
    for symbol in ("BTCUSDT", "NIFTY", "NIFTY99XXX9925000CE", "NIFTY25O9925000CE", ""):
        assert expiry_of(symbol) is None
    assert days_to_expiry(position(20_000, (1, 150), date="no date")) == "-"
