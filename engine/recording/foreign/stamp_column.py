"""What reads the stamps of one file, by its form and by what was said of them."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.form import FileForm
from engine.recording.foreign.stamps import EPOCHS, FORMS, DateOrder, behind_clock, date_in, forms_of, needs_order
from engine.recording.stamps import MINUTES_KEPT, StampReader, minute_ns, shifted, zone_named

_NS: Final = 1_000_000_000
_MINUTE_NS: Final = 60 * _NS


def stamp_reader(form: FileForm, layout: CsvLayout) -> Callable[[bytes], int]:
    """Reads a stamp to UTC nanoseconds; what it gives raises ValueError, itself it raises InputError."""
    if layout.time_format != "auto":
        return shifted(StampReader(layout.time_format, form.zone, layout.date).read, layout.shift_ns)
    read = _reader_of(form.stamp, form.zone, form.order, layout.shift_ns)
    if not form.before and not form.after:
        return read
    return lambda text: read(form.before + text + form.after)


def _reader_of(form: str, zone: str, order: DateOrder, shift_ns: int) -> Callable[[bytes], int]:
    """What reads stamps of one form; it raises ValueError, without text for what is malformed."""
    if form in EPOCHS:
        return shifted(StampReader(form, zone).read, shift_ns)
    read_any = _Calendar(form, zone, order, shift_ns).read
    if form != "ymd" or shift_ns:
        return read_any
    read_iso = StampReader("iso", zone).read  # the plainest of them, and quicker

    def read_ymd(text: bytes) -> int:
        try:
            return read_iso(text)
        except ValueError:
            return read_any(text)

    return read_ymd


class _Calendar:
    """Reads the stamps of one form."""

    def __init__(self, form: str, zone: str, order: DateOrder, shift_ns: int) -> None:
        self._match = FORMS[form].fullmatch
        self._form = form
        self._zone = zone_named(zone)
        self._order = order
        self._shift_ns = shift_ns
        self._minute_ns = lru_cache(MINUTES_KEPT)(self._minute)

    def read(self, text: bytes) -> int:
        """UTC nanoseconds; raises ValueError."""
        match = self._match(text)
        if not match:
            raise ValueError
        day, minute, second, fraction, tail = match.groups(b"")
        stamp_ns = self._minute_ns(day, minute, tail)
        if second:
            seconds = int(second)
            if seconds > 59:
                raise ValueError("no such second")
            stamp_ns += seconds * _NS
        if fraction:
            stamp_ns += int(fraction[:9].ljust(9, b"0"))
        return stamp_ns

    def _minute(self, day: bytes, minute: bytes, tail: bytes) -> int:
        year, month, day_of_month = date_in(self._form, day.decode(), self._order)
        hour, minutes = (int(minute[:-3]), int(minute[-2:])) if b":" in minute else divmod(int(minute), 100)
        half, zone = behind_clock(tail.decode())
        if half:
            if not 1 <= hour <= 12:
                raise ValueError("no hour of twelve")
            hour = hour % 12 + (12 if half == "P" else 0)
        try:
            local = datetime(year, month, day_of_month, hour, minutes, tzinfo=zone or self._zone)
        except ValueError:
            raise ValueError("there is no such date or time") from None
        return minute_ns(local, self._shift_ns)


def quarters_apart(calendar: list[bytes], counts: list[bytes], zone: str) -> bool:
    """Whether stamps of a calendar, read in `zone`, are the counts since 1970 beside them but for one and the same number of quarters of an hour.

    Then the zone is another: the moments are the same, to the minute where seconds are not written.
    """
    forms = Counter(form for text in calendar for form in forms_of(text))
    units = Counter(form for text in counts for form in forms_of(text))
    if not forms or not units:
        return False
    form, count = forms.most_common(1)[0][0], _reader_of(units.most_common(1)[0][0], "UTC", "dmy", 0)
    orders: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd") if needs_order(form) else ("ymd",)
    for order in orders:
        read, found = _reader_of(form, zone, order, 0), set()
        for text, number in zip(calendar, counts, strict=True):
            with suppress(ValueError):
                found.add(_quarters(read(text) - count(number)))
        if len(found) == 1 and None not in found and 0 not in found:
            return True
    return False


def _quarters(off_ns: int) -> int | None:
    """How many quarters of an hour that is, None where it is not a whole number of them to within a minute."""
    quarters, rest = divmod(off_ns + _MINUTE_NS, 15 * _MINUTE_NS)
    return quarters if rest < 2 * _MINUTE_NS else None


class SetBack:
    """Reads stamps of a zone whose clocks are set back, and keeps the first that stands for two moments: the earlier is taken."""

    def __init__(self, read: Callable[[bytes], int], form: FileForm) -> None:
        self._read = read
        self._zone = zone_named(form.zone)
        self._first = b""
        local = not form.offsets and not form.stamp.startswith("epoch")
        self.may_be = local and len({_offset(self._zone, month) for month in range(12 * 60)}) > 1

    def read(self, text: bytes) -> int:
        """As the reader it was given."""
        stamp_ns = self._read(text)
        if not self._first:
            moment = datetime.fromtimestamp(stamp_ns // 10**9, self._zone)
            if moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset():
                self._first = text
        return stamp_ns

    def told(self) -> list[str]:
        """A line where there was one."""
        if not self._first:
            return []
        text = self._first.decode(errors="replace")[:40]
        what = f"'{text}' and others stand for two moments, clocks of {self._zone.key} having been set back"
        return [f"{what}: the earlier was taken; only stamps with an offset tell them apart"]


def _offset(zone: ZoneInfo, month: int) -> timedelta | None:
    return datetime(1980 + month // 12, month % 12 + 1, 1, tzinfo=zone).utcoffset()
