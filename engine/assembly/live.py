"""Live sources: which instruments, which exchange, and how to reach it. Starts nothing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from engine.config import Config, changed, instrument_for
from engine.model.errors import ConfigError, InputError
from engine.model.events import FeedEvent
from engine.model.ports import LiveFeed
from engine.model.types import Instrument

if TYPE_CHECKING:
    from engine.venues.angelone.credentials import Credentials

Tell = Callable[[FeedEvent], None]
InSession = Callable[[], bool]

_COINS = {"exchange": "BINANCE", "price_scale": 10**8, "quantity_scale": 10**8, "tick_size": 1, "lot_size": 1}
_COIN_FREEZE = 10**15
# Coins are traded round the clock; their day is UTC's.
_ROUND_THE_CLOCK = {
    "zone": "UTC",
    "start": datetime.min.time(),
    "end": datetime.max.time().replace(microsecond=0),
    "start_buffer_minutes": 0,
    "end_buffer_minutes": 0,
    "no_trade_start_minutes": 0,
    "no_trade_end_minutes": 0,
}


def _nothing() -> None:
    """Where there is nothing to end."""


def _no_more(symbols: tuple[str, ...]) -> "LiveSupply":
    raise InputError(f"the last run holds {', '.join(symbols)}, which this source has not")


class LiveSupply(Struct, frozen=True):
    """A live source of ticks: its name, its instruments, and `connect(tell, in_session)`, which makes its feed.

    `with_more(symbols)` is the same source with further instruments.
    """

    name: str
    instruments: tuple[Instrument, ...]
    connect: Callable[[Tell, InSession], LiveFeed]
    with_more: Callable[[tuple[str, ...]], "LiveSupply"] = _no_more
    close: Callable[[], None] = _nothing  # ends what the feed has under way elsewhere (a login)

    def losses(self) -> tuple[str, ...]:
        """Nothing of a live stream is a file that could be damaged."""
        return ()

    def row_of(self, seq: int) -> str:
        """Where tick number `seq` stands, for a person."""
        return f"tick {seq}"


class NoCredentials(Struct, frozen=True):
    """A live feed is configured but there is nothing to log in with; `lines` say what is missing."""

    lines: tuple[str, ...]


def live_supply(
    config: Config, environ: Mapping[str, str]
) -> tuple[Config, LiveSupply | NoCredentials, tuple[str, ...]]:
    """Return the configuration fitted to the exchange, its source, and lines to be told; raises UserError."""
    if config.feed.source == "binance":
        fitted = _round_the_clock(config)
        return fitted, _binance(fitted), ()
    return config, *_smartapi(config, environ)


def has_credentials(config: Config, environ: Mapping[str, str]) -> bool:
    """Whether there is anything to log in with; raises ConfigError when that is malformed."""
    from engine.venues.angelone.credentials import Missing, find_credentials

    return not isinstance(find_credentials(config, environ), Missing)


def _round_the_clock(config: Config) -> Config:
    """Return `config` with the hours of coins, where the operator has said no others."""
    said = set(changed(config))
    hours = {key: value for key, value in _ROUND_THE_CLOCK.items() if f"session.{key}" not in said}
    return replace(config, session=replace(config.session, **hours))


def _binance(config: Config) -> LiveSupply:
    from engine.venues.binance.stream import binance_feed

    symbols = config.feed.symbols or (config.instrument.symbol,)
    instruments = tuple(
        instrument_for(config, symbol)
        if symbol in config.instruments
        else Instrument(symbol, symbol, freeze_quantity=_COIN_FREEZE, **_COINS)  # type: ignore[arg-type]
        for symbol in symbols
    )
    return LiveSupply(
        name=f"Binance {_named(symbols)}",
        instruments=instruments,
        connect=lambda tell, in_session: binance_feed(config, instruments, tell=tell, in_session=in_session),
        with_more=lambda more: _binance(_with_symbols(config, (*symbols, *more))),
    )


def _with_symbols(config: Config, symbols: tuple[str, ...]) -> Config:
    return replace(config, feed=replace(config.feed, symbols=symbols))


def _smartapi(config: Config, environ: Mapping[str, str]) -> tuple[LiveSupply | NoCredentials, tuple[str, ...]]:
    from engine.venues.angelone.credentials import Missing, find_credentials

    found = find_credentials(config, environ)
    if isinstance(found, Missing):
        return NoCredentials(found.lines), ()
    return _smartapi_supply(config, found)


def _smartapi_supply(config: Config, credentials: "Credentials") -> tuple[LiveSupply, tuple[str, ...]]:
    from engine.venues.angelone.login import LoginSession
    from engine.venues.angelone.stream import smartapi_feed

    symbols = config.feed.symbols or (config.instrument.symbol,)
    instruments, told = _listed(config, symbols)
    login = LoginSession(credentials, config.smartapi.rest_url)
    supply = LiveSupply(
        name=f"SmartAPI {_named(symbols)}",
        instruments=instruments,
        connect=lambda tell, in_session: smartapi_feed(config, instruments, login, tell=tell, in_session=in_session),
        with_more=lambda more: _smartapi_supply(_with_symbols(config, (*symbols, *more)), credentials)[0],
        close=login.close,
    )
    return supply, told


def _listed(config: Config, symbols: tuple[str, ...]) -> tuple[tuple[Instrument, ...], tuple[str, ...]]:
    """Look the instruments up: in the configuration where their token stands there, else in the exchange's list."""
    from engine.venues.angelone.instruments import ready

    known = {symbol: instrument_for(config, symbol) for symbol in symbols}
    unknown = [symbol for symbol, instrument in known.items() if not instrument.token]
    told: tuple[str, ...] = ()
    if unknown:
        listed, warning = ready(config)
        told = (warning,) if warning else ()
        today = datetime.now(UTC).astimezone(ZoneInfo(config.session.zone)).date()
        with listed:
            for symbol in unknown:
                known[symbol] = listed.instrument(symbol, today)
    repeated = {symbol for symbol in symbols if symbols.count(symbol) > 1} if len(known) < len(symbols) else set()
    if repeated:
        raise ConfigError(f"feed.symbols: {', '.join(sorted(repeated))} stands there twice")
    return tuple(known.values()), told


def _named(symbols: tuple[str, ...]) -> str:
    return symbols[0] if len(symbols) == 1 else f"{symbols[0]} and {len(symbols) - 1:,} more"
