"""What comes out of the trader: effects, each a fact that edges carry out, keep and tell. Plain, frozen, serialisable.

None of them is carried out by the trader itself.
"""

from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct

from engine.model.order_reports import Accepted, NotSent, Refused, Unclear
from engine.model.order_requests import LogIn, ReadRequest, WriteRequest
from engine.model.order_rows import Adopted, ClosedOthers, Ended, External, OrderWarned, PartFilled, SendBegun
from engine.model.preflight import Check
from engine.model.types import Fill, Order, PositionState, Side, Trade
from engine.text.sanitize import CleanText


class Event(Struct, frozen=True, tag=True):
    """Base of all effects."""


class Submit(Event, frozen=True, tag=True):
    """Send this order."""

    order: Order


class Cancel(Event, frozen=True, tag=True):
    """Take this order back; a fill may still come before the broker says that it is cancelled."""

    order: int


class ReadHoldings(Event, frozen=True, tag=True):
    """Ask the broker what is held and what it still works on."""


class FillBooked(Event, frozen=True, tag=True, omit_defaults=True):
    """A fill is booked; `position` is what is held after it (None: nothing), `cash` exact in the currency.

    `costs` are what it cost by kind, exact: together what `cash` changed by beyond its turnover. An order at a real broker
    is told by one, once it is over: `cash` has changed with each of its parts, and its `turnover` (minor units) may be no
    multiple of its price (0: price × quantity). `untold` is what other orders have sold of what it sells from, and are still
    to be told.
    """

    fill: Fill
    position: PositionState | None
    cash: str
    costs: dict[str, Decimal] = {}
    turnover: int = 0
    untold: int = 0


class TradeClosed(Event, frozen=True, tag=True):
    """An exit is complete."""

    trade: Trade


class OrderRejected(Event, frozen=True, tag=True):
    """An order was refused by the broker; its exit will be judged again on the next tick."""

    order: int
    instrument: int
    reason: CleanText


class OrderCancelled(Event, frozen=True, tag=True):
    """An order was taken back: what of it was still open is given up."""

    order: int
    instrument: int


class EntryRefused(Event, frozen=True, tag=True, omit_defaults=True):
    """The signal was there and something said no; sent once per change of reason.

    A reason told within the last five minutes is only counted; `untold` such changes came before this one.
    """

    instrument: int
    reason: str
    at_ms: int
    untold: int = 0


class RefusalsCounted(Event, frozen=True, tag=True):
    """So many changes of the reason not to enter were counted and not told, up to the end of a day or a run."""

    instrument: int
    untold: int
    at_ms: int


class InstrumentWarned(Event, frozen=True, tag=True):
    """Something about an instrument does not add up: a level that can never act, prices beside their grid."""

    instrument: int
    text: str
    at_ms: int


class CommandRefused(Event, frozen=True, tag=True):
    """A command could not be carried out, and why."""

    command: str
    reason: str


LockState = Literal["paused", "resumed", "locked", "unlocked", "halted", "recovered", "held", "released"]


class EntriesChanged(Event, frozen=True, tag=True):
    """Whether new entries are allowed has changed."""

    state: LockState
    reason: str
    at_ms: int


FlatState = Literal[
    "NORMAL", "ARMED", "LOCKED", "CANCELLING", "CLOSING", "VERIFYING", "FLAT", "ESCALATED", "HELD", "UNRESOLVED"
]


class FlatChanged(Event, frozen=True, tag=True, omit_defaults=True):
    """The flat job went on to `state`; one of the last three stands in its way until another is told.

    `until_ms` is when a closed market opens.
    """

    state: FlatState
    reason: str
    at_ms: int
    until_ms: int = 0


class CloseByHand(Event, frozen=True, tag=True):
    """A flat has not come to its end within a minute: a person is told what is still to be done."""

    instrument: int
    side: Side
    quantity: int
    at_ms: int


class DayStarted(Event, frozen=True, tag=True, omit_defaults=True):
    """The first tick of another session date (ISO text) in `zone`; `note` says what is unusual about it."""

    date: str
    at_ms: int
    note: str = ""
    zone: str = ""


class TickRefused(Event, frozen=True, tag=True):
    """The first tick refused for this reason in this run; the counters tell the rest."""

    instrument: int
    reason: str
    seq: int
    at_ms: int


class TickGap(Event, frozen=True, tag=True, omit_defaults=True):
    """No tick for `gap_ms` within the session; `position_open` makes it an error.

    Of a stretch of silences only what is news is sent; `untold` others were counted before this one.
    """

    instrument: int
    gap_ms: int
    at_ms: int
    position_open: bool
    untold: int = 0


class GapsCounted(Event, frozen=True, tag=True):
    """A stretch of silences is over (or the day, or the run): `untold` of them were counted since the last one told.

    `longest_ms` is the longest of the whole stretch, which began at `since_ms`.
    """

    instrument: int
    untold: int
    longest_ms: int
    since_ms: int
    at_ms: int


