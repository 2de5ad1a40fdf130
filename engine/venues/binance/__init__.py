"""Binance: its public market data, live and as recorded raw lines."""

from typing import Final

from msgspec import Struct

from engine.venues.venue import MarketOf, Open, RawLines, Venue


def _settings() -> type[Struct]:
    from engine.venues.binance.settings import BinanceConfig

    return BinanceConfig


def _opener() -> Open:
    from engine.venues.binance.supply import open_binance

    return open_binance


def _raw_lines() -> RawLines:
    from engine.venues.binance import raw_lines

    return raw_lines


def _market_of() -> MarketOf:
    from engine.markets.market import ROUND_THE_CLOCK

    return lambda _config, _symbol: ROUND_THE_CLOCK.name


BINANCE: Final = Venue(
    "binance", "coins live, no account", "paper", _settings, _opener, raw_lines=_raw_lines, market_of=_market_of
)
