"""Invented quotes, the same for the same symbol, seed and hour on every machine and Python. Knows no cache."""

from collections.abc import Callable

from engine.gateway.quotes.answers import MOCK, SourcedQuote, symbol_of
from engine.model.clock import Clock
from engine.model.digest import blake2b
from engine.text.sanitize import CleanText, clean
from engine.venues.binance.coins import paid_in

HOUR_MS = 3_600_000
_DRAW_BITS = 64
_SWING_PERCENT = 3  # the most that an hour's price is away from its base
_CENT, _INDIAN_TICK = 1, 5  # in hundredths
_BASES = {  # base, lowest and highest price, in hundredths
    "BTCUSDT": (50_000_00, 1_000_00, 200_000_00),
    "ETHUSDT": (3_000_00, 50_00, 20_000_00),
    "BNBUSDT": (600_00, 10_00, 5_000_00),
    "NIFTY": (25_000_00, 5_000_00, 100_000_00),
    "BANKNIFTY": (55_000_00, 10_000_00, 200_000_00),
    "AAPL": (200_00, 10_00, 1_000_00),
}
_LOWEST, _HIGHEST = 10_00, 1_000_00  # of all others
_CURRENCIES = {"NIFTY": CleanText("INR"), "BANKNIFTY": CleanText("INR"), "AAPL": CleanText("USD")}


class MockQuotes:
    """The provider of invented quotes."""

    source = MOCK

    def __init__(self, seed: int, clock: Clock, spell: Callable[[str], CleanText] = symbol_of) -> None:
        """`spell` writes a symbol as the provider does that this one stands in for."""
        self.cache_name = f"{MOCK}:{seed}"
        self._seed = seed
        self._clock = clock
        self._spell = spell

    def symbol(self, text: str) -> CleanText:
        """`text` as a symbol; raises BadSymbolError."""
        return self._spell(text)

    async def fetch(self, symbol: CleanText) -> SourcedQuote:
        """The quote of this hour."""
        now_ms = self._clock.wall_ns() // 1_000_000
        return mock_quote(symbol, self._seed, now_ms // HOUR_MS, now_ms)

    def quote_at(self, symbol: CleanText, hour: int) -> SourcedQuote:
        """The quote of another hour, counted from 1970."""
        return mock_quote(symbol, self._seed, hour, hour * HOUR_MS)

    def close(self) -> None:
        """Nothing is held."""


def mock_quote(symbol: CleanText, seed: int, hour: int, as_of_ms: int) -> SourcedQuote:
    """The quote of `symbol` in an `hour` (UTC, counted from 1970): within 3 % of its base, drawn anew each hour."""
    hundredths = price_of_hour(symbol, seed, hour)
    return SourcedQuote(
        symbol=symbol,
        price=clean(f"{hundredths // 100}.{hundredths % 100:02}"),
        source=MOCK,
        as_of_ms=as_of_ms,
        fetched_ms=as_of_ms,
        currency=currency_of(symbol),
        until_ms=(hour + 1) * HOUR_MS,
        mock=True,
    )


def price_of_hour(symbol: str, seed: int, hour: int) -> int:
    """The price in hundredths: integers throughout, so that no machine rounds it otherwise."""
    base, lowest, highest = _BASES.get(symbol) or (_base_of(symbol, seed), _LOWEST, _HIGHEST)
    swing = base * _SWING_PERCENT // 100
    tick = _INDIAN_TICK if currency_of(symbol) == "INR" else _CENT
    price = base - swing + _drawn(2 * swing + 1, "price", symbol, seed, hour)
    return min(max(price // tick * tick, lowest), highest)


def currency_of(symbol: str) -> CleanText:
    """What a price of `symbol` is paid in, "" where nobody knows."""
    return _CURRENCIES.get(symbol) or paid_in(symbol)


def _base_of(symbol: str, seed: int) -> int:
    return _LOWEST + _drawn(_HIGHEST - _LOWEST + 1, "base", symbol, seed)


def _drawn(below: int, *of: str | int) -> int:
    """A number from 0 to before `below`, the same for the same things said."""
    digest = blake2b("\0".join(map(str, of)).encode(), digest_size=_DRAW_BITS // 8).digest()
    return int.from_bytes(digest, "big") * below >> _DRAW_BITS
