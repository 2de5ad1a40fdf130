"""The turn: whoever holds the lock owns all trading state, for one event at a time. The hot path's outer half.

take the turn → every waiting command and broker's answer → the tick → its effects → at most every
`snapshot_interval_ms` a new snapshot.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from engine.model.clock import VirtualClock
from engine.model.marks import InputMark
from engine.model.types import FLAG_LATE, Tick
from engine.runtime.market import MarketWatch
from engine.runtime.publisher import Publisher
from engine.runtime.turn_parts import Posted, TurnParts
from engine.trading.agenda import FLAT_STEP_MS

_now_ns = time.perf_counter_ns
_LAST_BEATS = 20
_LATE_NS = 2_000_000_000  # a live tick that waited this long for its turn is no news


class AfterTick(Protocol):
    """Does what is due after certain ticks."""

    def reached(self, seq: int, take: Callable[[Tick], None]) -> None:
        """Tick number `seq` was worked, and the cursor's milestone lies no further; `take` works a waiting tick."""


class Turn:
    """One owner of trading state at a time.

    `lock` is held for one event by whichever thread brings it (the feed's in callback mode, else the engine's); it
    guards the trader and everything that is handed in here. `inputs` are commands, and what brokers and feeds have
    posted from threads of their own; `carry_out` takes one of them.
    """

    __slots__ = (
        "_agenda",
        "_awaited",
        "_budget",
        "_carry_out",
        "_clock",
        "_cursor",
        "_effects",
        "_epochs",
        "_late_before_ns",
        "_live",
        "_look_at_tickets",
        "_market",
        "_persistence",
        "_publisher",
        "_recorder",
        "_sample_mask",
        "_schedule",
        "_trader",
        "inputs",
        "lock",
    )

    def __init__(
        self,
        parts: TurnParts,
        carry_out: Callable[[Posted], None],
        look_at_tickets: Callable[[], None],
        schedule: AfterTick,
        publisher: Publisher,
        market: MarketWatch | None = None,
        awaited: Callable[[], tuple[Tick | None, int]] = lambda: (None, 0),
    ) -> None:
        self.lock = Lock()
        self.inputs = parts.inputs
        self._carry_out = carry_out
        self._look_at_tickets = look_at_tickets
        self._trader = parts.trader
        self._effects = parts.effects
        self._cursor = parts.cursor
        self._schedule = schedule
        self._epochs = parts.epochs
        self._sample_mask = parts.epochs.sample_mask
        self._budget = parts.budget
        self._publisher = publisher
        self._persistence = parts.persistence
        self._recorder = parts.recorder
        self._live = not parts.cursor.lossless
        self._clock = parts.clock if isinstance(parts.clock, VirtualClock) else None  # moved from tick to tick
        self._market = market  # None where ticks move the clock
        self._agenda = parts.trader.agenda
        self._awaited = awaited  # by whom ticks move the clock, and how far it has come on the way to the next
        if self._clock is not None:
            self._agenda.keep_time(by_ticks=True)
        self._late_before_ns = 0  # a live tick received before this moment enters nothing

    # ── The hot path ────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, tick: Tick) -> None:  # noqa: C901, PLR0912 - one function is what makes it fast
        """Work one tick; the caller holds the lock."""
        if self.inputs:
            self.take_inputs()
        cursor = self._cursor
        seq = tick.seq
        if seq != cursor.expected and not cursor.accepts(seq):
            return
        if tick.exch_ms > self._agenda.by_tick_ms:
            self._pass_time(tick, tick.exch_ms)
        cursor.last_seq = seq
        recv_ns = tick.recv_ns
        live = self._live
        sampled = not seq & self._sample_mask
        if sampled or live:
            begun_ns = _now_ns()
            if live and (begun_ns - recv_ns > _LATE_NS or recv_ns < self._late_before_ns):
                tick.flags |= FLAG_LATE
        if self._recorder is not None:
            self._recorder.tick(tick)
        try:
            effects = self._trader.on_tick(tick)
        except Exception as error:  # noqa: BLE001 - counted, logged with its tick; entries halt, exits go on
            effects = self._trader.on_fault(error, tick)
        cursor.expected = seq + 1
        if sampled:
            decided_ns = _now_ns()
        if (clock := self._clock) is not None:
            clock.at_ms = tick.exch_ms
        if effects:
            self._effects.carry_out(effects, recv_ns)
        now_ns = _now_ns()
        cursor.came_ns = recv_ns
        cursor.decided_ns = now_ns
        epoch = self._epochs.now
        epoch.total.record(now_ns - recv_ns)
        # The handler's own time: how long a tick waited behind others of one receipt is not its fault.
        if live and now_ns - begun_ns > self._budget.limit_ns:
            self._budget.slow += 1
        if sampled:
            epoch.wait.record(begun_ns - recv_ns)
            epoch.decide.record(decided_ns - begun_ns)
            epoch.act.record(now_ns - decided_ns)
            if live:
                epoch.network.record(tick.recv_wall_ns - tick.exch_ms * 1_000_000)
        if seq >= cursor.milestone:
            self._schedule.reached(seq, self.take)
        if now_ns >= self._publisher.due_ns:
            self._publisher.publish(now_ns)

    def _pass_time(self, tick: Tick, before_ms: int) -> None:
        """Let the virtual clock pass through each moment before `before_ms` at which something is due ahead of `tick`."""
        trader, agenda, clock = self._trader, self._agenda, self._clock
        if clock is None or agenda.settles(before_ms) or trader.is_wild(tick):
            return
        while agenda.due_ms < before_ms and not agenda.settles(before_ms):
            clock.at_ms = at_ms = max(agenda.due_ms, min(clock.at_ms, before_ms))
            self._virtual_beat(at_ms)
            if self.inputs:
                self.take_inputs()

    def _virtual_beat(self, at_ms: int) -> None:
        """Do what is due at `at_ms` of the virtual clock."""
        effects = self._trader.on_beat(at_ms, due=True)
        if self._trader.moved:
            self._persistence.mark(InputMark(self._cursor.position, None, at_ms))
        if effects:
            self._effects.carry_out(effects)

    def _end_flat(self) -> None:
        """Let a flat that the last tick began come to its end, which no tick does any more."""
        clock = self._clock
        for _ in range(_LAST_BEATS if clock is not None and self._agenda.by_ticks else 0):
            if clock is None or not self._trader.state.flat.hastens:
                return
            clock.at_ms += FLAT_STEP_MS
            self._virtual_beat(clock.at_ms)
            self.take_inputs()

    # ── Inputs and beats ────────────────────────────────────────────────────────────────────────────────────────

    def take_inputs(self) -> None:
        """Carry out every waiting command and answer; the caller holds the lock."""
        while self.inputs:
            self._carry_out(self.inputs.popleft())
        self._publisher.due_ns = 0  # what became of them is to be seen at once

    def beat(self, *, own: bool = True) -> None:
        """Take what is posted and do what needs no tick; the caller holds the lock.

        Not `own`: the recording that is replayed tells when its beats did something, and ours would be one too many.
        """
        if self.inputs:
            self.take_inputs()
        if own:
            self._wait_for_tick()
            now_ms = self._effects.now_ms
            market_ms = closed_until_ms = 0
            if self._market is not None:
                market_ms = self._market.market_ms(now_ms, due=now_ms >= self._agenda.due_ms)
                if self._trader.state.flat.running:
                    closed_until_ms = self._market.closed_until_ms(now_ms)
            effects = self._trader.on_beat(now_ms, market_ms, closed_until_ms)
            if self._trader.moved:
                self._publisher.due_ns = 0  # to be seen at once
                self._persistence.mark(InputMark(self._cursor.position, None, now_ms, market_ms, closed_until_ms))
            if effects:
                self._effects.carry_out(effects)
            self._persistence.beat(_now_ns(), now_ms)
        self._look_at_tickets()  # so that the picture that shows a flat done shows its request done
        now_ns = _now_ns()
        if self._publisher.is_due(now_ns, self._cursor.came_ns):
            self._publisher.publish(now_ns)

    def _wait_for_tick(self) -> None:
        """See to what is due while a replay's pace lets the next tick wait: a silence is told while it lasts."""
        if not self._agenda.by_ticks:
            return
        tick, now_ms = self._awaited()
        if tick is not None and tick.seq == self._cursor.last_seq + 1 and now_ms > self._agenda.by_tick_ms:
            self._pass_time(tick, now_ms)

    def distrust_before(self, now_ns: int) -> None:
        """Let no live tick that was received before `now_ns` (monotonic) enter anything: the process stood still."""
        self._late_before_ns = now_ns

    def clock_set(self, by_ns: int) -> None:
        """Our time of day was set by `by_ns`; the caller holds the lock."""
        if self._market is not None:
            self._market.clock_set(by_ns // 1_000_000)

    def end(self) -> None:
        """Work what is posted, and leave the account and a last checkpoint behind; the caller holds the lock."""
        self.take_inputs()
        self._end_flat()
        now_ms = self._effects.now_ms
        self._effects.carry_out(self._trader.on_end(now_ms))
        self._persistence.account(now_ms)
        self._persistence.checkpoint(self._cursor.position)
