"""Foretells of a file which ticks will not reach a strategy, and why there will be no entry, by times and prices alone."""

from collections.abc import Callable, Sequence

from engine.config import Config
from engine.model.types import Instrument, Tick
from engine.trading.reach import Reach
from engine.trading.session import NO_DAY, TradingHours
from engine.trading.undecided import Facts, Undecided


class SessionTally:
    """Counts ticks within and outside the session's hours, each instrument's for itself; `hours_of` gives those of a market."""

    def __init__(
        self, config: Config, instruments: Sequence[Instrument], hours_of: Callable[[str], TradingHours]
    ) -> None:
        markets = {each.market: hours_of(each.market) for each in instruments}
        self._hours = hours = [markets[each.market] for each in instruments]
        self._begun = dict.fromkeys(markets.values(), NO_DAY.date)
        self._reach = Reach()
        self._undecided = Undecided(config, instruments, hours.__getitem__)
        self._days = [NO_DAY] * len(instruments)
        self._of_day = [0] * len(instruments)  # ticks of the present day
        self._ticks = self._taken = self._most = self._in_window = self._at_ms = 0

    def add(self, tick: Tick, refused: str) -> None:
        """The next tick of the file; `refused` is why an engine will refuse it, empty where it will not."""
        self._ticks += 1
        if refused:
            self._reach.refuse(refused, tick)
            return
        index, at_ms = tick.instrument, tick.exch_ms
        day = self._days[index]
        if not day.start_ms <= at_ms <= day.end_ms:
            now = self._hours[index].day_of(at_ms)
            if not now.start_ms <= at_ms <= now.end_ms:
                self._reach.outside.note(tick)
                return
            if now.date != day.date:
                self._of_day[index] = 0
            day = self._days[index] = now
        if day.date < self._begun[self._hours[index]]:
            self._reach.refuse("past_day", tick)
            return
        self._begun[self._hours[index]] = day.date
        self._taken += 1
        self._at_ms = at_ms
        self._of_day[index] += 1
        if self._of_day[index] > self._most:
            self._most = self._of_day[index]
        self._in_window += day.entry_from_ms <= at_ms < day.entry_until_ms

    def why_undecided(self) -> str:
        """Why there will be no entry, and what to change; empty where one may come."""
        facts = Facts(self._ticks, self._taken, self._most, self._reach, in_window=self._in_window, at_ms=self._at_ms)
        return self._undecided.why(facts)

    def lines(self, row_of: Callable[[int], str]) -> list[str]:
        """One for each reason to leave ticks out that the file's own refusals do not tell."""
        stamp = self._hours[0].stamp
        words = {"outside_session": "outside the session", "past_day": "of a day that is over"}
        return [
            f"{places.count:,} {words[reason]}, first at {row_of(places.first.seq)} ({stamp(places.first.exch_ms)}), "
            f"last at {row_of(places.last.seq)} ({stamp(places.last.exch_ms)})"
            for reason, places in self._reach.left_out().items()
            if reason in words
        ]
