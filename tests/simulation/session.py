"""A whole session at a simulated broker, on a virtual clock: the trader itself, its lanes, a journal, and what a recording keeps of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from engine.config import Config
from engine.journal.live_day import LiveDay
from engine.model.commands import TraderCommand
from engine.model.events import AnyEvent, StateKept
from engine.model.marks import InputMark
from engine.model.order_reports import OrderAnswer
from engine.model.order_requests import LogIn, ReadRequest, WriteRequest
from engine.model.types import Instrument, Tick
from engine.trading.live_trader import LiveTrader
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.desk import DeskRules, OrderDesk
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.tags import Tags
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.simulation.journal import VirtualJournal
from tests.simulation.wire import Wire
from tests.simulator.exchange.exchange import SimulatedExchange

Input = Tick | InputMark
BEAT_MS = 100
ARRIVED_MS = 12_000  # after a start: what was sent before it has arrived by then
_SALT = "A0"


class Session:
    """`events` are all effects, `inputs` what a recording keeps: ticks, answers, commands, beats that moved something."""

    def __init__(
        self,
        config: Config,
        instruments: tuple[Instrument, ...],
        exchange: SimulatedExchange,
        day: date,
        *,
        amends: bool = True,
    ) -> None:
        self.exchange = exchange
        self.journal = VirtualJournal(lambda: 0)
        self.wire = Wire(exchange, SmartApiOrders(instruments), self.journal, lambda *_: None)
        self.now_ms = exchange.now_ms
        self.events: list[AnyEvent] = []
        self.inputs: list[Input] = []
        self._ticks = 0
        self._rules, self._config, self._instruments = DeskRules(10_000, amends), config, instruments
        self._day, self.run = day, 1
        self.trader = self._trader()

    def _trader(self, rows: Iterable[object] = (), sent: Iterable[tuple[int, bool, bool]] = ()) -> LiveTrader:
        """A trader who knows nothing but what `rows` of earlier runs of the day tell of orders, and what they have `sent`."""
        tags, now_ms = Tags(self._day, _SALT, self.run), self.now_ms
        from_ms = now_ms + ARRIVED_MS if rows else 0

        def desk(listed: Sequence[Instrument], quote_of: Callable[[int], Quote]) -> OrderDesk:
            blotter = Blotter(listed, tags)
            return OrderDesk(blotter, self._rules, quote_of, rows=rows, sent=sent, now_ms=now_ms, exits_from_ms=from_ms)

        return LiveTrader(self._config, self._instruments, "T-", None, desk)

    # ── What happens ────────────────────────────────────────────────────────────────────────────────────────────

    def tick(self, tick: Tick) -> None:
        """A tick comes, now."""
        self._ticks += 1
        self.inputs.append(tick)
        self._carry_out(self.trader.on_tick(tick))

    def command(self, command: TraderCommand) -> None:
        """The operator wants something."""
        self.inputs.append(InputMark(self._ticks, command, self.now_ms))
        self._carry_out(self.trader.on_command(command, self.now_ms))

    def pass_time(self, until_ms: int) -> None:
        """Let time pass: answers come, beats are made."""
        while self.now_ms < until_ms:
            beat_ms = self.now_ms - self.now_ms % BEAT_MS + BEAT_MS
            self.now_ms = max(self.now_ms + 1, min(beat_ms, self.wire.next_ms(self.now_ms), until_ms))
            self.exchange.step(self.now_ms)
            for event in self.wire.step(self.now_ms):
                self._answer(event)
            if self.now_ms == beat_ms:
                self._beat()

    def restart(self, day: LiveDay, kept: StateKept, away_ms: int) -> None:
        """The process dies, and another begins so much later with what the journal has of the day's orders, and an account."""
        self.wire.lose()
        self.now_ms += away_ms
        self.exchange.step(self.now_ms)
        self.run += 1
        self.trader = self._trader(day.rows, day.sent)
        self.trader.state.restore(kept)
        self.wire = Wire(self.exchange, SmartApiOrders(self._instruments), self.journal, lambda *_: None)
        self.wire.log_in()

    def settle(self, most_ms: int) -> None:
        """Let time pass until nothing is under way."""
        until_ms = self.now_ms + most_ms
        while self.trader.orders.desk.busy and self.now_ms < until_ms:
            self.pass_time(self.now_ms + BEAT_MS)

    def _answer(self, event: OrderAnswer) -> None:
        kept = self.trader.orders.shortened(event)
        self.inputs.append(InputMark(self._ticks, None, self.now_ms, answer=kept))
        self._carry_out(self.trader.on_event(event, self.now_ms))

    def _beat(self) -> None:
        effects = self.trader.on_beat(self.now_ms)
        if self.trader.moved:
            self.inputs.append(InputMark(self._ticks, None, self.now_ms))
        self._carry_out(effects)

    def _carry_out(self, effects: Sequence[AnyEvent]) -> None:
        for event in effects:
            self.events.append(event)
            if isinstance(event, WriteRequest | ReadRequest | LogIn):
                self.wire.ask([event], self.now_ms)
            else:
                self.journal.write(event, self.now_ms)

    # ── The recording ───────────────────────────────────────────────────────────────────────────────────────────

    def replayed(self) -> LiveTrader:
        """Another trader, given what was recorded, and no broker."""
        trader = self._trader()
        for each in self.inputs:
            if isinstance(each, Tick):
                trader.on_tick(each)
            elif each.answer is not None:
                trader.on_event(each.answer, each.at_ms)
            elif each.command is not None:
                trader.on_command(each.command, each.at_ms)
            else:
                trader.on_beat(each.at_ms)
        return trader
