"""Brings a market's calendar up to date from the package `holidays`, judged against the copy before. Asks no network.

The package is for the command that runs this alone: it is 11 to 20 MB, and no engine imports it.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.assembly.market_hours import calendar_path, read_calendar
from engine.markets.calendar import Calendar, CalendarDay, parse_day, written
from engine.model.errors import DiskError, InputError, reason
from engine.outside.files import replacing
from engine.outside.lists import Bounds, Group, Known, implausible, in_a_line

# What `holidays` calls a market, when a half day ends, and how many closed weekdays make a year of it complete.
SOURCES: Final = {"NSE": ("XNSE", "", 12, 20), "BSE": ("XBOM", "", 12, 20), "US": ("XNYS", "-13:00", 8, 13)}
_COMPARED_YEARS: Final = 6
_YEARS_AHEAD: Final = 2  # exchanges announce no more; what is computed beyond is no announcement
_CLOSED: Final = "closed days"
_BOUNDS: Final = Bounds(least={_CLOSED: 1}, changed={"new closures": 0.1})
_ESTIMATED: Final = "estimated"


class Holidays(Struct, frozen=True):
    """What a source says of the years that were asked for: closed days and half days, each with its name."""

    source: str
    closed: Mapping[date, str]
    half: Mapping[date, str]


def asked(market: str, years: range) -> Holidays:
    """Ask the package; raises InputError where it is not installed."""
    try:
        from importlib.metadata import version  # noqa: PLC0415 - likewise

        import holidays  # noqa: PLC0415 - see above
    except ImportError:
        raise InputError(
            "the package `holidays` is not installed; allowed: pip install 'myquant-tui[calendar]'"
        ) from None
    name = SOURCES[market][0]
    closed = holidays.financial_holidays(name, years=years)
    half: Mapping[date, str] = {}
    if "half_day" in closed.supported_categories:
        half = holidays.financial_holidays(name, years=years, categories=("half_day",))
    return Holidays(f"holidays {version('holidays')} ({name})", dict(closed), dict(half))


def merged(before: Calendar, found: Holidays, today: date) -> tuple[Calendar, tuple[str, ...]]:
    """The calendar `before` as `found` has it, and a line for each difference; raises InputError for what is not plausible.

    What is past stays, and so do special sessions and closures by order: they are not in the source. A year is taken whole
    or not at all, and none behind one that is incomplete or estimated.
    """
    market = before.market
    _judge(before, found, today)
    half_day = SOURCES[market][1]
    days, told = dict(before.days), []
    for day, now, line in _differences(before, found, today):
        days.pop(day, None)
        days |= {day: now} if now is not None else {}
        told.append(f"{market}: {day} {line}")
    until = before.known_until
    first = until.year + 1 if (until.month, until.day) == (12, 31) else until.year
    for year in range(first, today.year + _YEARS_AHEAD + 1):
        fresh = _closed_in(year, found)
        if not _complete(market, fresh):
            break
        until = date(year, 12, 31)
        days |= {day: CalendarDay("closed", why=name) for day, name in fresh.items() if day > before.known_until}
        if half_day:
            half = {day: name for day, name in found.half.items() if day.year == year and day.weekday() < 5}
            days |= {day: parse_day(half_day, name) for day, name in half.items() if day > before.known_until}
        told.append(f"{market}: {year}, {len(fresh)} closed days")
    after = replace(before, known_until=until, days=dict(sorted(days.items())))
    if after != before and found.source not in before.source:
        after = replace(after, source=f"{before.source}; from {before.known_until} on {found.source}")
    return after, tuple(told)


def _differences(before: Calendar, found: Holidays, today: date) -> Iterator[tuple[date, CalendarDay | None, str]]:
    """What `found` says otherwise of the dates to come that `before` knows: the day as it is now (None: as usual), and words.

    A closure under a name that the source never uses is by order, which it cannot know: it stays, and that is told.
    """
    half_day = SOURCES[before.market][1]
    names = {part for name in found.closed.values() for part in name.split("; ")}
    years = range(today.year, before.known_until.year + 1)
    whole = [year for year in years if _complete(before.market, _closed_in(year, found))]
    for day in sorted({*before.days, *found.closed, *found.half}):
        if not today <= day <= before.known_until or day.weekday() > 4:
            continue
        was, closed, half = before.on(day), found.closed.get(day), found.half.get(day) if half_day else None
        short = was.kind == "hours" and was.text() == half_day
        if closed is not None:
            if was.kind == "usual" or short:
                yield day, CalendarDay("closed", why=closed), f"closed, {closed}"
        elif half is not None:
            if was.kind in {"usual", "closed"}:
                yield day, parse_day(half_day, half), f"{half_day}, {half}"
        elif day.year in whole and (short or (was.kind == "closed" and not names.isdisjoint(was.why.split("; ")))):
            yield day, None, f"as usual, no longer {was.text()}, {was.why}"
        elif was.kind == "closed":
            yield day, was, f"stays closed, {was.why}: the source does not have it; session.special opens it"


def _closed_in(year: int, found: Holidays) -> dict[date, str]:
    return {day: name for day, name in found.closed.items() if day.year == year and day.weekday() < 5}


def _trades(calendar: Calendar, day: date) -> bool:
    return calendar.on(day).kind == "usual"


def _complete(market: str, closed: Mapping[date, str]) -> bool:
    _, _, least, most = SOURCES[market]
    return least <= len(closed) <= most and not any(_ESTIMATED in name for name in closed.values())


def _judge(before: Calendar, found: Holidays, today: date) -> None:
    """Compare what both know of the last years; raises InputError."""
    last = min(before.known_until, date(today.year, 12, 31))
    first = date(max(before.known_from.year, last.year - _COMPARED_YEARS + 1), 1, 1)
    ours = {day for day, what in before.days.items() if first <= day <= last and what.kind == "closed"}
    theirs = {day for day in found.closed if first <= day <= last and day.weekday() < 5}
    more = sum(_trades(before, day) for day in theirs)
    groups = {_CLOSED: Group(len(theirs), len(theirs))}
    known = {_CLOSED: Known(len(ours), len(ours - theirs), {"new closures": more})}
    reasons = implausible(groups, {_CLOSED: Group(len(ours), len(ours))}, known, _BOUNDS)
    if reasons:
        kept = f"the calendar known to {before.known_until} stays"
        raise InputError(f"{before.market}: {found.source} is not plausible: {in_a_line(reasons)}; {kept}")


def update(market: str) -> tuple[str, ...]:
    """Bring the user's calendar of `market` up to date; what that did, in lines. Raises UserError."""
    before, warning = read_calendar(market)
    if before is None:
        raise InputError(f"{market}: no calendar came with the program")
    now = datetime.now(UTC)
    years = range(before.known_until.year - _COMPARED_YEARS, now.year + _YEARS_AHEAD + 1)
    calendar, told = merged(before, asked(market, years), now.date())
    notes = (warning,) if warning else ()
    if calendar == before:
        return (*notes, *told, f"{market}: known to {before.known_until}, nothing newer")
    path = calendar_path(market)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DiskError(f"{path.parent}: cannot be made: {reason(error)}") from None
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with replacing(path, force=True) as part, os.fdopen(os.open(part, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(written(calendar, [f"written by `myquant-tui calendar update` at {now:%Y-%m-%d %H:%M} UTC"]))
    return (*notes, *told, f"{market}: known to {calendar.known_until}, in {path}")
