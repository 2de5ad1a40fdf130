"""Trading hours: which session day a moment belongs to and what is allowed at that moment. Knows no wall clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.config import SessionConfig


class SessionDay(Struct, frozen=True):
    """One calendar day in the session's zone; all moments are UTC milliseconds.

    Trading time is `start_ms`..`end_ms`, both included (empty on a holiday); entries from `entry_from_ms` to before
    `entry_until_ms`; from `exit_from_ms` on every position is closed.
    """

    date: date
    day_from_ms: int
    day_until_ms: int
    start_ms: int
    end_ms: int
    entry_from_ms: int
    entry_until_ms: int
    exit_from_ms: int


# Before every tick: covers no moment, so that the first tick looks its own day up.
NO_DAY = SessionDay(date.min, 0, 0, 0, -1, 0, 0, 0)

# What a calendar can express; a stamp beyond it belongs to no session.
_EARLIEST_MS = -62_000_000_000_000
_LATEST_MS = 253_000_000_000_000


class TradingHours:
    """Turns a moment into its session day."""

    def __init__(self, session: SessionConfig) -> None:
        self._session = session
        self.zone = ZoneInfo(session.zone)

    def day_of(self, at_ms: int) -> SessionDay:
        """Return the session day that `at_ms` falls on; NO_DAY for a stamp no calendar has."""
        if not _EARLIEST_MS < at_ms < _LATEST_MS:
            return NO_DAY
        day = self.local(at_ms).date()
        midnight = self._moment_ms(day, time())
        next_midnight = self._moment_ms(day + timedelta(days=1), time())
        session = self._session
        start_ms = self._moment_ms(day, session.start)
        end_ms = self._moment_ms(day, session.end)
        late_minutes = max(session.end_buffer_minutes, session.no_trade_end_minutes)
        early_minutes = max(session.start_buffer_minutes, session.no_trade_start_minutes)
        if day in session.holidays:
            start_ms, end_ms = 0, -1
        return SessionDay(
            date=day,
            day_from_ms=midnight,
            day_until_ms=next_midnight,
            start_ms=start_ms,
            end_ms=end_ms,
            entry_from_ms=start_ms + early_minutes * 60_000,
            entry_until_ms=end_ms - late_minutes * 60_000,
            exit_from_ms=end_ms - session.end_buffer_minutes * 60_000,
        )

    def local(self, at_ms: int) -> datetime:
        """`at_ms` as a time of day in the session's zone."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(self.zone)

    def stamp(self, at_ms: int) -> str:
        """`at_ms` as ISO-8601 with the zone's offset; milliseconds only where they are not zero."""
        if not _EARLIEST_MS < at_ms < _LATEST_MS:
            return f"{at_ms} ms"
        return self.local(at_ms).isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")

    def _moment_ms(self, day: date, at: time) -> int:
        return round(datetime.combine(day, at, tzinfo=self.zone).timestamp() * 1000)
