"""Sees that a session day, or a replay, is over, and says what came of it, once. Changes nothing that decides."""

from engine.logs import log_trade
from engine.model.run_views import ClosingView
from engine.model.statistics import DayStatistics
from engine.presentation import closing
from engine.presentation.charges import fills_text
from engine.runtime.replay.playback import Playback
from engine.runtime.turn_parts import TurnParts
from engine.runtime.uptime import Uptime
from engine.text.sanitize import CleanText, clean

_GRACE_MS = 2_000  # behind an end: what is held is closed with it
_LONGEST_PATH = 300


class Closing:
    """`view` is called within the turn, whenever a snapshot is made, `tell` by the engine's thread.

    A day that was over before this engine came is not told again.
    """

    def __init__(
        self, parts: TurnParts, playback: Playback | None, uptime: Uptime | None = None, *, whole: bool = False
    ) -> None:
        """`whole`: at the end of a `playback` all its days are told, not only the last."""
        self._uptime = uptime
        self._parts = parts
        self._playback = playback
        self._whole = whole
        self._markets = parts.trader.state.all_hours
        self._now: ClosingView | None = None
        self._told: ClosingView | None = None
        self._date = ""
        self._watched = False  # that day was seen under way, by this engine
        self._before = _Counted(parts, None)  # the counters as that day began

    def view(self, now_ms: int) -> ClosingView | None:
        """What came of the day or the replay that is over at `now_ms` of the market; None while it goes on."""
        if self._playback is not None:
            ended = self._playback.feed.progress().ended and not self._parts.inbox
            self._now = (self._now or self._made(whole=self._whole)) if ended else None
            return self._now
        date = self._parts.exits.statistics.day.date
        if date != self._date:
            self._begin(date)
        elif self._watched and self._now is None and self._is_over(date, now_ms):
            self._now = self._made(whole=False)
        return self._now

    def _begin(self, date: str) -> None:
        """Another day: what has no end of its own is over with it."""
        last = self._parts.exits.statistics.last_day
        endless = not any(hours.day_of(self._parts.market_clock.now_ms).daily for hours in self._markets)
        self._now = None
        if self._watched and endless and last.date == self._date:
            self._now = self._made(whole=False, of=last)
        self._date, self._watched = date, self._is_under_way(date)
        self._before = _Counted(self._parts, None)

    def _is_under_way(self, date: str) -> bool:
        now_ms = self._parts.market_clock.now_ms
        days = (hours.day_of(now_ms) for hours in self._markets)
        return any(day.date.isoformat() == date and now_ms <= day.end_ms for day in days)

    def _is_over(self, date: str, now_ms: int) -> bool:
        """Whether the day is over in every market, and nothing of it is held."""
        days = [hours.day_of(now_ms) for hours in self._markets]
        if any(now_ms <= day.end_ms + _GRACE_MS for day in days if day.date.isoformat() == date):
            return False
        passed = all(day.daily and day.date.isoformat() >= date for day in days)
        return passed and all(position is None for position in self._parts.trader.state.portfolio.positions)

    def _made(self, *, whole: bool, of: DayStatistics | None = None) -> ClosingView:
        parts, counted = self._parts, _Counted(self._parts, self._before)
        statistics = parts.exits.statistics
        recorder, state = parts.recorder, parts.trader.state
        filled = fills_text(state.fill, state.fills[1], state.fills[0])
        told = of or (statistics.total if whole else statistics.day)
        watched, minutes = (0, 0) if self._uptime is None else self._uptime.of(told.date)
        return ClosingView(
            statistics=told,
            whole=whole,
            objections=counted.objections,
            gaps=counted.gaps,
            sequence_gaps=counted.sequence_gaps,
            recording=clean(str(recorder.path), _LONGEST_PATH) if recorder is not None else CleanText(""),
            open=sum(position is not None for position in state.portfolio.positions),
            since_ms=0 if whole else self._since_ms((of or statistics.day).date),
            charged=f"by {state.costs.said(state.today)}, filled at {filled}",
            minutes=minutes,
            watched=watched,
        )

    def _since_ms(self, date: str) -> int:
        """When this run began, where that was within the session of `date`, else 0."""
        began_ms = self._parts.trader.state.reach.since_ms
        same = any(hours.day_of(began_ms).date.isoformat() == date for hours in self._markets)
        return began_ms if began_ms and same else 0

    def tell(self) -> None:
        """Put what came of it into the log, once."""
        now = self._now
        if now is not None and now is not self._told:
            self._told = now
            for line in closing.log_lines(now, self._parts.trader.hours.zone.key):
                log_trade("%s", line, component="engine")


class _Counted:
    """What was counted since `before`."""

    def __init__(self, parts: TurnParts, before: "_Counted | None") -> None:
        state = parts.trader.state
        self.objections = dict(state.reach.objections)
        self.gaps = sum(inst.gaps for inst in state.instrument_states)
        self.sequence_gaps = sum(inst.tick_filter.sequence_gaps for inst in state.instrument_states)
        if before is not None:
            left = {reason: count - before.objections.get(reason, 0) for reason, count in self.objections.items()}
            self.objections = {reason: count for reason, count in left.items() if count > 0}
            self.gaps = max(0, self.gaps - before.gaps)
