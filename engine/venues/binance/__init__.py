"""Binance: its public market data, live and as recorded raw lines."""

from typing import TYPE_CHECKING, Final

from engine.venues.venue import Environ, RawLines, Venue

if TYPE_CHECKING:
    from engine.config import Config
    from engine.venues.binance.settings import BinanceConfig
    from engine.venues.supply import Opened


def _settings() -> "type[BinanceConfig]":
    from engine.venues.binance.settings import BinanceConfig

    return BinanceConfig


def _open(config: "Config", _environ: Environ) -> "Opened":
    from engine.venues.binance.supply import open_binance

    return open_binance(config)


def _raw_lines() -> RawLines:
    from engine.venues.binance import raw_lines

    return raw_lines


BINANCE: Final = Venue(
    "binance", "public market data of coins, no account needed", "paper", _settings, _open, raw_lines=_raw_lines
)
