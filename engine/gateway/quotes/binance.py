"""Quotes of Binance's public interface, which needs no key. Knows neither cache nor stream."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from engine.gateway.quotes.answers import BadSymbolError, ProviderFailedError, SourcedQuote, price_of
from engine.gateway.quotes.pacing import PacedCalls
from engine.model.clock import Clock
from engine.outside.http_reader import HttpAnswer
from engine.outside.https import Caller, CallError, Request
from engine.text.sanitize import CleanText, clean
from engine.venues.binance.coins import coin_name, paid_in
from engine.version import VERSION

PUBLIC_URL: Final = "https://data-api.binance.vision"
PER_S = 5
_PATH = "/api/v3/ticker/24hr?type=MINI&symbol="
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"myquant-tui/{VERSION}"}
_LIMIT_BYTES = 1 << 14
_TOTAL_S = 3.0
_FAILED_PAUSE_S = 5.0
_TOLD_PAUSE_S = 60.0  # where it says to wait and not how long
_LONGEST_PAUSE_S = 3 * 86_400.0  # the longest ban there is
_NAME = re.compile(r"[A-Z0-9]{2,20}", re.ASCII)
_UNKNOWN_SYMBOL = (-1121, -1100)
_MS = 1_000_000


class _Ticker(Struct):
    symbol: str
    lastPrice: str  # noqa: N815 - so the exchange calls it
    volume: str
    closeTime: int  # noqa: N815


class _Refusal(Struct):
    code: int


class BinanceQuotes:
    """The provider of real coins: one call a symbol, at most five a second."""

    source = CleanText("binance")
    cache_name = "binance"

    def __init__(self, clock: Clock, url: str = PUBLIC_URL) -> None:
        self._clock = clock
        self._caller = Caller(url)
        self._calls = PacedCalls("binance", PER_S, PER_S, clock)

    def symbol(self, text: str) -> CleanText:
        """`btc/usdt` as the exchange writes it; raises BadSymbolError."""
        return coin_symbol(text)

    async def fetch(self, symbol: CleanText) -> SourcedQuote:
        """Ask the exchange; raises BadSymbolError for a coin that it does not trade, ProviderFailedError."""
        request = Request(
            "GET", _PATH + symbol, _HEADERS, limit_bytes=_LIMIT_BYTES, total_s=_TOTAL_S, silence_s=_TOTAL_S
        )
        async with self._calls.turn():  # whoever comes next sees what this one brought about
            try:
                answer = await self._calls.in_thread(lambda: self._caller.call(request))
            except CallError as error:
                raise self._calls.be_silent(_FAILED_PAUSE_S, str(error)) from None
            if answer.status != 200:
                raise self._refused(symbol, answer)
        return self._understood(symbol, answer.body)

    def close(self) -> None:
        """End the call under way, make no other."""
        self._caller.close()
        self._calls.close()

    def _understood(self, symbol: CleanText, body: bytes) -> SourcedQuote:
        try:
            told = msgspec.json.decode(body, type=_Ticker)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ProviderFailedError("binance: the answer is not a quote as it gives them") from None
        price = price_of(told.lastPrice)
        if told.symbol != symbol or price is None:
            raise ProviderFailedError(f"binance: the answer holds no price of {symbol}")
        now_ms = self._clock.wall_ns() // _MS
        as_of_ms = told.closeTime if 0 < told.closeTime <= now_ms else now_ms
        return SourcedQuote(
            symbol=symbol,
            price=price,
            source=self.source,
            as_of_ms=as_of_ms,
            fetched_ms=now_ms,
            currency=paid_in(symbol),
            volume=price_of(told.volume),
        )

    def _refused(self, symbol: CleanText, answer: HttpAnswer) -> Exception:
        """What a no means for this coin and for the calls to come."""
        if answer.status in {418, 429}:
            pause_s = _pause_s(answer.headers.get("retry-after", ""))
            return self._calls.be_silent(pause_s, f"it wants to be left alone (HTTP {answer.status})")
        if answer.status == 400 and _code(answer.body) in _UNKNOWN_SYMBOL:
            return BadSymbolError(f"symbol {symbol}: Binance does not trade it")
        pause_s = _TOLD_PAUSE_S if answer.status in {403, 451} else _FAILED_PAUSE_S
        return self._calls.be_silent(pause_s, f"answers HTTP {answer.status}")


def coin_symbol(text: str) -> CleanText:
    """`btc/usdt` as the exchange writes it; raises BadSymbolError."""
    name = coin_name(text)
    if not _NAME.fullmatch(name):
        raise BadSymbolError(f"symbol {text:.100}: no coin; allowed: 2 to 20 letters and digits, as in BTCUSDT")
    return clean(name)


def _pause_s(told: str) -> float:
    seconds = int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else 0
    return min(float(seconds), _LONGEST_PAUSE_S) if seconds else _TOLD_PAUSE_S


def _code(body: bytes) -> int:
    try:
        return msgspec.json.decode(body, type=_Refusal).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
