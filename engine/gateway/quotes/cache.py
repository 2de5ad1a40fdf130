"""Where quotes are kept: in memory, behind that in Redis, or in a store of our own while there is none. Asks no provider.

What is kept in memory ages by the monotonic clock: a wall clock that is set makes nothing younger.
"""

from cachetools import TTLCache
from msgspec import Struct

from engine.config import CacheConfig
from engine.gateway.quotes.answers import CacheView, Layer, SourcedQuote, restored, stored
from engine.gateway.quotes.redis_layer import RedisLayer
from engine.model.clock import Clock

STALE_S = 300  # the oldest price that stands in for one that is not to be had
_NS = 1_000_000_000
_MS = 1_000_000


class KeptQuote(Struct, frozen=True, gc=False):
    """A quote, and when it was fetched by our monotonic clock."""

    quote: SourcedQuote
    fetched_ns: int


class Found(Struct, frozen=True):
    """What a layer had."""

    kept: KeptQuote
    layer: Layer


class QuoteCache:
    """Layers one behind the other, each bounded in size and age; counts what each request found."""

    def __init__(self, config: CacheConfig, redis: RedisLayer | None, clock: Clock) -> None:
        self._clock = clock
        self._redis = redis
        self._l2_ttl_s = config.l2_ttl_s
        self._fallback_ttl_s = config.fallback_ttl_s
        self._l1: TTLCache[str, KeptQuote] = TTLCache(config.l1_size, config.l1_ttl_s, self._now_s)
        # Always filled: it stands in for Redis from the moment on when that is gone, and has the last value of all.
        self._fallback: TTLCache[str, KeptQuote] = TTLCache(
            config.fallback_size, max(config.fallback_ttl_s, STALE_S), self._now_s
        )
        self._longest_s = max(config.l1_ttl_s, config.l2_ttl_s, config.fallback_ttl_s)
        self._hits: dict[Layer, int] = {"l1": 0, "redis": 0, "fallback": 0}
        self._misses = 0
        self._refused = 0

    def near(self, key: str, most_s: float | None) -> Found | None:
        """What memory has under `key`, fetched at most `most_s` ago."""
        kept = self._l1.get(key)
        return Found(kept, "l1") if kept is not None and self.serves(kept, most_s) else None

    async def far(self, key: str, symbol: str, source: str) -> Found | None:
        """What Redis has under `key`, or what stands in for it where it does not tell; memory has it from then on."""
        if self._redis is not None and self._redis.is_up:
            data = await self._redis.get(key)
            if data is not None:
                return self._taken(key, data, symbol, source) if data else None
        kept = self._fallback.get(key)
        if kept is None or not self.serves(kept, self._fallback_ttl_s):
            return None
        self._take(key, kept)
        return Found(kept, "fallback")

    def serves(self, kept: KeptQuote, most_s: float | None) -> bool:
        """Whether it was fetched at most `most_s` ago (None: as long ago as anything is kept) and still holds."""
        until_ms = kept.quote.until_ms
        if until_ms and self._clock.wall_ns() // _MS >= until_ms:
            return False
        # What Redis had was old already when memory took it over.
        return self._age_s(kept) <= (self._longest_s if most_s is None else min(most_s, self._longest_s))

    def keep(self, key: str, quote: SourcedQuote) -> None:
        """Keep what was fetched just now in memory."""
        self._take(key, KeptQuote(quote, self._clock.monotonic_ns()))

    async def send_on(self, key: str, quote: SourcedQuote) -> None:
        """Let Redis have what `keep` was given."""
        if self._redis is not None:
            await self._redis.put(key, stored(quote), self._l2_ttl_s)

    def last(self, key: str) -> SourcedQuote | None:
        """The last value under `key`, at most five minutes old, whatever else was asked for."""
        kept = self._fallback.get(key)
        return kept.quote if kept is not None and self._age_s(kept) <= STALE_S else None

    def count(self, layer: Layer | None) -> None:
        """Count a request that was served by `layer`; None: by the provider, or not at all."""
        if layer is None:
            self._misses += 1
        else:
            self._hits[layer] += 1

    def view(self) -> CacheView:
        """How it does."""
        hits = sum(self._hits.values())
        is_up = self._redis is not None and self._redis.is_up
        return CacheView(
            redis_available=is_up,
            hit_rate=hits / max(hits + self._misses, 1),
            fallback_active=not is_up,
            fallback_hits=self._hits["fallback"],
            hits=dict(self._hits),
            misses=self._misses,
            refused=self._refused,
            unsent=0 if self._redis is None else self._redis.left_out,
        )

    def _taken(self, key: str, data: bytes, symbol: str, source: str) -> Found | None:
        """What came from Redis, if it is a quote that is young enough."""
        now_ms = self._clock.wall_ns() // _MS
        quote = restored(data, symbol=symbol, source=source, now_ms=now_ms)
        if quote is None:
            self._refused += 1
            return None
        age_ms = max(now_ms - quote.fetched_ms, 0)
        kept = KeptQuote(quote, self._clock.monotonic_ns() - age_ms * _MS)
        if not self.serves(kept, self._l2_ttl_s):
            return None
        self._take(key, kept)
        return Found(kept, "redis")

    def _take(self, key: str, kept: KeptQuote) -> None:
        """Take a quote into memory, unless what is there is newer."""
        for store in (self._l1, self._fallback):
            before = store.get(key)
            if before is None or before.fetched_ns <= kept.fetched_ns:
                store[key] = kept

    def _age_s(self, kept: KeptQuote) -> float:
        return (self._clock.monotonic_ns() - kept.fetched_ns) / _NS

    def _now_s(self) -> float:
        return self._clock.monotonic_ns() / _NS
