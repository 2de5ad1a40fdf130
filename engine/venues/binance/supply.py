"""Binance as a run's source: its instruments, its feed. Starts nothing."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from engine.config import Config, instrument_for
from engine.config.schema import INSTRUMENTS, OVERRIDABLE
from engine.markets.market import ROUND_THE_CLOCK
from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.text.sanitize import clean
from engine.venues.binance.coins import check_coins, coin_name, rest_url, wanted_coins
from engine.venues.binance.decimals import coin
from engine.venues.binance.stream import binance_feed, not_coins, too_many
from engine.venues.supply import LiveSupply, OpenedVenue, market_said, named, watched_as_said, with_symbols


def open_binance(config: Config, environ: Mapping[str, str]) -> OpenedVenue:
    """Return the live source; coins are traded round the clock where nobody has said another market.

    Raises InputError for a coin that the exchange, where it can be asked, does not trade.
    """
    symbols, unsaid = wanted_coins(config)
    supply = _supply(config, symbols, environ)
    unchecked = check_coins([each.symbol for each in supply.instruments], rest_url(config), environ)
    return OpenedVenue(config, supply, told=tuple(filter(None, (unsaid, unchecked))))


def _supply(config: Config, symbols: Sequence[str], environ: Mapping[str, str]) -> LiveSupply:
    spelled: dict[str, list[str]] = {}
    for symbol in symbols:
        spelled.setdefault(coin_name(symbol), []).append(symbol)
    for said in spelled.values():
        if len(said) > 1:
            raise InputError(f"feed.symbols: {' and '.join(said)} are one coin")
    instruments = tuple(_instrument(config, said[0], name) for name, said in spelled.items())
    names = tuple(spelled)
    fitted = with_symbols(config, names)
    return LiveSupply(
        name=f"Binance {named(names)}",
        instruments=instruments,
        connect=lambda tell, in_session: binance_feed(fitted, instruments, tell=tell, in_session=in_session),
        with_more=lambda more: _supply(config, (*symbols, *more), environ),
        find=lambda more: _found(config, more, environ),
        objection=lambda listed: too_many(config, listed),
    )


def _found(
    config: Config, symbols: Sequence[str], environ: Mapping[str, str]
) -> tuple[tuple[Instrument, ...], tuple[str, ...]]:
    """Coins to be added to a run, and what could not be checked of them; raises InputError."""
    instruments = tuple(_instrument(config, symbol, coin_name(symbol)) for symbol in symbols)
    if bad := not_coins(instruments):
        raise InputError(*bad)
    unchecked = check_coins([each.symbol for each in instruments], rest_url(config), environ)
    return instruments, (unchecked,) if unchecked else ()


def _instrument(config: Config, said: str, name: str) -> Instrument:
    table = next((each for each in (name, said) if each in config.instruments), "")
    market = market_said(config, table or name, ROUND_THE_CLOCK.name)
    said_more = [
        key for key in OVERRIDABLE if config.origins.said_of(f"{INSTRUMENTS}.{table}.{key}") and key != "watch_only"
    ]
    if said_more:
        return replace(instrument_for(config, table), symbol=clean(name), market=market)
    return watched_as_said(config, coin(clean(name), clean(name), market), said)
