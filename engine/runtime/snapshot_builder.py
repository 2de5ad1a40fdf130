"""Builds the snapshot: copies what a screen shows out of the trading state, within the turn. Changes nothing."""

import time
from collections.abc import Callable
from itertools import islice

from msgspec.structs import replace

from engine.model import run_views, trading_views
from engine.model.lanes_view import LanesView
from engine.model.ports import Feed, Log, Watch
from engine.model.snapshot import Snapshot
from engine.model.types import TradeMode
from engine.runtime.closing import Closing
from engine.runtime.durability import HOLDS_NS
from engine.runtime.housekeeping import refusals
from engine.runtime.loop_stats import LoopStats
from engine.runtime.open_hours import session_view
from engine.runtime.replay.playback import Playback
from engine.runtime.run_failure import RunStatus
from engine.runtime.turn_parts import TurnParts
from engine.runtime.uptime import Uptime
from engine.text.sanitize import CleanText
from engine.trading.instrument_state import InstrumentState
from engine.trading.session import NO_DAY

_METER_NS = 500_000_000
_SHOWN = 50
_MANY_TICKS = 50
_WELL = CleanText("")
_BEHIND = CleanText("the disk is behind: not yet durable")
_NAMED = ("state", "socket")  # edges that are shown only while something is wrong with them
_MOST_TURNOVER = 2**63 - 1  # that a socket carries; a position in coins has more, and no screen shows it


