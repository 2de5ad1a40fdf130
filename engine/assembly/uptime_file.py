"""Keeps the count of watched minutes in the state directory: read at a start, written by the thread `edges` when a minute was added.

It is a file of its own and not of the journal's: nothing is decided by it, and a row a minute would be 500 a day in
what every takeover has to read.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from engine.model.errors import reason
from engine.model.run_views import UptimeView
from engine.model.types import TradeMode
from engine.outside.files import keep_note, read_note
from engine.runtime import LOGGERS
from engine.runtime.uptime import MOST_DAYS, Uptime, WatchedDay
from engine.trading.session import TradingHours

UPTIME_FILE: Final = "uptime.json"
_LONGEST: Final = 65_536  # bytes; the newest 60 days have less


class UptimeFile:
    """An `edge_watch.Edge`: what has been counted and is not on the disk is written, whole or not at all."""

    def __init__(self, folder: Path, uptime: Uptime) -> None:
        self._path = folder / UPTIME_FILE
        self._uptime = uptime
        self._written = uptime.kept

    def look(self) -> str:
        """Write what is new; raises OSError."""
        kept = self._uptime.kept
        if kept is not self._written:
            keep_note(self._path, msgspec.json.encode(kept) + b"\n")
            self._written = kept
        return ""


def read_uptime(folder: Path, warn: Callable[[str], None] = LOGGERS["engine"].warning) -> tuple[WatchedDay, ...]:
    """The days that earlier runs have counted, the oldest first; none where there is no file of ours, which is told."""
    try:
        days = msgspec.json.decode(read_note(folder / UPTIME_FILE, _LONGEST), type=tuple[WatchedDay, ...])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        warn(f"{UPTIME_FILE} cannot be read: {reason(error)}; minutes watched are counted anew")
        return ()
    by_date = {each.date: each for each in days}
    return tuple(sorted(by_date.values(), key=lambda each: each.date)[-MOST_DAYS:])


def view_of(kept: Sequence[WatchedDay]) -> UptimeView | None:
    """What the days tell without an engine: the newest as a whole session, since nobody knows how much of it has passed; None of none."""
    if not kept:
        return None
    newest = kept[-1]
    return UptimeView(
        date=newest.date,
        minutes=newest.minutes,
        watched=newest.watched,
        days=len(kept),
        days_minutes=sum(each.minutes for each in kept),
        days_watched=sum(each.watched for each in kept),
        days_unwatched=sum(not each.watched for each in kept),
    )


def uptime_of(mode: TradeMode, markets: Sequence[TradingHours], folder: Path) -> Uptime | None:
    """The count of a run of `mode`, going on with that of earlier ones; a replay watches no market."""
    if mode == "replay":
        return None
    generated = mode == "mock"
    return Uptime(markets, read_uptime(folder), whole_days=not generated, of_its_own=generated)
