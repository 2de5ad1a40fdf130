"""Statistics of trades: exact, and nothing where there is nothing to divide by."""

from decimal import Decimal

from engine.presentation.statistics import profit_factor


def test_the_profit_factor_is_what_was_won_for_each_unit_lost():
    assert profit_factor(Decimal("690.30"), Decimal("230.10")) == 3
    assert profit_factor(Decimal(0), Decimal("0.01")) == 0
    assert profit_factor(Decimal(5), Decimal(0)) is None
