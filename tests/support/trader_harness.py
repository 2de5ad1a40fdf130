"""A trader and a broker without threads: events in, effects out."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from engine.model.broker_events import BrokerEvent
from engine.model.commands import TraderCommand
from engine.model.events import (
    AnyEvent,
    Cancel,
    ReadHoldings,
    Submit,
    TradeClosed,
)
from engine.model.types import Instrument, Order, Tick, Trade
from engine.trading.session import TradingHours
from engine.trading.trader import Trader
from tests.support.brokers import InstantBroker
from tests.support.builders import DAY, EAGER, config, ms, nifty, tick


class TraderHarness:
    """A trader and a broker, without threads: what an engine does within a turn, and nothing else."""

    def __init__(
        self,
        *overrides: str,
        broker: InstantBroker | None = None,
        instruments: int = 1,
        listed: tuple[Instrument, ...] = (),
        hours_of: Callable[[str], TradingHours] | None = None,
    ) -> None:
        self.config = config(*overrides)
        listed = listed or (nifty(self.config),) * instruments
        self.trader = Trader(self.config, listed, "T-", hours_of)
        self.broker = broker or InstantBroker(len(listed), lambda index: listed[index].lowest_price)
        self.events: list[AnyEvent] = []
        self.seq = 0
        self.now_ms = ms("09:30:00")

    def play(self, stream: Iterable[Tick]) -> Self:
        """Let the trader work `stream`."""
        for each in stream:
            self.now_ms = each.exch_ms if isinstance(each.exch_ms, int) else self.now_ms
            self.carry_out(self.trader.on_tick(each))
        return self

    def prices(self, *prices: float, step_ms: int = 1000) -> Self:
        """Go on with ticks at `prices`, `step_ms` apart."""
        for price in prices:
            self.seq += 1
            self.now_ms += step_ms
            self.play([tick(self.seq, price, self.now_ms)])
        return self

    def at(self, clock: str, day: str = DAY) -> Self:
        """Set the time of the next tick's predecessor."""
        self.now_ms = ms(clock, day)
        return self

    def command(self, command: TraderCommand) -> Self:
        """Give a command."""
        self.carry_out(self.trader.on_command(command, self.now_ms))
        return self

    def beat(self) -> Self:
        """Let the beat come."""
        self.carry_out(self.trader.on_beat(self.now_ms))
        return self

    def answer(self, *events: BrokerEvent) -> Self:
        """Let the broker say something late."""
        for event in events:
            self.carry_out(self.trader.on_event(event, self.now_ms))
        return self

    def carry_out(self, effects: Sequence[AnyEvent]) -> None:
        """Carry effects out until nothing follows."""
        waiting = deque(effects)
        while waiting:
            effect = waiting.popleft()
            self.events.append(effect)
            if isinstance(effect, Submit):
                self.broker.submit(effect.order)
            elif isinstance(effect, Cancel):
                self.broker.cancel(effect.order)
            elif isinstance(effect, ReadHoldings):
                self.broker.read_holdings()
            while self.broker.posted:
                waiting.extend(self.trader.on_event(self.broker.posted.popleft(), self.now_ms))

    @property
    def trades(self) -> list[Trade]:
        """The exits so far."""
        return [event.trade for event in self.events if isinstance(event, TradeClosed)]

    @property
    def orders(self) -> list[Order]:
        """The orders so far."""
        return [event.order for event in self.events if isinstance(event, Submit)]

    def events_of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def exits(self) -> list[tuple[str, float, int]]:
        """The exits so far as (reason, price in rupees, quantity)."""
        return [(trade.reason, trade.exit_price / 100, trade.quantity) for trade in self.trades]

    @property
    def held(self) -> int:
        """What is held of instrument 0."""
        return self.trader.state.portfolio.net(0)


def entered(*overrides: str, price: float = 100.0, **more: object) -> TraderHarness:
    """A harness in which one position was opened at `price`."""
    harness = TraderHarness(*EAGER, *overrides, **more)
    harness.prices(price - 1, price)
    assert harness.trader.state.portfolio.positions[0] is not None
    return harness
