"""A Config seen from outside: as flat text, against the defaults, and as the instruments that the trader counts in."""

from collections.abc import Iterator, Mapping

from msgspec import UNSET

from engine.config.bundled import bundled
from engine.config.load import fill_up, load
from engine.config.rules import Rule
from engine.config.schema import INSTRUMENTS, OVERRIDABLE, Config, InstrumentConfig, sections_of, tables_with
from engine.model.types import Instrument


def describe(config: Config) -> dict[str, str]:
    """Return every key as "section.key" → its value in one fixed spelling, which `--set` would take."""
    texts: dict[str, str] = {}
    for path, rules, record in _parts(config):
        texts |= _texts(path, rules, record)
    return texts


def described_as_toml(config: Config) -> dict[str, dict[str, str]]:
    """Return every section's keys, each with its value as it would stand in a file."""
    return {
        path: {key: rule.toml(getattr(record, key)) for key, rule in rules.items()}
        for path, rules, record in _parts(config)
    }


def _parts(config: Config) -> Iterator[tuple[str, Mapping[str, Rule], object]]:
    """Every section with its rules and its record, in the order of config.toml, the instruments' own last."""
    for path, rules in tables_with(sections_of(config)).items():
        first, *inner = path.split(".")
        record: object = config.venues[first] if first in config.venues else getattr(config, first)
        for name in inner:
            record = getattr(record, name)
        yield path, rules, record
    for symbol, instrument in config.instruments.items():
        yield f"{INSTRUMENTS}.{symbol}", OVERRIDABLE, instrument


def defaults(config: Config) -> dict[str, str]:
    """Describe the bundled configuration, with the venues that `config` has; raises ConfigError when it is not well."""
    return describe(load(bundled("config.toml"), (), sections_of(config)))


def changed(config: Config) -> tuple[str, ...]:
    """Return the keys whose value is not the bundled default; for an instrument, not what it would be without its table.

    Raises ConfigError when the bundled file is missing or damaged.
    """
    expected = defaults(config)
    for symbol in config.instruments:
        plain = fill_up(config.instrument, symbol, {})
        expected |= _texts(f"{INSTRUMENTS}.{symbol}", OVERRIDABLE, plain)
    return tuple(key for key, text in describe(config).items() if expected.get(key) != text)


def wanted_symbols(config: Config) -> tuple[str, ...]:
    """Return what is to be subscribed: `feed.symbols`, or the one of [instrument]."""
    return config.feed.symbols or (config.instrument.symbol,)


def instrument_for(config: Config, symbol: str) -> Instrument:
    """Return what is known of `symbol`: its own table over [instrument], in the minor units the trader counts in."""
    known: InstrumentConfig = config.instruments.get(symbol) or fill_up(config.instrument, symbol, {})
    decimals = -int(known.lot_size.normalize().as_tuple().exponent)
    quantity_scale = int(10 ** max(0, decimals))  # the smallest power of ten that makes a lot whole
    return Instrument(
        symbol=known.symbol,
        token=known.token,
        exchange=known.exchange,
        price_scale=known.price_scale,
        tick_size=int(known.tick_size * known.price_scale),
        lot_size=int(known.lot_size * quantity_scale),
        freeze_quantity=known.freeze_quantity * quantity_scale,
        quantity_scale=quantity_scale,
        market=known.market,
        allow_negative=True if known.allow_negative else UNSET,
        watch_only=True if known.watch_only else UNSET,
    )


def circuit_of(config: Config, instrument: Instrument) -> tuple[int, int]:
    """Return the lowest and the highest price of the day by the circuit, in minor units; 0: not known."""
    known = config.instruments.get(instrument.symbol) or fill_up(config.instrument, instrument.symbol, {})
    return int(known.lower_circuit * instrument.price_scale), int(known.upper_circuit * instrument.price_scale)


def _texts(path: str, rules: Mapping[str, Rule], record: object) -> dict[str, str]:
    return {f"{path}.{key}": rule.text(getattr(record, key)) for key, rule in rules.items()}
