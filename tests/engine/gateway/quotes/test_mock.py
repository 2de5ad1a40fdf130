"""Invented quotes: pinned, the same everywhere, within their bounds, and never taken for real ones."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.gateway.quotes.mock import HOUR_MS, MockQuotes, price_of_hour
from engine.model.clock import VirtualClock
from engine.text.sanitize import CleanText
from tests.support.paths import ROOT

HOUR = 495_948  # 2026-07-30 12:00 UTC
SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "NIFTY", "BANKNIFTY", "AAPL", "RELIANCE", "DOGEUSDT")
PINNED = {
    ("BTCUSDT", 1, HOUR): 5_117_990,
    ("ETHUSDT", 1, HOUR): 304_412,
    ("BNBUSDT", 1, HOUR): 59_603,
    ("NIFTY", 1, HOUR): 2_457_380,
    ("BANKNIFTY", 1, HOUR): 5_354_420,
    ("AAPL", 1, HOUR): 19_518,
    ("RELIANCE", 1, HOUR): 47_546,
    ("DOGEUSDT", 1, HOUR): 63_539,
    ("BTCUSDT", 1, HOUR + 1): 4_976_702,
    ("BTCUSDT", 2, HOUR): 4_910_020,
    ("BTCUSDT", 0, 0): 4_887_654,
    ("X", 2**63 - 1, 1_139_444): 70_576,
}


@pytest.mark.parametrize(("asked", "price"), PINNED.items())
def test_prices_are_those_they_have_always_been(asked: tuple[str, int, int], price: int) -> None:
    assert price_of_hour(*asked) == price


def test_another_process_comes_to_the_same_and_carries_no_redis() -> None:
    code = (
        "import asyncio, sys\n"
        "from engine.assembly import load\n"
        "from engine.config import bundled\n"
        "from engine.gateway.quotes.open_quotes import open_quotes\n"
        "async def play():\n"
        "    quotes = open_quotes(load(bundled('config.toml')), {}, lambda: None)\n"
        f"    said = [await quotes.quote('mock', symbol, at='{HOUR * 3600}') for symbol in {SYMBOLS}]\n"
        "    await quotes.close()\n"
        "    return [each.data.price for each in said]\n"
        "print(*asyncio.run(play()), 'redis' in sys.modules)"
    )
    environ = {"PYTHONHASHSEED": "77"}  # the prices of others hang on it
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, check=True, timeout=60, text=True
    )
    hundredths = [price_of_hour(symbol, 1, HOUR) for symbol in SYMBOLS]
    assert run.stdout.split() == [*(f"{each // 100}.{each % 100:02}" for each in hundredths), "False"]


@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20),
    st.integers(0, 2**63 - 1),
    st.integers(0, 10**6),
)
def test_every_other_symbol_lies_between_10_and_1000_and_moves_by_3_percent_at_most(
    symbol: str, seed: int, hour: int
) -> None:
    prices = [price_of_hour(symbol, seed, hour + more) for more in range(5)]
    if symbol not in SYMBOLS:
        assert all(10_00 <= price <= 1_000_00 for price in prices)
    assert max(prices) * 0.97 <= min(prices) * 1.03 + 2


@pytest.mark.parametrize(
    ("symbol", "base"),
    [
        ("BTCUSDT", 50_000),
        ("ETHUSDT", 3_000),
        ("BNBUSDT", 600),
        ("NIFTY", 25_000),
        ("BANKNIFTY", 55_000),
        ("AAPL", 200),
    ],
)
def test_known_symbols_stay_within_3_percent_of_their_base(symbol: str, base: int) -> None:
    prices = [price_of_hour(symbol, 1, hour) / 100 for hour in range(3_000)]
    assert base * 0.97 <= min(prices) < base * 0.975
    assert base * 1.025 < max(prices) <= base * 1.03


def test_a_quote_says_that_it_is_invented_and_holds_for_its_hour() -> None:
    clock = VirtualClock(int(datetime(2026, 7, 30, 12, 59, 59, tzinfo=UTC).timestamp()) * 10**9)
    mock = MockQuotes(1, clock)
    first = asyncio.run(mock.fetch(CleanText("BTCUSDT")))
    assert (first.mock, first.source, first.currency) == (True, "mock", "USDT")
    assert first.until_ms == (clock.wall_ns() // 10**9 + 1) * 1000 == 1_785_416_400_000
    assert first.until_ms % HOUR_MS == 0
    clock.advance(10**9)
    assert asyncio.run(mock.fetch(CleanText("BTCUSDT"))).price != first.price
    assert mock.quote_at(CleanText("BTCUSDT"), first.until_ms // HOUR_MS - 1).price == first.price
