"""The configuration: from config.toml and a few overrides to frozen records."""

from engine.config.bundled import bundled, find_config, own_config, user_config, user_folder
from engine.config.charge_tables import charge_tables
from engine.config.describe import (
    changed,
    circuit_of,
    defaults,
    describe,
    described_as_toml,
    instrument_for,
    wanted_symbols,
)
from engine.config.facts import BEFORE_THE_KEY, explained, stated
from engine.config.live_requirements import objections
from engine.config.load import Layer, load
from engine.config.market_facts import market_facts
from engine.config.schema import Config, LiveConfig, RiskConfig, Sections, SessionConfig, StrategyConfig
from engine.config.surroundings import AdaptiveConfig, CacheConfig, OperatorConfig, RecordingConfig, ServeConfig

__all__ = [
    "BEFORE_THE_KEY",
    "AdaptiveConfig",
    "CacheConfig",
    "Config",
    "Layer",
    "LiveConfig",
    "OperatorConfig",
    "RecordingConfig",
    "RiskConfig",
    "Sections",
    "ServeConfig",
    "SessionConfig",
    "StrategyConfig",
    "bundled",
    "changed",
    "charge_tables",
    "circuit_of",
    "defaults",
    "describe",
    "described_as_toml",
    "explained",
    "find_config",
    "instrument_for",
    "load",
    "market_facts",
    "objections",
    "own_config",
    "stated",
    "user_config",
    "user_folder",
    "wanted_symbols",
]
