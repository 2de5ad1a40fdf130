"""What the service answers: one record a path. The description (`/openapi.json`) is made from these, so the two cannot differ.

Prices, quantities and money are exact texts in the currency and in units; ages are seconds.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from engine.gateway.quotes.answers import Kept, QuoteData

Health = Literal["healthy", "degraded", "unhealthy"]


class About(Struct, frozen=True):
    """What this is; `mode` is that of the engine it is attached to, or "standalone"."""

    name: str
    version: str
    mode: str
    features: tuple[str, ...]
    docs: str


class CacheHealth(Struct, frozen=True):
    """How the cache of quotes is; `degraded`: Redis is wanted and does not answer, memory stands in for it."""

    status: Health
    redis_available: bool
    hit_rate: float


class EngineHealth(Struct, frozen=True):
    """How the engine is: `degraded` before there was one and after it was stopped, `unhealthy` once it has died or its newest snapshot is old."""

    status: Health
    snapshot_age_s: float | None
    reason: str


class Components(Struct, frozen=True):
    """The parts that the whole depends on."""

    cache: CacheHealth
    engine: EngineHealth


class HealthAnswer(Struct, frozen=True):
    """How the service is, which is how its engine is; `uptime` in seconds, `mock_active`: some quotes are invented."""

    status: Health
    timestamp: datetime
    uptime: float
    redis_available: bool
    mock_active: bool
    components: Components


class Optimizations(Struct, frozen=True):
    """How the service is kept small, by the names that its predecessor had for it."""

    redis_fallback_active: bool
    mock_routing_enabled: bool
    async_logging: bool
    single_worker_mode: bool
    reduced_background_tasks: bool


class CacheFigures(Struct, frozen=True):
    """How the cache of quotes does; `hit_rate` 0..1."""

    redis_available: bool
    hit_rate: float
    fallback_hits: int


class EngineFigures(Struct, frozen=True):
    """How the engine is, without what it holds; texts are empty and ages null while none was there."""

    status: Health
    reason: str
    pid: int
    mode: str
    source: str
    delivery: str
    ticks: int
    snapshot_age_s: float | None
    newest_tick_age_s: float | None
    link: str
    entries_locked: bool
    flat: str


class StatusFigures(Struct, frozen=True):
    """How the service works and what it is attached to."""

    success: Literal[True]
    mode: str
    optimizations: Optimizations
    cache: CacheFigures
    engine: EngineFigures


class StatusAnswer(StatusFigures, frozen=True):
    """How the service works; the same again under `status`, where older clients look for it."""

    status: StatusFigures


class DataAnswer(Struct, frozen=True):
    """A quote of `provider`, invented where `mock`; `cache` says which layer had it, `response_time` is in seconds."""

    success: Literal[True]
    provider: str
    symbol: str
    data: QuoteData
    mock: bool
    cached: bool
    cache: Kept
    response_time: float
    error: None = None


class PositionAnswer(Struct, frozen=True):
    """An open position; null: not known, or not set. `durable`: on the disk, so that a kill cannot take it back."""

    symbol: str
    exchange: str
    quantity: Decimal
    entry_price: Decimal
    entry_at: datetime
    last_price: Decimal | None
    open_pnl: Decimal
    exit_costs: Decimal
    stop: Decimal
    trail_stop: Decimal | None
    next_target: Decimal | None
    durable: bool


class PositionsAnswer(Struct, frozen=True):
    """What the engine holds, as its newest snapshot says."""

    positions: tuple[PositionAnswer, ...]
    snapshot_age_s: float


class TradeAnswer(Struct, frozen=True):
    """One exit; `costs` are both sides' of this quantity."""

    number: int
    symbol: str
    entry_at: datetime
    exit_at: datetime
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    gross: Decimal
    costs: Decimal
    net: Decimal
    reason: str


class TradesAnswer(Struct, frozen=True):
    """The newest exits of the account, newest last, of `exits` in all; `myquant-tui trades` lists the others."""

    trades: tuple[TradeAnswer, ...]
    exits: int
    snapshot_age_s: float


class AccountAnswer(Struct, frozen=True):
    """Money of the account; `realised`, `costs` and `exits` since it began, `drawdown` and `entries` of the session day."""

    cash: Decimal
    day_pnl: Decimal
    open_pnl: Decimal
    realised: Decimal
    costs: Decimal
    drawdown: Decimal
    entries: int
    exits: int
    snapshot_age_s: float


class LogLineAnswer(Struct, frozen=True):
    """A line of the engine's log; `number` counts on over engines."""

    number: int
    at: datetime
    level: str
    component: str
    text: str


class LogAnswer(Struct, frozen=True):
    """Lines of the engine's log, oldest first; ask on with `since` = the number of the last."""

    lines: tuple[LogLineAnswer, ...]
