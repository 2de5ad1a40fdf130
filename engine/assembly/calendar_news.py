"""What an engine that is up makes of a calendar that was brought up to date: it goes by the newer one. Reads, and decides nothing."""

from collections.abc import Mapping

from engine.assembly.market_hours import MarketHours
from engine.markets.calendar import Calendar
from engine.trading.trader import Trader


class CalendarNews:
    """The calendars of a run, read again: `read` in a thread that may wait for a disk, the rest beside or within the turn."""

    def __init__(self, hours: MarketHours, trader: Trader) -> None:
        self._hours = hours
        self._trader = trader
        self._read: Mapping[str, Calendar] = {}
        self._kept: dict[str, Calendar] = {}

    def read(self) -> None:
        """Look whether any is another one."""
        self._read = self._hours.newer()

    def keep(self) -> tuple[str, ...]:
        """Let what was read be what recordings state from now on; a line for each calendar that is another one."""
        found, self._read = self._read, {}
        self._kept |= found
        return tuple(self._hours.keep(found))

    def go_by(self) -> None:
        """Go by what was kept, within the turn."""
        for name, calendar in self._kept.items():
            if name in self._trader.state.markets:  # else it was only looked at
                self._trader.state.markets[name].go_by(calendar)
        self._kept = {}
        self._trader.hours_changed()
