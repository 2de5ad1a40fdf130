"""Binance as a run's source: its instruments, its feed. Starts nothing."""

from collections.abc import Mapping

from msgspec.structs import replace

from engine.config import Config, instrument_for, wanted_symbols
from engine.markets.market import ROUND_THE_CLOCK
from engine.model.types import Instrument
from engine.text.sanitize import clean
from engine.venues.binance.decimals import coin
from engine.venues.binance.stream import binance_feed
from engine.venues.supply import LiveSupply, OpenedVenue, market_said, named, with_symbols


def open_binance(config: Config, _environ: Mapping[str, str]) -> OpenedVenue:
    """Return the live source; coins are traded round the clock where nobody has said another market."""
    return OpenedVenue(config, _supply(config))


def _supply(config: Config) -> LiveSupply:
    symbols = wanted_symbols(config)
    instruments = tuple(_instrument(config, symbol) for symbol in symbols)
    return LiveSupply(
        name=f"Binance {named(symbols)}",
        instruments=instruments,
        connect=lambda tell, in_session: binance_feed(config, instruments, tell=tell, in_session=in_session),
        with_more=lambda more: _supply(with_symbols(config, (*symbols, *more))),
    )


def _instrument(config: Config, symbol: str) -> Instrument:
    market = market_said(config, symbol, ROUND_THE_CLOCK.name)
    if symbol in config.instruments:
        return replace(instrument_for(config, symbol), market=market)
    return coin(clean(symbol), clean(symbol), market)
