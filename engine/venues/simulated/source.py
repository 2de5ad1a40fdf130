"""The generated session as the configuration describes it. Knows no pace."""

import datetime as dt
from collections.abc import Mapping

from engine.config import Config, instrument_for, wanted_symbols
from engine.venues.simulated.faults import FaultySource
from engine.venues.simulated.generator import MockSession
from engine.venues.simulated.settings import MockConfig
from engine.venues.supply import OpenedVenue


def mock_source(config: Config, begin: dt.time = dt.time.min) -> FaultySource:
    """Return the generated session that the configuration describes, from `begin` on, one instrument after the other in `feed.symbols`."""
    mock = config.venue(MockConfig)

    def draw(symbol: str, place: int) -> MockSession:
        return MockSession(mock.seed + place, mock.date, config.session.zone, instrument_for(config, symbol), begin)

    return FaultySource(tuple(draw(symbol, place) for place, symbol in enumerate(wanted_symbols(config))), draw)


def open_mock(config: Config, _environ: Mapping[str, str]) -> OpenedVenue:
    """Return that session from where, and at the pace, the configuration says."""
    mock = config.venue(MockConfig)
    return OpenedVenue(config, mock_source(config, mock.begin), mock.speed)
