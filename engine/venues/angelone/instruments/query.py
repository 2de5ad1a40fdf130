"""What a person types to name an instrument, taken apart; knows no list."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from engine.model.errors import InputError
from engine.venues.angelone.instruments.listed import EXCHANGES, KINDS, Kind, read_date, scale_of

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,7})?")
_WHOLE_NAME = re.compile(r"([A-Z0-9&-]*?[A-Z&-])([0-9]{2}[A-Z]{3}[0-9]{2})(FUT|([0-9]{1,9}(?:\.[0-9]{1,7})?)(CE|PE))")
_ALLOWED = "NAME, then a strike, CE, PE or FUT, an expiry such as 25NOV2025, an exchange, in any order"


class Wanted(Struct, frozen=True):
    """What is looked for; "" and None: anything. `strike` in rupees."""

    name: str
    kind: Kind | None = None
    strike: Decimal | None = None
    expiry: date | None = None
    exchange: str = ""

    def strike_on(self, exchange: str) -> int:
        """The strike in the minor units of `exchange`; -1 where it is not whole in them, as no strike is."""
        minor = (self.strike or Decimal(0)) * scale_of(exchange)
        return int(minor) if minor == int(minor) else -1


def read_words(words: Sequence[str]) -> Wanted:
    """Take apart `NIFTY 25000 CE 25NOV2025`; raises InputError for a word that means nothing, or two that mean the same."""
    if not words:
        raise InputError(f"instruments: no name; allowed: {_ALLOWED}")
    name, *rest = words
    found: dict[str, object] = {}
    for word in rest:
        key, value = _meaning(word)
        if key in found:
            raise InputError(f"instruments: '{word}' says {key} a second time; allowed: {_ALLOWED}")
        found[key] = value
    return Wanted(name, **found)  # type: ignore[arg-type]  # each key with its own type, below


def read_symbol(symbol: str) -> Wanted | None:
    """Take apart `NIFTY25NOV2525000CE` or `NIFTY25NOV25FUT`; None where it is not written so."""
    found = _WHOLE_NAME.fullmatch(symbol)
    expiry = read_date(found[2]) if found else None
    if found is None or expiry is None:
        return None
    if found[3] == "FUT":
        return Wanted(found[1], "FUT", None, expiry)
    return Wanted(found[1], "CE" if found[5] == "CE" else "PE", Decimal(found[4]), expiry)


def _meaning(word: str) -> tuple[str, object]:
    if word in KINDS:
        return "kind", word
    if word in EXCHANGES:
        return "exchange", word
    if _NUMBER.fullmatch(word):
        return "strike", Decimal(word)
    expiry = read_date(word)
    if expiry is not None:
        return "expiry", expiry
    raise InputError(f"instruments: '{word}' is not understood; allowed: {_ALLOWED}")
