"""The turn: whoever holds the lock owns all trading state, for one event at a time. The hot path's outer half.

take the turn → every waiting command → the tick → its effects → at most every `snapshot_interval_ms` a new snapshot.
"""

import time
from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Protocol

from engine.model.broker_events import BrokerEvent
from engine.model.clock import Clock, VirtualClock
from engine.model.events import (
    AnyEvent,
    Cancel,
    CommandRefused,
    FillBooked,
    OrderRejected,
    ReadHoldings,
    Submit,
    TradeClosed,
    TraderFault,
)
from engine.model.ports import Recorder, SimulatedBroker
from engine.model.types import FLAG_LATE, Tick, Trade
from engine.runtime.epochs import Epochs
from engine.runtime.event_log import EventLog
from engine.runtime.exits import Exits
from engine.runtime.inbox import Inbox
from engine.runtime.persistence import Persistence
from engine.runtime.receipt import Receipt
from engine.runtime.tickets import Posted
from engine.runtime.timeline import Timeline
from engine.trading.event_text import EventText
from engine.trading.trader import Trader

_now_ns = time.perf_counter_ns
_NEVER = 1 << 62
_UNSEEN_NS, _SEEN_NS = 500_000_000, 1_000_000_000  # between two pictures nobody looks at; how long a look counts
_LATE_NS = 2_000_000_000  # a live tick that waited this long for its turn is no news


class TurnOwner(Protocol):
    """What the turn tells the engine; every call comes within the turn."""

    def command(self, command: Posted) -> None:
        """Carry out a command, or take what a broker's or a feed's thread learned."""
        ...

    def milestone(self, seq: int) -> None:
        """Tick number `milestone` was worked."""
        ...

    def trader_raised(self) -> None:
        """The trader or its strategy raised."""
        ...

    def publish(self, now_ns: int) -> None:
        """Put a new snapshot on the table."""
        ...


