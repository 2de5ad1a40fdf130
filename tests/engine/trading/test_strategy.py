"""Filters, green ticks and noise, one at a time."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trading.strategy.ema_macd_vwap import Strategy
from tests.support.builders import config

NO_EMA = "strategy.use_ema_crossover=false"
SHORT = ("strategy.min_warmup_ticks=1", "strategy.consecutive_green_ticks=1")


def run(prices, *overrides, quantity=75):
    strategy = Strategy(config(*SHORT, *overrides).strategy, tick_size=5)
    signal = False
    for price in prices:
        signal = strategy.on_tick(price, quantity)
    return strategy, signal


@given(st.lists(st.integers(100, 200), min_size=1, max_size=80))
def test_green_ticks_are_the_rising_run_at_the_end(prices):
    strategy, _ = run(prices, NO_EMA)
    expected = 0
    for before, now in itertools.pairwise(prices):
        expected = expected + 1 if now > before else 0
    assert strategy.green == expected


@given(
    st.lists(st.integers(1000, 60_000), min_size=1, max_size=80),
    st.sampled_from(("0", "0.5", "1.0", "2.5")),
    st.sampled_from(("0", "0.0001", "0.003", "0.05")),
)
def test_noise_counts_only_beyond_the_threshold(prices, min_ticks, share):
    strategy, _ = run(
        prices,
        NO_EMA,
        "strategy.noise_filter_enabled=true",
        f"strategy.noise_filter_min_ticks={min_ticks}",
        f"strategy.noise_filter_percentage={share}",
    )
    expected = 0
    for before, now in itertools.pairwise(prices):
        threshold = max(5 * Decimal(min_ticks), before * Decimal(share))
        if now > before + threshold:
            expected += 1
        elif now < before - threshold:
            expected = 0
    assert strategy.green == expected


@pytest.mark.parametrize(
    ("override", "agrees", "refuses", "reason"),
    [
        ("strategy.use_ema_crossover=true", [100, 101, 105], [200, 100, 105], "EMA fast not above slow"),
        ("strategy.use_macd=true", [100, 101, 105], [200, 100, 105], "MACD not above signal"),
        ("strategy.use_vwap=true", [100, 101, 105], [200, 100, 105], "price not above VWAP"),
        ("strategy.use_htf_trend=true", [100, 101, 105], [200, 100, 105], "price not above HTF trend"),
    ],
)
def test_filters(override, agrees, refuses, reason):
    on = (NO_EMA, override) if "ema_crossover" not in override else (override,)
    strategy, signal = run(agrees, *on)
    assert signal
    assert strategy.objection(agrees[-1]) == ""
    strategy, signal = run(refuses, *on)
    assert signal
    assert strategy.objection(refuses[-1]) == reason


def test_vwap_without_volume_refuses():
    strategy, _ = run([100, 101, 105], NO_EMA, "strategy.use_vwap=true", quantity=0)
    assert strategy.objection(105) == "price not above VWAP"


def test_rsi_and_bollinger_refuse_until_defined_and_outside_their_range():
    on = (NO_EMA, "strategy.use_rsi_filter=true", "strategy.rsi_length=3")
    assert run([100, 101, 102], *on)[0].objection(102) == "RSI out of range"
    assert run([100, 101, 102, 103], *on)[0].objection(103) == "RSI out of range"  # 100: overbought
    assert run([100, 90, 101, 100, 101], *on)[0].objection(101) == ""
    on = (NO_EMA, "strategy.use_bollinger_bands=true", "strategy.bollinger_length=4", "strategy.bollinger_width=1")
    assert run([100, 101, 102], *on)[0].objection(102) == "price outside Bollinger bands"
    assert run([100, 110, 100, 110, 105], *on)[0].objection(105) == ""
    assert run([100, 101, 100, 120], *on)[0].objection(120) == "price outside Bollinger bands"


def test_flat_prices_never_satisfy_a_strict_filter():
    for override in ("strategy.use_macd=true", "strategy.use_vwap=true", "strategy.use_htf_trend=true"):
        strategy, _ = run([21605] * 200, NO_EMA, override)
        assert strategy.objection(21605) != ""


def test_atr_is_computed_when_asked_for_and_decides_nothing():
    strategy, signal = run([100, 103, 101, 104], NO_EMA, "strategy.use_atr=true", "strategy.atr_length=3")
    assert signal
    assert strategy.objection(104) == ""
    assert strategy.values()["atr"] == pytest.approx(8 / 3)
