"""The tag by which an order of ours is found at a broker: 13 of `[A-Z0-9]`. It finds; it prevents nothing.

`L`, day of the year (2), salt of the journal (2), run (3), number (4), purpose (1), all numbers in base 36. A journal that
begins anew counts runs from 1 again, so its salt keeps its tags apart from those of the journal before; the day keeps
apart what is left of other days.
"""

import re
from datetime import date
from typing import Final, NamedTuple

from engine.model.order_requests import Purpose

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SALTS: Final = 36**2
_RUN_PLACES: Final = 8  # with the day and the salt before it
MAX_RUN: Final = 36**3 - 1
MAX_NUMBER: Final = 36**4 - 1
_LETTERS: Final[dict[Purpose, str]] = {"ENTRY": "E", "EXIT": "X", "FLAT": "F", "NET": "N"}
_PURPOSES: Final = {letter: purpose for purpose, letter in _LETTERS.items()}
_TAG: Final = re.compile(r"L([0-9A-Z]{2})([0-9A-Z]{2})([0-9A-Z]{3})([0-9A-Z]{4})([EXFN])")
_SALT: Final = re.compile(r"[0-9A-Z]{2}")


class Tag(NamedTuple):
    """What a tag says: `day` of the year from 1, `salt` of the journal, `run` of it, `number` of the order in the run."""

    day: int
    salt: str
    run: int
    number: int
    purpose: Purpose


def parse(text: str) -> Tag | None:
    """What `text` says as a tag; None where it is none of this program's."""
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    day, salt, run, number, letter = found.groups()
    day_number = int(day, 36)
    return Tag(day_number, salt, int(run, 36), int(number, 36), _PURPOSES[letter]) if 1 <= day_number <= 366 else None


def run_of(text: str) -> str:
    """What all tags of one run on one day begin with, of which `text` is one."""
    return text[:_RUN_PLACES]


class Tags:
    """Tags of one run on one session day."""

    def __init__(self, day: date, salt: str, run: int) -> None:
        """Raise ValueError for a salt or a run that no tag can bear."""
        if not _SALT.fullmatch(salt):
            raise ValueError(f"tags: a salt of two of 0-9 and A-Z, not {salt!r:.20}")
        if not 0 <= run <= MAX_RUN:
            raise ValueError(f"tags: run {run} does not fit into three places (0 to {MAX_RUN}): begin a new journal")
        self.day = day
        self.salt = salt
        self.run = run
        self._day = day.timetuple().tm_yday
        self._prefix = f"L{_base36(self._day, 2)}{salt}{_base36(run, 3)}"

    def make(self, number: int, purpose: Purpose) -> str:
        """The tag of order `number`; raises ValueError for one that does not fit."""
        if not 0 <= number <= MAX_NUMBER:
            raise ValueError(f"tags: order {number} does not fit into four places (0 to {MAX_NUMBER}): begin a new run")
        return f"{self._prefix}{_base36(number, 4)}{_LETTERS[purpose]}"

    def is_of_today(self, text: str) -> bool:
        """Whether `text` is a tag of this day, of whichever journal."""
        tag = parse(text)
        return tag is not None and tag.day == self._day

    def is_ours(self, text: str) -> bool:
        """Whether `text` is a tag of this day and this journal, of whichever run."""
        tag = parse(text)
        return tag is not None and tag.day == self._day and tag.salt == self.salt


def salt_of(number: int) -> str:
    """Salt number `number`; they come round again after all that there are."""
    return _base36(number % _SALTS, 2)


def _base36(number: int, places: int) -> str:
    text = ""
    for _ in range(places):
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
