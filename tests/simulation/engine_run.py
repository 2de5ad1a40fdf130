"""The engine's own turn at a simulated broker, on a clock set by hand: real parts, dispatch, effects and marks, and the lanes' real words."""

import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from engine.config import Config
from engine.journal import SqliteJournal
from engine.model.commands import TraderCommand
from engine.model.events import AnyEvent
from engine.model.marks import Mark, StartMark
from engine.model.order_reports import OrderAnswer
from engine.model.order_requests import OrderRequest
from engine.model.ports import Recorder
from engine.model.types import Instrument, Tick
from engine.runtime.cursor import Cursor
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.dispatch import Dispatch
from engine.runtime.market import MarketWatch
from engine.runtime.publisher import Publisher
from engine.runtime.schedule import Schedule
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.text.sanitize import CleanText
from engine.trading.live_trader import LiveTrader
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.desk import DeskRules, OrderDesk
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.tags import Tags
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.simulation.journal import AwaitedRows, VirtualJournal
from tests.simulation.roomy import roomy
from tests.simulation.wire import Wire
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.support.clocked_runs import HandClock
from tests.support.scripted_feed import ScriptedFeed

BEAT_MS = 100
ARRIVED_MS = 12_000  # after a start: what was sent before it has arrived by then
_SALT = "A0"


class KeptMarks:
    """Stands where a recorder would."""

    path = Path()
    problem = CleanText("")
    waiting = kept = 0

    def __init__(self) -> None:
        self.marks: list[Mark] = []

    def mark(self, mark: Mark) -> None:
        self.marks.append(mark)

    def tick(self, tick: Tick) -> None:
        """No tick is kept."""

    def close(self) -> None:
        """Nothing is open."""


class RunJournal:
    """The journal of a history behind the engine's port; all that the engine wrote is in `events`, and by number in `numbered`."""

    problem = CleanText("")
    broken = False
    waiting = 0

    def __init__(self, rows: VirtualJournal, clock: HandClock) -> None:
        self.events: list[AnyEvent] = []
        self.numbered: dict[int, AnyEvent] = {}
        self._rows = rows
        self._clock = clock

    @property
    def durable(self) -> int:
        return self._rows.durable(self._clock.true_ms)

    def write(self, event: AnyEvent) -> int:
        self.events.append(event)
        row = self._rows.write(event, self._clock.true_ms)
        self.numbered[row] = event
        return row

    def turn_over(self) -> bool:
        return False

    def rewind(self, ticks: int) -> None:
        """Nothing goes back here."""

    def renew(self, account: AnyEvent | None) -> None:
        """Nobody takes it away."""

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        return number <= self.durable or timeout_s <= 0

    def close(self, outcome: str = "", *, fault: bool = False, account: AnyEvent | None = None) -> None:
        """Nothing is open."""


class SimulatedLanes:
    """The lanes to a simulated exchange; `asked` is all that was asked of them, with its row."""

    def __init__(self, wire: Wire, clock: HandClock) -> None:
        self._wire = wire
        self._clock = clock
        self.asked: list[tuple[OrderRequest, int]] = []

    def ask(self, request: OrderRequest, row: int) -> None:
        self.asked.append((request, row))
        self._wire.wish(request, row, self._clock.true_ms)


