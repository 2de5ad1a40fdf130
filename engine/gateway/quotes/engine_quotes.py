"""Quotes of the engine that the service is attached to, out of its snapshot. Asks nobody; a MOCK's or REPLAY's are invented."""

from collections.abc import Callable

from msgspec import UNSET, Struct

from engine.gateway.quotes.answers import BadSymbolError, ProviderFailedError, SourcedQuote
from engine.model.clock import Clock
from engine.model.snapshot import Snapshot
from engine.model.trading_views import Quote
from engine.model.types import Instrument
from engine.text.sanitize import CleanText, clean
from engine.venues.binance.coins import paid_in

SOURCE = CleanText("engine")
OLDEST_SNAPSHOT_S = 5.0  # older than that the engine is gone
_MS = 1_000_000
_COINS = "BINANCE"


class EngineQuote(Struct, frozen=True):
    """A quote of the engine, its age by the market's time (in a replay its own), and whether that is too old."""

    quote: SourcedQuote
    age_s: float
    is_stale: bool


ReadSnapshot = Callable[[], Snapshot | None]


class EngineQuotes:
    """The provider `engine`: what its strategy sees, uncached."""

    def __init__(self, read: ReadSnapshot, clock: Clock) -> None:
        self._read = read
        self._clock = clock

    def quote(self, symbol: CleanText) -> EngineQuote:
        """The engine's last price of `symbol`; raises BadSymbolError, ProviderFailedError."""
        seen = self._fresh()
        if seen is None:
            raise ProviderFailedError("engine: none is attached, or its newest snapshot is more than 5 s old")
        found = _found(seen, symbol)
        if found is None:
            raise BadSymbolError(f"symbol {symbol}: the engine does not watch it, or shows no quote of it")
        instrument, quote = found
        if not _has_price(instrument, quote):
            raise ProviderFailedError(f"engine: no price of {symbol} has come yet")
        age_s = self._age_s(seen, quote)
        return EngineQuote(self._sourced(seen, instrument, quote), age_s, age_s > seen.stale_s)

    def stands_in(self, provider: str, symbol: CleanText, most_s: float) -> SourcedQuote | None:
        """The price of a live engine for one that `provider` would be asked for, at most `most_s` old; None where it has none."""
        seen = self._fresh()
        if seen is None or _is_invented(seen):
            return None
        found = _found(seen, symbol)
        if found is None or not _has_price(*found) or (found[0].exchange == _COINS) != (provider == "binance"):
            return None
        return self._sourced(seen, *found) if self._age_s(seen, found[1]) <= most_s else None

    def _fresh(self) -> Snapshot | None:
        seen = self._read()
        if seen is None or (self._clock.monotonic_ns() - seen.taken_ns) / 1e9 > OLDEST_SNAPSHOT_S:
            return None
        return seen

    def _age_s(self, seen: Snapshot, quote: Quote) -> float:
        now_ms = seen.market_ms + (self._clock.monotonic_ns() - seen.taken_ns) // _MS
        return max(now_ms - quote.exch_ms, 0) / 1000

    def _sourced(self, seen: Snapshot, instrument: Instrument, quote: Quote) -> SourcedQuote:
        is_coin = instrument.exchange == _COINS
        return SourcedQuote(
            symbol=instrument.symbol,
            price=clean(instrument.price_text(quote.last)),
            source=SOURCE,
            as_of_ms=max(quote.exch_ms, 0),
            fetched_ms=self._clock.wall_ns() // _MS,
            currency=paid_in(instrument.symbol) if is_coin else CleanText("INR"),
            volume=clean(instrument.quantity_text(quote.day_volume)) if quote.day_volume > 0 else None,
            mock=_is_invented(seen),
        )


def _is_invented(seen: Snapshot) -> bool:
    return seen.trade_mode in {"mock", "replay"}


def _found(seen: Snapshot, symbol: str) -> tuple[Instrument, Quote] | None:
    """The instrument of that name that is still watched, and its quote where the snapshot shows one."""
    for number, each in enumerate(seen.instruments):
        if each.symbol.upper() == symbol and each.removed in (UNSET, False):
            return next(((each, quote) for quote in seen.quotes if quote.instrument == number), None)
    return None


def _has_price(instrument: Instrument, quote: Quote) -> bool:
    return quote.exch_ms > 0 and quote.last >= instrument.lowest_price
