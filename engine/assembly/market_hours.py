"""Which hours and days the markets of a run keep: what persons said, the recording, the market, its calendar. Runs nothing.

The tables of the calendars come with the program; one that `myquant-tui calendar update` has written goes before them.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from engine.config import Config, SessionConfig, market_facts, stated, user_folder
from engine.markets import calendar as tables
from engine.markets.calendar import Calendar, parse_day
from engine.markets.market import MARKETS, Market
from engine.model.errors import InputError
from engine.model.types import TradeMode
from engine.outside.files import told
from engine.outside.trust import doubt_of_file
from engine.recording.format import Header, RecordedMarket
from engine.trading.session import TradingHours

_SHIPPED: Final = Path(tables.__file__).parent / "tables"
_MOST_DAYS: Final = 8  # that a line tells of another calendar
_AROUND_DAYS: Final = (-2, 10)  # of the date it begins on a recording tells the days that are not as usual


def calendar_path(market: str) -> Path:
    """Where `calendar update` keeps the user's own table of `market`."""
    return user_folder(os.environ, "XDG_DATA_HOME", "~/.local/share") / "calendars" / f"{market}.txt"


@cache
def shipped_calendar(market: str) -> Calendar | None:
    """The table of `market` that came with the program; None where there is none."""
    path = _SHIPPED / f"{market}.txt"
    return tables.parse(path.read_text(encoding="utf-8")) if path.is_file() else None


def read_calendar(market: str) -> tuple[Calendar | None, str]:
    """The calendar of `market`, the user's or the one that came, whichever knows more; and a warning, or ""."""
    shipped, own = shipped_calendar(market), calendar_path(market)
    try:
        if not own.is_file():
            return shipped, ""
        if doubt := doubt_of_file(own):
            return shipped, f"{own}: {doubt}; the calendar that came with the program is used"
        with told(own):
            found = tables.parse(own.read_text(encoding="utf-8"))
    except (InputError, ValueError) as error:
        return shipped, f"{own}: {error}; the calendar that came with the program is used"
    if shipped is not None and shipped.known_until > found.known_until:
        return shipped, ""
    return found, ""


def for_market(config: Config, name: str) -> Config:
    """`config` with the hours of the market `name` where no person said others; "" says none."""
    if name not in MARKETS:
        return config
    facts = market_facts(name, config.origins.said, config.session.start, config.session.end)
    return stated(config, facts, f"the market {name}")


