"""A whole session at a simulated broker, on a virtual clock: the trader itself, its lanes, a journal, and what a recording keeps of it."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.config import Config
from engine.execution.actions import LaneName
from engine.execution.order_dialect import WireRequest
from engine.journal.account import JournalledAccount
from engine.journal.rows import RunStarted
from engine.model.commands import Lock, TraderCommand
from engine.model.events import AnyEvent, StateKept
from engine.model.marks import InputMark
from engine.model.order_reports import OrderAnswer, RoundRead
from engine.model.order_requests import LogIn, ReadRequest, WriteRequest
from engine.model.state import Fields
from engine.model.types import Instrument, Tick
from engine.text.sanitize import CleanText
from engine.trading.live_trader import LiveTrader
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.desk import DeskRules, OrderDesk
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.tags import Tags
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.simulation.journal import VirtualJournal
from tests.simulation.roomy import roomy
from tests.simulation.wire import Wire
from tests.simulator.exchange.exchange import SimulatedExchange

ARRIVED_MS = 12_000  # after a start: what was sent before it has arrived by then
_SALT = "A0"


class Signal(Struct, frozen=True):
    """What a strategy might want at this moment: to hold `quantity` more of an instrument, or less."""

    instrument: int
    quantity: int
    price: int
    reason: str
    at_ms: int

    def give(self, trader: LiveTrader) -> Sequence[AnyEvent]:
        """Let the trader want it."""
        state, inst = trader.state, trader.state.instrument_states[self.instrument]
        trader.orders.follow(self.at_ms)
        position = state.position(inst)
        if self.quantity > 0:
            inst.last_price = inst.last_price or self.price
            state.buy(inst, self.quantity, inst.buy_price(self.price), self.at_ms)
        elif position is not None:
            state.close(inst, position, self.price, self.at_ms, self.reason, quantity=-self.quantity)
        return trader.on_beat(self.at_ms)


class Begun(Struct, frozen=True):
    """What a run begins with: what those before have left in the journal, the requests that they sent among it, and when."""

    run: int
    rows: tuple[object, ...]
    sent: tuple[tuple[int, bool, bool], ...]
    kept: StateKept | None
    at_ms: int


Input = Tick | InputMark | Signal


class Session:
    """`inputs` are what a recording of the present run keeps: ticks, answers, commands, beats that moved something.

    `row_ms` says how long the next row takes to reach the disk, `hand_ms` what came of a request from its lane to the trader;
    `on_send` is told of each request before its bytes go.
    """

    BEAT_MS = 100

    def __init__(
        self,
        config: Config,
        instruments: tuple[Instrument, ...],
        exchange: SimulatedExchange,
        day: date,
        *,
        amends: bool = True,
        orders_a_day: int = 10_000,
        row_ms: Callable[[], int] = lambda: 0,
        hand_ms: Callable[[], int] = lambda: 0,
        on_send: Callable[[LaneName, WireRequest], None] = lambda *_: None,
    ) -> None:
        self.exchange = exchange
        self.now_ms = exchange.now_ms
        self.off_ms = 0  # how far our clock is ahead of the true time
        self.journal = VirtualJournal(row_ms)
        self.inputs: list[Input] = []
        self.ticks = 0
        self._rules, self.config, self._instruments, self._day = (
            DeskRules(orders_a_day, amends, roomy(instruments), config.live.net_points),
            config,
            instruments,
            day,
        )
        self._on_send, self._hand_ms = on_send, hand_ms
        self._beat_ms = self.now_ms
        self._begin(Begun(1, (), (), None, self.now_ms))

    @property
    def clock_ms(self) -> int:
        """What our clock says."""
        return self.now_ms + self.off_ms

    @property
    def runs(self) -> int:
        """How many have begun."""
        return self._begun.run

    def _begin(self, begun: Begun) -> None:
        self._begun = begun
        self.inputs.clear()
        self.trader = self._trader(begun)
        dialect = SmartApiOrders(self._instruments)
        self.wire = Wire(self.exchange, dialect, self.journal, self._on_send, self._hand_ms)
        self.journal.write(self.trader.state.keep(self.now_ms), self.now_ms, awaited=True)

    def _trader(self, begun: Begun) -> LiveTrader:
        tags = Tags(self._day, _SALT, begun.run)
        from_ms = begun.at_ms + ARRIVED_MS if begun.rows else 0

        def desk(listed: Sequence[Instrument], quote_of: Callable[[int], Quote]) -> OrderDesk:
            blotter = Blotter(listed, tags)
            return OrderDesk(
                blotter,
                self._rules,
                quote_of,
                rows=begun.rows,
                sent=begun.sent,
                now_ms=begun.at_ms,
                exits_from_ms=from_ms,
            )

        trader = LiveTrader(self.config, self._instruments, "T-", None, desk)
        if begun.kept is not None:
            trader.state.restore(begun.kept)
        return trader

    # ── What happens ────────────────────────────────────────────────────────────────────────────────────────────

    def tick(self, tick: Tick) -> None:
        """A tick comes, now."""
        self.ticks += 1
        self.inputs.append(tick)
        self.carry_out(self.trader.on_tick(tick))

    def command(self, command: TraderCommand) -> None:
        """The operator wants something."""
        self.inputs.append(InputMark(self.ticks, command, self.clock_ms))
        self.carry_out(self.trader.on_command(command, self.clock_ms))

    def signal(self, instrument: int, quantity: int, price: int, reason: str = "Stop Loss") -> None:
        """A strategy wants something."""
        signal = Signal(instrument, quantity, price, reason, self.clock_ms)
        self.inputs.append(signal)
        self.carry_out(signal.give(self.trader))

    def pass_time(self, until_ms: int) -> None:
        """Let time pass: answers come, beats are made."""
        while self.now_ms < until_ms:
            self.now_ms = max(self.now_ms + 1, min(self._beat_ms, self.wire.next_ms, until_ms))
            self.exchange.step(self.now_ms)
            if self.now_ms >= self._beat_ms:
                self._beat_ms = self.now_ms + self.BEAT_MS
                self.beat()
            for event in self.wire.step(self.now_ms):
                self.answer(event)
            self.judge()

    def settle(self, most_ms: int) -> None:
        """Let time pass until nothing is under way."""
        until_ms = self.now_ms + most_ms
        while self.trader.orders.desk.busy and self.now_ms < until_ms:
            self.pass_time(self.now_ms + self.BEAT_MS)

    def judge(self) -> None:
        """Look at what must hold at any moment."""

    def beat(self) -> None:
        """A beat is made."""
        effects = self.trader.on_beat(self.clock_ms)
        if self.trader.moved:
            self.inputs.append(InputMark(self.ticks, None, self.clock_ms))
        self.carry_out(effects)

    def answer(self, event: OrderAnswer) -> None:
        """The broker says something."""
        if isinstance(event, RoundRead) and self.off_ms:
            event = replace(event, begun_ms=event.begun_ms + self.off_ms, ended_ms=event.ended_ms + self.off_ms)
        kept = self.trader.orders.shortened(event)
        self.inputs.append(InputMark(self.ticks, None, self.clock_ms, answer=kept))
        self.carry_out(self.trader.on_event(event, self.clock_ms))

    def carry_out(self, effects: Sequence[AnyEvent]) -> None:
        """Hand effects to the lanes and to the journal."""
        for event in effects:
            if isinstance(event, WriteRequest | ReadRequest | LogIn):
                self.wire.ask([event], self.now_ms)
            else:
                self.journal.write(event, self.now_ms)

    def lose_journal(self) -> None:
        """Somebody takes the journal away, which is begun anew."""
        self.journal.renew(self.trader.state.keep(self.clock_ms), self.now_ms)

    def crash(self, away_ms: int) -> None:
        """The process dies, and another begins so much later with what the disk has."""
        rows = tuple(self.journal.crash(self.now_ms))
        self.restart(rows, (), account_of(rows, self.runs + 1), away_ms)
        if not rows:  # nothing tells what was: as behind any start, a person lets entries be
            self.command(Lock(CleanText("a start")))

    def restart(
        self,
        rows: tuple[object, ...],
        sent: tuple[tuple[int, bool, bool], ...],
        kept: StateKept | None,
        away_ms: int,
    ) -> None:
        """The process is gone, and another begins so much later with rows of the day's orders, and an account."""
        self.wire.lose()
        self.now_ms += away_ms
        self.exchange.step(self.now_ms)
        self._begin(Begun(self.runs + 1, rows, sent, kept, self.now_ms))
        self.wire.log_in()
        self._beat_ms = self.now_ms

    # ── The recording ───────────────────────────────────────────────────────────────────────────────────────────

    def replayed(self) -> Fields:
        """The state of another trader that was given what was recorded, and no broker."""
        trader = self._trader(self._begun)
        for each in self.inputs:
            give(trader, each)
        return trader.state.dump()


def give(trader: LiveTrader, given: Input) -> None:
    """Give a trader what was recorded."""
    match given:
        case Tick():
            trader.on_tick(given)
        case Signal():
            given.give(trader)
        case InputMark(answer=None, command=None):
            trader.on_beat(given.at_ms)
        case InputMark(answer=None, command=command):
            trader.on_command(command, given.at_ms)  # type: ignore[arg-type]  # it is one
        case InputMark(answer=answer):
            trader.on_event(answer, given.at_ms)  # type: ignore[arg-type]


def account_of(rows: Sequence[Any], run: int) -> StateKept | None:
    """The account as the rows leave it, locked as behind any run that has not noted its end; None where there are none."""
    kept = next((row for row in rows if isinstance(row, StateKept)), None)
    if kept is None:
        return None
    account = JournalledAccount(kept)
    for row in (*rows, RunStarted(run, "paper", "", 0, "")):
        account.take(row)
    return account.state()
