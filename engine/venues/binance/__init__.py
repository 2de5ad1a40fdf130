"""Binance: its public market data, live and as recorded raw lines."""

from typing import Final

from msgspec import Struct

from engine.venues.venue import Open, RawLines, Venue


def _settings() -> type[Struct]:
    from engine.venues.binance.settings import BinanceConfig

    return BinanceConfig


def _opener() -> Open:
    from engine.venues.binance.supply import open_binance

    return open_binance


def _raw_lines() -> RawLines:
    from engine.venues.binance import raw_lines

    return raw_lines


BINANCE: Final = Venue("binance", "coins live, no account", "paper", _settings, _opener, raw_lines=_raw_lines)
