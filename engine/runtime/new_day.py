"""What an engine that stays up does for each new day by itself: a new recording, and what else its source needs. Decides nothing."""

from collections.abc import Callable
from datetime import date
from threading import Thread
from typing import Final

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


class NewDay:
    """Watches the date of the markets' sessions; `look` is called by the engine's thread, outside the turn.

    A day without a session is none; the day of one begins ten minutes before its opening. `renew`, called in a thread of
    its own, does what the source needs each day; its lines are for the log.
    """

    def __init__(
        self,
        turn: Turn,
        clock: Clock,
        cursor: Cursor,
        persistence: Persistence,
        markets: tuple[TradingHours, ...],
        recorder: Rolling | None,
        renew: Callable[[], tuple[str, ...]],
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
        self.date = self._date()

    def look(self, now_ns: int) -> None:
        """Begin a day where one is due, once a second at most."""
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + _LOOK_NS
        today = self._date()
        if today <= self.date:
            return
        recorder = self._recorder
        if recorder is not None:
            if not recorder.prepare():
                if recorder.not_begun and recorder.not_begun != self._told:
                    self._told = recorder.not_begun
                    LOGGERS["recording"].error("no new recording for %s: %s; the old one goes on", today, self._told)
                if recorder.not_begun:
                    self._look_ns = now_ns + _AGAIN_NS
                return
            with self._turn.lock:
                self._persistence.begin_day(recorder, self._cursor.position)
            self._told = ""
        self.date = today
        Thread(target=self._renewed, name="new-day", daemon=True).start()

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
