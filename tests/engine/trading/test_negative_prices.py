"""Prices of nought and below: refused and counted, or, where the instrument says so, followed and closed at, never bought at."""

from decimal import Decimal

import pytest

from engine.config import instrument_for
from engine.trading.costs import PercentCosts, total
from engine.trading.risk import Sizing
from tests.support.builders import config
from tests.support.trader_harness import EAGER, TraderHarness, entered

NEGATIVE = "instrument.allow_negative=true"


def test_without_a_word_they_are_refused_and_what_is_held_stays() -> None:
    harness = entered().prices(0, -3)
    assert harness.held > 0
    assert harness.trader.state.instrument_states[0].last_price == 10_000
    assert harness.trades == []


def test_where_they_are_prices_what_is_held_is_closed_at_them() -> None:
    harness = entered(NEGATIVE)
    held = harness.held
    harness.prices(-37.65)
    assert harness.held == 0
    (trade,) = harness.trades
    assert (trade.exit_price, trade.quantity, trade.reason) == (-3765, held, "Stop Loss")
    assert trade.gross_pnl == Decimal("-137.65") * held
    assert trade.costs > 0


@pytest.mark.parametrize("price", [0, -5])
def test_nothing_is_bought_at_them(price: float) -> None:
    harness = TraderHarness(*EAGER, NEGATIVE).prices(price - 3, price - 2, price - 1, price)
    assert harness.held == 0
    assert harness.orders == []
    settings = config(NEGATIVE)
    costs = PercentCosts(settings.risk)
    assert (
        Sizing(settings.risk).quantity(Decimal(100_000), int(price * 100), instrument_for(settings, "NIFTY"), costs, 0)
        == 0
    )


def test_costs_are_no_income() -> None:
    costs = PercentCosts(config().risk)
    for selling in (True, False):
        paid = costs.of(Decimal(-1000), 1, 0, selling=selling)
        assert paid == costs.of(Decimal(1000), 1, 0, selling=selling)
        assert total(paid) > 0
