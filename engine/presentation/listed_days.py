"""The session days as a screen lists them: those of the journal, and today's as the engine has it this moment. Pure."""

from decimal import Decimal

from engine.model.day_page import DayPage
from engine.model.history import DayResult
from engine.model.snapshot import Snapshot


def listed(page: DayPage | None, seen: Snapshot) -> tuple[DayResult, ...]:
    """The days, oldest first; of today what the snapshot has, so that two figures of it never stand on one screen."""
    before = page.days if page is not None and page.state == "HERE" else ()
    today = seen.account.day
    if not today.date:
        return before
    at = next((place for place, day in enumerate(before) if day.statistics.date == today.date), len(before))
    earlier = before[at - 1].cumulative if at else Decimal(0)
    fallen = before[at - 1].fallen if at else Decimal(0)
    now = DayResult(seen.trade_mode, today, seen.session.zone, earlier + today.net, max(fallen, today.drawdown))
    return (*before[:at], now)
