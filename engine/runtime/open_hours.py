"""Whether any market of a live run is open, and when the next one opens. Reads clock and hours; changes nothing."""

from collections.abc import Sequence
from typing import Final

from engine.model.clock import Clock
from engine.model.ports import Closed
from engine.model.run_views import SessionView
from engine.trading.session import TradingHours
from engine.trading.trading_state import TradingState

LEAD_MS: Final = 300_000  # so long before an opening a feed begins to connect
LINGER_MS: Final = 600_000  # so long after an end it stays: the last prices of a day come late
_RARELY_S: Final = 3600.0  # where no opening is known it is asked again after this


class OpenHours:
    """Answers for all markets of a run, by its clock; from any thread.

    While something is held no market counts as closed for the feed: its prices, and that none come, are proof of what
    can be sold.
    """

    def __init__(self, state: TradingState, clock: Clock) -> None:
        self._state = state
        self._hours = state.all_hours
        self._clock = clock

    def is_open(self) -> bool:
        """Whether one of them is in trading time."""
        now_ms = self._clock.wall_ns() // 1_000_000
        return not all(hours.closed(now_ms) for hours in self._hours)

    def closed(self) -> Closed | None:
        """How long a feed may rest; None where it may not."""
        now_ms = self._clock.wall_ns() // 1_000_000
        if any(position is not None for position in self._state.portfolio.positions):
            return None
        if any(0 < now_ms - hours.day_of(now_ms).end_ms < LINGER_MS for hours in self._hours):
            return None
        opens_ms, hours = next_opening(self._hours, now_ms)
        if opens_ms is None:
            return Closed(_RARELY_S, "until the calendar says otherwise")
        if opens_ms - LEAD_MS <= now_ms:
            return None
        return Closed((opens_ms - LEAD_MS - now_ms) / 1000, f"until {opening_text(hours, opens_ms, now_ms)}")


def session_view(markets: Sequence[TradingHours], now_ms: int) -> SessionView:
    """How the markets of a run stand at `now_ms`."""
    standing = [(hours, hours.day_of(now_ms)) for hours in markets]
    among = [each for each in standing if each[1].start_ms <= now_ms <= each[1].end_ms]
    opens = ends = ""
    if among:
        hours, day = max(among, key=lambda each: each[1].end_ms)
    else:
        next_ms, hours = next_opening(markets, now_ms)
        day = hours.day_of(now_ms)
        if next_ms is not None:
            opens, ends = opening_text(hours, next_ms, now_ms), str(hours.calendar_ends(next_ms) or "")
    return SessionView(
        hours.zone.key,
        day.date.isoformat(),
        day.start_ms,
        day.end_ms,
        day.daily,
        opens,
        ends,
        day.entry_from_ms,
        day.entry_until_ms,
        hours.on(day.date).why if day.end_ms < day.start_ms else "",
    )


def next_opening(markets: Sequence[TradingHours], now_ms: int) -> tuple[int | None, TradingHours]:
    """When the first of them opens, and which that is; None where no calendar says."""
    known = [(at_ms, hours) for hours in markets if (at_ms := hours.next_open_ms(now_ms)) is not None]
    return min(known, key=lambda each: each[0]) if known else (None, markets[0])


def opening_text(hours: TradingHours, opens_ms: int, now_ms: int) -> str:
    """`09:15` of today, `Mon 09:15` of the next days, `Mon 2 Nov 09:15` beyond a week; in the market's zone."""
    opens, now = hours.local(opens_ms), hours.local(now_ms)
    away = (opens.date() - now.date()).days
    day = "" if not away else f"{opens:%a} " if away < 7 else f"{opens:%a} {opens.day} {opens:%b} "
    return f"{day}{opens:%H:%M}"
