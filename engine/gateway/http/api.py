"""What each path answers, from the engine's newest snapshot and the quotes; knows neither connections nor headers."""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Protocol

from msgspec import Meta, Struct
from msgspec.structs import asdict

from engine.gateway.http import views
from engine.gateway.http.answers import (
    About,
    AccountAnswer,
    CacheFigures,
    CacheHealth,
    Components,
    DataAnswer,
    EngineFigures,
    EngineHealth,
    Health,
    HealthAnswer,
    LogAnswer,
    Optimizations,
    PositionsAnswer,
    StatusAnswer,
    StatusFigures,
    TradesAnswer,
)
from engine.gateway.http.problem import ProblemError
from engine.gateway.instruments import InstrumentFinder, InstrumentsAnswer
from engine.gateway.quotes.answers import (
    BadSymbolError,
    CacheView,
    QuoteAnswer,
    QuoteRefusedError,
    UnknownProviderError,
)
from engine.gateway.watched_engine import WatchedEngine
from engine.model.snapshot import Snapshot
from engine.text.sanitize import CleanText, clean
from engine.version import VERSION

STANDALONE: Final = "standalone"
_STOPPED = "the engine was stopped in good order"
_OLD_S = 5.0  # a snapshot that is older is no news of a living engine: one at rest makes one a second
_FEATURES = ("engine", "quotes", "cache", "instruments", "metrics", "alerts")
_STATUS_OF: Final[Mapping[type[QuoteRefusedError], int]] = {UnknownProviderError: 404, BadSymbolError: 422}
_NO_ENGINE = ProblemError(503, "no engine", CleanText("no engine has been there so far"))


class QuoteSource(Protocol):
    """Where quotes come from, and how their cache does."""

    @property
    def mocked(self) -> Collection[str]:
        """The providers of real quotes that invented ones stand in for."""

    @property
    def wants_redis(self) -> bool:
        """Whether an address of a Redis was given, so that its absence is a fault."""

    def view(self) -> CacheView:
        """How the cache does."""

    async def quote(
        self, provider: str, symbol: str, *, max_age_s: float | None = None, at: str | None = None
    ) -> QuoteAnswer:
        """A quote; raises UnknownProviderError, BadSymbolError, ProviderFailedError."""


# As the quotes and the lists read them; said here so that the description tells it.
_SYMBOL = "^[A-Za-z0-9][A-Za-z0-9_.&:|/ -]{0,79}$"
_WORDS = "^[A-Za-z0-9_.&:|/ -]{0,100}$"


class DataQuery(Struct, frozen=True):
    """Whose quote, and of what."""

    provider: Annotated[str, Meta(pattern="^[a-z]{1,20}$", description="engine, binance, smartapi or mock")]
    symbol: Annotated[str, Meta(pattern=_SYMBOL, description="BTCUSDT, NIFTY, Nifty 50, BTC/USDT")]
    max_age: Annotated[float, Meta(ge=0, le=86_400, description="seconds that it may be old at most")] | None = None
    at: (
        Annotated[str, Meta(max_length=40, description="of mock: another hour, ISO 8601 or seconds since 1970")] | None
    ) = None


class InstrumentsQuery(Struct, frozen=True):
    """What is looked for."""

    q: Annotated[
        str, Meta(pattern=_WORDS, description="NIFTY 25000 CE, RELIANCE; empty: all that the engine follows")
    ] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 20