class MarketHours:
    """Gives the hours of each market of a run, by its name, and collects what is to be told of its calendar.

    Recordings, and whatever else is not of this very moment, keep every day: a tick is there, so the market was open.
    """

    def __init__(self, config: Config, mode: TradeMode, header: Header | None = None) -> None:
        self._config = config
        self._keeps_all = mode in {"replay", "mock"}
        self._recorded = header.markets if header is not None else None
        self.warnings: list[str] = []
        self._found: dict[str, Calendar | None] = {}  # what the hours that were given go by

    def __call__(self, name: str) -> TradingHours:
        """The hours of the market `name`; "" is the run's own, every day of it."""
        market = MARKETS.get(name)
        recorded = None if self._recorded is None else self._recorded.get(name)
        if market is None or (self._recorded is not None and recorded is None):
            return TradingHours(self._config.session)
        session = _fitted(self._config, recorded or market)
        calendar = self._found[name] = self._calendar(market, recorded, session)
        as_usual = market.winter_end is not None and (recorded is None or recorded.days is None)
        said = self._config.origins.said
        end_on = market.end_on if as_usual and session.end == market.end and not said("session.end") else None
        keeps_all = self._keeps_all and (recorded is None or recorded.days is None)
        return TradingHours(
            session,
            calendar,
            end_on=end_on,
            keeps_all=keeps_all,
            start_said=said("session.start"),
            end_said=said("session.end"),
        )

    def _calendar(self, market: Market, recorded: RecordedMarket | None, session: SessionConfig) -> Calendar | None:
        if session.calendar == "none" or not session.daily:
            return None
        if recorded is not None and recorded.days is not None:
            days = {date.fromisoformat(day): parse_day(text) for day, text in recorded.days.items()}
            return Calendar(market.name, "the recording", date.min, date.max, days, weekends=False)
        found, warning = read_calendar(market.name)
        if warning:
            self.warnings.append(warning)
        return found

    def recorded(self, hours: Mapping[str, TradingHours], at_ms: int) -> dict[str, RecordedMarket]:
        """What a recording of this run states of its markets, whose `hours` these are; a live one also of the days around `at_ms`."""
        if self._recorded is not None:
            known = {name: self._recorded[name] for name in hours if name in self._recorded}
            return {name: _recorded(_fitted(self._config, each), each.days) for name, each in known.items()}
        if self._keeps_all:
            return recorded_markets(self._config, hours)
        sessions = {name: _fitted(self._config, MARKETS[name]) for name in hours if name in MARKETS}
        newest = {name: hours[name].by(self._found[name]) for name in sessions}
        return {name: _recorded(each, _unusual(newest[name], each, at_ms)) for name, each in sessions.items()}

    def newer(self) -> Mapping[str, Calendar]:
        """The calendars that are others on the disk now than those that are gone by; read by whoever may wait for it."""
        again = {name: read_calendar(name) for name, known in self._found.items() if known is not None}
        return {
            name: found
            for name, (found, warning) in again.items()
            if found is not None and not warning and found != self._found[name]
        }

    def keep(self, found: Mapping[str, Calendar]) -> Iterator[str]:
        """Go by these from now on where it is told what is known; a line for each, with the days that are others."""
        for name, calendar in found.items():
            before, self._found[name] = self._found[name], calendar
            days = before.days if before is not None else {}
            news = [f"{day} {each.text()}" for day, each in calendar.days.items() if days.get(day) != each]
            news += [f"{day} as usual" for day in days if day not in calendar.days]
            more = f" and {len(news) - _MOST_DAYS} more" if len(news) > _MOST_DAYS else ""
            told = f": {', '.join(sorted(news)[:_MOST_DAYS])}{more}" if news else ""
            yield f"the calendar of {name} was read anew, known to {calendar.known_until}{told}"

    def tell_age(self, today: date, names: Iterable[str]) -> None:
        """Add a warning for each market whose calendar does not know `today`."""
        self.warnings.extend(self.ages(today, names))

    def ages(self, today: date, names: Iterable[str]) -> Iterator[str]:
        """A line for each market whose calendar does not know `today`: the one that this run goes by, where it has one."""
        if self._config.session.calendar == "none":
            return
        for name in names:
            market = MARKETS.get(name)
            if market is None or not market.daily:
                continue
            known = self._found[name] if name in self._found else read_calendar(name)[0]
            if known is None or today > known.known_until:
                until = "not known" if known is None else f"known to {known.known_until}"
                advice = "`myquant-tui calendar update`, or session.holidays and session.special"
                yield f"the calendar of {name} is {until}: beyond it only weekends are closed; {advice}"


def _fitted(config: Config, market: Market | RecordedMarket) -> SessionConfig:
    """The session of `config` with what `market` says of it where no person says it."""
    session, said = config.session, config.origins.said
    if isinstance(market, Market):
        facts = market_facts(market.name, said, session.start, session.end)
    else:
        times = {"session.start": time.fromisoformat(market.start), "session.end": time.fromisoformat(market.end)}
        facts = {"session.zone": market.zone, "session.daily": market.daily, **times}
    return replace(session, **{key.partition(".")[2]: value for key, value in facts.items() if not said(key)})


def recorded_markets(config: Config, names: Iterable[str]) -> dict[str, RecordedMarket]:
    """What a recording states of the markets `names` that nobody has traded by: their hours, but no days."""
    return {name: _recorded(_fitted(config, MARKETS[name]), None) for name in names if name in MARKETS}


def _recorded(session: SessionConfig, days: dict[str, str] | None) -> RecordedMarket:
    start, end = session.start.isoformat(), session.end.isoformat()
    return RecordedMarket(zone=session.zone, start=start, end=end, daily=session.daily, days=days)


def _unusual(hours: TradingHours, session: SessionConfig, at_ms: int) -> dict[str, str]:
    """The days around a moment that are not as usual, as a calendar would write them."""
    if not session.daily:
        return {}
    today = hours.day_of(at_ms).date
    days = {}
    for away in range(*_AROUND_DAYS):
        day = today + timedelta(days=away)
        text = hours.text_of(day)
        if text != "usual":
            days[day.isoformat()] = text
    return days