class SnapshotBuilder:
    """Makes snapshots of one run within its turn; remembers only what the replay's real speed is measured from."""

    def __init__(
        self,
        parts: TurnParts,
        trade_mode: TradeMode,
        source: CleanText,
        status: RunStatus,
        stats: LoopStats,
        playback: Playback | None,
        feed: Feed,
        log: Log,
        watch: Watch,
        closing: Closing,
        uptime: Uptime | None = None,
        broker_account: CleanText = _WELL,
        lanes: Callable[[], LanesView | None] = lambda: None,
    ) -> None:
        self._trade_mode = trade_mode
        self._source = source
        self._state = parts.trader.state
        self._second = 0  # that the sessions are of
        self._before = run_views.SessionView(parts.trader.hours.zone.key, NO_DAY.date.isoformat(), 0, -1)
        self._session = self._before
        self._sessions: dict[str, run_views.SessionView] = {}
        self._markets = parts.trader.state.all_hours
        self._parts = parts
        self._status = status
        self._stats = stats
        self._playback = playback
        self._feed = feed
        self._log = log
        self._watch = watch
        self._closing = closing
        self._uptime = uptime
        self._broker_account = broker_account
        self._lanes = lanes
        self._most_loss = parts.config.risk.max_daily_loss
        self._number = 0
        self._meter = (0, 0)
        self._real_speed = 0.0
        self._stale_s = float(parts.config.feed.stale_s)
        chosen = parts.config.alerts
        self._alerts = run_views.AlertsView(chosen.bell, chosen.notify, chosen.trades, chosen.per_hour)
        self._warmup = parts.config.strategy.min_warmup_ticks
        self._most_entries = parts.config.risk.max_positions_per_day

    def __call__(self, now_ns: int) -> Snapshot:
        """Copy what there is to see; the caller holds the turn (or nothing runs)."""
        parts, state, stats = self._parts, self._state, self._stats
        cursor, instruments, merged = parts.cursor, parts.instruments, parts.inbox.merged
        now_ms = parts.effects.now_ms
        self._number += 1
        self._measure(now_ns, now_ms)
        self._look_at_sessions(parts.market_clock.now_ms)
        orders, live = state.orders.view(now_ms) if state.orders.kind == "real" else ((), None)
        return Snapshot(
            number=self._number,
            taken_ns=now_ns,
            wall_ns=time.time_ns(),
            at_ms=now_ms,
            trade_mode=self._trade_mode,
            source=self._source,
            delivery=parts.epochs.now.delivery,
            instruments=instruments,
            ticks=cursor.position,
            refused=stats.refused if len(instruments) > _SHOWN else refusals(state.instrument_states),
            session=self._session,
            markets=self._sessions,
            pulse=run_views.Pulse(stats.beat_ns, cursor.came_ns, cursor.decided_ns, parts.effects.oldest_order_ns),
            process=stats.process,
            events=tuple(parts.timeline.events),
            quotes=tuple(_quote(inst, self._warmup, *self._close(inst)) for inst in self._shown()),
            positions=self._positions(),
            account=self._account(),
            entries=self._entries(),
            flat=parts.receipt.view(parts.effects.now_ms),
            trades=tuple(parts.exits.newest),
            epochs=parts.epochs.views(cursor.last_seq, merged, fresh=self._status.stopped),
            inbox_waiting=len(parts.inbox),
            merged=merged,
            beats=stats.beats,
            faults=state.faults,
            fault=self._status.shown,
            edges=self._edges(),
            replay=self._replay(now_ms),
            outcomes=parts.outcomes.lines,
            stopped=self._status.stopped,
            feed=self._feed.view(),
            sequence_gaps=stats.sequence_gaps,
            silent=stats.silent,
            ticking=stats.ticking,
            never=stats.never,
            watched=sum(not each.removed for each in instruments),
            stale_s=self._stale_s,
            commands=parts.outcomes.commands,
            found=parts.outcomes.found,
            left_out={reason: places.count for reason, places in state.reach.left_out().items()},
            undecided=self._undecided(),
            late_ms=stats.late_ns // 1_000_000,
            unkept_from_ms=stats.unkept_from_ms,
            exits_from=1 + (parts.exits.before if self._playback else 0),  # a replay begins with another journal
            rewinds=parts.exits.rewinds,
            action=parts.action_receipt.view,
            ahead_ms=parts.market_clock.ahead_ms,
            closing=self._closing.view(parts.market_clock.now_ms),
            alerts=self._alerts,
            log_levels=self._log.level_view,
            uptime=None if self._uptime is None else self._uptime.view,
            broker_account=self._broker_account,
            lanes=self._lanes(),
            live=live,
            orders=orders,
        )

    def _entries(self) -> trading_views.EntriesState:
        gate = self._state.gate
        return trading_views.EntriesState(
            gate.paused,
            gate.locked,
            gate.halted or gate.held,
            gate.day_entries,
            held=bool(gate.held) and not gate.halted,
            limit=self._most_entries,
            barred=tuple(gate.barred),
        )

    def _undecided(self) -> str:
        """Why a replay comes to no entry: at its end, and as soon as many ticks have come and none reached a strategy."""
        if self._playback is None:
            return ""
        trader, ticks = self._parts.trader, self._parts.cursor.last_seq
        ended = self._playback.feed.progress().ended and not self._parts.inbox
        if ended or (ticks >= _MANY_TICKS and not trader.findings.facts(ticks).taken):
            return trader.findings.why_undecided(ticks)
        return ""

    def _look_at_sessions(self, now_ms: int) -> None:
        """See, once a second, how the markets stand together, and each by itself where they are several."""
        if not now_ms:  # a replay that is before its first tick, or is so again
            self._second, self._session, self._sessions = 0, self._before, {}
        elif self._second != now_ms // 1000:
            self._second = now_ms // 1000
            self._session = session_view(self._markets, now_ms)
            if len(self._markets) > 1:
                self._sessions = {name: session_view((hours,), now_ms) for name, hours in self._state.markets.items()}

    def _shown(self) -> list[InstrumentState]:
        """The instruments to show: all, or where they are many those with a position and the first others."""
        instrument_states = self._state.instrument_states
        if len(instrument_states) <= _SHOWN:
            return [inst for inst in instrument_states if not inst.instrument.removed]
        held = [inst.index for inst, _ in self._state.held()]
        listed = (inst.index for inst in instrument_states if not inst.instrument.removed)
        chosen = dict.fromkeys((*held, *islice(listed, _SHOWN)))
        return [instrument_states[index] for index in sorted(list(chosen)[: max(_SHOWN, len(held))])]

    def _close(self, inst: InstrumentState) -> tuple[int, str]:
        """What the instrument closed at on the day before its own, and who says so: the exchange, else the last price of that day."""
        if told := self._feed.previous_close(inst.index):
            return told, "feed"
        if inst.close:
            return inst.close, inst.close_date.isoformat()
        return self._parts.past.close(inst.index, inst.day)

    def _positions(self) -> tuple[trading_views.OpenPosition, ...]:
        state = self._state
        shown = []
        for inst, position in state.held():
            pnl = state.portfolio.open_pnl(inst.index, inst.last_price)
            costs = state.portfolio.exit_costs(inst.index, inst.last_price, self._parts.effects.now_ms)
            held = position.state(inst.index)
            if held.entry_turnover > _MOST_TURNOVER:
                held = replace(held, entry_turnover=0)
            left = (position.targets_left, position.trail_from, position.exiting)
            shown.append(trading_views.OpenPosition(held, inst.last_price, pnl, position.next_target, costs, *left))
        return tuple(shown)

    def _account(self) -> trading_views.AccountView:
        state = self._state
        portfolio = state.portfolio
        day = self._parts.exits.statistics.day
        open_pnl = state.open_pnl()
        return trading_views.AccountView(
            cash=portfolio.cash,
            realised=portfolio.realised,
            costs=portfolio.costs_paid,
            open_pnl=open_pnl,
            day_pnl=day.net + open_pnl,
            exits=portfolio.trades,
            day=day,
            total=self._parts.exits.statistics.total,
            charged_by=state.costs.said(state.today),
            fill=state.fill,
            fills_at_last=state.fills[0],
            fills_at_touch=state.fills[1],
            loss_left=self._most_loss + day.net + open_pnl if self._most_loss > 0 else None,
        )

    def _edges(self) -> tuple[run_views.EdgeView, ...]:
        edges = []
        journal, recorder = self._parts.journal, self._parts.recorder
        lost = self._watch.problems
        if journal is not None:
            problem = journal.problem or self._late()
            edges.append(run_views.EdgeView("journal", journal.waiting, journal.durable, problem))
        if recorder is not None:
            edges.append(run_views.EdgeView("recorder", recorder.waiting, recorder.kept, recorder.problem))
        behind, problem = self._log.waiting, self._log.problem or lost.get("log", _WELL)
        edges.append(run_views.EdgeView("log", behind, max(0, self._log.last_number - behind), problem))
        edges += [run_views.EdgeView(name, 0, 0, text) for name, text in lost.items() if name in _NAMED]
        return tuple(edges)

    def _late(self) -> CleanText:
        return _BEHIND if self._stats.late_ns > HOLDS_NS else _WELL

    def _replay(self, now_ms: int) -> run_views.ReplayView | None:
        playback = self._playback
        if playback is None:
            return None
        progress = playback.feed.progress()
        return run_views.ReplayView(
            tick=self._parts.cursor.last_seq,
            total=playback.total,
            at_ms=now_ms,
            playing=progress.playing,
            ended=progress.ended and not self._parts.inbox,
            speed=progress.speed,
            real_speed=self._real_speed,
            skip_silence=progress.skip_silence,
            silences_skipped=progress.silences_skipped,
            check=playback.check.view() if playback.check is not None else None,
            due_ns=progress.due_ns,
        )

    def _measure(self, now_ns: int, at_ms: int) -> None:
        since_ns, since_ms = self._meter
        if not since_ms or at_ms < since_ms:
            self._meter, self._real_speed = (now_ns, at_ms), 0.0
        elif now_ns - since_ns >= _METER_NS:
            self._real_speed = (at_ms - since_ms) * 1e6 / (now_ns - since_ns)
            self._meter = (now_ns, at_ms)


def _quote(inst: InstrumentState, warmup: int, close: int, close_from: str) -> trading_views.Quote:
    tick = inst.last_tick
    strategy = inst.strategy
    return trading_views.Quote(
        instrument=inst.index,
        last=inst.last_price,
        day_open=inst.day_open,
        bid=tick.bid if tick else 0,
        ask=tick.ask if tick else 0,
        quantity=tick.quantity if tick else 0,
        day_volume=tick.day_volume if tick else 0,
        exch_ms=tick.exch_ms if tick else 0,
        recv_ns=tick.recv_ns if tick else 0,
        green=strategy.green,
        objection=inst.objection,
        gaps=inst.gaps,
        sequence_gaps=inst.tick_filter.sequence_gaps,
        median_gap_ms=inst.median_gap_ms,
        indicators=strategy.values(),
        close=close,
        close_from=close_from,
        begun_ms=inst.day_begun_ms,
        warmup=max(0, warmup - strategy.ticks),
        lines=strategy.lines(),
    )
