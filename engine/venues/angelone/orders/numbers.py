"""Numbers, times and identities as SmartAPI writes them, text or number, to exact integers. Knows no message."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from engine.model.types import MAX_PRICE, MAX_QUANTITY
from engine.text.sanitize import CleanText, clean
from engine.venues.angelone.instruments.listed import MONTHS

Told = str | int | float | None  # a field: numbers come as text in the books and as such elsewhere, or not at all

_NUMBER = re.compile(r"-?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_STAMP = re.compile(r"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) +([0-9:]{8})", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])", re.ASCII)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_IST_MS: Final = 19_800_000  # India is 5:30 ahead of UTC, all year


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


def to_quantity(told: Told) -> int:
    """A whole number, below nought too; raises MisfitError."""
    number = _decimal(told)
    if number != number.to_integral_value() or abs(number) > MAX_QUANTITY:
        raise MisfitError(f"'{told!s:.40}' is no quantity")
    return int(number)


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


def stamp_ms(told: str | None) -> int:
    """UTC of `20-Oct-2020 13:10:59`, which is India's; 0 for anything else: an order has none before the exchange has it."""
    found = _STAMP.fullmatch((told or "").strip())
    if not found or found[2].upper() not in MONTHS:
        return 0
    try:
        day = date(int(found[3]), MONTHS.index(found[2].upper()) + 1, int(found[1]))
    except ValueError:
        return 0
    return _at(day.toordinal() - _EPOCH, found[4])


def time_ms(told: str | None, now_ms: int) -> int:
    """UTC of `13:27:53`, which is India's and has no date: the newest such time that is not far ahead of `now_ms`; 0 for anything else."""
    day = (now_ms + _IST_MS) // _DAY_MS
    at_ms = _at(day, (told or "").strip())
    return at_ms - _DAY_MS if at_ms > now_ms + _HOUR_MS else at_ms


def _at(day: int, time: str) -> int:
    found = _TIME.fullmatch(time)
    if not found:
        return 0
    hour, minute, second = map(int, found.groups())
    return day * _DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 - _IST_MS


def _decimal(told: Told) -> Decimal:
    """The number that a field tells, exactly; blanks stand within some (`- 2235.80`)."""
    text = "".join(told.split()) if isinstance(told, str) else repr(told)
    if not _NUMBER.fullmatch(text):
        raise MisfitError(f"'{told!s:.40}' is no number")
    return Decimal(text)