class EngineRun:
    """A run without its threads: time passes where it is told to; answers are posted, and taken with the next beat or tick."""

    def __init__(
        self,
        config: Config,
        instruments: tuple[Instrument, ...],
        exchange: SimulatedExchange,
        day: date,
        *,
        recorder: Recorder | None = None,
        checkpoint_ticks: int = 50,
        row_ms: Callable[[], int] = lambda: 0,
        before: "EngineRun | None" = None,
        journal: SqliteJournal | None = None,
    ) -> None:
        """`before` is a run that was killed at this moment: what of its journal is on the disk is gone on with, and its account.

        `journal` is one on a disk, for which it waits; else there is one in memory, whose rows take `row_ms`.
        """
        self.exchange = exchange
        self.clock = HandClock(exchange.now_ms)
        self.number = 1 if before is None else before.number + 1
        self.rows = VirtualJournal(row_ms) if before is None else before.rows
        rows = [] if before is None else self.rows.crash(self.clock.true_ms)
        self.journal = RunJournal(self.rows, self.clock)
        on_disk = None if journal is None else AwaitedRows(journal)
        self.recorder = recorder or KeptMarks()
        self.wire = Wire(exchange, SmartApiOrders(instruments), on_disk or self.rows, lambda *_: None)
        if before is not None:
            before.wire.lose()
            self.wire.log_in()
        self.lanes = SimulatedLanes(self.wire, self.clock)
        begun_ms = self.clock.true_ms

        def desk(listed: Sequence[Instrument], quote_of: Callable[[int], Quote]) -> OrderDesk:
            rules = DeskRules(10_000, amends=True, limits=roomy(listed), net_points=config.live.net_points)
            tags, from_ms = Tags(day, _SALT, self.number), begun_ms + ARRIVED_MS if rows else 0
            return OrderDesk(Blotter(listed, tags), rules, quote_of, rows=rows, now_ms=begun_ms, exits_from_ms=from_ms)

        self.new_trader = lambda: LiveTrader(config, instruments, "L1-", None, desk)
        self.trader = self.new_trader()
        self.parts = TurnParts(
            config, self.trader, self.clock, Cursor(lossless=False), lambda *_: (self.lanes, lambda _: None),
            journal=journal or self.journal, recorder=self.recorder, keeps_account=True, inbox_size=9,
        )  # fmt: skip
        if before is not None:
            kept = before.trader.state.keep(self.clock.true_ms)
            self.parts.rewind.take_over(kept)
            self.parts.persistence.mark(StartMark(kept))
        view = ScriptedFeed(lambda _: None, lambda: True).view()
        market = MarketWatch(self.parts, "live", lambda: view)
        publisher = Publisher(lambda _: None, 1 << 40)
        switch = DeliverySwitch(self.parts, publisher, lambda: None)
        schedule = Schedule(self.parts, switch, None, checkpoint_ticks)
        dispatch = Dispatch(self.parts, switch, schedule, None, lambda: None, market=market)
        self.turn = Turn(self.parts, dispatch.carry_out, lambda: None, schedule, publisher, market)
        schedule.set()

    @property
    def now_ms(self) -> int:
        """Our own time."""
        return self.clock.true_ms

    def events_of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        """The events of one kind so far."""
        return [event for event in self.journal.events if isinstance(event, kind)]

    # ── What happens ────────────────────────────────────────────────────────────────────────────────────────────

    def tick(self, tick: Tick, missing: int = 0) -> None:
        """A tick comes, now; so many numbers before it never came."""
        tick.seq = self.parts.cursor.last_seq + 1 + missing
        tick.recv_wall_ns, tick.recv_ns = self.clock.wall_ns(), time.perf_counter_ns()
        self.turn.take(tick)

    def command(self, command: TraderCommand) -> None:
        """The operator wants something."""
        self.parts.post(command)
        self.turn.beat()

    def post(self, *answers: OrderAnswer) -> None:
        """The broker says something of its own accord."""
        for each in answers:
            self.parts.post(each)
        self.turn.beat()

    def pass_time(self, until_ms: int) -> None:
        """Let time pass: answers wake the turn, and beats come."""
        while self.now_ms < until_ms:
            now_ms = self.now_ms
            beat_ms = now_ms - now_ms % BEAT_MS + BEAT_MS
            self.clock.true_ms = now_ms = max(now_ms + 1, min(beat_ms, self.wire.next_ms, until_ms))
            self.exchange.step(now_ms)
            for event in self.wire.step(now_ms):
                self.parts.post(event)
            if self.parts.inputs or now_ms == beat_ms:
                self.turn.beat()

    def settle(self, most_ms: int) -> None:
        """Let time pass until nothing is under way."""
        until_ms = self.now_ms + most_ms
        while self.trader.orders.desk.busy and self.now_ms < until_ms:
            self.pass_time(self.now_ms + BEAT_MS)

    def end(self) -> None:
        """The run is over, in good order."""
        self.turn.end()
        self.recorder.close()
