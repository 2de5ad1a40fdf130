"""Times as the world's files write them: which form a stamp has, and what its parts say. Knows no file."""

import re
from datetime import date, timedelta, timezone
from typing import Final, Literal
from zoneinfo import ZoneInfo

from engine.model.errors import InputError
from engine.recording.stamps import TimeFormat, zone_named

DateOrder = Literal["ymd", "dmy", "mdy"]

_LONGEST = 100  # bytes of a stamp

_MONTHS = {
    name[:length]: month
    for month, name in enumerate(
        (
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ),
        1,
    )
    for length in (3, len(name))
} | {"sept": 9}

_WEEKDAY = rb"(?:[A-Z][a-z]{2,8},? )?"
_DATES: Final[dict[str, bytes]] = {  # the date of each form, by the order of its parts
    "ymd": rb"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}",
    "compact": rb"[0-9]{8}",
    "numbers": rb"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}",
    "short": rb"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}",
    "day month": _WEEKDAY + rb"[0-9]{1,2}[-/. ]?[A-Za-z]{3,9}[-/., ]{0,2}(?:[0-9]{4}|[0-9]{2})",
    "month day": _WEEKDAY + rb"[A-Za-z]{3,9}[-/. ][0-9]{1,2}(?:, ?|[-/ ])[0-9]{4}",
    "year month": rb"[0-9]{4}[-/ ][A-Za-z]{3,9}[-/ ][0-9]{1,2}",
}
_CLOCK = rb"([0-9]{1,2}:[0-9]{2})(?::([0-9]{2})(?:[.,:]([0-9]{1,30}))?)?"
_DIGITS = rb"([0-9]{3,4})(?:([0-9]{2})[.]?([0-9]{3}|[0-9]{6}|[0-9]{9})?)?"  # HHMM, HHMMSS, HHMMSSmmm; a leading nought may be lost
_TAIL = rb"( ?[A-Za-z+-][A-Za-z0-9+:/_. ()-]{0,60})?"
_BETWEEN = rb"(?:T|_|,? | - )"

