"""The session days as a screen lists them: those of the journal, and today's as the engine has it this moment. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from msgspec.structs import replace

from engine.model.day_page import DayPage
from engine.model.history import DayResult
from engine.model.snapshot import Snapshot
from engine.model.statistics import DayStatistics

_Amount = TypeVar("_Amount", int, Decimal)


def listed(page: DayPage | None, seen: Snapshot) -> tuple[DayResult, ...]:
    """The days, oldest first; of today what the snapshot has, so that two figures of it never stand on one screen."""
    before = page.days if page is not None and page.state == "HERE" else ()
    today = seen.account.day
    if not today.date:
        return before
    at = next((place for place, day in enumerate(before) if day.statistics.date == today.date), len(before))
    past = (*before[:at], *before[at + 1 :])
    ended = before[at].earlier if at < len(before) else None
    whole = joined(ended, today) if ended is not None else today
    earlier = past[-1].cumulative if past else Decimal(0)
    fallen = past[-1].fallen if past else Decimal(0)
    now = DayResult(seen.trade_mode, whole, seen.session.zone, earlier + whole.net, max(fallen, whole.drawdown), ended)
    return (*past, now)


def joined(before: DayStatistics, behind: DayStatistics) -> DayStatistics:
    """A date of two accounts as one; of a streak over both the longer part alone is known."""
    summed = {
        name: getattr(before, name) + getattr(behind, name)
        for name in ("entries", "exits", "positions", "won", "lost", "even", "profit", "loss", "gross", "costs", "net")
    }
    return replace(
        behind,
        **summed,
        best=max((each.best for each in (before, behind) if each.best is not None), default=None),
        worst=min((each.worst for each in (before, behind) if each.worst is not None), default=None),
        peak=max(before.peak, before.net + behind.peak),
        lowest=min(before.lowest, before.net + behind.lowest),
        drawdown=max(before.drawdown, behind.drawdown, before.peak - (before.net + behind.lowest)),
        longest_won=max(before.longest_won, behind.longest_won),
        longest_lost=max(before.longest_lost, behind.longest_lost),
        reasons=_summed(before.reasons, behind.reasons),
        costs_by_kind=_summed(before.costs_by_kind, behind.costs_by_kind),
    )


def _summed(before: Mapping[str, _Amount], behind: Mapping[str, _Amount]) -> dict[str, _Amount]:
    both = {name: before[name] + behind[name] for name in before.keys() & behind.keys()}
    return {**before, **behind, **both}
