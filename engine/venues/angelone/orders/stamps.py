"""Times as SmartAPI writes them. Knows no message."""

import re
from datetime import date
from typing import Final

from engine.execution.told_fields import DAY_MS, IST_MS, india_ms
from engine.venues.angelone.instruments.listed import MONTHS

_STAMP = re.compile(r"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) +([0-9:]{8})", re.ASCII)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_HOUR_MS: Final = 3_600_000


def stamp_ms(told: str | None) -> int:
    """UTC of `20-Oct-2020 13:10:59`, which is India's; 0 for anything else: an order has none before the exchange has it."""
    found = _STAMP.fullmatch((told or "").strip())
    if not found or found[2].upper() not in MONTHS:
        return 0
    try:
        day = date(int(found[3]), MONTHS.index(found[2].upper()) + 1, int(found[1]))
    except ValueError:
        return 0
    return india_ms(day.toordinal() - _EPOCH, found[4])


def time_ms(told: str | None, now_ms: int) -> int:
    """UTC of `13:27:53`, which is India's and has no date: the newest such time that is not far ahead of `now_ms`; 0 for anything else."""
    day = (now_ms + IST_MS) // DAY_MS
    at_ms = india_ms(day, (told or "").strip())
    return at_ms - DAY_MS if at_ms > now_ms + _HOUR_MS else at_ms
