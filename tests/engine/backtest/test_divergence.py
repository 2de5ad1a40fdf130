"""How far two lists of trades are apart: nothing where they are the same, every figure by hand, and the same seen from either side."""

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.backtest.divergence import TradeRow, divergence

ROW = TradeRow("A", 1_000, 5_000, Decimal("100.00"), Decimal("110.00"), Decimal("70.00"))
_MONEY = st.decimals(-1_000, 1_000, places=2)
_ROWS = st.lists(
    st.builds(TradeRow, st.sampled_from("AB"), st.integers(0, 10**9), st.integers(0, 10**9), _MONEY, _MONEY, _MONEY),
    max_size=20,
)


def test_each_figure_by_hand() -> None:
    other = TradeRow("A", 1_500, 5_000, Decimal("100.50"), Decimal("109.00"), Decimal("60.00"))
    strange = replace(ROW, symbol="B", net=Decimal("5.00"))
    found = divergence([ROW, ROW], [other, strange, ROW])
    assert (found.trades_recorded, found.trades_now, found.paired) == (2, 3, 2)
    assert (found.net_recorded, found.net_now, found.net_difference) == (140, 135, -5)
    assert found.net_percent is not None
    assert round(found.net_percent, 3) == -3.571
    assert (found.entry_price_mean, found.exit_price_mean) == (Decimal("0.25"), Decimal("0.5"))
    assert (found.time_mean_s, found.time_max_s) == (0.125, 0.5)
    assert found.differing == 2  # one is another, one is in no journal


def test_nothing_at_all_has_no_means() -> None:
    found = divergence([], [])
    assert (found.net_percent, found.entry_price_mean, found.time_max_s) == (None, None, None)
    assert found.differing == 0


@given(_ROWS)
def test_the_same_is_no_divergence(rows: list[TradeRow]) -> None:
    assert divergence(rows, rows).differing == 0
    assert divergence(rows, rows[::-1]).differing == 0


@given(_ROWS, _ROWS)
def test_from_the_other_side_it_is_the_same_turned_round(one: list[TradeRow], other: list[TradeRow]) -> None:
    here, there = divergence(one, other), divergence(other, one)
    assert (here.paired, here.differing) == (there.paired, there.differing)
    assert here.net_difference == -there.net_difference
    assert (here.entry_price_mean, here.exit_price_mean, here.time_max_s) == (
        there.entry_price_mean,
        there.exit_price_mean,
        there.time_max_s,
    )


def test_one_trade_that_is_missing_moves_no_other() -> None:
    day = [replace(ROW, exit_ms=at) for at in (5_000, 6_000, 7_000)]
    found = divergence(day, day[1:])
    assert (found.differing, found.paired, found.time_max_s, found.net_difference) == (1, 2, 0.0, -70)


def test_differences_that_cancel_out_are_differences() -> None:
    won, lost = replace(ROW, net=Decimal("80.00")), replace(ROW, net=Decimal("60.00"))
    found = divergence([ROW, ROW], [won, lost])
    assert (found.net_difference, found.exit_price_mean, found.differing) == (0, 0, 2)


def test_a_trade_of_another_symbol_or_mode_is_another_one() -> None:
    for other in (replace(ROW, symbol="B"), replace(ROW, mode="mock")):
        found = divergence([ROW], [other])
        assert (found.net_difference, found.paired, found.differing) == (0, 0, 2)


@given(_ROWS, _ROWS)
def test_none_differ_only_where_both_are_the_same_trades(one: list[TradeRow], other: list[TradeRow]) -> None:
    assert (divergence(one, other).differing == 0) == (Counter(one) == Counter(other))
