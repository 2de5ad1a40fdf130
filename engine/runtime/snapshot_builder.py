"""Paints the snapshot: copies what a screen shows out of the trading state, within the turn. Changes nothing."""

import time
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine.model.snapshot import (
    AccountView,
    EdgeView,
    EntriesState,
    OpenPosition,
    Pulse,
    Quote,
    ReplayView,
    SessionView,
    Snapshot,
)
from engine.model.types import Instrument, TradeMode
from engine.runtime.housekeeping import refusals
from engine.runtime.turn import Turn
from engine.trading.instrument_state import InstrumentState
from engine.trading.session import NO_DAY

if TYPE_CHECKING:
    from engine.model.ports import Journal, Log, Recorder
    from engine.runtime.engine import Engine

_METER_NS = 500_000_000
_SHOWN = 50
_MOST_TURNOVER = (
    2**63 - 1
)  # what a picture can carry through a socket; a position in coins has more, and no screen shows it


class SnapshotBuilder:
    """Makes snapshots of one engine; remembers only what the replay's real speed is measured from."""

    def __init__(
        self,
        *,
        trade_mode: TradeMode,
        source: str,
        instruments: tuple[Instrument, ...],
        journal: "Journal | None",
        recorder: "Recorder | None",
        log: "Log",
    ) -> None:
        self._trade_mode = trade_mode
        self._source = source
        self._instruments = instruments
        self._journal = journal
        self._recorder = recorder
        self._log = log
        self._number = 0
        self._meter = (0, 0)
        self._real_speed = 0.0

    def __call__(self, engine: "Engine", now_ns: int) -> Snapshot:
        """Paint `engine` as it is; the caller holds the turn (or nothing runs)."""
        turn = engine.turn
        state = turn.trader.state
        self._number += 1
        self._measure(now_ns, turn.now_ms)
        return Snapshot(
            number=self._number,
            taken_ns=now_ns,
            wall_ns=time.time_ns(),
            at_ms=turn.now_ms,
            trade_mode=self._trade_mode,
            source=self._source,
            delivery=engine.switch.mode,
            instruments=self._instruments,
            ticks=turn.position,
            refused=engine.housekeeping.refused
            if len(state.instrument_states) > _SHOWN
            else refusals(state.instrument_states),
            session=self._session(turn),
            pulse=Pulse(engine.housekeeping.beat_ns, turn.came_ns, turn.decided_ns, turn.oldest_order_ns),
            process=engine.housekeeping.process_stats.view,
            events=tuple(turn.timeline.events),
            quotes=tuple(_quote(inst) for inst in self._shown(turn)),
            positions=self._positions(turn),
            account=self._account(turn),
            entries=EntriesState(state.gate.paused, state.gate.locked, state.gate.halted, state.gate.day_entries),
            flat=turn.receipt.view(),
            trades=tuple(turn.exits.newest),
            epochs=turn.epochs.views(turn.last_seq, engine.inbox.merged, fresh=engine.stopped),
            inbox_waiting=len(engine.inbox),
            merged=engine.inbox.merged,
            beats=engine.housekeeping.beats,
            faults=state.faults,
            fault=engine.problem,
            edges=self._edges(),
            replay=self._replay(engine, turn),
            outcomes=turn.event_log.outcomes,
            stopped=engine.stopped,
            feed=engine.feed_view(),
            sequence_gaps=engine.housekeeping.sequence_gaps,
            silent=engine.housekeeping.silent,
            ticking=engine.housekeeping.ticking,
            watched=len(state.instrument_states),
            commands=engine.dispatch.tickets.views,
            found=engine.dispatch.found,
        )

    @staticmethod
    def _session(turn: Turn) -> SessionView:
        hours = turn.trader.hours
        day = hours.day_of(turn.now_ms) if turn.now_ms else NO_DAY
        return SessionView(hours.zone.key, day.date.isoformat(), day.start_ms, day.end_ms)

    @staticmethod
    def _shown(turn: Turn) -> list[InstrumentState]:
        """The instruments to show: all, or where they are many those with a position and the first others."""
        instrument_states = turn.trader.state.instrument_states
        if len(instrument_states) <= _SHOWN:
            return instrument_states
        held = [index for index, position in enumerate(turn.trader.state.book.positions) if position is not None]
        chosen = dict.fromkeys((*held, *range(_SHOWN)))
        return [instrument_states[index] for index in sorted(list(chosen)[: max(_SHOWN, len(held))])]

    @staticmethod
    def _positions(turn: Turn) -> tuple[OpenPosition, ...]:
        state = turn.trader.state
        shown = []
        for inst, position in zip(state.instrument_states, state.book.positions, strict=True):
            if position is not None:
                pnl = state.book.open_pnl(inst.index, inst.last_price)
                costs = state.book.exit_costs(inst.index, inst.last_price)
                held = position.state(inst.index)
                if held.entry_turnover > _MOST_TURNOVER:
                    held = replace(held, entry_turnover=0)
                shown.append(OpenPosition(held, inst.last_price, pnl, position.next_target, costs))
        return tuple(shown)

    @staticmethod
    def _account(turn: Turn) -> AccountView:
        state = turn.trader.state
        book = state.book
        held = [index for index, position in enumerate(book.positions) if position is not None]
        open_pnl = sum((book.open_pnl(index, state.instrument_states[index].last_price) for index in held), Decimal(0))
        return AccountView(
            cash=book.cash,
            realised=book.realised,
            costs=book.costs_paid,
            open_pnl=open_pnl,
            day_pnl=book.day_realised + open_pnl,
            entries=book.entries,
            exits=book.trades,
            won=book.won,
            profit=book.profit,
            loss=book.loss,
            drawdown=book.drawdown,
        )

    def _edges(self) -> tuple[EdgeView, ...]:
        edges = []
        if self._journal is not None:
            edges.append(EdgeView("journal", self._journal.waiting, self._journal.durable, self._journal.problem))
        if self._recorder is not None:
            edges.append(EdgeView("recorder", self._recorder.waiting, self._recorder.kept, self._recorder.problem))
        edges.append(EdgeView("log", 0, self._log.last_number, self._log.problem))
        return tuple(edges)

    def _replay(self, engine: "Engine", turn: Turn) -> ReplayView | None:
        if engine.playback is None:
            return None
        progress = engine.playback.feed.progress()
        check = engine.playback.check
        return ReplayView(
            tick=turn.last_seq,
            total=engine.total,
            at_ms=turn.now_ms,
            playing=progress.playing,
            ended=progress.ended and not engine.inbox,
            speed=progress.speed,
            real_speed=self._real_speed,
            skip_silence=progress.skip_silence,
            silences_skipped=progress.silences_skipped,
            check=check.view() if check is not None else None,
        )

    def _measure(self, now_ns: int, at_ms: int) -> None:
        since_ns, since_ms = self._meter
        if not since_ms or at_ms < since_ms:
            self._meter, self._real_speed = (now_ns, at_ms), 0.0
        elif now_ns - since_ns >= _METER_NS:
            self._real_speed = (at_ms - since_ms) * 1e6 / (now_ns - since_ns)
            self._meter = (now_ns, at_ms)


def _quote(inst: InstrumentState) -> Quote:
    tick = inst.last_tick
    strategy = inst.strategy
    return Quote(
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
    )