# A form has five groups: date, hour and minute, seconds, fraction, and what follows (AM, PM, a zone).
FORMS: Final[dict[str, re.Pattern[bytes]]] = {
    **{name: re.compile(rb"(%b)%b%b%b" % (each, _BETWEEN, _CLOCK, _TAIL)) for name, each in _DATES.items()},
    "compact digits": re.compile(rb"(%b)%b%b%b" % (_DATES["compact"], _BETWEEN, _DIGITS, _TAIL)),
    "one number": re.compile(rb"([0-9]{8})([0-9]{4})(?:([0-9]{2})[.]?([0-9]{1,9})?)?(Z)?"),
    "numbers digits": re.compile(rb"(%b)%b%b%b" % (_DATES["numbers"], _BETWEEN, _DIGITS, _TAIL)),
    "ymd digits": re.compile(rb"(%b)%b%b%b" % (_DATES["ymd"], _BETWEEN, _DIGITS, _TAIL)),
}
_DATE_ONLY = {name: re.compile(each) for name, each in _DATES.items()}
_TIME_ONLY = re.compile(rb"(?:%b|([0-9]{5,6})(?:[.]?[0-9]{3})?|([0-9]{3,4}))%b" % (_CLOCK, _TAIL))
_MIDNIGHT = re.compile(
    rb"(.{6,30}?)(?:T|_|,? )(?:0?0:00(?::00(?:[.]0+)?)?|12:00(?::00)? ?[Aa][Mm])(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DAY_NUMBER = re.compile(rb"(?:[2-6][0-9]{4}(?:[.,][0-9]{1,15})?|0[.,][0-9]{5,15})")  # 1954 to 2091, or a part of a day
_CLOCK_ONLY = re.compile(_CLOCK + _TAIL)
_EPOCH_TEXT = re.compile(rb"([0-9]{9,19})(?:[.][0-9]{1,9})?")
_SIZES: Final[tuple[tuple[range, TimeFormat], ...]] = (  # the years 1973 to 2286 in each unit: no number is two of them
    (range(10**8, 10**10), "epoch-s"),
    (range(10**11, 10**13), "epoch-ms"),
    (range(10**14, 10**16), "epoch-us"),
    (range(10**17, 10**19), "epoch-ns"),
)
EPOCHS: Final = frozenset(unit for _, unit in _SIZES)
_OUR_YEARS: Final = range(1990, 2101)
_TO_THE_MINUTE: Final = 12  # digits of YYYYMMDDHHMM
_OFFSET = re.compile(r"([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_NAMED = {"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "IST": 330, "EST": -300, "EDT": -240}
_AREA = re.compile(r"[A-Z][A-Za-z_]{1,30}(?:/[A-Z][A-Za-z_+-]{1,30}){1,2}")

DAY_NUMBER: Final = "a spreadsheet's number of a day? format the column as yyyy-mm-dd hh:mm:ss there, and save it again"
FORM_EXAMPLE: Final = "a date and time such as 2025-10-01 09:15:18.250+05:30, with or without fraction and offset"


def forms_of(text: bytes) -> set[str]:
    """The form that has written `text` as a moment, a name for `stamp_column`; never more than one, and empty for none."""
    if len(text) > _LONGEST:
        return set()
    found = {name for name, form in FORMS.items() if (match := form.fullmatch(text)) and _sane(name, match)}
    if match := _EPOCH_TEXT.fullmatch(text):
        units: set[str] = {unit for size, unit in _SIZES if int(match[1]) in size}
        # A number of digits that are a date and a time counts from 1970 only where the year is none of ours. As a count
        # those of our years were moments of before 2002, or, of 16 and 19 digits, of 2033 to 2036: such a column's other
        # numbers are no dates, so that it is known by most of its rows.
        if units and ("one number" not in found or (len(text) != _TO_THE_MINUTE and int(text[:4]) not in _OUR_YEARS)):
            return units
    return found


def is_date(text: bytes) -> bool:
    """Whether `text` is a date without a time."""
    return len(text) <= _LONGEST and any(
        _date_fits(name, text) for name, form in _DATE_ONLY.items() if form.fullmatch(text)
    )


def is_time_of_day(text: bytes) -> bool:
    """Whether `text` is a time without a date."""
    match = _TIME_ONLY.fullmatch(text) if len(text) <= _LONGEST else None
    return match is not None and _is_sane_clock(*match.groups(b""))


def _is_sane_clock(minute: bytes, second: bytes, _: bytes, six: bytes, four: bytes, tail: bytes) -> bool:
    """Whether what looks like a time of the day is one: a day's number in a year or in a spreadsheet is none."""
    if six or four:
        digits = six or four + b"00"
        minute, second = digits[:-4] + b":" + digits[-4:-2], digits[-2:]
    hour, _, minutes = minute.partition(b":")
    try:
        behind_clock(tail.decode())
    except (ValueError, InputError):
        return False
    return int(hour) <= 24 and int(minutes) < 60 and int(second or b"0") <= 60


def midnight(text: bytes) -> tuple[bytes, bytes] | None:
    """The date of a stamp that says midnight, and the offset it has; None for any other: a day, written as a moment."""
    match = _MIDNIGHT.fullmatch(text)
    return (match[1], match[2] or b"") if match and is_date(match[1]) else None


def is_day_number(text: bytes) -> bool:
    """Whether `text` looks like a day as spreadsheets count them: 45979.385."""
    return _DAY_NUMBER.fullmatch(text) is not None


def is_clock(text: bytes) -> bool:
    """Whether `text` is a time of the day with colons, which nothing else looks like."""
    return len(text) <= _LONGEST and _CLOCK_ONLY.fullmatch(text) is not None


def may_be_of_twelve(form: str, text: bytes) -> bool:
    """Whether a stamp of this form may be of a clock of twelve hours and does not say which half of the day; what is no stamp says nothing against it."""
    pattern = FORMS.get("ymd" if form == "iso" else form)
    match = pattern.fullmatch(text) if pattern else None
    if match is None:
        return pattern is not None
    hour = int(match[2].partition(b":")[0] if b":" in match[2] else match[2][:-2])
    try:
        half, _ = behind_clock((match[5] or b"").decode())
    except (ValueError, InputError):
        half = ""
    return 1 <= hour <= 12 and not half


def orders_of(text: bytes) -> set[DateOrder]:
    """In which orders the numbers of `text`, of the form `numbers` or `short`, are a date."""
    parts = [part.decode() for part in re.findall(rb"[0-9]+", text[:10])[:3]]
    if len(parts) < 3:
        return set()
    first, second, third = parts
    readings: list[tuple[DateOrder, str, str, str]] = [("dmy", third, second, first), ("mdy", third, first, second)]
    if len(third) == 2:
        readings.append(("ymd", first, second, third))
    return {order for order, year, month, day in readings if _is_day(_year(year), int(month), int(day))}


def needs_order(form: str) -> bool:
    """Whether the form says by itself nothing of which number is the day."""
    return form.startswith(("numbers", "short"))


def date_in(form: str, text: str, order: DateOrder) -> tuple[int, int, int]:
    """Year, month and day of a date that its form's pattern matches; raises ValueError."""
    if form.startswith(("compact", "one number")):
        return int(text[:4]), int(text[4:6]), int(text[6:])
    if form.startswith(("ymd", "numbers", "short")):
        marks = re.sub("[0-9]", "", text)
        if marks[0] != marks[1]:
            raise ValueError("two different marks in one date")
        first, second, third = re.split("[-/.]", text)
        if form.startswith("ymd") or (form.startswith("short") and order == "ymd"):
            return _year(first), int(second), int(third)
        return (_year(third), int(second), int(first)) if order == "dmy" else (_year(third), int(first), int(second))
    words = re.findall("[A-Za-z]+", text)
    numbers = re.findall("[0-9]+", text)
    month = _MONTHS.get(words[-1].lower())
    if month is None or len(numbers) != 2:
        raise ValueError("no such month")
    year, day = numbers if form == "year month" else reversed(numbers)
    return _year(year), month, int(day)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _date_fits(name: str, text: bytes) -> bool:
    """Whether the numbers of a date that matches form `name` are a day of the calendar."""
    if needs_order(name):
        return bool(orders_of(text))
    try:
        return _is_day(*date_in(name, text.decode(), "dmy"))
    except ValueError:
        return False


def _sane(form: str, match: re.Match[bytes]) -> bool:
    """Whether the numbers of a match are a date and a time, so that no price and no number of another kind passes for one."""
    minute, second = match[2], match[3] or b"0"
    hours = int(minute.replace(b":", b"")[:-2])
    return hours < 24 and int(minute[-2:]) < 60 and int(second) < 60 and _date_fits(form, match[1])


def behind_clock(text: str) -> tuple[str, timezone | ZoneInfo | None]:
    """What follows the clock: `A`, `P` or nothing for the half of the day, and the zone; raises ValueError."""
    text = text.strip()
    half = ""
    if match := re.match(r"([AaPp])\.?[Mm]\.?(?![A-Za-z])", text):
        half, text = match[1].upper(), text[match.end() :].strip()
    text = re.sub(r" \([A-Za-z ]{1,40}\)$", "", text)
    if not text:
        return half, None
    name = re.match(r"[A-Z]+", text)
    rest = text[name.end() :] if name else text
    if name and name[0] in _NAMED and (not rest or name[0] in {"UTC", "GMT"}):
        minutes = _NAMED[name[0]]
        text = rest
        if not rest:
            return half, timezone(timedelta(minutes=minutes))
    if match := _OFFSET.fullmatch(text):
        sign, hours, minute = match[1], int(match[2]), int(match[3] or 0)
        if hours > 23 or minute > 59:
            raise ValueError("no such offset")
        span = timedelta(hours=hours, minutes=minute)
        return half, timezone(-span if sign == "-" else span)
    if _AREA.fullmatch(text):
        return half, zone_named(text)
    raise ValueError(f"'{text[:20]}' is not a zone that is clear")
