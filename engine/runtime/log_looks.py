"""Takes the counters that the judge of the log looks at, beside the turn: each read is of one value, money is of a snapshot."""

from collections.abc import Callable

from engine.logs import LogBook
from engine.model.ports import Feed
from engine.model.snapshot import Snapshot
from engine.runtime.log_judge import Change, LogJudge, Look
from engine.runtime.loop_stats import LoopStats
from engine.runtime.moves import Moves
from engine.runtime.replay.playback import Playback
from engine.runtime.turn_parts import TurnParts
from engine.trading.instrument_state import InstrumentState

_SECOND_NS = 1_000_000_000
_LOOKED_AT = (
    8  # instruments whose moves are seen in a look, beside what is held; the others have their turn in the next
)
_MANY, _MOST = 10, 0.5  # of so many instruments half must be silent, of fewer one


class LogLooks:
    """Counters of a run as the judge wants them, and what the judge says."""

    def __init__(
        self,
        parts: TurnParts,
        book: LogBook,
        stats: LoopStats,
        newest: Callable[[], Snapshot],
        feed: Feed,
        playback: Playback | None,
    ) -> None:
        self._newest = newest
        self._parts = parts
        self._state = parts.trader.state
        self._book = book
        self._stats = stats
        self._feed = feed
        self._playback = playback
        self._judge = LogJudge(parts.config.adaptive.hold_s)
        self._capital = float(parts.config.capital.initial_capital)
        self._moves: dict[int, Moves] = {}
        self._next = 0
        self._slow_seen = self._slow = 0
        self._link_seen: tuple[int, str] | None = None
        self._links = 0

    @property
    def ceiling(self) -> int:
        """How many bytes in all may be logged in detail by itself for now."""
        return self._judge.ceiling

    def judge(self, now_ns: int) -> list[Change]:
        """Take a look, and say what is to be changed."""
        return self._judge.judge(self._look(now_ns))

    def _look(self, now_ns: int) -> Look:
        parts, state, stats = self._parts, self._state, self._stats
        effects, book = parts.effects, self._book
        oldest_ns = effects.oldest_order_ns
        seen = self._newest()
        return Look(
            at_s=now_ns / _SECOND_NS,
            tick=parts.cursor.position,
            troubles=book.troubles(),
            ticks=parts.cursor.position,
            refused=sum(stats.refused.values()),
            sequence_gaps=stats.sequence_gaps,
            links=self._link_changes(),
            silent=self._silent(),
            rejected=effects.rejected,
            unanswered_s=(now_ns - oldest_ns) / _SECOND_NS if oldest_ns else 0.0,
            flat=state.flat.shown,
            day=seen.session.date,
            day_pnl=float(seen.account.day_pnl),
            capital=self._capital,
            move=self._most_moved([each.state.instrument for each in seen.positions]),
            inbox_share=self._inbox_share(),
            slow=self._over_budget(),
            detail_bytes=book.detail_bytes,
            chosen=book.levels.chosen,
        )

    def _link_changes(self) -> int:
        """How often the link was made or lost since the first look that found one."""
        view = self._feed.view()
        if view is None:
            return 0
        seen = (view.link, "UP" if view.state == "UP" else "" if view.state in {"CLOSED", "STOPPED"} else "DOWN")
        if self._link_seen is not None and seen[1] and seen != self._link_seen and self._link_seen[1]:
            self._links += 1
        self._link_seen = seen
        return self._links

    def _silent(self) -> str:
        """What is silent that should tick, where that is grave: while each market is open, and no replay stands still."""
        stats = self._stats
        if not stats.silent or stats.silent < (_MOST * stats.ticking if stats.ticking >= _MANY else 1):
            return ""
        if self._playback is not None:
            progress = self._playback.feed.progress()
            if progress.ended or not progress.playing:
                return ""
        now_ms = self._parts.market_clock.now_ms
        if any(hours.closed(now_ms) for hours in self._state.all_hours):
            return ""
        return f"{stats.silent:,} of {stats.ticking:,} silent"

    def _most_moved(self, held: list[int]) -> float:
        """The largest move of those that are looked at now."""
        instruments = self._state.instrument_states
        most = max((self._moved(instruments[index]) for index in held), default=0.0)
        for _ in range(min(_LOOKED_AT, len(instruments))):
            self._next = (self._next + 1) % len(instruments)
            most = max(most, self._moved(instruments[self._next]))
        return most

    def _moved(self, inst: InstrumentState) -> float:
        moves = self._moves.get(inst.index)
        if moves is None:
            moves = self._moves[inst.index] = Moves()
        return moves.look(inst.last_price, inst.strategy.ticks)

    def _inbox_share(self) -> float:
        """How full the inbox is; a replay as fast as it goes keeps it full, and rightly so."""
        if self._playback is not None and not self._playback.feed.progress().speed:
            return 0.0
        return len(self._parts.inbox) / self._parts.inbox.capacity

    def _over_budget(self) -> int:
        """How many ticks were over the handler's budget so far; its own counter begins anew with every window."""
        slow = self._parts.budget.slow
        self._slow += slow - self._slow_seen if slow >= self._slow_seen else slow
        self._slow_seen = slow
        return self._slow
