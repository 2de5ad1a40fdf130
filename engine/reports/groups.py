"""Positions by what they have in common: reason, quarter hour, weekday, instrument, days to expiry, n-th of the day. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from engine.model.session_result import PositionResult
from engine.presentation import format as text
from engine.reports.position_figures import PositionFigures
from engine.reports.position_sums import PositionSums

_QUARTER_MS: Final = 900_000
_MOST_GROUPS: Final = 400  # of one kind; what comes beyond them is put together
OTHER: Final = "other"
_EXPIRY: Final = re.compile(r"(?P<day>\d{2})(?P<month>[A-Z]{3})(?P<year>\d{2})", re.ASCII)
_WEEKLY: Final = re.compile(r"^[A-Z]+(?P<year>\d{2})(?P<month>[1-9OND])(?P<day>\d{2})\d+(?:CE|PE)$", re.ASCII)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKLY_MONTHS: Final = "123456789OND"
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lru_cache(maxsize=4096)
def _quarter(number: int, zone: str) -> str:
    return text.minute(number * _QUARTER_MS, zone)


def quarter_of(ms: int, zone: str) -> str:
    """The quarter hour of a moment, such as `09:15`."""
    return _quarter(ms // _QUARTER_MS, zone)


@lru_cache(maxsize=4096)
def expiry_of(symbol: str) -> date | None:
    """When an option or a future expires by its symbol (`NIFTY29DEC2625000CE`, `NIFTY25O0725000CE`); None: it does not say."""
    if found := _EXPIRY.search(symbol):
        month = _MONTHS.index(found["month"]) + 1 if found["month"] in _MONTHS else 0
    elif found := _WEEKLY.match(symbol):
        month = _WEEKLY_MONTHS.index(found["month"]) + 1
    else:
        return None
    try:
        return date(2000 + int(found["year"]), month, int(found["day"]))
    except ValueError:
        return None


def days_to_expiry(position: PositionResult) -> str:
    """How many days before its expiry it was entered; `-` where its symbol does not say."""
    expiry = expiry_of(position.instrument.symbol)
    try:
        return text.NOTHING if expiry is None else str((expiry - date.fromisoformat(position.date)).days)
    except ValueError:
        return text.NOTHING


def _weekday(position: PositionResult) -> str:
    try:
        return _WEEKDAYS[date.fromisoformat(position.date).weekday()]
    except ValueError:
        return text.NOTHING


def _by_number(keys: str) -> tuple[int, float, str]:
    """Numbers by size, words behind them by the alphabet."""
    return (0, float(keys), "") if keys.lstrip("-").isdecimal() else (1, 0.0, keys)


def _by_weekday(key: str) -> tuple[int, float, str]:
    return (0, float(_WEEKDAYS.index(key)), "") if key in _WEEKDAYS else (1, 0.0, key)


_Key = Callable[[PositionResult, str], str]
_KEYS: Final[Mapping[str, _Key]] = {
    "exit reason": lambda position, _: position.exits[-1].reason,
    "entry, quarter hour": lambda position, zone: quarter_of(position.entry_ms, zone),
    "exit, quarter hour": lambda position, zone: quarter_of(position.last_ms, zone),
    "weekday": lambda position, _: _weekday(position),
    "instrument": lambda position, _: position.instrument.symbol,
    "days to expiry": lambda position, _: days_to_expiry(position),
    "n-th of the day": lambda position, _: str(position.number) if position.number else text.NOTHING,
}
KINDS: Final = tuple(_KEYS)


class Groups:
    """Sums of each group of each kind, in a bounded number of them."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._sums: dict[str, dict[str, PositionSums]] = {kind: {} for kind in _KEYS}

    def add(self, position: PositionResult, found: PositionFigures) -> None:
        """Take a position; one that has not ended is passed over."""
        if position.left or not position.exits:
            return
        for kind, key_of in _KEYS.items():
            groups = self._sums[kind]
            key = key_of(position, self._zone)
            if key not in groups and len(groups) >= _MOST_GROUPS:
                key = OTHER
            groups.setdefault(key, PositionSums()).add(position, found)

    def of(self, kind: str) -> dict[str, PositionSums]:
        """The groups of one of `KINDS`: numbers and times in their order, reasons and instruments the most frequent first."""
        groups = self._sums[kind]
        if kind in {"exit reason", "instrument"}:
            return dict(sorted(groups.items(), key=lambda each: (-each[1].positions, each[0])))
        order = _by_weekday if kind == "weekday" else _by_number
        return dict(sorted(groups.items(), key=lambda each: order(each[0])))
