"""Which session day is validated, and which recordings belong to it. Opens none of them but for its last ticks."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from engine.model.errors import InputError
from engine.recording import MqrSource
from engine.recording.naming import runs_in
from engine.trading.session import TradingHours

_SEARCHED_DAYS: Final = 40
_DAY: Final = timedelta(days=1)


def has_session(markets: Sequence[TradingHours], day: date) -> bool:
    """Whether one of `markets` has a session on `day`."""
    return any(hours.of_date(day).start_ms <= hours.of_date(day).end_ms for hours in markets)


def is_over(markets: Sequence[TradingHours], day: date, now_ms: int) -> bool:
    """Whether every session of `day` is over at `now_ms` (UTC)."""
    return all(hours.of_date(day).end_ms < now_ms for hours in markets)


def last_session(markets: Sequence[TradingHours], now_ms: int) -> date | None:
    """The newest date whose sessions are all over at `now_ms` (UTC); None where none is near."""
    day = max(hours.day_of(now_ms).date for hours in markets)
    for _ in range(_SEARCHED_DAYS):
        if has_session(markets, day) and is_over(markets, day, now_ms):
            return day
        day -= _DAY
    return None


def recordings_of(folder: Path, day: date, hours: TradingHours) -> list[Path]:
    """The recordings in `folder` of runs in the session of `day`, the oldest first; raises InputError.

    They are those that began in it, by their names, and of each mode the one before, where that has ticks of it: a run that
    goes round the clock begins its next file a moment behind midnight.
    """
    before: dict[str, Path] = {}
    found: list[Path] = []
    for run in runs_in(folder, hours.zone):
        began_on = hours.day_of(round(run.began.timestamp() * 1000)).date
        if began_on == day:
            found.append(run.path)
        elif began_on < day:
            before[run.mode] = run.path
    return [path for path in before.values() if _goes_on_into(path, hours.of_date(day).day_from_ms)] + found


def _goes_on_into(path: Path, from_ms: int) -> bool:
    """Whether the last ticks of a recording are of `from_ms` (UTC) or later; what cannot be read is judged on its own day."""
    try:
        return any(tick.exch_ms >= from_ms for tick in MqrSource(path).last_ticks(1))
    except InputError:
        return False
