"""Numbers as texts: exact examples, and no number that raises."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine import Instrument
from engine.presentation import format as text
from tests.support.screens.snapshots import AT_MS, snapshot

CALL = Instrument("CALL")
NUMBERS = st.one_of(st.integers(-(10**20), 10**20), st.floats(), st.decimals(allow_nan=True, allow_infinity=True))


@pytest.mark.parametrize(
    ("instrument", "minor", "shown"),
    [
        (CALL, 15_705, "157.05"),
        (CALL, 15_700, "157.00"),
        (CALL, 0, "0.00"),
        (CALL, -5, "-0.05"),
        (Instrument("BTC", price_scale=10**8, tick_size=10**6), 6_421_310_000_000, "64213.10"),
        (Instrument("BTC", price_scale=10**8, tick_size=10**6), 6_421_310_000_001, "64213.10"),
        (Instrument("BTC", price_scale=10**8, tick_size=10**6), 6_421_310_600_000, "64213.11"),
        (Instrument("BTC", price_scale=10**8, tick_size=1), 6_172_830_000_000, "61728.30"),
        (Instrument("SHIB", price_scale=10**8, tick_size=1), 1_234, "0.00001234"),
        (Instrument("WHOLE RUPEES", tick_size=100), 15_700, "157.00"),
        (Instrument("WHOLE RUPEES", tick_size=100), 15_705, "157.05"),
        (Instrument("TENTHS", price_scale=10, tick_size=5), -1_575, "-157.50"),
        (Instrument("WHOLE", price_scale=1, tick_size=1), 42, "42.00"),
        (Instrument("EIGHTHS", price_scale=8, tick_size=1), 20, "2.50"),
        (Instrument("BTC", price_scale=10**8, tick_size=10**6), -1, "0.00"),
    ],
)
def test_a_price_has_the_decimals_of_its_tick_and_never_loses_a_paisa(instrument, minor, shown):
    assert text.price(instrument, minor) == shown


@given(st.integers(-(10**15), 10**15), st.integers(0, 8), st.integers(1, 10**6))
def test_a_price_text_is_the_price(minor, digits, tick):
    """Exactly, for one on its ticks or where nobody knows the tick; else to half a unit of the last decimal."""
    scale = 10**digits
    on_tick, unknown = (
        Instrument("X", price_scale=scale, tick_size=tick),
        Instrument("X", price_scale=scale, tick_size=1),
    )
    assert Decimal(text.price(on_tick, minor * tick)) * scale == minor * tick
    assert Decimal(text.price(unknown, minor)) * scale == minor
    shown = text.price(on_tick, minor)
    decimals = len(shown.partition(".")[2])
    assert abs(Decimal(shown) * scale - minor) <= Decimal(scale) / 10**decimals / 2
    assert decimals >= 2
    assert abs(Decimal(shown) - Decimal(minor) / scale) <= Decimal("0.005")


def test_points_quantities_sides():
    assert text.points(CALL, 970) == "+9.70"
    assert text.points(CALL, -121) == "-1.21"
    assert text.points(CALL, 0) == "0.00"
    assert text.quantity(CALL, 1_800) == "1,800"
    assert text.quantity(Instrument("BTC", quantity_scale=1000), 1_500) == "1.5"
    assert text.side(CALL, 150) == "LONG 150"
    assert text.side(CALL, -75) == "SHORT 75"


def test_percent():
    assert text.percent(101, 15_600) == "+0.65"
    assert text.percent(-1, 10**9) == "0.00"
    assert text.percent(5, 0) == "-"
    assert text.percent(10**15, 1) == ">99999"
    assert text.percent(123_456, 10_000) == "+1235"
    assert len(text.percent(99_999, 10_000)) <= 7


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.2, "0.2s"),
        (-1, "0.0s"),
        (9.96, "10s"),
        (59.6, "1m00s"),
        (192, "3m12s"),
        (3600, "1h00m"),
        (90_000, "1d"),
        (1e18, ">9999d"),
    ],
)
def test_ages(seconds, shown):
    assert text.age(seconds) == shown
    assert len(shown) <= 6


@pytest.mark.parametrize(
    ("seconds", "words"), [(-3, "0 s"), (9.4, "9 s"), (59.6, "1 min 0 s"), (250, "4 min 10 s"), (7500, "2 h 05 min")]
)
def test_durations(seconds, words):
    assert text.duration(seconds) == words


def test_latencies_adapt_their_unit():
    shown = [text.latency(ns) for ns in (780, 14_200, 120_000, 999_700, 1_940_000, 2_300_000_000)]
    assert shown == ["0.78 µs", "14.2 µs", "120 µs", "1.00 ms", "1.94 ms", "2.3 s"]


def test_clock_texts_are_in_the_zone_and_never_raise():
    assert text.clock(AT_MS, "Asia/Kolkata", millis=True) == "11:42:17.331"
    assert text.clock(AT_MS, "UTC") == "06:12:17"
    assert text.clock(AT_MS, "No/Where") == "06:12:17"
    assert text.clock(10**30, "Asia/Kolkata") == "--:--:--"
    assert text.minute(-(10**17), "Asia/Kolkata") == "--:--"
    assert text.zone_word(AT_MS, "Asia/Kolkata") == "IST"
    assert text.zone_word(10**30, "Asia/Kolkata") == ""


@given(st.integers(), st.sampled_from(["Asia/Kolkata", "UTC", "", "../etc", "\0", "A" * 300]))
def test_any_time_in_any_zone_has_the_same_width(ms, zone):
    assert len(text.clock(ms, zone, millis=True)) == 12
    text.zone_word(ms, zone)


@given(NUMBERS)
def test_no_number_raises(value):
    if isinstance(value, Decimal) and value.is_snan():
        return
    text.money(value, "Asia/Kolkata", sign=True)
    if not isinstance(value, Decimal):
        assert cell_len(text.age(value)) <= 6
        text.seconds(value)


def test_counts_and_unknown_instruments():
    assert text.scaled(815_061) == "815,061"
    assert text.scaled(12_345_678) == "12.3M"
    assert text.scaled(10**19) == "1.0e+19"
    assert text.instrument_at(snapshot(), 99).symbol == "?"
    assert text.instrument_at(snapshot(), -1).symbol == "?"
