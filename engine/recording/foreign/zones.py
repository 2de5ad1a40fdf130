"""Zones as files state them: in a column's name, in a column of their own, above the header. Knows no roles."""

import re
from typing import Final

from engine.model.errors import InputError
from engine.recording.stamps import zone_named

_INDIA: Final = "Asia/Kolkata"
_WORDS: Final = {"utc": "UTC", "gmt": "UTC", "ut": "UTC", "z": "UTC", "ist": _INDIA, "indiastandardtime": _INDIA}
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
_AREA: Final = re.compile(r"[A-Za-z]{2,20}(?:/[A-Za-z_+-]{1,30}){1,2}")
_MOST_HOURS = 14
# Names of which nobody knows whether clocks are set forward there, or which of several places they mean.
_UNCLEAR: Final = re.compile(
    r"(?:^|[^a-z])(est|edt|et|cst|cdt|ct|mst|pst|pdt|pt|cet|cest|bst|jst|sgt|hkt|msk)(?:$|[^a-z])"
)
_ABOVE: Final = re.compile(
    r"\btime ?zone\b[^\w+-]{0,5}([+-]?[\w/+:-]{1,40})|\btimes?\b[ \w(]{0,20}?\b(UTC|GMT|IST)\b", re.IGNORECASE
)


def zone_called(text: str) -> str:
    """The zone that a text names beyond doubt: UTC, IST, an offset, an area such as America/New_York; else nothing."""
    text = text.strip()
    if known := _WORDS.get(text.lower().replace(" ", "")):
        return known
    if match := _OFFSET.fullmatch(text):
        return _at_offset((1 if match[1] == "+" else -1) * (60 * int(match[2]) + int(match[3] or 0)))
    if _AREA.fullmatch(text):
        try:
            return zone_named(text).key
        except InputError:
            return ""
    return ""


def _at_offset(minutes: int) -> str:
    """The zone that is always so many minutes ahead of UTC, where there is one."""
    if minutes == 330:
        return _INDIA
    hours, rest = divmod(abs(minutes), 60)
    if rest or hours > _MOST_HOURS or minutes < -12 * 60:
        return ""
    return f"Etc/GMT{'-' if minutes > 0 else '+'}{hours}" if minutes else "UTC"


def unclear_zone(name: str) -> str:
    """What in a column's name is a zone and yet says not which."""
    match = _UNCLEAR.search(name.lower())
    return match[1].upper() if match else ""


def zones_above(lines: list[str]) -> list[str]:
    """The zones that lines above a header name as that of the times: `Timezone: UTC`, `# all times are GMT`."""
    found = [zone_called(match[1] or match[2]) for line in lines for match in _ABOVE.finditer(line)]
    return [zone for zone in found if zone]