class ClosedBlind(Event, frozen=True, tag=True):
    """The clock closes a position at a price that is no news any more: `age_ms` old, -1 where none has come so far."""

    instrument: int
    quantity: int
    reason: str
    price: int
    age_ms: int
    at_ms: int


Action = Literal["close", "half", "stop", "bar", "allow", "withdraw"]


class OperatorActed(Event, frozen=True, tag=True, omit_defaults=True):
    """`by` did something with one position or instrument: sells `quantity` of it, moves its stop (`before` → `stop`), bars or allows entries, or withdraws an entry.

    `price` is the last one known then; of `order`, which is withdrawn, `quantity` is not filled so far.
    """

    action: Action
    instrument: int
    by: CleanText
    at_ms: int
    price: int
    quantity: int = 0
    stop: int = 0
    before: int = 0
    order: int = 0


SILENT_MS: Final = 30_000  # from here on the silence of what is held is grave


class HeldSilent(Event, frozen=True, tag=True):
    """No tick of what is held for `silent_ms` within the session; `severe` from half a minute on."""

    instrument: int
    silent_ms: int
    at_ms: int
    severe: bool


class HeldOver(Event, frozen=True, tag=True):
    """The session of its day is over and so much is still held."""

    instrument: int
    quantity: int
    at_ms: int


class SequenceGap(Event, frozen=True, tag=True):
    """The exchange's own numbering jumped by `missing`."""

    instrument: int
    missing: int
    at_ms: int


class TraderFault(Event, frozen=True, tag=True):
    """The strategy or the trader raised on this tick; entries are halted, exits go on."""

    where: str
    error: CleanText
    seq: int
    at_ms: int


LinkState = Literal["CONNECTING", "LOGIN", "UP", "WAITING", "CLOSED", "REFUSED", "STOPPED"]


class LinkChanged(Event, frozen=True, tag=True):
    """The feed's connection number `link` came up, was lost, or is given up; `down_ms` is how long there was none before."""

    state: LinkState
    link: int
    reason: CleanText
    at_ms: int
    down_ms: int = 0


class FeedNote(Event, frozen=True, tag=True):
    """Something the feed saw that is no tick: a refused subscription, bad packets of a kind; told once per kind."""

    text: CleanText
    at_ms: int
    severe: bool = False


class ClockStepped(Event, frozen=True, tag=True):
    """The machine's wall clock was moved by `step_ms`; no decision rests on it."""

    step_ms: int
    at_ms: int


class Paused(Event, frozen=True, tag=True):
    """The process itself stood still for `pause_ms` (suspended, stopped); what waited meanwhile enters nothing."""

    pause_ms: int
    at_ms: int


class ChecksMade(Event, frozen=True, tag=True):
    """What was found before orders may go to a real broker: by who armed the day, or by the running engine, whenever it is ready for something else."""

    made_by: Literal["arm", "engine"]
    checks: tuple[Check, ...]
    at_ms: int


class InstrumentsChanged(Event, frozen=True, tag=True):
    """The run follows other instruments from now on; those that go on are not named."""

    added: tuple[CleanText, ...]
    removed: tuple[CleanText, ...]
    at_ms: int


class LevelsMoved(Event, frozen=True, tag=True):
    """The levels of an open position moved without a fill (highest price, trailing stop)."""

    position: PositionState


class StateKept(Event, frozen=True, tag=True):
    """The account's state by name (no indicators), and which symbols its instrument numbers stand for."""

    fields: dict[str, int | float | str | bool | list[int] | None]
    symbols: tuple[CleanText, ...]
    at_ms: int


FeedEvent = LinkChanged | FeedNote
# Of a run at a real broker alone.
LiveOrderEvent = (
    WriteRequest
    | ReadRequest
    | LogIn
    | SendBegun
    | Adopted
    | Accepted
    | Refused
    | NotSent
    | Unclear
    | PartFilled
    | Ended
    | External
    | ClosedOthers
    | OrderWarned
)

AnyEvent = (
    Submit
    | Cancel
    | ReadHoldings
    | FillBooked
    | TradeClosed
    | OrderRejected
    | OrderCancelled
    | CommandRefused
    | EntryRefused
    | InstrumentWarned
    | RefusalsCounted
    | EntriesChanged
    | FlatChanged
    | CloseByHand
    | DayStarted
    | TickRefused
    | TickGap
    | GapsCounted
    | ClosedBlind
    | OperatorActed
    | HeldSilent
    | HeldOver
    | SequenceGap
    | TraderFault
    | LinkChanged
    | FeedNote
    | ClockStepped
    | Paused
    | LevelsMoved
    | InstrumentsChanged
    | ChecksMade
    | StateKept
    | LiveOrderEvent
)
