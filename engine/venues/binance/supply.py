"""Binance as a run's source: its instruments, its hours, its feed. Starts nothing."""

from collections.abc import Mapping
from datetime import datetime

from engine.config import Config, instrument_for, stated, wanted_symbols
from engine.text.sanitize import clean
from engine.venues.binance.decimals import coin
from engine.venues.binance.stream import binance_feed
from engine.venues.supply import LiveSupply, OpenedVenue, named, with_symbols

# Coins are traded round the clock; their day is UTC's.
_ROUND_THE_CLOCK = {
    "session.zone": "UTC",
    "session.start": datetime.min.time(),
    "session.end": datetime.max.time().replace(microsecond=0),
    "session.start_buffer_minutes": 0,
    "session.end_buffer_minutes": 0,
    "session.no_trade_start_minutes": 0,
    "session.no_trade_end_minutes": 0,
}


def open_binance(config: Config, _environ: Mapping[str, str]) -> OpenedVenue:
    """Return the live source, under the hours of coins where the operator has said no others."""
    fitted = stated(config, _ROUND_THE_CLOCK, "the market of coins")
    return OpenedVenue(fitted, _supply(fitted))


def _supply(config: Config) -> LiveSupply:
    symbols = wanted_symbols(config)
    instruments = tuple(
        instrument_for(config, symbol) if symbol in config.instruments else coin(clean(symbol), clean(symbol))
        for symbol in symbols
    )
    return LiveSupply(
        name=f"Binance {named(symbols)}",
        instruments=instruments,
        connect=lambda tell, in_session: binance_feed(config, instruments, tell=tell, in_session=in_session),
        with_more=lambda more: _supply(with_symbols(config, (*symbols, *more))),
    )
