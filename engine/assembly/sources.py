"""The sources that need no network and no file of the operator's."""

from engine.config import Config, instrument_for
from engine.venues.simulated.faults import FaultySource
from engine.venues.simulated.generator import MockSession


def mock_source(config: Config) -> FaultySource:
    """Return the generated session that the configuration describes, one instrument after the other in `feed.symbols`."""
    symbols = config.feed.symbols or (config.instrument.symbol,)
    sessions = tuple(
        MockSession(config.mock.seed + place, config.mock.date, config.session.zone, instrument_for(config, symbol))
        for place, symbol in enumerate(symbols)
    )
    return FaultySource(sessions)
