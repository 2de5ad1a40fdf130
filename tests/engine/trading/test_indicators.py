"""Incremental indicators equal the ones computed anew from all prices."""

import itertools
from fractions import Fraction
from math import isclose, sqrt

from hypothesis import given
from hypothesis import strategies as st

from engine.model.state import dump, load
from engine.trading.indicators.atr import Atr
from engine.trading.indicators.bollinger import Bollinger
from engine.trading.indicators.ema import Ema, EmaPair
from engine.trading.indicators.macd import Macd
from engine.trading.indicators.rsi import Rsi
from engine.trading.indicators.vwap import Vwap

prices = st.lists(st.integers(5, 4_000_000), min_size=1, max_size=120)
lengths = st.integers(1, 30)


def ema_anew(values, n):
    average = values[0]
    for value in values[1:]:
        average += (value - average) * 2 / (n + 1)
    return average


def wilder_anew(values, n):
    """Mean of the first n exactly, then Wilder's smoothing, in fractions."""
    if len(values) < n:
        return None
    average = Fraction(sum(values[:n]), n)
    for value in values[n:]:
        average = (average * (n - 1) + value) / n
    return average


def close(a, b):
    return isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-6)


@given(prices, lengths)
def test_ema(stream, n):
    ema = Ema(n)
    for price in stream:
        ema.update(price)
    assert close(ema.value, ema_anew(stream, n))


@given(prices, lengths, lengths, lengths)
def test_macd(stream, fast, slow, signal):
    macd = Macd(fast, slow, signal)
    lines = []
    for i, price in enumerate(stream, 1):
        macd.update(price)
        lines.append(ema_anew(stream[:i], fast) - ema_anew(stream[:i], slow))
    assert close(macd.macd, lines[-1])
    assert close(macd.signal, ema_anew(lines, signal))
    assert close(macd.histogram, macd.macd - macd.signal)


@given(prices, lengths, lengths)
def test_a_pair_is_two_emas_to_the_last_bit(stream, fast, slow):
    pair = EmaPair(Ema(fast), Ema(slow))
    alone = Ema(fast), Ema(slow)
    for price in stream:
        pair.update(price)
        assert (pair.fast.value, pair.slow.value) == tuple(ema.update(price) for ema in alone)


@given(prices, lengths, lengths, lengths)
def test_macd_is_three_emas_to_the_last_bit(stream, fast, slow, signal):
    macd = Macd(fast, slow, signal)
    first, second, third = Ema(fast), Ema(slow), Ema(signal)
    for price in stream:
        macd.update(price)
        line = first.update(price) - second.update(price)
        assert (macd.fast, macd.slow, macd.macd) == (first.value, second.value, line)
        assert macd.signal == third.update(line)


@given(st.lists(st.tuples(st.integers(5, 4_000_000), st.integers(-10, 10_000)), max_size=60))
def test_vwap_counts_only_positive_volume_and_compares_exactly(stream):
    vwap = Vwap()
    for price, quantity in stream:
        vwap.update(price, quantity)
    traded = [(price, quantity) for price, quantity in stream if quantity > 0]
    if not traded:
        assert vwap.value is None
        assert not vwap.is_below(10**9)
        return
    mean = Fraction(sum(p * q for p, q in traded), sum(q for _, q in traded))
    assert close(vwap.value, mean)
    for price in (int(mean), int(mean) + 1, int(mean) - 1):
        assert vwap.is_below(price) is (price > mean)


@given(prices, lengths)
def test_rsi(stream, n):
    rsi = Rsi(n)
    for price in stream:
        rsi.update(price)
    changes = [b - a for a, b in itertools.pairwise(stream)]
    gain = wilder_anew([max(change, 0) for change in changes], n)
    loss = wilder_anew([max(-change, 0) for change in changes], n)
    if gain is None:
        assert rsi.value is None
    elif gain + loss == 0:
        assert rsi.value == 50
    else:
        assert close(rsi.value, 100 * gain / (gain + loss))


@given(prices, lengths)
def test_atr(stream, n):
    atr = Atr(n)
    for price in stream:
        atr.update(price)
    ranges = [abs(b - a) for a, b in itertools.pairwise(stream)]
    expected = wilder_anew(ranges, n)
    assert atr.value is None if expected is None else close(atr.value, expected)


@given(prices, st.integers(2, 30), st.floats(0.1, 5))
def test_bollinger(stream, n, width):
    bands = Bollinger(n, width)
    for price in stream:
        bands.update(price)
    if len(stream) < n:
        assert bands.bands() is None
        return
    window = stream[-n:]
    mean = Fraction(sum(window), n)
    deviation = sqrt(sum((price - mean) ** 2 for price in window) / n)
    lower, upper = bands.bands()
    assert close(lower, mean - width * deviation)
    assert close(upper, mean + width * deviation)


@given(prices, prices)
def test_state_put_aside_and_taken_back_goes_on_the_same(before, after):
    made = (
        lambda: Ema(5),
        lambda: Macd(3, 6, 4),
        lambda: Rsi(4),
        lambda: Atr(4),
        lambda: Bollinger(5, 2.0),
    )
    for make in made:
        first, second = make(), make()
        for price in before:
            first.update(price)
        fields = {}
        dump(first, "x.", fields)
        load(second, "x.", fields)
        for price in after:
            first.update(price)
            second.update(price)
        one, two = {}, {}
        dump(first, "x.", one)
        dump(second, "x.", two)
        assert one == two
