"""Front door of the configuration: from config.toml and a few overrides to frozen records."""

from engine.config.bundled import bundled, find_config
from engine.config.describe import changed, describe, instrument_for
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
    MockConfig,
    RecordingConfig,
    ReplayConfig,
    RiskConfig,
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
    "MockConfig",
    "RecordingConfig",
    "ReplayConfig",
    "RiskConfig",
    "SessionConfig",
    "StrategyConfig",
    "bundled",
    "changed",
    "describe",
    "find_config",
    "instrument_for",
    "load",
]
