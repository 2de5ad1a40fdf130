"""Stamps in text to UTC nanoseconds and back, strictly. Knows zones and the ways files write a time, but no file."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from engine.model.errors import InputError

TimeFormat = Literal["auto", "iso", "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "ms-of-day"]

_ISO = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]((?:[01][0-9]|2[0-3]):[0-5][0-9]):([0-5][0-9])"
    rb"(?:[.]([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_NUMBER = re.compile(rb"([0-9]{1,19})(?:[.]([0-9]{1,9}))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS = 1_000_000_000
_EPOCH_UNITS = {"epoch-s": (9, _NS), "epoch-ms": (6, 1_000_000), "epoch-us": (3, 1000), "epoch-ns": (0, 1)}
_MAX_NS = 2**63 - 1
_MS_OF_DAY = 86_400_000
MINUTES_KEPT: Final = 4096  # by a reader: minutes repeat from row to row

EXAMPLES: dict[str, str] = {
    "iso": "a date and time such as 2025-10-01 09:15:18.250+05:30, with or without fraction and offset",
    "epoch-s": "seconds since 1970 such as 1759290318.25",
    "epoch-ms": "milliseconds since 1970 such as 1759290318250",
    "epoch-us": "microseconds since 1970 such as 1759290318250000",
    "epoch-ns": "nanoseconds since 1970 such as 1759290318250000000",
    "ms-of-day": "milliseconds since midnight, 0 to 86399999",
}


def zone_named(name: str) -> ZoneInfo:
    """The time zone `name`; raises InputError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(f"'{name:.80}' is not a time zone; allowed: a name such as Asia/Kolkata") from None


class StampReader:
    """Reads the stamps of one file; `read` raises ValueError for a stamp that is malformed (without text) or names no moment."""

    def __init__(self, time_format: TimeFormat, zone: str, day: str = "") -> None:
        self._zone = zone_named(zone)
        self._minute_ns = lru_cache(MINUTES_KEPT)(self._minute)
        self.read: Callable[[bytes], int]
        if time_format == "ms-of-day":
            try:
                self._day = date.fromisoformat(day).isoformat().encode()
            except ValueError:
                problem = (
                    f"'{day:.40}' is not a date; allowed, where stamps are milliseconds of a day: such as 2013-10-08"
                )
                raise InputError(problem) from None
            self.read = self._read_ms_of_day
        elif time_format == "iso":
            self.read = self._read_iso
        else:
            self._digits, self._unit_ns = _EPOCH_UNITS[time_format]
            self.read = self._read_epoch

    def _read_iso(self, text: bytes) -> int:
        match = _ISO.fullmatch(text)
        if not match:
            raise ValueError
        day, minute, second, fraction, offset = match.groups(b"")
        stamp_ns = self._minute_ns(day, minute, offset) + int(second) * _NS
        return stamp_ns + int(fraction.ljust(9, b"0")) if fraction else stamp_ns

    def _read_epoch(self, text: bytes) -> int:
        match = _NUMBER.fullmatch(text)
        if not match:
            raise ValueError
        whole, fraction = match.groups(b"")
        digits = self._digits
        if len(fraction.rstrip(b"0")) > digits:
            raise ValueError("finer than a nanosecond")
        stamp_ns = int(whole) * self._unit_ns + int(fraction[:digits].ljust(digits, b"0") or b"0")
        if stamp_ns > _MAX_NS:
            raise ValueError("too late")
        return stamp_ns

    def _read_ms_of_day(self, text: bytes) -> int:
        match = _NUMBER.fullmatch(text)
        if not match or int(match[1]) >= _MS_OF_DAY:
            raise ValueError
        fraction = (match[2] or b"").rstrip(b"0")
        if len(fraction) > 6:
            raise ValueError("finer than a nanosecond")
        minutes, ms = divmod(int(match[1]), 60_000)
        start_ns = self._minute_ns(self._day, b"%02d:%02d" % divmod(minutes, 60), b"")
        return start_ns + ms * 1_000_000 + int(fraction.ljust(6, b"0"))

    def _minute(self, day: bytes, minute: bytes, offset: bytes) -> int:
        """UTC nanoseconds of a minute (`2025-10-01`, `09:15`), in the zone where the offset is empty."""
        local = datetime.fromisoformat(f"{day.decode()}T{minute.decode()}")
        return minute_ns(local.replace(tzinfo=_offset(offset.decode()) if offset else self._zone))


class StampWriter:
    """Writes UTC nanoseconds as ISO-8601 with the zone's offset; a fraction only where there is one."""

    def __init__(self, zone: str) -> None:
        self._zone = zone_named(zone)
        self._minute = -1
        self._start = self._offset = ""

    def write(self, stamp_ns: int) -> str:
        """`2025-10-01T09:15:18+05:30`; raises ValueError for a moment no calendar has."""
        minute, rest_ns = divmod(stamp_ns, 60 * _NS)
        if minute != self._minute:
            try:
                text = (_EPOCH + timedelta(minutes=minute)).astimezone(self._zone).isoformat()
            except OverflowError:
                raise ValueError("outside the calendar") from None
            self._minute, self._start, self._offset = minute, text[:17], text[19:]
        second, fraction = divmod(rest_ns, _NS)
        if not fraction:
            return f"{self._start}{second:02d}{self._offset}"
        digits = f"{fraction:09d}"
        while digits.endswith("000"):
            digits = digits[:-3]
        return f"{self._start}{second:02d}.{digits}{self._offset}"


def minute_ns(moment: datetime, shift_ns: int = 0) -> int:
    """UTC nanoseconds of a minute, moved by `shift_ns`; raises ValueError where its zone has none, or it is out of the years kept."""
    if not isinstance(moment.tzinfo, timezone) and not exists(moment):
        raise ValueError("that hour does not exist there")
    since = moment - _EPOCH
    return _within_years((since.days * 86_400 + since.seconds) * _NS + shift_ns)


def _within_years(stamp_ns: int) -> int:
    """`stamp_ns`, where it is of the years that are kept; raises ValueError."""
    if not 0 <= stamp_ns <= _MAX_NS - 60 * _NS:
        raise ValueError("allowed are the years 1970 to 2261")
    return stamp_ns


def shifted(read: Callable[[bytes], int], shift_ns: int) -> Callable[[bytes], int]:
    """What reads as `read` does, and moves each moment by `shift_ns`."""
    return (lambda text: _within_years(read(text) + shift_ns)) if shift_ns else read


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)


def exists(moment: datetime) -> bool:
    """Whether the clock of the moment's zone ever showed it: the hour skipped in spring is none."""
    try:
        return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)
    except OverflowError:
        return False
