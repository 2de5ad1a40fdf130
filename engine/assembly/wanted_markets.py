"""Which markets a configuration trades in, as far as that is known without asking anybody: for whoever must know when a session is over."""

from collections.abc import Mapping
from datetime import UTC

from engine.assembly.market_hours import MarketHours
from engine.assembly.recording_config import recordings_folder
from engine.config import Config, wanted_symbols
from engine.model.errors import InputError
from engine.recording import MqrSource
from engine.recording.naming import runs_in
from engine.trading.session import TradingHours
from engine.venues.registry import venue_of
from engine.venues.supply import market_said


def wanted_hours(config: Config) -> list[TradingHours]:
    """The hours of the markets of what is to be subscribed, the session's first.

    What neither a person nor the venue knows, and where no source is configured all of it, the newest recording tells.
    """
    hours = MarketHours(config, "paper")
    return [hours(name) for name in dict.fromkeys(_markets(config))]


def _markets(config: Config) -> list[str]:
    venue, recorded = venue_of(config.feed.source), _recorded_markets(config)
    if venue is None:
        said = config.origins.said("instrument.market")
        return list(recorded.values()) if recorded and not said else [config.instrument.market]
    known = venue.market_of() if venue.market_of is not None else lambda _config, _symbol: ""
    return [
        market_said(config, symbol, known(config, symbol) or recorded.get(symbol, ""))
        for symbol in wanted_symbols(config)
    ]


def _recorded_markets(config: Config) -> Mapping[str, str]:
    """Symbol → market of the newest recording of a run; none where there is none that can be read."""
    try:
        runs = runs_in(recordings_folder(config), UTC)
        instruments = MqrSource(runs[-1].path).instruments if runs else ()
    except InputError:
        return {}
    return {each.symbol: each.market or config.instrument.market for each in instruments}
