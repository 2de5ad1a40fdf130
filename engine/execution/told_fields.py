"""Numbers, identities and times as brokers in India tell them, text or number, to exact integers. Knows no broker and no message."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from engine.model.types import MAX_PRICE, MAX_QUANTITY
from engine.text.sanitize import CleanText, clean

Told = str | int | float | None  # a field: one broker tells numbers as text here and as such there, or not at all

DAY_MS: Final = 86_400_000
IST_MS: Final = 19_800_000  # India is 5:30 ahead of UTC, all year

_NUMBER = re.compile(r"-?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])", re.ASCII)


class MisfitError(Exception):
    """Something does not fit what the broker is known to send; the text says what, and is not clean."""


def to_price(told: Told, scale: int) -> int:
    """Rupees in 1/`scale`; raises MisfitError.

    To the nearest one: an average has as many decimals as it likes, and a broker's fraction may have passed through fewer
    bits than ours. Prices lie on a grid that is coarser than minor units.
    """
    price = int((_decimal(told) * scale).to_integral_value(ROUND_HALF_UP))
    if abs(price) > MAX_PRICE:
        raise MisfitError(f"'{told!s:.40}' is no price")
    return price


def price_or_nought(told: Told, scale: int) -> int:
    """The same, nought where nothing is told; raises MisfitError."""
    return to_price(told, scale) if is_told(told) else 0


def to_quantity(told: Told) -> int:
    """A whole number, below nought too; raises MisfitError."""
    number = _decimal(told)
    if number != number.to_integral_value() or abs(number) > MAX_QUANTITY:
        raise MisfitError(f"'{told!s:.40}' is no quantity")
    return int(number)


def quantity_or_nought(told: Told) -> int:
    """The same, nought where nothing is told; raises MisfitError."""
    return to_quantity(told) if is_told(told) else 0


def is_told(told: Told) -> bool:
    """Whether there is anything in the field."""
    return told is not None and told != ""


@lru_cache(maxsize=1024, typed=True)  # the numbers of a book come again with every round
def to_identity(told: Told) -> CleanText:
    """The number of an order or a fill, which may come as a bare number; "" where there is none. Raises MisfitError."""
    text = "" if told is None else str(to_quantity(told) if isinstance(told, float) else told).strip()
    if text and not _IDENTITY.fullmatch(text):
        raise MisfitError(f"'{text:.40}' is no identity")
    return clean(text)


def india_ms(day: int, time: str) -> int:
    """UTC of `13:27:53` by India's clock, `day` days after 1970-01-01; 0 for what is no such time."""
    found = _TIME.fullmatch(time)
    if not found:
        return 0
    hour, minute, second = map(int, found.groups())
    return day * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 - IST_MS


def _decimal(told: Told) -> Decimal:
    """The number that a field tells, exactly; blanks stand within some (`- 2235.80`)."""
    text = "".join(told.split()) if isinstance(told, str) else repr(told)
    if not _NUMBER.fullmatch(text):
        raise MisfitError(f"'{told!s:.40}' is no number")
    return Decimal(text)
