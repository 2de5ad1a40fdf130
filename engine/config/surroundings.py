"""The sections that decide nothing: what is kept, said, told and served, each key with its type and the rule for its value."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Struct

from engine.config.rules import Choice, Flag, Many, Number, Text, Whole
from engine.model.log_counts import LogLevelName

RecordingChoice = Literal["auto", "on", "off"]
OnLoss = Literal["keep", "no_entries", "flat_after"]
OnSilence = Literal["hold", "flat"]
Notify = Literal["off", "osc9", "osc777"]
WebhookFormat = Literal["json", "ntfy", "slack", "discord"]
BinanceQuotes = Literal["auto", "public", "mock"]
SmartApiQuotes = Literal["auto", "mock"]

_Flag = Annotated[bool, Flag()]
_Level = Annotated[LogLevelName | Literal[""], Choice("", "debug", "info", "warning", "error")]
# "binance/BTCUSDT": whose quote, and of what; the service understands it.
_WARM = Text(100, r"[a-z]{1,20}/[A-Za-z0-9][A-Za-z0-9_.&:|/ -]{0,79}", "PROVIDER/SYMBOL, as in binance/BTCUSDT")


class RecordingConfig(Struct, frozen=True):
    """Which runs are recorded, where, and how often the file is brought up to date."""

    enabled: Annotated[RecordingChoice, Choice("auto", "on", "off")]
    directory: Annotated[str, Text(1000)]
    checkpoint_ticks: Annotated[int, Whole(1, 1_000_000)]
    flush_ms: Annotated[int, Whole(10, 60_000)]
    keep_days: Annotated[int, Whole(0, 36_500)]
    budget_mb: Annotated[int, Whole(0, 100_000_000)]


class JournalConfig(Struct, frozen=True):
    """Whether facts are kept, and the space put aside for a full disk."""

    enabled: _Flag
    reserve_kb: Annotated[int, Whole(0, 1_048_576)]


class LevelsConfig(Struct, frozen=True):
    """A log level for one component; the empty text is the general one."""

    engine: _Level
    feed: _Level
    trader: _Level
    broker: _Level
    journal: _Level
    recording: _Level


class LoggingConfig(Struct, frozen=True):
    """How much is logged."""

    level: Annotated[LogLevelName, Choice("debug", "info", "warning", "error")]
    lines_per_s: Annotated[int, Whole(1, 100_000)]
    levels: LevelsConfig


class HeartbeatConfig(Struct, frozen=True):
    """How often the engine says that it lives."""

    heartbeat_log_s: Annotated[int, Whole(1, 86_400)]


class OperatorConfig(Struct, frozen=True):
    """What happens when nobody is looking any more: the last screen that may command is gone; or no price comes."""

    on_loss: Annotated[OnLoss, Choice("keep", "no_entries", "flat_after")]
    flat_after_s: Annotated[int, Whole(1, 86_400)]
    on_silence: Annotated[OnSilence, Choice("hold", "flat")]
    silence_flat_s: Annotated[int, Whole(5, 86_400)]


class AlertsConfig(Struct, frozen=True):
    """How a person is told of what is grave, beside the screen's own lines."""

    command: Annotated[tuple[str, ...], Many(Text(1000), 0, 50)]
    webhook_format: Annotated[WebhookFormat, Choice("json", "ntfy", "slack", "discord")]
    bell: _Flag
    notify: Annotated[Notify, Choice("off", "osc9", "osc777")]
    trades: _Flag
    per_hour: Annotated[int, Whole(1, 1000)]


class ServeConfig(Struct, frozen=True):
    """Where the service of figures and quotes listens, and where its quotes come from."""

    port: Annotated[int, Whole(0, 65_535)]
    socket: Annotated[str, Text(100)]
    binance: Annotated[BinanceQuotes, Choice("auto", "public", "mock")]
    smartapi: Annotated[SmartApiQuotes, Choice("auto", "mock")]
    warm: Annotated[tuple[str, ...], Many(_WARM, 0, 50)]


class CacheConfig(Struct, frozen=True):
    """How many quotes the service keeps, where, and for how long."""

    l1_size: Annotated[int, Whole(1, 100_000)]
    l1_ttl_s: Annotated[int, Whole(1, 86_400)]
    l2_ttl_s: Annotated[int, Whole(1, 86_400)]
    redis_timeout_s: Annotated[Decimal, Number("0.01", 60)]
    fallback_size: Annotated[int, Whole(1, 100_000)]
    fallback_ttl_s: Annotated[int, Whole(1, 86_400)]


class AdaptiveConfig(Struct, frozen=True):
    """Whether the log goes into detail by itself where something is wrong, and for how long at least."""

    enabled: _Flag
    hold_s: Annotated[int, Whole(10, 3_600)]