class Turn:
    """One owner of trading state at a time.

    `lock` is held for one event by whichever thread brings it (the feed's in callback mode, else the engine's); it
    guards the trader and everything below. `expected` is the number of the only tick that may come next on a
    lossless feed; -1 stands for none (a replay that is held).
    """

    __slots__ = (
        "_clock",
        "_inbox",
        "_interval_ns",
        "_live",
        "_lossless",
        "_publish_at_ns",
        "_recorder",
        "_seen_until_ns",
        "_unanswered",
        "broker",
        "budget_ns",
        "came_ns",
        "commands",
        "decided_ns",
        "epochs",
        "event_log",
        "exits",
        "expected",
        "holes",
        "last_seq",
        "late_before_ns",
        "lock",
        "milestone",
        "operator_lock",
        "operator_paused",
        "owner",
        "persistence",
        "receipt",
        "refusal",
        "sample_mask",
        "slow",
        "stale",
        "timeline",
        "trader",
        "virtual",
    )

    def __init__(
        self,
        *,
        trader: Trader,
        broker: SimulatedBroker,
        event_text: EventText,
        persistence: Persistence,
        recorder: Recorder | None,
        epochs: Epochs,
        inbox: Inbox,
        clock: Clock,
        lossless: bool,
        every_tick: bool,
        snapshot_interval_ms: int,
    ) -> None:
        self.lock = Lock()
        self.trader = trader
        self.epochs = epochs
        self.commands: deque[Posted] = deque()
        self.exits = Exits()
        self.expected = 1
        self.last_seq = 0
        self.holes = 0  # numbers that never came: merged in the inbox, or lost
        self.stale = 0  # ticks of before a seek, thrown away
        self.slow = 0  # live ticks over the handler's budget among the last ones
        self.milestone = _NEVER
        self.owner: TurnOwner
        self.receipt = Receipt(trader.state, live=not lossless)
        self.timeline = Timeline()
        self.operator_lock = ""  # the reason of a lock that the operator (not a rule) put on
        self.operator_paused = False
        self.refusal = ""  # why the command at hand was refused
        self.late_before_ns = 0  # a live tick received before this moment enters nothing
        self._unanswered: dict[int, int] = {}  # order number → when it was sent (monotonic ns)
        self.came_ns = 0
        self.decided_ns = 0
        self.broker = broker
        self.event_log = EventLog(event_text)
        self.persistence = persistence
        self._recorder = recorder
        self._inbox = inbox
        self._lossless = lossless
        self._live = not lossless
        self._clock = clock
        self.virtual = clock if isinstance(clock, VirtualClock) else None  # moved from tick to tick
        self.sample_mask = 0 if every_tick else 15
        self._interval_ns = snapshot_interval_ms * 1_000_000
        self._publish_at_ns = self._seen_until_ns = 0  # when the next picture is due; how long the last look counts
        self.budget_ns = _NEVER

    @property
    def now_ms(self) -> int:
        """The engine's own time, UTC: that of the newest tick in a replay, the wall's where ticks are live."""
        return self._clock.wall_ns() // 1_000_000

    # ── The hot path ────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, tick: Tick) -> None:  # noqa: C901, PLR0912 - one function is what makes it fast
        """Work one tick; the caller holds the lock."""
        if self.commands:
            self.run_commands()
        seq = tick.seq
        if seq != self.expected and not self._accepts(seq):
            return
        self.last_seq = seq
        recv_ns = tick.recv_ns
        sampled = not seq & self.sample_mask
        if sampled or self._live:
            begun_ns = _now_ns()
            if self._live and (begun_ns - recv_ns > _LATE_NS or recv_ns < self.late_before_ns):
                tick.flags |= FLAG_LATE
        if self._recorder is not None:
            self._recorder.tick(tick)
        try:
            effects = self.trader.on_tick(tick)
        except Exception as error:  # noqa: BLE001 - counted, logged with its tick; entries halt, exits go on
            effects = self.trader.on_fault(error, tick)
        self.expected = seq + 1
        if sampled:
            decided_ns = _now_ns()
        if self.virtual is not None:
            self.virtual.at_ms = tick.exch_ms
        if effects:
            self.carry_out(effects, recv_ns)
        now_ns = _now_ns()
        self.came_ns = recv_ns
        self.decided_ns = now_ns
        epoch = self.epochs.now
        epoch.total.record(now_ns - recv_ns)
        # The handler's own time: how long a tick waited behind others of one receipt is not its fault.
        if self._live and now_ns - begun_ns > self.budget_ns:
            self.slow += 1
        if sampled:
            epoch.wait.record(begun_ns - recv_ns)
            epoch.decide.record(decided_ns - begun_ns)
            epoch.act.record(now_ns - decided_ns)
        if seq >= self.milestone:
            self.owner.milestone(seq)
        if now_ns >= self._publish_at_ns:
            self._publish(now_ns)

    def _accepts(self, seq: int) -> bool:
        """Judge a tick that is not the expected one: on a live feed a merge leaves holes, nothing ever comes twice."""
        if self._lossless or seq <= self.last_seq:
            self.stale += 1
            return False
        self.holes += seq - self.last_seq - 1
        return True

    def begin_after(self, seq: int) -> None:
        """Leave the first `seq` ticks of a session out: they were worked by an earlier run."""
        self.last_seq = self.holes = seq
        self.expected = seq + 1

    @property
    def deciding(self) -> bool:
        """Whether a tick was taken and is not decided; read beside the turn."""
        return 0 < self.expected <= self.last_seq

    @property
    def position(self) -> int:
        """How many ticks were worked: the place in a recording of this run."""
        return self.last_seq - self.holes

    @property
    def trades(self) -> list[Trade]:
        """The newest exits of this run."""
        return self.exits.newest

    def looked_at(self) -> None:
        """Somebody took the picture: for a second there is a new one every interval, the first at once. Any thread."""
        before_ns, self._seen_until_ns = self._seen_until_ns, _now_ns() + _SEEN_NS
        if self._seen_until_ns - before_ns > _SEEN_NS:
            self._publish_at_ns = 0

    def _publish(self, now_ns: int) -> None:
        self._publish_at_ns = now_ns + max(self._interval_ns, 0 if now_ns < self._seen_until_ns else _UNSEEN_NS)
        self.owner.publish(now_ns)

    # ── Commands, effects, beats ────────────────────────────────────────────────────────────────────────────────

    @property
    def oldest_order_ns(self) -> int:
        """When the oldest unanswered order was sent (monotonic); 0 when all are answered."""
        return next(iter(self._unanswered.values()), 0)

    def run_commands(self) -> None:
        """Carry out every waiting command; the caller holds the lock."""
        while self.commands:
            self.owner.command(self.commands.popleft())
        self._publish_at_ns = 0  # what became of them is to be seen at once

    def carry_out(self, effects: Sequence[AnyEvent], recv_ns: int = 0) -> None:
        """Hand effects to the edges, and the simulated broker's answers back to the trader, until nothing follows.

        Only then they are put into words: no order waits for a line of the log.
        """
        waiting = deque(effects)
        told: list[AnyEvent] = []
        try:
            while waiting:
                effect = waiting.popleft()
                told.append(effect)
                self.persistence.fact(effect)
                for answer in self._hand_over(effect, recv_ns):
                    waiting.extend(self.trader.on_event(answer, self.now_ms))
        finally:
            self.event_log.facts(told)
        if not self.persistence.begun:
            self.persistence.account(self.now_ms)

    def _hand_over(self, effect: AnyEvent, recv_ns: int) -> Sequence[BrokerEvent]:
        """Hand one effect to whom it concerns; what the broker knows of it at once."""
        answers: Sequence[BrokerEvent] = ()
        if isinstance(effect, Submit):
            self._unanswered[effect.order.number] = _now_ns()
            answers = self.broker.submit(effect.order)
            if recv_ns:
                self.epochs.now.to_order.record(_now_ns() - recv_ns)
        elif isinstance(effect, Cancel):
            answers = self.broker.cancel(effect.order)
        elif isinstance(effect, FillBooked):
            self._unanswered.pop(effect.fill.order, None)
        elif isinstance(effect, OrderRejected):
            self._unanswered.pop(effect.order, None)
        elif isinstance(effect, ReadHoldings):
            answers = self.broker.read_holdings()
        elif isinstance(effect, TradeClosed):
            self._trade(effect.trade)
        elif isinstance(effect, CommandRefused):
            self.refusal = effect.reason
            self.event_log.outcome(f"{effect.command} refused: {effect.reason}")
        elif isinstance(effect, TraderFault):
            self.owner.trader_raised()
        self.receipt.note(effect, _now_ns())
        self.timeline.note(effect, self.last_seq)
        return answers

    def _trade(self, trade: Trade) -> None:
        self.exits.add(trade)
        self.mark("fill", f"{trade.quantity} {trade.exit_price} {trade.reason}")

    def mark(self, kind: str, text: str) -> None:
        """Keep an event in the recording at this place."""
        self.persistence.event(self.position, kind, text, self.now_ms)

    def checkpoint(self) -> None:
        """Keep the hash of the deciding state in the recording at this place."""
        self.persistence.checkpoint(self.position)

    def beat(self, *, own: bool = True) -> None:
        """Run commands and what needs no tick; the caller holds the lock.

        Not `own`: the recording that is replayed tells when its beats did something, and ours would be one too many.
        """
        if self.commands:
            self.run_commands()
        if own:
            now_ms = self.now_ms
            effects = self.trader.on_beat(now_ms)
            if self.trader.moved:
                self.persistence.given(self.position, None, now_ms)
            if effects:
                self.carry_out(effects)
            self.persistence.beat(_now_ns(), now_ms)
        now_ns = _now_ns()
        if now_ns >= self._publish_at_ns:
            self._publish(now_ns)
