"""The tables of charges that come with the program, read once. Knows no rate."""

from functools import cache
from pathlib import Path
from typing import Final

from engine.config.document import read_document
from engine.markets import charges
from engine.model.errors import ConfigError

_SHIPPED: Final = Path(charges.__file__).with_suffix(".toml")


@cache
def charge_tables() -> charges.ChargeTables:
    """Return every table by its name; raises ConfigError where the file is missing or damaged."""
    try:
        return charges.read_tables(read_document(_SHIPPED))
    except ValueError as error:
        raise ConfigError(f"{_SHIPPED}: {error}") from None
