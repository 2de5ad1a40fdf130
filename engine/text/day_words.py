"""How a person says a day: a date, a word, or how many session days back. Knows no calendar."""

from datetime import date
from typing import Final

ALLOWED: Final = "a date such as 2026-11-27, today, yesterday, or -1 for the session day before the newest, -2 …"
_MOST_DIGITS: Final = 5


def is_back(said: str) -> bool:
    """Whether it says so many session days back: `-1`."""
    return said[:1] == "-" and said[1:].isascii() and said[1:].isdecimal() and len(said) <= 1 + _MOST_DIGITS


def is_date(said: str) -> bool:
    """Whether it says a date: `2026-11-27`."""
    try:
        return said.isascii() and len(said) == len("2026-11-27") and bool(date.fromisoformat(said))
    except ValueError:
        return False


def is_day(said: str) -> bool:
    """Whether that is a way to say a day."""
    return said in {"today", "yesterday"} or is_back(said) or is_date(said)
