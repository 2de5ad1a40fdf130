"""The configuration as records: every key, its type and beside it the rule for its value. Holds no default; those are in config.toml.

The sections of the venues are handed in by whoever knows them.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, TypeGuard, TypeVar

from msgspec import Struct

from engine.config.origins import Origins
from engine.config.rules import Choice, Flag, Many, Name, Number, Power, Rule, Speed, Text, Whole
from engine.config.surroundings import (
    AdaptiveConfig,
    AlertsConfig,
    CacheConfig,
    HeartbeatConfig,
    JournalConfig,
    LoggingConfig,
    OperatorConfig,
    RecordingConfig,
    ServeConfig,
)
from engine.config.time_rules import Day, SpecialDay, SpecialDayRule, TimeOfDay, Zone
from engine.markets.market import MARKETS
from engine.model.types import DELIVERIES, REPLAY, Delivery
from engine.text.sanitize import CleanText

# "session" → {"zone": rule, …}, … also "logging.levels".
Tables = Mapping[str, Mapping[str, Rule]]
# "binance" → the record of what stands in [binance]
Sections = Mapping[str, type[Struct]]
Section = TypeVar("Section", bound=Struct)

CalendarChoice = Literal["auto", "none"]
Unprotected = Literal["warn", "refuse"]
ChargesModel = Literal["contract_note", "percent"]
PaperFill = Literal["touch", "last"]
OnEngineDeath = Literal["restart", "flat"]

# What a person calls an instrument: "NIFTY25NOV2525000CE", "Nifty 50", "NSE:SBIN", "NSE_FO|35003", "BTC/USDT"; venues understand it.
SYMBOL = Text(
    80,
    r"[A-Za-z0-9]([A-Za-z0-9_.&:|/ -]{0,79})",
    "a symbol of 1 to 80 letters, digits, blanks, '_', '.', '&', ':', '|', '/' or '-'",
)

_Flag = Annotated[bool, Flag()]
_Length = Annotated[int, Whole(1, 10_000)]
_Minutes = Annotated[int, Whole(0, 1440)]
_Points = Annotated[Decimal, Number(0, 1_000_000)]
_Percent = Annotated[Decimal, Number(0, 100)]


class SessionConfig(Struct, frozen=True):
    """When the market is open and when entries are allowed; times of day in `zone`."""

    zone: Annotated[str, Zone()]
    start: Annotated[dt.time, TimeOfDay()]
    end: Annotated[dt.time, TimeOfDay()]
    daily: _Flag
    start_buffer_minutes: _Minutes
    end_buffer_minutes: _Minutes
    no_trade_start_minutes: _Minutes
    no_trade_end_minutes: _Minutes
    calendar: Annotated[CalendarChoice, Choice("auto", "none")]
    holidays: Annotated[tuple[dt.date, ...], Many(Day(), 0, 1000)]
    special: Annotated[tuple[SpecialDay, ...], Many(SpecialDayRule(), 0, 1000)]


class CapitalConfig(Struct, frozen=True):
    """What the account starts with, in the currency."""

    initial_capital: Annotated[Decimal, Number(1, 1_000_000_000_000)]


class StrategyConfig(Struct, frozen=True):
    """What the entry judgement reads; lengths are in ticks."""

    use_ema_crossover: _Flag
    fast_ema: _Length
    slow_ema: _Length
    use_macd: _Flag
    macd_fast: _Length
    macd_slow: _Length
    macd_signal: _Length
    use_vwap: _Flag
    use_htf_trend: _Flag
    htf_period: _Length
    use_rsi_filter: _Flag
    rsi_length: _Length
    rsi_overbought: _Percent
    rsi_oversold: _Percent
    use_bollinger_bands: _Flag
    bollinger_length: Annotated[int, Whole(2, 10_000)]
    bollinger_width: Annotated[Decimal, Number("0.01", 100)]
    use_atr: _Flag
    atr_length: _Length
    consecutive_green_ticks: Annotated[int, Whole(0, 1000)]
    green_ticks_after_stop_loss_enabled: _Flag
    green_ticks_after_stop_loss: Annotated[int, Whole(0, 1000)]
    noise_filter_enabled: _Flag
    noise_filter_percentage: Annotated[Decimal, Number(0, 1)]
    noise_filter_min_ticks: Annotated[Decimal, Number(0, 1000)]
    min_warmup_ticks: Annotated[int, Whole(1, 1_000_000)]
    nan_streak_threshold: _Length
    nan_recovery_threshold: _Length


class RiskConfig(Struct, frozen=True):
    """Sizes, exits, costs and limits; points are currency per unit, costs percent of turnover."""

    max_positions_per_day: Annotated[int, Whole(0, 1_000_000)]
    max_position_value_percent: Annotated[Decimal, Number(0, 100, above=True)]
    base_sl_points: Annotated[Decimal, Number("0.01", 1_000_000)]
    tp_points: Annotated[tuple[Decimal, ...], Many(Number("0.01", 1_000_000), 1, 16)]
    tp_percents: Annotated[tuple[Decimal, ...], Many(Number(0, 1, above=True), 1, 16)]
    use_trail_stop: _Flag
    trail_activation_points: _Points
    trail_distance_points: _Points
    slippage_points: _Points
    slippage_points_exit: _Points
    commission_percent: _Percent
    commission_per_trade: _Points
    stt_percent: _Percent
    exchange_charges_percent: _Percent
    gst_percent: _Percent
    max_position_duration_minutes: _Minutes
    emergency_exit_percent: _Percent
    emergency_window_s: Annotated[int, Whole(1, 86_400)]
    max_daily_loss: Annotated[Decimal, Number(0, 1_000_000_000_000)]
    max_backwards_ms: Annotated[int, Whole(0, 3_600_000)]
    max_tick_gap_ms: Annotated[int, Whole(1, 86_400_000)]
    missed_ticks_before_stop: Annotated[int, Whole(1, 1_000_000)]
    jump_percent: Annotated[Decimal, Number(0, 1000)]
    unprotected: Annotated[Unprotected, Choice("warn", "refuse")]


class ChargesConfig(Struct, frozen=True):
    """What an order costs: as its contract note says, by a dated table, or by the percentages of [risk]."""

    model: Annotated[ChargesModel, Choice("contract_note", "percent")]
    table: Annotated[str, Text(80, r"[a-z0-9][a-z0-9-]*", "auto or the name of a table")]


class PaperConfig(Struct, frozen=True):
    """How a simulated order is filled."""

    fill: Annotated[PaperFill, Choice("touch", "last")]


class LiveConfig(Struct, frozen=True):
    """What an order at a real broker may be; 0 and nothing are no limits but refuse, see `live_requirements`."""

    enabled: _Flag
    max_order_value: Annotated[Decimal, Number(0, 1_000_000_000_000)]
    max_lots: Annotated[int, Whole(0, 100_000)]
    max_open_positions: Annotated[int, Whole(0, 1000)]
    max_orders_per_day: Annotated[int, Whole(0, 100_000)]
    symbols: Annotated[tuple[str, ...], Many(SYMBOL, 0, 1000)]
    forward_days: Annotated[int, Whole(0, 366)]
    on_engine_death: Annotated[OnEngineDeath, Choice("restart", "flat")]
    net_points: _Points
    amends: _Flag


# What stands in [instruments.X] only.
OF_ONE_INSTRUMENT = ("watch_only", "lower_circuit", "upper_circuit")


class InstrumentConfig(Struct, frozen=True):
    """What is traded, as an exchange states it: prices in the currency, quantities in units."""

    symbol: Annotated[CleanText, Name()]
    token: Annotated[CleanText, Name(optional=True)]
    exchange: Annotated[CleanText, Name()]
    market: Annotated[str, Choice(*MARKETS)]
    price_scale: Annotated[int, Power(100_000_000)]
    lot_size: Annotated[Decimal, Number(0, 1_000_000, above=True)]
    tick_size: Annotated[Decimal, Number(0, 100_000, above=True)]
    freeze_quantity: Annotated[int, Whole(1, 1_000_000_000)]
    allow_negative: _Flag
    watch_only: _Flag = False  # stands in [instruments.X] only: nobody watches what [instrument] describes in general
    lower_circuit: Annotated[Decimal, Number(0, 1_000_000_000)] = Decimal(0)  # likewise: of the day, 0 = not known
    upper_circuit: Annotated[Decimal, Number(0, 1_000_000_000)] = Decimal(0)


class EngineConfig(Struct, frozen=True):
    """How ticks reach the trader and how often the engine shows itself."""

    delivery: Annotated[Delivery, Choice(*DELIVERIES)]
    poll_interval_ms: Annotated[int, Whole(1, 10_000)]
    inbox_size: Annotated[int, Whole(1, 1_000_000)]
    handler_budget_ms: Annotated[int, Whole(1, 10_000)]
    snapshot_interval_ms: Annotated[int, Whole(10, 10_000)]
    latency_every_tick: _Flag
    switch_drain_ms: Annotated[int, Whole(1, 10_000)]


class FeedConfig(Struct, frozen=True):
    """Where ticks come from."""

    source: Annotated[str, Choice(REPLAY)]  # or a venue: `tables_with` adds them
    symbols: Annotated[tuple[str, ...], Many(SYMBOL, 0, 1000)]
    stale_s: Annotated[Decimal, Number("0.5", 3600)]
    silence_s: Annotated[Decimal, Number(1, 3600)]


class ReplayConfig(Struct, frozen=True):
    """How a recording is played; `speed` 0.0 is as fast as it goes."""

    speed: Annotated[float, Speed()]
    skip_silence: _Flag
    silence_s: Annotated[Decimal, Number("0.1", 86_400)]
    snapshot_ticks: Annotated[int, Whole(1, 10_000_000)]
    keep_runs: Annotated[int, Whole(1, 10_000)]


class Config(Struct, frozen=True):
    """The whole configuration; `instruments` holds what differs from `instrument` for one symbol, already filled up."""

    session: SessionConfig
    capital: CapitalConfig
    strategy: StrategyConfig
    risk: RiskConfig
    charges: ChargesConfig
    paper: PaperConfig
    live: LiveConfig
    instrument: InstrumentConfig
    instruments: dict[str, InstrumentConfig]
    engine: EngineConfig
    feed: FeedConfig
    replay: ReplayConfig
    venues: dict[str, Struct]  # each by its name, in a section of its own
    recording: RecordingConfig
    journal: JournalConfig
    logging: LoggingConfig
    adaptive: AdaptiveConfig
    heartbeat: HeartbeatConfig
    operator: OperatorConfig
    alerts: AlertsConfig
    serve: ServeConfig
    cache: CacheConfig
    origins: Origins  # who said all this; nothing is decided by it

    def venue(self, kind: type[Section]) -> Section:
        """Return the section that is of `kind`; raises LookupError where no venue has one."""
        for section in self.venues.values():
            if isinstance(section, kind):
                return section
        raise LookupError(f"no section of the configuration is a {kind.__name__}")


# The one table whose names are the operator's own; its keys are those of [instrument] but the symbol.
INSTRUMENTS = "instruments"
# Sections of those who look on: a configuration that names every key may do without them.
MAY_LACK = frozenset({"adaptive", "serve", "cache"})


def is_section(hint: object) -> TypeGuard[type[Struct]]:
    """Whether a field of this type is a section of its own."""
    return isinstance(hint, type) and issubclass(hint, Struct)


def sections_of(config: Config) -> Sections:
    """Return the sections of the venues that `config` was loaded with."""
    return {name: type(section) for name, section in config.venues.items()}


def tables_with(venues: Sections) -> Tables:
    """Return the rules of every section, those of `venues` included, in the order in which they stand in config.toml."""
    tables: dict[str, dict[str, Rule]] = {}
    for name, hint in Config.__annotations__.items():
        records = venues if name == "venues" else {name: hint} if is_section(hint) else {}
        for path, record in records.items():
            _add(record, path, tables)
    tables["feed"]["source"] = Choice(REPLAY, *venues)
    return tables


def _add(record: type[Struct], path: str, tables: dict[str, dict[str, Rule]]) -> None:
    for name, hint in record.__annotations__.items():
        if is_section(hint):
            _add(hint, f"{path}.{name}", tables)
        elif not (record is InstrumentConfig and name in OF_ONE_INSTRUMENT):
            tables.setdefault(path, {})[name] = hint.__metadata__[0]


OVERRIDABLE: Mapping[str, Rule] = {
    name: hint.__metadata__[0] for name, hint in InstrumentConfig.__annotations__.items() if name != "symbol"
}
