"""The service of quotes as the configuration and the environment want it. Asks nobody yet."""

from collections.abc import Mapping

from engine.config import Config
from engine.gateway.quotes.answers import MOCK, BadSymbolError
from engine.gateway.quotes.binance import BinanceQuotes, coin_symbol
from engine.gateway.quotes.engine_quotes import ReadSnapshot
from engine.gateway.quotes.mock import MockQuotes
from engine.gateway.quotes.quotes import QuoteProvider, Quotes
from engine.gateway.quotes.redis_layer import VARIABLE, RedisLayer, address_of
from engine.model.clock import Clock, SystemClock
from engine.model.errors import ConfigError
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.simulated.settings import MockConfig
from engine.venues.supply import NoCredentials

BINANCE_KEY = "BINANCE_API_KEY"
_SYSTEM_CLOCK = SystemClock()


def open_quotes(
    config: Config, environ: Mapping[str, str], read_snapshot: ReadSnapshot, clock: Clock = _SYSTEM_CLOCK
) -> Quotes:
    """The service, to be started; `read_snapshot` gives the newest of the engine, or None. Raises ConfigError."""
    providers = _providers(config, environ, clock)
    url = environ.get(VARIABLE, "")
    redis = RedisLayer(address_of(url), float(config.cache.redis_timeout_s), clock) if url else None
    said_mock = {name for name in ("binance", "smartapi") if getattr(config.serve, name) == MOCK}
    return Quotes(
        config.cache,
        providers,
        read_snapshot,
        clock,
        redis=redis,
        replaceable=frozenset(providers) - said_mock - {MOCK},
        warm=_warm(config, providers),
    )


def _providers(config: Config, environ: Mapping[str, str], clock: Clock) -> dict[str, QuoteProvider]:
    seed = config.venue(MockConfig).seed
    is_real = config.serve.binance == "public" or (config.serve.binance == "auto" and environ.get(BINANCE_KEY))
    return {
        "binance": BinanceQuotes(clock) if is_real else MockQuotes(seed, clock, coin_symbol),
        MOCK: MockQuotes(seed, clock),
        "smartapi": _smartapi(config, environ, clock) or MockQuotes(seed, clock),
    }


def _smartapi(config: Config, environ: Mapping[str, str], clock: Clock) -> QuoteProvider | None:
    """The broker where there are credentials and nobody wants it invented; raises ConfigError for malformed ones."""
    if config.serve.smartapi == MOCK:
        return None
    from engine.venues.angelone.credentials import find_credentials  # noqa: PLC0415 - who has none carries none of it

    found = find_credentials(config, environ)
    if isinstance(found, NoCredentials):
        return None
    from engine.gateway.quotes.smartapi import SmartApiQuotes, finder  # noqa: PLC0415
    from engine.venues.angelone.login import LoginSession  # noqa: PLC0415

    login = LoginSession(found, config.venue(SmartApiConfig).rest_url, clock)
    return SmartApiQuotes(login, finder(config, environ, clock), clock)


def _warm(config: Config, providers: Mapping[str, QuoteProvider]) -> list[tuple[str, str]]:
    """Pairs of provider and symbol; raises ConfigError, a line for each that cannot be."""
    pairs = [(name, symbol) for name, _, symbol in (each.partition("/") for each in config.serve.warm)]
    problems: list[str] = []
    for name, symbol in pairs:
        if name not in providers:
            problems.append(f"serve.warm: {name}/{symbol}: allowed: {', '.join(providers)} before the /")
            continue
        try:
            providers[name].symbol(symbol)
        except BadSymbolError as error:
            problems += [f"serve.warm: {line}" for line in error.lines]
    if problems:
        raise ConfigError(*problems)
    return pairs
