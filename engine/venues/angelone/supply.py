"""Angel One as a run's source: credentials, instruments, its feed. Looks instruments up, logs nobody in."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from engine.config import Config, instrument_for, wanted_symbols
from engine.markets.market import market_of_segment
from engine.model.clock import Clock
from engine.model.errors import ConfigError, UserError
from engine.model.order_reports import OrderAnswer
from engine.model.ports import OpenedLanes, OrderJournal
from engine.model.types import Instrument
from engine.venues.angelone.credentials import Credentials, find_credentials
from engine.venues.angelone.instruments.lookup import Instruments
from engine.venues.angelone.instruments.master import ready
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.angelone.stream import objection, smartapi_feed, unfit
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
        broker=lambda *given: _orders(config, login, *given),
        new_day=lambda listed: _look_again(config, listed),
        find=lambda more: _found(config, more),
        objection=objection,
    )
    return supply, told


def _orders(
    config: Config,
    login: LoginSession,
    instruments: Sequence[Instrument],
    post: Callable[[OrderAnswer], None],
    journal: OrderJournal,
    clock: Clock,
) -> OpenedLanes:
    """The lanes to Angel One, on the feed's login."""
    # Only a run that sends orders has the means to: no other has a module of them loaded.
    from engine.venues.angelone.order_connections import open_orders  # noqa: PLC0415

    return open_orders(config, login, instruments, post, journal, clock)


def _found(config: Config, symbols: Sequence[str]) -> tuple[tuple[Instrument, ...], tuple[str, ...]]:
    """Instruments to be added to a run, and what to know of them; raises UserError."""
    instruments, told = _listed(config, tuple(symbols))
    if bad := unfit(instruments):
        raise ConfigError(*bad)
    return instruments, told


def _look_again(config: Config, instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """Fetch the day's list; what to know of it. Raises UserError."""
    listed, warning = ready(config)
    with listed:
        today = datetime.now(UTC).astimezone(ZoneInfo(config.session.zone)).date()
        found = differences(listed, config, instruments, today)
    return (warning, *found) if warning else found


def differences(listed: Instruments, config: Config, instruments: Sequence[Instrument], today: date) -> tuple[str, ...]:
    """A line for each of `instruments` that stands otherwise in the list, or not at all; not for those whose token was said."""
    told: list[str] = []
    for each in instruments:
        said = config.instruments.get(each.symbol)
        if said is not None and said.token:
            continue
        try:
            now = listed.instrument(each.symbol, today)
        except UserError as gone:
            told += gone.lines
            continue
        pairs = ((name, getattr(each, name), getattr(now, name)) for name in ("token", "lot_size", "tick_size"))
        changed = ", ".join(f"{name} {before}→{after}" for name, before, after in pairs if before != after)
        if changed:
            told.append(f"{each.symbol}: {changed} by today's list; a start takes it over")
    return tuple(told)


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
