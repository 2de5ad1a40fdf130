"""The parts that one turn consists of, made in the order in which they need each other. Opens nothing, starts nothing."""

from collections import deque
from collections.abc import Callable
from threading import Event

from engine.config import Config
from engine.model.broker_events import BrokerEvent
from engine.model.clock import Clock
from engine.model.ports import Journal, Recorder
from engine.recording import MqrSource
from engine.runtime.cursor import Cursor
from engine.runtime.delivery import HandlerBudget
from engine.runtime.effects import Effects
from engine.runtime.epochs import Epochs
from engine.runtime.event_log import EventLog
from engine.runtime.exits import Exits
from engine.runtime.inbox import Inbox
from engine.runtime.outcomes import Outcomes
from engine.runtime.persistence import Persistence
from engine.runtime.publisher import Publisher
from engine.runtime.receipt import Receipt
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.comparable import incomparable, other_rules
from engine.runtime.replay.rewind import OperatorGate, Rewind
from engine.runtime.tickets import Posted
from engine.runtime.timeline import Timeline
from engine.runtime.turn import AfterTick, Turn
from engine.trading.event_text import EventText
from engine.trading.trader import Trader
from engine.venues.simulated.broker import PaperBroker
from engine.venues.supply import MakeBroker


class TurnParts:
    """What the trader's turn is made of; a live run, a replay and a verification have the same parts.

    `found` tells how the run before has ended. Orders go to the simulated broker, or to the one that `broker` makes.
    """

    def __init__(
        self,
        config: Config,
        trader: Trader,
        clock: Clock,
        cursor: Cursor,
        *,
        journal: Journal | None,
        recorder: Recorder | None,
        keeps_account: bool,
        inbox_size: int,
        found: tuple[str, ...] = (),
        broker: MakeBroker | None = None,
    ) -> None:
        self.config = config
        self.trader = trader
        self.clock = clock
        self.cursor = cursor
        self.recorder = recorder
        self.instruments = tuple(inst.instrument for inst in trader.state.instrument_states)
        self.wake = Event()
        self.inbox = Inbox(inbox_size, self.wake.set)
        self.inputs: deque[Posted] = deque()
        self.epochs = Epochs(config.engine.delivery, every_tick=config.engine.latency_every_tick)
        self.exits = Exits()
        self.outcomes = Outcomes(found)
        self.receipt = Receipt(trader.state, live=not cursor.lossless)
        self.timeline = Timeline()
        self.persistence = Persistence(trader, journal, recorder, keeps_account=keeps_account)
        self.budget = HandlerBudget()
        answers: deque[BrokerEvent] = deque()
        simulated = PaperBroker(len(self.instruments), answers.append)
        self.effects = Effects(
            trader=trader,
            broker=broker(self.instruments, self.post) if broker else simulated,
            answers=answers,
            cursor=cursor,
            clock=clock,
            epochs=self.epochs,
            persistence=self.persistence,
            event_log=EventLog(EventText(self.instruments, trader.hours.stamp)),
            outcomes=self.outcomes,
            exits=self.exits,
            receipt=self.receipt,
            timeline=self.timeline,
        )
        self.operator = OperatorGate()
        self.rewind = Rewind(
            trader=trader, cursor=cursor, clock=clock, exits=self.exits, operator=self.operator, hold=simulated.hold
        )

    def post(self, event: Posted) -> None:
        """Hand in a command, or what a broker's or a feed's own thread has learned; from any thread."""
        self.inputs.append(event)
        self.wake.set()

    def check(self, source: MqrSource) -> ReplayCheck:
        """What gives the trader the inputs that were recorded in `source`, and compares."""
        return ReplayCheck(
            source,
            trader=self.trader,
            effects=self.effects,
            persistence=self.persistence,
            rewind=self.rewind,
            operator=self.operator,
            why_not=incomparable(source.header, self.config, self.instruments),
            other_rules=other_rules(source.header),
        )

    def turn(self, carry_out: Callable[[Posted], None], schedule: AfterTick, publisher: Publisher) -> Turn:
        """The turn around these parts."""
        return Turn(
            trader=self.trader,
            inputs=self.inputs,
            carry_out=carry_out,
            effects=self.effects,
            cursor=self.cursor,
            schedule=schedule,
            epochs=self.epochs,
            budget=self.budget,
            publisher=publisher,
            persistence=self.persistence,
            recorder=self.recorder,
            clock=self.clock,
        )