class LogQuery(Struct, frozen=True):
    """Which lines: at most `limit` after number `since`."""

    since: Annotated[int, Meta(ge=0, lt=2**62)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class Api:
    """Answers, out of what it is made with; nothing is kept here."""

    def __init__(
        self,
        engine: WatchedEngine,
        quotes: QuoteSource,
        finder: InstrumentFinder,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._quotes = quotes
        self._finder = finder
        self._monotonic_s = monotonic_s
        self._begun_s = monotonic_s()

    # ── Open ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def about(self) -> About:
        """Say what this is."""
        return About("myquant-tui", VERSION, self._mode, _FEATURES, "/docs")

    def health(self) -> HealthAnswer:
        """Say how it is."""
        cache = self._quotes.view()
        status, age_s, reason = self._engine_health()
        return HealthAnswer(
            status=status,
            timestamp=datetime.now(UTC),
            uptime=round(self._monotonic_s() - self._begun_s, 3),
            redis_available=cache.redis_available,
            mock_active=bool(self._quotes.mocked),
            components=Components(
                CacheHealth(
                    "healthy" if cache.redis_available or not self._quotes.wants_redis else "degraded",
                    cache.redis_available,
                    cache.hit_rate,
                ),
                EngineHealth(status, age_s, reason),
            ),
        )

    def status(self) -> StatusAnswer:
        """Say how it works."""
        cache = self._quotes.view()
        figures = StatusFigures(
            success=True,
            mode=self._mode,
            optimizations=Optimizations(
                redis_fallback_active=cache.fallback_active,
                mock_routing_enabled=bool(self._quotes.mocked),
                async_logging=True,
                single_worker_mode=True,
                reduced_background_tasks=True,
            ),
            cache=CacheFigures(cache.redis_available, cache.hit_rate, cache.fallback_hits),
            engine=self._engine_figures(),
        )
        return StatusAnswer(**asdict(figures), status=figures)

    async def data(self, said: DataQuery) -> DataAnswer:
        """A quote."""
        begun_s = self._monotonic_s()
        try:
            found = await self._quotes.quote(said.provider, said.symbol, max_age_s=said.max_age, at=said.at)
        except QuoteRefusedError as error:
            raise ProblemError(_STATUS_OF.get(type(error), 502), "quote", clean(error.lines[0])) from None
        return DataAnswer(
            success=True,
            provider=found.provider,
            symbol=found.symbol,
            data=found.data,
            mock=found.mock,
            cached=found.cached,
            cache=found.cache,
            response_time=round(self._monotonic_s() - begun_s, 6),
        )

    async def instruments(self, said: InstrumentsQuery) -> InstrumentsAnswer:
        """What is listed."""
        return await self._finder.find(said.q, said.limit)

    # ── With the token ───────────────────────────────────────────────────────────────────────────────────────────

    def positions(self) -> PositionsAnswer:
        """What is held."""
        return views.positions(*self._seen())

    def trades(self) -> TradesAnswer:
        """The newest exits."""
        return views.trades(*self._seen())

    def account(self) -> AccountAnswer:
        """The account."""
        return views.account(*self._seen())

    def log(self, query: LogQuery) -> LogAnswer:
        """Lines of the engine's log."""
        self._seen()
        return LogAnswer(tuple(map(views.log_line, self._engine.log_lines(query.since, query.limit))))

    # ── The engine ───────────────────────────────────────────────────────────────────────────────────────────────

    def _seen(self) -> tuple[Snapshot, float]:
        seen, age_s = self._engine.snapshot, self._age_s
        if seen is None or age_s is None:
            raise _NO_ENGINE
        return seen, age_s

    @property
    def _mode(self) -> str:
        seen = self._engine.snapshot
        return STANDALONE if seen is None else seen.trade_mode

    @property
    def _age_s(self) -> float | None:
        age_s = self._engine.age_s()
        return None if age_s is None else round(age_s, 3)

    def _engine_health(self) -> tuple[Health, float | None, str]:
        """How it is, how old its snapshot, and why it is not well."""
        age_s, state, seen = self._age_s, self._engine.state, self._engine.snapshot
        if seen is None or age_s is None:
            return "degraded", None, state.reason
        if seen.stopped:
            return ("unhealthy", age_s, "the engine has failed") if seen.fault else ("degraded", age_s, _STOPPED)
        if state.word == "LOST":
            return "unhealthy", age_s, state.reason
        if age_s > _OLD_S:
            return "unhealthy", age_s, f"its newest snapshot is {age_s:.0f} s old"
        return "healthy", age_s, ""

    def _engine_figures(self) -> EngineFigures:
        status, age_s, reason = self._engine_health()
        seen = self._engine.snapshot
        if seen is None:
            return EngineFigures(status, reason, 0, "", "", "", 0, None, None, "", entries_locked=False, flat="")
        came_ns = seen.pulse.came_ns
        return EngineFigures(
            status=status,
            reason=reason,
            pid=self._engine.pid,
            mode=seen.trade_mode,
            source=seen.source,
            delivery=seen.delivery,
            ticks=seen.ticks,
            snapshot_age_s=age_s,
            newest_tick_age_s=round(max(0.0, (seen.taken_ns - came_ns) / 1e9 + (age_s or 0.0)), 3) if came_ns else None,
            link=seen.feed.state if seen.feed else "",
            entries_locked=bool(seen.entries.locked),
            flat=seen.flat.state,
        )
