"""What `status --json` prints: its keys and words, and how its figures are written. Knows neither engine nor journal."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from engine.model.order_requests import Purpose
from engine.model.order_states import OVER, OrderState
from engine.model.order_views import BudgetView
from engine.model.preflight import Check
from engine.model.types import Instrument

State = Literal["running", "stands_still", "no_answer", "dead", "never_ran", "several"]
Entries = Literal["allowed", "no_link", "paused", "halted", "locked", "stopped", "unknown"]
Market = Literal["open", "closed", "unknown"]
Source = Literal["engine", "journal", "unknown"]


class HeldStatus(Struct, frozen=True):
    """One position: a quantity in units, prices and money in the currency; null is what is not known, or not set.

    `age_s` is how old `last_price` is, `entry_at` and `entry_ns` when it was entered, by the time of its ticks (UTC).
    """

    symbol: str
    exchange: str
    quantity: Decimal
    entry_price: Decimal | None = None
    last_price: Decimal | None = None
    open_pnl: Decimal | None = None
    exit_costs: Decimal | None = None
    stop: Decimal | None = None
    trail_stop: Decimal | None = None
    next_target: Decimal | None = None
    age_s: float | None = None
    entry_at: str | None = None
    entry_ns: int | None = None
    durable: bool = True  # else a kill could still take it back


class UptimeStatus(Struct, frozen=True):
    """Minutes of the session that were watched, of those that have passed: today, and over all `days` that are known.

    A `share` is rounded down, so that only all of it is 1; null where no minute has passed.
    """

    minutes: int
    watched: int
    share: float | None
    days: int
    days_minutes: int
    days_watched: int
    days_share: float | None
    days_unwatched: int  # days of which no minute was watched


class OrderStatus(Struct, frozen=True):
    """One order of today at a real broker: quantities in units, prices in the currency; null is what is not known.

    `rounds` is how often it was looked for, while nobody knows whether the broker has it.
    """

    tag: str
    broker_id: str
    symbol: str
    side: str
    quantity: Decimal
    filled: Decimal
    decided_price: Decimal | None
    limit_price: Decimal | None
    average_price: Decimal | None
    state: OrderState
    rounds: int
    purpose: Purpose
    reason: str
    said: str
    at: str | None
    at_ns: int

    @property
    def is_open(self) -> bool:
        """Whether anything may still come of it."""
        return self.state not in OVER


class LiveStatus(Struct, frozen=True):
    """Orders at a real broker: those that matter first, `left_out` more of today; what locks entries, for what they wait, what else `waits`.

    `budget` is what is used up of the limits; `round_age_s` how old the newest reading of the broker's books is that is
    believed, `updates` how the socket for updates stands ("": there is none). `checks` are those
    that a running engine makes itself; a replay makes none.
    """

    account: str
    working: int
    unknown: int
    orders: tuple[OrderStatus, ...]
    left_out: int
    locks: tuple[str, ...]
    entries_wait: str
    waits: tuple[str, ...]
    budget: BudgetView
    loss_left: Decimal | None
    logged_in: bool
    round_age_s: float | None
    round_trip_ms: float | None
    updates: str
    checks: tuple[Check, ...] = ()


class Status(Struct, frozen=True, kw_only=True):
    """What `status --json` prints, version 1: later ones add keys and words, and change none.

    Prices, quantities and money are numbers, ages seconds; `_at` is ISO 8601 in UTC, `_ns` the same as nanoseconds of the
    epoch. `…_reason`, `…_words`, `locked`, `halted`, `problem` and `found` are for a person; what a script needs are words.
    """

    schema: int = 1
    state: State
    running: bool = False
    pid: int = 0
    mode: str = ""
    state_dir: str = ""
    asked_at: str = ""
    asked_ns: int = 0
    source: str = ""
    delivery: str = ""
    ticks: int = 0
    link: str = ""
    link_reason: str = ""
    newest_tick_at: str | None = None
    newest_tick_ns: int | None = None
    newest_tick_age_s: float | None = None
    beat_age_s: float | None = None
    market: Market = "unknown"
    market_reason: str = ""
    entries: Entries = "unknown"
    entries_reason: str = ""
    entries_words: str = ""  # as the screen says it: `entries from 09:20`
    locked: str = ""
    halted: str = ""
    paused: bool = False
    flat: str = ""
    flat_reason: str = ""
    flat_until: str = ""  # when it goes on, where it is HELD
    alarms: tuple[str, ...] = ()  # what a person should look at, and what is to be done by hand
    positions: tuple[HeldStatus, ...] = ()
    positions_from: Source = "unknown"
    watch_only: tuple[str, ...] = ()  # followed and recorded, never traded
    watched: tuple[str, ...] = ()  # what it follows, those traded and those not
    day_pnl: Decimal | None = None
    cash: Decimal | None = None
    screens: int = 0
    control: str = field(default="", name="conn")  # scripts know it by this name
    rss_mb: float = 0.0
    log_levels: dict[str, str] = {}  # by component
    log_changed: tuple[str, ...] = ()  # those that are not as configured, in words
    problem: str = ""
    not_durable_s: float = 0.0
    uptime: UptimeStatus | None = None
    uptime_words: str = ""
    live: LiveStatus | None = None
    found: tuple[str, ...] = ()
    engines: "tuple[Status, ...]" = ()  # of several, each as it would be alone


def prices(instrument: Instrument) -> Callable[[int | None], Decimal | None]:
    """What tells minor units in the currency."""
    return lambda minor: None if minor is None else Decimal(instrument.price_text(minor))


def units(instrument: Instrument, quantity: int) -> Decimal:
    """A quantity, in units."""
    return Decimal(instrument.quantity_text(quantity))


def cents(money: Decimal) -> Decimal:
    """Money to the hundredth."""
    return round(money, 2)


def iso(at_ns: int | None) -> str | None:
    """A moment, to the millisecond."""
    if at_ns is None:
        return None
    return datetime.fromtimestamp(at_ns // 1_000_000 / 1_000, UTC).isoformat(timespec="milliseconds")
