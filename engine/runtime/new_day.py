"""What an engine that stays up does for each new day by itself: a new recording, and what else its source needs. Decides nothing."""

from collections.abc import Callable, Sequence
from datetime import date
from threading import Thread
from typing import Final, Protocol

from engine.logs import log_trade
from engine.model.clock import Clock
from engine.model.ports import Rolling
from engine.runtime.cursor import Cursor
from engine.runtime.event_log import LOGGERS
from engine.runtime.persistence import Persistence
from engine.runtime.turn import Turn
from engine.text.redaction import redact
from engine.trading.session import NO_DAY, TradingHours

_LOOK_NS: Final = 1_000_000_000
LEAD_MS: Final = 600_000  # before an opening: ahead of the feed's own return
_AGAIN_NS: Final = 60_000_000_000  # after a new file could not be made
_READ_NS: Final = 600_000_000_000  # from one reading of the calendars to the next, and so long a disk may keep one
_HANGS_NS: Final = 5_000_000_000  # a reading that takes longer holds up no day


class Calendars(Protocol):
    """The calendars that the markets go by."""

    def read(self) -> None:
        """Look whether any is another one on the disk; in a thread of its own."""

    def keep(self) -> tuple[str, ...]:
        """State what was read in recordings that begin from now on; a line for each calendar that is another one."""

    def go_by(self) -> None:
        """Go by what was kept; within the turn."""


class NewDay:
    """Watches the date of the markets' sessions; `look` is called by the engine's thread, outside the turn.

    A day without a session is none; the day of one begins ten minutes before its opening. `renew`, called in a thread of
    its own, does what the source needs each day; its lines are for the log. The `calendars` are read again ahead of each
    day, and every ten minutes; one that is another is gone by from the beginning of a recording on, which states it.
    """

    def __init__(
        self,
        turn: Turn,
        clock: Clock,
        cursor: Cursor,
        persistence: Persistence,
        markets: Sequence[TradingHours],
        recorder: Rolling | None,
        renew: Callable[[], tuple[str, ...]],
        calendars: Calendars | None = None,
    ) -> None:
        self._turn = turn
        self._clock = clock
        self._cursor = cursor
        self._persistence = persistence
        self._markets = markets
        self._recorder = recorder
        self._renew = renew
        self._look_ns = 0
        self._told = ""
        self._calendars = calendars
        self._reader: Thread | None = None
        self._read_ns = self._read_since_ns = 0
        self._read_for = NO_DAY.date  # the date ahead of which they were read
        self._another = False  # calendar than the one that is gone by
        self._preparing = False  # a recording, which states the calendars as they are known
        self.date = self._date()

    def look(self, now_ns: int) -> None:
        """Begin a day where one is due, once a second at most."""
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + _LOOK_NS
        today = self._date()
        if self._reads(now_ns, today) or (today <= self.date and not self._another):
            return
        recorder = self._recorder
        if recorder is not None and not recorder.prepare():
            if recorder.not_begun and recorder.not_begun != self._told:
                self._told = recorder.not_begun
                LOGGERS["recording"].error("no new recording for %s: %s; the old one goes on", today, self._told)
            if recorder.not_begun:
                self._look_ns = now_ns + _AGAIN_NS
            self._preparing = not recorder.not_begun
            return
        with self._turn.lock:
            if recorder is not None:
                self._persistence.begin_file(recorder, self._cursor.position)
            if self._another and self._calendars is not None:
                self._calendars.go_by()
        self._told, self._another, self._preparing = "", False, False
        before, self.date = self.date, self._date()
        if self.date > before:
            Thread(target=self._renewed, name="new-day", daemon=True).start()

    def _reads(self, now_ns: int, today: date) -> bool:
        """Have the calendars read where that is due; whether it is being done, and not for so long that a disk must hang."""
        calendars, reader = self._calendars, self._reader
        if calendars is None or self._preparing:
            return False
        if reader is not None:
            if reader.is_alive():
                return now_ns < self._read_since_ns + _HANGS_NS
            self._reader = None
            for line in calendars.keep():
                LOGGERS["engine"].warning("%s", line)
                self._another = True
            return False
        self._read_ns = self._read_ns or now_ns + _READ_NS
        due = now_ns >= self._read_ns or today > max(self.date, self._read_for)
        if self._another or not due:
            return False
        self._read_ns, self._read_since_ns, self._read_for = now_ns + _READ_NS, now_ns, today
        self._reader = Thread(target=self._read, args=(calendars,), name="calendars", daemon=True)
        self._reader.start()
        return True

    def _read(self, calendars: Calendars) -> None:
        try:
            calendars.read()
        except Exception as error:  # noqa: BLE001 - likewise: what was known of the calendars holds
            text = redact(f"{type(error).__name__}: {error}")
            LOGGERS["engine"].warning("the calendars cannot be read again: %s", text)

    def _renewed(self) -> None:
        try:
            for line in self._renew():
                LOGGERS["engine"].warning("%s", line)
        except Exception as error:  # noqa: BLE001 - the end of the thread: told, and the day goes on with what there is
            text = redact(f"{type(error).__name__}: {error}")
            log_trade("%s", f"what the source needs for a new day failed: {text}", component="engine")

    def _date(self) -> date:
        """The newest date whose session has begun or is about to."""
        now_ms = self._clock.wall_ns() // 1_000_000
        days = [hours.day_of(now_ms) for hours in self._markets]
        begun = [
            day.date
            for day in days
            if day.start_ms <= day.end_ms and now_ms >= day.start_ms - (LEAD_MS if day.daily else 0)
        ]
        return max((*begun, getattr(self, "date", NO_DAY.date)))
