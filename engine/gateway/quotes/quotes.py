"""The service of quotes: who is asked for which, once for all who want it at the same time, and what stands in for it.

Nothing that decides reads it: only public quotes pass here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from cachetools import TTLCache

from engine.config import CacheConfig
from engine.gateway.quotes.answers import (
    MOCK,
    BadSymbolError,
    CacheView,
    Kept,
    ProviderFailedError,
    QuoteAnswer,
    QuoteData,
    QuoteRefusedError,
    SourcedQuote,
    UnknownProviderError,
    hour_of,
    symbol_of,
)
from engine.gateway.quotes.cache import Found, QuoteCache
from engine.gateway.quotes.engine_quotes import SOURCE, EngineQuotes, ReadSnapshot
from engine.gateway.quotes.flights import Background, SingleFlight
from engine.gateway.quotes.mock import MockQuotes
from engine.gateway.quotes.redis_layer import RedisLayer
from engine.model.clock import Clock
from engine.text.sanitize import CleanText

HEALTH_S: Final = 5.0  # between two looks at Redis
MOST_AGE_S: Final = 86_400
_WARM_PART = 0.8  # of the time that memory keeps a quote: then one that is kept warm is asked for again
_REFUSED_KEPT, _REFUSED_S = 256, 60  # symbols that a provider does not know: asked again once a minute at most


class QuoteProvider(Protocol):
    """Who can be asked for a quote; `cache_name` tells apart what must not stand in for each other in the cache."""

    source: CleanText
    cache_name: str

    def symbol(self, text: str) -> CleanText:
        """`text` as the provider writes it; raises BadSymbolError."""

    async def fetch(self, symbol: CleanText) -> SourcedQuote:
        """Ask; raises BadSymbolError, ProviderFailedError."""

    def close(self) -> None:
        """Ask nothing more."""


class Quotes:
    """Quotes by provider and symbol. Belongs to one event loop; `start` and `close` within it.

    An engine with a live feed stands in for the providers in `replaceable`; `warm` are pairs of provider and symbol.
    """

    def __init__(
        self,
        config: CacheConfig,
        providers: Mapping[str, QuoteProvider],
        read_snapshot: ReadSnapshot,
        clock: Clock,
        *,
        redis: RedisLayer | None = None,
        replaceable: frozenset[str] = frozenset(),
        warm: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._providers = providers
        self._engine = EngineQuotes(read_snapshot, clock)
        self._clock = clock
        self._redis = redis
        self._cache = QuoteCache(config, redis, clock)
        self._l1_ttl_s = config.l1_ttl_s
        self._replaceable = replaceable
        self._warm = tuple(warm)
        self._reads: SingleFlight[Found | None] = SingleFlight()
        self._fetches: SingleFlight[SourcedQuote | QuoteRefusedError] = SingleFlight()
        self._refused: TTLCache[str, BadSymbolError] = TTLCache(
            _REFUSED_KEPT, _REFUSED_S, lambda: clock.monotonic_ns() / 1e9
        )
        self._background = Background()
        self._closed = False

    @property
    def providers(self) -> tuple[str, ...]:
        """Whose quotes can be asked for."""
        return tuple(sorted((SOURCE, *self._providers)))

    @property
    def mocked(self) -> tuple[str, ...]:
        """The providers of real quotes that invented ones stand in for."""
        return tuple(name for name, each in self._providers.items() if name != MOCK and each.source == MOCK)

    @property
    def wants_redis(self) -> bool:
        """Whether an address of a Redis was given, so that its absence is a fault."""
        return self._redis is not None

    def view(self) -> CacheView:
        """How the cache does."""
        return self._cache.view()

    async def start(self) -> None:
        """Begin to look after Redis, and to keep warm what is to be."""
        if self._redis is not None:
            self._background.repeat("Redis", HEALTH_S, self._redis.look)
        if self._warm:
            self._background.repeat("quotes kept warm", self._l1_ttl_s * _WARM_PART, self.refresh)

    async def close(self) -> None:
        """End all that is under way; a request after that is refused."""
        self._closed = True
        for each in self._providers.values():
            each.close()
        await self._background.close()
        await self._fetches.close()
        await self._reads.close()
        if self._redis is not None:
            await self._redis.close()

    async def quote(
        self, provider: str, symbol: str, *, max_age_s: float | None = None, at: str | None = None
    ) -> QuoteAnswer:
        """The quote of `symbol`, at most `max_age_s` old where that is said; `at` asks for an invented one of another hour.

        Raises UnknownProviderError, BadSymbolError, ProviderFailedError.
        """
        if max_age_s is not None and not 0 <= max_age_s <= MOST_AGE_S:
            raise BadSymbolError(f"max_age={max_age_s}: allowed: 0 to {MOST_AGE_S} seconds")
        if provider == SOURCE and at is None:
            seen = self._engine.quote(symbol_of(symbol))
            return self._answer(provider, seen.quote, "none", seen.is_stale, seen.age_s)
        asked = self._asked(provider, at)
        name = asked.symbol(symbol)
        if at is not None:
            assert isinstance(asked, MockQuotes)
            return self._answer(provider, asked.quote_at(name, hour_of(at)), "none")
        if provider in self._replaceable:
            live = self._engine.stands_in(provider, name, self._l1_ttl_s if max_age_s is None else max_age_s)
            if live is not None:
                return self._answer(provider, live, "none")
        return await self._through_cache(provider, asked, name, max_age_s)

    async def refresh(self) -> None:
        """Ask for what is kept warm; what fails is asked again the next time, and whoever wants it is told why."""
        for provider, symbol in self._warm:
            asked = self._providers[provider]
            name = asked.symbol(symbol)
            await self._fetched(f"{asked.cache_name}:{name}", asked, name)

    def _asked(self, provider: str, at: str | None) -> QuoteProvider:
        asked = self._providers.get(provider)
        if asked is None and provider != SOURCE:
            allowed = ", ".join(self.providers)
            raise UnknownProviderError(f"provider {provider:.40}: there is none; allowed: {allowed}")
        if asked is None or (at is not None and not isinstance(asked, MockQuotes)):
            raise BadSymbolError(f"at: quotes of {provider} are of now; only invented ones can be had of another hour")
        return asked

    async def _through_cache(
        self, provider: str, asked: QuoteProvider, name: CleanText, max_age_s: float | None
    ) -> QuoteAnswer:
        key = f"{asked.cache_name}:{name}"
        found = self._cache.near(key, max_age_s)
        if found is None:
            found = await self._reads.result(key, lambda: self._cache.far(key, name, asked.source))
            if found is not None and not self._cache.serves(found.kept, max_age_s):
                found = None
        if found is not None:
            self._cache.count(found.layer)
            return self._answer(provider, found.kept.quote, found.layer)
        self._cache.count(None)
        outcome = await self._fetched(key, asked, name)
        if isinstance(outcome, SourcedQuote):
            return self._answer(provider, outcome, "none")
        if isinstance(outcome, ProviderFailedError) and (last := self._cache.last(key)) is not None:
            return self._answer(provider, last, "last", is_stale=True)
        raise type(outcome)(*outcome.lines)  # several may wait for it: each has an error of its own

    async def _fetched(self, key: str, asked: QuoteProvider, name: CleanText) -> SourcedQuote | QuoteRefusedError:
        if self._closed:
            return ProviderFailedError("quotes: the service is ending")
        return await self._fetches.result(key, lambda: self._fetch(key, asked, name))

    async def _fetch(self, key: str, asked: QuoteProvider, name: CleanText) -> SourcedQuote | QuoteRefusedError:
        refused = self._refused.get(key)
        if refused is not None:
            return refused
        try:
            quote = await asked.fetch(name)
        except BadSymbolError as error:
            self._refused[key] = BadSymbolError(*error.lines)  # without the frames that it came through
            return error
        except ProviderFailedError as error:
            return error
        self._cache.keep(key, quote)
        if self._redis is not None:
            self._background.start(self._cache.send_on(key, quote))
        return quote

    def _answer(
        self, provider: str, quote: SourcedQuote, layer: Kept, is_stale: bool = False, age_s: float | None = None
    ) -> QuoteAnswer:
        if age_s is None:
            age_s = max(self._clock.wall_ns() // 1_000_000 - quote.as_of_ms, 0) / 1000
        data = QuoteData(
            symbol=quote.symbol,
            price=quote.price,
            source=quote.source,
            currency=quote.currency,
            volume=quote.volume,
            as_of=datetime.fromtimestamp(quote.as_of_ms / 1000, UTC).isoformat(timespec="milliseconds"),
            age_s=age_s,
            stale=is_stale,
        )
        return QuoteAnswer(provider, quote.symbol, data, quote.mock, cached=layer != "none", cache=layer)
