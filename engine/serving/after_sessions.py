"""When a timer is due behind the sessions of markets, as systemd writes it: every day, and at special sessions that end later."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from engine.trading.session import TradingHours

BEHIND: Final = timedelta(minutes=30)  # the end of a session: late ticks, the end of the engine's day
_SEEN_DAYS: Final = 400  # from today on: a year, and so summer time and winter time
_DAY: Final = timedelta(days=1)


def after_sessions(markets: Sequence[TradingHours], today: date) -> list[str]:
    """Values of OnCalendar: of each zone one that is due half an hour behind the last usual end of `markets`, and others by date.

    These are of special sessions that are known from `today` on and end later than usual. The daily one is due on every
    day: which of them are sessions, the calendar knows.
    """
    by_zone: dict[str, list[TradingHours]] = defaultdict(list)
    for hours in markets:
        by_zone[hours.zone.key].append(hours)
    return [when for zone, kept in by_zone.items() for when in _in_zone(zone, kept, today)]


def _in_zone(zone: str, markets: Sequence[TradingHours], today: date) -> Iterator[str]:
    """The daily one first; by the clocks of the zone, whose time of a midnight may have been another one."""
    dates = [today + _DAY * away for away in range(_SEEN_DAYS)]
    due = [(hours.on(day).kind, at, at - _midnight(hours, day)) for hours in markets for day, at in _due(hours, dates)]
    usual = max((behind for kind, _, behind in due if kind == "usual"), default=BEHIND)
    hour, minute = divmod(usual // timedelta(minutes=1), 60)
    yield f"*-*-* {hour % 24:02}:{minute:02}:00 {zone}"
    special = {at for kind, at, behind in due if kind == "hours" and behind > usual}
    yield from (f"{at:%Y-%m-%d %H:%M}:00 {zone}" for at in sorted(special))


def _due(hours: TradingHours, dates: Sequence[date]) -> Iterator[tuple[date, datetime]]:
    """Each of `dates` that has a session, and when that has been over long enough, in whole minutes."""
    for day in dates:
        session = hours.of_date(day)
        if session.start_ms <= session.end_ms:
            yield day, hours.local(-(-session.end_ms // 60_000) * 60_000) + BEHIND


def _midnight(hours: TradingHours, day: date) -> datetime:
    return datetime.combine(day, time(), hours.zone)
