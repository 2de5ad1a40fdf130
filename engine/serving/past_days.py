"""Whose days are asked for, and which: the journal of the engine that is meant, running or gone, and the day by its name."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.config import find_config, load
from engine.journal import JOURNAL_FILE, unknown_after
from engine.journal.chain_reader import ChainReader
from engine.journal.day_orders import day_orders
from engine.journal.days import day_result, day_results, day_trades, newest
from engine.journal.history import History
from engine.model.errors import InputError, UserError, reason
from engine.model.history import DayResult, DayTrade
from engine.model.order_courses import OrderCourse
from engine.serving.state_dirs import EngineDir, find_place
from engine.text.day_words import is_back
from engine.venues.registry import sections

_NAMED: Final = 5  # days that a refusal names


class PastDays:
    """The session days in the journal of the engine that `state_dir` means, or of the one that `status` would find.

    Changes nothing there. Raises InputError where several engines run and none is named, or there is no journal.
    """

    def __init__(self, state_dir: Path | None) -> None:
        self.place: EngineDir = find_place(state_dir)
        try:
            self._chain = ChainReader(self.place.folder)
        except FileNotFoundError as error:
            raise InputError(f"there is no journal in {self.place.where}: nothing has run there") from error
        except OSError as error:
            raise InputError(f"{self.place.where}: {reason(error)}") from error
        self._history = History(self._chain)
        self._zone = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """What of the journal could not be read so far, a line each."""
        path = self.place.folder / JOURNAL_FILE
        cut = ""
        if not self.place.pid:  # a log that is being written is never whole
            with suppress(InputError):
                cut = unknown_after(path)
        return (*self._chain.problems, *([cut] if cut else []))

    @property
    def zone(self) -> str:
        """The zone of the times: the session's, as the journal tells it, else that of the configuration here."""
        return self._zone or _configured_zone()

    def has(self, date: str) -> bool:
        """Whether `date` (ISO) was traded, or begun."""
        return any(mark.date == date for mark in self._history.days(_most(date)))

    def results(self, last: int) -> Iterator[DayResult]:
        """The newest `last` days, the oldest first."""
        for day in day_results(self._history, last):
            self._zone = day.zone or self._zone
            yield day

    def day(self, asked: str) -> tuple[str, Iterator[DayTrade], Callable[[], DayResult]]:
        """The date that `asked` means ("" = the newest), its exits, and who counts it as a whole; raises InputError where it is none that was traded."""
        marks = self._history.days(_most(asked))
        zone = next((mark.zone for mark in reversed(marks) if mark.zone), "")
        self._zone = zone or self._zone
        dates = newest(marks, len(marks))
        wanted = _meant(asked, dates, self.zone)
        if wanted is None or wanted not in dates:
            raise InputError(_none_such(asked, wanted, dates, self.place))
        return wanted, day_trades(self._history, marks, wanted), partial(day_result, self._history, marks, wanted)

    def orders(self, asked: str) -> tuple[str, tuple[OrderCourse, ...]]:
        """The date that `asked` means, as of `day`, and its orders at a broker; raises InputError where they were simulated."""
        date, _, _ = self.day(asked)
        try:
            first_ns, next_ns = (_midnight_ns(date, self.zone, days) for days in (0, 1))
        except (ValueError, OverflowError, ZoneInfoNotFoundError) as error:
            raise InputError(f"the journal in {self.place.where} names a day or zone that is none: {date}") from error
        found = day_orders(self.place.folder, first_ns, next_ns)
        if not found.real:
            raise InputError(
                f"the orders of {date} in {self.place.where} were simulated; `trades` lists what came of them"
            )
        return date, found.courses


def _midnight_ns(date: str, zone: str, days: int = 0) -> int:
    """When a date, or one so many days later, begins in `zone` (UTC ns)."""
    day = datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(zone)) + timedelta(days=days)
    return int(day.timestamp()) * 1_000_000_000


def _most(asked: str) -> int:
    """How many days must be looked for, so that the one asked for is among them."""
    return 1 - int(asked) if is_back(asked) else 1 if not asked else 1 << 30


def _meant(asked: str, dates: Sequence[str], zone: str) -> str | None:
    """The date that is meant; None where there are not as many."""
    if not asked or is_back(asked):
        back = int(asked[1:]) if asked else 0
        return dates[-1 - back] if back < len(dates) else None
    if asked in {"today", "yesterday"}:
        now = datetime.fromtimestamp(time.time(), ZoneInfo(zone)).date()
        return (now - timedelta(days=asked == "yesterday")).isoformat()
    return asked


def _none_such(asked: str, wanted: str | None, dates: Sequence[str], place: EngineDir) -> str:
    known = f"the newest are {', '.join(reversed(dates[-_NAMED:]))}" if dates else "it tells of none so far"
    named = asked if wanted in {None, asked} else f"{asked} ({wanted})"
    return (
        f"no session day {named} in the journal of {place.where}; {known}"
        if asked
        else f"no session day in {place.where}"
    )


def _configured_zone() -> str:
    try:
        return load(find_config(None), [], sections(), []).session.zone
    except (UserError, OSError):
        return "UTC"
