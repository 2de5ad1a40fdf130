"""Prices and quantities in CSV files are exact, or snapped to the instrument's step; impossible ones are passed on."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.recording import CsvLayout
from engine.recording.csv_source import CsvSource
from engine.recording.decimals import to_minor
from tests.support.recordings.csv_files import HEAD, ROW, ROW_NS, rows


@pytest.mark.parametrize(
    ("text", "price"),
    [
        (b"216.05", 21605),
        (b"216", 21600),
        (b"216.0500000000", 21605),
        (b"25974.900390625", 2597490),  # a 32-bit float's idea of 25974.90
        (b"25974.95117", 2597495),
        (b"216.074", 21605),
        (b"216.075", 21610),
        (b"0", 0),
        (b"-1.5", -150),
        (b"00216.05", 21605),
        (b"9999999999999999", 999999999999999900),
    ],
)
def test_prices_are_exact_or_snapped_to_the_tick(path: Path, text: bytes, price: int) -> None:
    assert rows(path, HEAD + b"2025-10-01 09:15:18," + text + b",75\n") == [(ROW_NS, price, 75)]


@given(st.integers(-(10**10), 10**10), st.integers(0, 12), st.sampled_from([1, 100, 10**4, 10**8]))
def test_any_decimal_is_read_exactly_or_to_the_nearest_step(units: int, decimals: int, scale: int) -> None:
    value = Decimal(units).scaleb(-decimals)
    exact = value * scale
    minor = to_minor(f"{value:f}".encode(), scale, snap=5)
    if exact == exact.to_integral_value():
        assert minor == exact
    else:
        assert minor % 5 == 0
        assert abs(minor - exact) <= Decimal("2.5")


def test_a_divisor_makes_prices_finer(path: Path) -> None:
    path.write_bytes(b"2025-10-01 09:15:18,1674251,75\n")
    for divisor, expected in (
        (10_000, (10_000, 500, 1674251)),
        (100, (100, 5, 1674251)),
        (10, (100, 5, 16742510)),
        (32, (100, 5, 5232035)),  # 52320.34375 rounded to five paise
    ):
        found = CsvSource(path, CsvLayout(price_divisor=divisor), Instrument)
        (instrument,), (tick,) = found.instruments, found.ticks()
        assert (instrument.price_scale, instrument.tick_size, tick.price) == expected


def test_quantities_in_parts_of_a_unit(path: Path) -> None:
    path.write_bytes(HEAD + b"2025-10-01 09:15:18,61837.63,0.02\n")
    coin = CsvSource(path, CsvLayout(), lambda symbol: Instrument(symbol, quantity_scale=10**8))
    assert [tick.quantity for tick in coin.ticks()] == [2_000_000]
    assert rows(path, path.read_bytes()) == [(ROW_NS - ROW_NS % 10**9, 6183763, 2)]
    whole = ROW * 9 + b"2025-10-01 09:15:18,61837.63,0.02\n"
    with pytest.raises(InputError, match=r"row 11, column 'volume': '0\.02' is not a volume \(finer than 1/1\)"):
        rows(path, HEAD + whole)


def test_impossible_values_are_passed_on_for_the_engine_to_refuse(path: Path) -> None:
    data = HEAD + ROW + b"2025-10-01 09:15:17+05:30,0,0\n1970-01-01 05:30:00,-5.05,1\n"
    assert rows(path, data)[1:] == [(ROW_NS - 10**9, 0, 0), (0, -505, 1)]
