"""Angel One as a run's source: credentials, instruments, its feed. Looks instruments up, logs nobody in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from engine.config import Config, instrument_for, wanted_symbols
from engine.markets.market import market_of_segment
from engine.model.errors import ConfigError
from engine.model.types import Instrument
from engine.venues.angelone.credentials import Credentials, find_credentials
from engine.venues.angelone.instruments.master import ready
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.angelone.stream import smartapi_feed
from engine.venues.supply import (
    LiveSupply,
    NoCredentials,
    OpenedVenue,
    market_said,
    named,
    watched_as_said,
    with_symbols,
)


def open_smartapi(config: Config, environ: Mapping[str, str]) -> OpenedVenue | NoCredentials:
    """Return the live source; raises UserError for what cannot be logged in with or is not listed."""
    found = find_credentials(config, environ)
    if isinstance(found, NoCredentials):
        return found
    supply, told = _supply(config, found)
    return OpenedVenue(config, supply, told=told)


def _supply(config: Config, credentials: Credentials) -> tuple[LiveSupply, tuple[str, ...]]:
    symbols = wanted_symbols(config)
    instruments, told = _listed(config, symbols)
    login = LoginSession(credentials, config.venue(SmartApiConfig).rest_url)
    supply = LiveSupply(
        name=f"SmartAPI {named(symbols)}",
        instruments=instruments,
        connect=lambda tell, in_session: smartapi_feed(config, instruments, login, tell=tell, in_session=in_session),
        with_more=lambda more: _supply(with_symbols(config, (*symbols, *more)), credentials)[0],
        close=login.close,
    )
    return supply, told


def _listed(config: Config, symbols: tuple[str, ...]) -> tuple[tuple[Instrument, ...], tuple[str, ...]]:
    """Look the instruments up: in the configuration where their token stands there, else in the exchange's list."""
    known = {symbol: instrument_for(config, symbol) for symbol in symbols}
    unknown = [symbol for symbol, instrument in known.items() if not instrument.token]
    told: tuple[str, ...] = ()
    if unknown:
        listed, warning = ready(config)
        told = (warning,) if warning else ()
        today = datetime.now(UTC).astimezone(ZoneInfo(config.session.zone)).date()
        with listed:
            for symbol in unknown:
                known[symbol] = watched_as_said(config, listed.instrument(symbol, today), symbol)
                if known[symbol].symbol != symbol:
                    told = (*told, f"{symbol} is {known[symbol].symbol} of the list")
    said: dict[tuple[str, str], list[str]] = {}
    for symbol in symbols:
        said.setdefault((known[symbol].exchange, known[symbol].token), []).append(symbol)
    repeated = [" and ".join(dict.fromkeys(names)) for names in said.values() if len(names) > 1]
    if repeated:
        raise ConfigError(f"feed.symbols: {', '.join(sorted(repeated))} stands there twice")
    fitted = {
        symbol: replace(each, market=market_said(config, symbol, market_of_segment(each.exchange)))
        for symbol, each in known.items()
    }
    return tuple(fitted.values()), told
