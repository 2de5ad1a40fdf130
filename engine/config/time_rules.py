"""What a configuration value of a time, a date or a zone may be."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.config.rules import Rule
from engine.markets.calendar import USUAL, CalendarDay, parse_day

_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class TimeOfDay(Rule):
    """A time of day to the second."""

    bare = True

    def __init__(self) -> None:
        super().__init__('a time of day such as "09:15" or "09:15:00"')

    def parse(self, value: object) -> time:
        """Return the time, without a zone; raises ValueError."""
        if isinstance(value, time) and not value.microsecond:
            return value
        if isinstance(value, str) and _TIME.fullmatch(value):
            return time.fromisoformat(value)
        raise self.refusal()


class Day(Rule):
    """A calendar date between 1990 and 2100."""

    bare = True

    def __init__(self) -> None:
        super().__init__('a date such as "2025-10-03", from 1990 to 2100')

    def parse(self, value: object) -> date:
        """Return the date; raises ValueError."""
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                raise self.refusal() from None
        if isinstance(value, date) and not isinstance(value, datetime) and 1990 <= value.year <= 2100:
            return value
        raise self.refusal()


class SpecialDay(Struct, frozen=True):
    """A date that is session whatever the calendar says: from `start` to `end`, or (None) at the usual hours."""

    date: date
    start: time | None = None
    end: time | None = None

    def __str__(self) -> str:
        return f"{self.date} {self.day().text()}".removesuffix(" usual")

    def day(self) -> CalendarDay:
        """The same as a calendar would say it."""
        return CalendarDay("hours" if self.start else "usual", self.start, self.end, "session.special")


class SpecialDayRule(Rule):
    """A date that is session, with its hours where they are not the usual ones."""

    bare = True

    def __init__(self) -> None:
        super().__init__('a date such as "2026-02-01", or one with its hours such as "2026-11-08 18:00-19:00"')
        self._date = Day()

    def parse(self, value: object) -> SpecialDay:
        """Return the day; raises ValueError."""
        day, _, hours = value.partition(" ") if isinstance(value, str) else (value, "", "")
        try:
            at = self._date.parse(day)
            found = parse_day(hours.strip()) if hours else USUAL
        except ValueError:
            raise self.refusal() from None
        if found.kind not in {"usual", "hours"} or (hours and not (found.start and found.end)):
            raise self.refusal()
        return SpecialDay(at, found.start, found.end)


class Zone(Rule):
    """A time zone that this machine has rules for."""

    bare = True

    def __init__(self) -> None:
        super().__init__('a time zone in the form "Area/City", such as "Asia/Kolkata" or "America/New_York", or "UTC"')

    def parse(self, value: object) -> str:
        """Return the zone's name; raises ValueError."""
        if not isinstance(value, str) or len(value) > 80 or not _ZONE.fullmatch(value):
            raise self.refusal()
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, OSError):  # no such zone, not a zone file, a folder of zones
            raise self.refusal() from None
