"""Front door of the configuration: from config.toml and a few overrides to frozen records."""

from engine.config.bundled import bundled, find_config
from engine.config.describe import changed, defaults, describe, instrument_for, wanted_symbols
from engine.config.load import load
from engine.config.schema import (
    CapitalConfig,
    Config,
    EngineConfig,
    FeedConfig,
    HeartbeatConfig,
    InstrumentConfig,
    JournalConfig,
    LevelsConfig,
    LoggingConfig,
    RecordingConfig,
    ReplayConfig,
    RiskConfig,
    Sections,
    SessionConfig,
    StrategyConfig,
)

__all__ = [
    "CapitalConfig",
    "Config",
    "EngineConfig",
    "FeedConfig",
    "HeartbeatConfig",
    "InstrumentConfig",
    "JournalConfig",
    "LevelsConfig",
    "LoggingConfig",
    "RecordingConfig",
    "ReplayConfig",
    "RiskConfig",
    "Sections",
    "SessionConfig",
    "StrategyConfig",
    "bundled",
    "changed",
    "defaults",
    "describe",
    "find_config",
    "instrument_for",
    "load",
    "wanted_symbols",
]
