"""Binance's decimal texts to exact integers of 1/`SCALE`, without a detour over Decimal, and the coins counted in them."""

import re
from functools import lru_cache
from typing import Final

from engine.markets.market import ROUND_THE_CLOCK
from engine.model.errors import WireError
from engine.model.types import Instrument
from engine.text.sanitize import CleanText

SCALE: Final = 100_000_000  # eight decimals

_DECIMALS = 8
_MAX_DIGITS = 30
_MAX_NUMBER = 10**18  # in 1/SCALE: well inside 64 bits, and clear of the numbers that stand for bad prices
_PRICES_KEPT = 512
_PLAIN = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,8})0{0,22})?", re.ASCII)


def coin(symbol: CleanText, token: CleanText = CleanText(""), market: str = ROUND_THE_CLOCK.name) -> Instrument:  # noqa: B008 - a constant
    """The coin `symbol`, of which nobody said more: prices and quantities as fine as they can be, orders of any size."""
    exchange = CleanText("BINANCE")
    return Instrument(symbol, token, exchange, SCALE, 1, 1, freeze_quantity=10**15, quantity_scale=SCALE, market=market)


@lru_cache(_PRICES_KEPT)  # a price comes many times before it moves
def to_price(text: str) -> int:
    """A price in 1/SCALE, also one ≤ 0; raises WireError."""
    value = -_number(text[1:]) if text[:1] == "-" else _number(text)
    if abs(value) > _MAX_NUMBER:
        raise WireError("number", f"'{text:.60}' is too large")
    return value


def to_quantity(text: str) -> int:
    """A quantity in 1/SCALE, 0 where it is beyond measure; raises WireError."""
    value = _number(text)
    return value if value <= _MAX_NUMBER else 0


def _number(text: str) -> int:
    """A plain decimal without sign in 1/SCALE, exactly; raises WireError."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if len(fraction) == _DECIMALS and whole and digits.isdecimal() and digits.isascii() and len(digits) <= _MAX_DIGITS:
        return int(digits)
    return _unusual_number(text)


def _unusual_number(text: str) -> int:
    """The same for what Binance does not send now: other than eight decimals, of which zeros may be more."""
    match = _PLAIN.fullmatch(text)
    if not match:
        raise WireError("number", f"'{text:.60}' is not a number of at most 8 decimals such as 61837.63")
    whole, fraction = match.groups("")
    return int(whole) * SCALE + int(fraction.ljust(_DECIMALS, "0"))
