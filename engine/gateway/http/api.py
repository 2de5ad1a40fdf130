"""What each path answers, from the engine's newest snapshot and the quotes; knows neither connections nor headers."""

import time
from collections.abc import Callable
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
from engine.gateway.watched_engine import WatchedEngine
from engine.model.snapshot import Snapshot
from engine.text.sanitize import CleanText
from engine.version import VERSION

STANDALONE: Final = "standalone"
_OLD_S = 5.0  # a snapshot that is older is no news of a living engine: one at rest makes one a second
_FEATURES = ("engine", "quotes", "cache", "instruments", "metrics", "alerts")
_NO_ENGINE = ProblemError(503, "no engine", CleanText("no engine has been there so far"))


class CacheState(Protocol):
    """What is told of the cache of quotes."""

    @property
    def redis_available(self) -> bool:
        """Whether Redis answers."""

    @property
    def hit_rate(self) -> float:
        """Share of the requests that it could answer, 0..1."""

    @property
    def fallback_active(self) -> bool:
        """Whether memory stands in for a Redis that is wanted."""

    @property
    def fallback_hits(self) -> int:
        """How many of them memory answered in place of Redis."""


class LogQuery(Struct, frozen=True):
    """Which lines: at most `limit` after number `since`."""

    since: Annotated[int, Meta(ge=0, lt=2**62)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class Api:
    """Answers; `cache` tells how the cache does, `invents` whether some quotes are invented."""

    def __init__(
        self,
        engine: WatchedEngine,
        cache: Callable[[], CacheState],
        *,
        invents: bool,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._invents = invents
        self._monotonic_s = monotonic_s
        self._begun_s = monotonic_s()

    # ── Open ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def about(self) -> About:
        """Say what this is."""
        return About("myquant-tui", VERSION, self._mode, _FEATURES, "/docs")

    def health(self) -> HealthAnswer:
        """Say how it is."""
        cache = self._cache()
        status, age_s, reason = self._engine_health()
        return HealthAnswer(
            status=status,
            timestamp=datetime.now(UTC),
            uptime=round(self._monotonic_s() - self._begun_s, 3),
            redis_available=cache.redis_available,
            mock_active=self._invents,
            components=Components(
                CacheHealth("degraded" if cache.fallback_active else "healthy", cache.redis_available, cache.hit_rate),
                EngineHealth(status, age_s, reason),
            ),
        )

    def status(self) -> StatusAnswer:
        """Say how it works."""
        cache = self._cache()
        figures = StatusFigures(
            success=True,
            mode=self._mode,
            optimizations=Optimizations(
                redis_fallback_active=cache.fallback_active,
                mock_routing_enabled=self._invents,
                async_logging=True,
                single_worker_mode=True,
                reduced_background_tasks=True,
            ),
            cache=CacheFigures(cache.redis_available, cache.hit_rate, cache.fallback_hits),
            engine=self._engine_figures(),
        )
        return StatusAnswer(**asdict(figures), status=figures)

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
        age_s, state = self._age_s, self._engine.state
        if age_s is None:
            return "degraded", None, state.reason
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
