"""The days of one market that are not as usual, and up to when they are known; read from and written as a small plain text.

    # a remark
    market NSE
    source where this was taken from
    known 2013-01-01 2026-12-31
    2025-10-02 closed Gandhi Jayanti
    2025-10-21 13:45-14:45 Diwali, Muhurat trading
    2025-11-28 -13:00 day after Thanksgiving, early end
    2026-03-03 17:00- Holi, evening session only
    2026-11-08 unsure Muhurat trading, hours not announced

Saturdays and Sundays are closed unless they stand there. Of a date that is `unsure` the calendar does not know whether or
when it is session; it counts as closed.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Final, Literal

from msgspec import Struct

Kind = Literal["usual", "closed", "hours", "unsure"]

MOST_LINES: Final = 20_000
_FRIDAY = 4
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})[ ]+(\S+)(?:[ ]+(.*))?", re.ASCII)
_HOURS = re.compile(r"(\d{2}:\d{2}(?::\d{2})?)?-(\d{2}:\d{2}(?::\d{2})?)?", re.ASCII)


class CalendarDay(Struct, frozen=True):
    """What is known of one date: that it is as usual, closed, or session from `start` to `end` (None: as usual), and why."""

    kind: Kind = "usual"
    start: time | None = None
    end: time | None = None
    why: str = ""

    @property
    def closed(self) -> bool:
        """Whether there is no session."""
        return self.kind in {"closed", "unsure"}

    def text(self) -> str:
        """As it stands in a table, without the reason."""
        if self.kind != "hours":
            return self.kind
        return "-".join(
            "" if at is None else at.isoformat("seconds" if at.second else "minutes") for at in (self.start, self.end)
        )


USUAL: Final = CalendarDay()
_WEEKEND: Final = CalendarDay("closed", why="weekend")


class Calendar(Struct, frozen=True):
    """The days of a market that are not as usual; nothing is known before `known_from` and after `known_until`.

    Without `weekends` a Saturday is a day like any other.
    """

    market: str
    source: str
    known_from: date
    known_until: date
    days: Mapping[date, CalendarDay]
    weekends: bool = True

    def on(self, day: date) -> CalendarDay:
        """What is known of `day`; beyond what is known a weekend is closed, and every other day as usual."""
        found = self.days.get(day)
        if found is not None:
            return found
        return _WEEKEND if self.weekends and day.weekday() > _FRIDAY else USUAL

    def of_year(self, year: int) -> list[tuple[date, CalendarDay]]:
        """The days of `year` that are not as usual, in their order."""
        return sorted((day, found) for day, found in self.days.items() if day.year == year)


def parse_day(text: str, why: str = "") -> CalendarDay:
    """What `text` says of a day, such as "closed" or "18:00-19:00"; raises ValueError."""
    if text in {"closed", "unsure", "usual"}:
        return CalendarDay(text, why=why)  # type: ignore[arg-type]  # one of the words of Kind
    hours = _HOURS.fullmatch(text)
    if hours is None or text == "-":
        raise ValueError(
            f"'{text:.40}' is neither closed, usual, unsure nor hours such as 18:00-19:00, 17:00- or -13:00"
        )
    start, end = (time.fromisoformat(part) if part else None for part in hours.groups())
    if start is not None and start == end:
        raise ValueError(f"{text} ends when it starts")
    return CalendarDay("hours", start, end, why)


def parse(text: str) -> Calendar:
    """The calendar in `text`; raises ValueError naming the line."""
    said: dict[str, str] = {}
    days: dict[date, CalendarDay] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if number > MOST_LINES:
            raise ValueError(f"more than {MOST_LINES} lines")
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found = _DAY.fullmatch(line.rstrip())
            if found:
                day = date.fromisoformat(found[1])
                if day in days:
                    raise ValueError(f"{day} stands there twice")  # noqa: TRY301 - the place is added below
                days[day] = parse_day(found[2], found[3] or "")
            else:
                word, _, rest = line.partition(" ")
                if word not in {"market", "source", "known"} or word in said:
                    raise ValueError(f"'{line:.40}' is no line of a calendar")  # noqa: TRY301
                said[word] = rest.strip()
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    if missing := {"market", "source", "known"} - said.keys():
        raise ValueError(f"says no {' and no '.join(sorted(missing))}")
    known = [date.fromisoformat(word) for word in said["known"].split()]
    if len(known) != 2 or known[0] > known[1]:
        raise ValueError(f"known '{said['known']:.40}' is not two dates, the earlier one first")
    return Calendar(said["market"], said["source"], known[0], known[1], dict(sorted(days.items())))


def written(calendar: Calendar, remarks: Iterable[str] = ()) -> str:
    """The text from which `parse` reads `calendar`."""
    lines = [f"# {remark}" for remark in remarks]
    lines += [f"market {calendar.market}", f"source {calendar.source}"]
    lines.append(f"known {calendar.known_from} {calendar.known_until}")
    lines += [f"{day} {found.text()} {found.why}".rstrip() for day, found in sorted(calendar.days.items())]
    return "\n".join(lines) + "\n"
