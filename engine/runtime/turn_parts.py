"""The parts that one turn consists of, made in the order in which they need each other. Opens nothing, starts nothing."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Event

from msgspec import Struct

from engine.config import Config
from engine.model.broker_events import BrokerEvent
from engine.model.clock import Clock, MarketClock
from engine.model.commands import Command
from engine.model.events import FeedEvent
from engine.model.order_reports import OrderAnswer
from engine.model.past_prices import PastPrices
from engine.model.ports import Broker, Journal, OpenedLanes, OrderLanes, Recorder
from engine.model.types import Instrument
from engine.runtime.action_receipt import ActionReceipt
from engine.runtime.cursor import Cursor
from engine.runtime.effects import Effects
from engine.runtime.epochs import Epochs, HandlerBudget
from engine.runtime.exits import Exits
from engine.runtime.inbox import Inbox
from engine.runtime.outcomes import Outcomes
from engine.runtime.persistence import Persistence
from engine.runtime.receipt import Receipt
from engine.runtime.rewind import OperatorGate, Rewind
from engine.runtime.timeline import Timeline
from engine.text.sanitize import CleanText
from engine.trading.event_text import EventText
from engine.trading.trader import Trader

Post = Callable[[BrokerEvent], None]
PostAny = Callable[["Posted"], None]
Hold = Callable[[Sequence[int]], None]
# (instruments, post within the turn, post from another thread) → the broker, or the lanes to a real one, and how a
# simulated one is told what it holds
MakeBroker = Callable[[Sequence[Instrument], Post, PostAny], tuple[Broker | OrderLanes, Hold]]


class Asked(Struct, frozen=True):
    """A command whose outcome somebody waits for under the number `ticket`."""

    ticket: int
    command: Command


class JournalLost(Struct, frozen=True):
    """Others have taken the journal's file away, or put another in its place."""

    text: CleanText


Posted = Command | BrokerEvent | OrderAnswer | FeedEvent | Asked | JournalLost


class TurnParts:
    """What the trader's turn is made of, the same in a live run, a replay and a verification; nothing is added later.

    `found` tells how the run before has ended, `unknown` why it is not known what that held.
    """

    def __init__(
        self,
        config: Config,
        trader: Trader,
        clock: Clock,
        cursor: Cursor,
        make_broker: MakeBroker,
        *,
        journal: Journal | None,
        recorder: Recorder | None,
        keeps_account: bool,
        inbox_size: int,
        found: tuple[str, ...] = (),
        unknown: str = "",
    ) -> None:
        self.config = config
        self.trader = trader
        self.clock = clock
        self.market_clock = MarketClock(clock)
        self.cursor = cursor
        self.journal = journal
        self.recorder = recorder
        self.instruments = tuple(trader.state.instruments)  # as a whole, for snapshots; `relist` makes it anew
        self.wake = Event()
        self.inbox = Inbox(inbox_size, self.wake.set)
        self.inputs: deque[Posted] = deque()
        self.epochs = Epochs(config.engine.delivery, every_tick=config.engine.latency_every_tick)
        self.budget = HandlerBudget()
        self.exits = Exits([instrument.symbol for instrument in self.instruments])
        self.past = PastPrices()
        self.outcomes = Outcomes(found)
        self.receipt = Receipt(trader.state, live=not cursor.lossless, unknown=unknown)
        self.action_receipt = ActionReceipt(trader.state.instruments)
        self.timeline = Timeline()
        self.persistence = Persistence(trader, self.exits, journal, recorder, keeps_account=keeps_account)
        self.persistence.begin_desk()
        self.operator = OperatorGate()
        answers: deque[BrokerEvent] = deque()
        broker, hold = make_broker(trader.state.instruments, answers.append, self.post)
        self.lanes = broker if isinstance(broker, OpenedLanes) else None
        self.rewind = Rewind(trader, cursor, clock, self.exits, self.operator, hold)
        self.effects = Effects(
            trader=trader,
            broker=broker,
            answers=answers,
            cursor=cursor,
            clock=clock,
            epochs=self.epochs,
            persistence=self.persistence,
            event_text=EventText(
                trader.state.instruments,
                trader.hours.stamp,
                trader.hours.calendar_ends,
                lambda instrument: trader.state.instrument_states[instrument].entry_reason(),
            ),
            outcomes=self.outcomes,
            exits=self.exits,
            receipt=self.receipt,
            action_receipt=self.action_receipt,
            timeline=self.timeline,
        )

    def relist(self) -> None:
        """The trader's list of instruments is another one: all who keep what depends on it make that anew; within the turn."""
        self.instruments = tuple(self.trader.state.instruments)
        self.exits.relist([each.symbol for each in self.instruments])
        self.inbox.capacity = max(self.inbox.capacity, 2 * len(self.instruments))
        self.rewind.hold_what_is_booked()
        if self.lanes is not None:
            self.lanes.follow(self.instruments)

    def post(self, event: Posted) -> None:
        """Hand in a command, or what a broker's or a feed's own thread has learned; from any thread."""
        self.inputs.append(event)
        self.wake.set()
