"""What goes into the trader and what comes out: commands and broker events in, effects out. Plain, frozen, serialisable."""

from typing import Literal

from msgspec import Struct

from engine.types import Delivery, Fill, Order, PositionState, Trade

# ── Commands: what an operator or a policy asks for. They overtake every waiting tick. ──────────────────────────────


class Command(Struct, frozen=True, tag=True):
    """Base of all commands."""


class SwitchDelivery(Command, frozen=True, tag=True):
    """Deliver ticks by `delivery` from the next tick on."""

    delivery: Delivery


class PauseEntries(Command, frozen=True, tag=True):
    """No new entries until `ResumeEntries`; exits go on."""


class ResumeEntries(Command, frozen=True, tag=True):
    """Lift a pause."""


class Lock(Command, frozen=True, tag=True):
    """No entries until `Unlock`, whatever else is resumed."""

    reason: str = "operator"


class Unlock(Command, frozen=True, tag=True):
    """Lift a lock and every halt that waits for the operator."""


class Flat(Command, frozen=True, tag=True):
    """Lock, drop pending entries, close every position at once, verify, stay locked."""

    reason: str = "operator"


class Arm(Command, frozen=True, tag=True):
    """Lock entries while somebody looks at the plan of a flat; harmless in itself."""


class Disarm(Command, frozen=True, tag=True):
    """The plan was closed without a flat; entries stay locked until `Unlock`."""


class Stop(Command, frozen=True, tag=True):
    """End the run in good order."""


class Play(Command, frozen=True, tag=True):
    """Let the replay run."""


class Hold(Command, frozen=True, tag=True):
    """Let the replay stand still."""


class SetSpeed(Command, frozen=True, tag=True):
    """Replay at `speed` times the recorded pace; 0 = as fast as it goes."""

    speed: float


class Step(Command, frozen=True, tag=True):
    """Move a standing replay by `ticks` (negative: back)."""

    ticks: int


class Seek(Command, frozen=True, tag=True):
    """Bring the replay to the state just after tick number `tick` (0 = before the first) and go on as before."""

    tick: int


class SeekTime(Command, frozen=True, tag=True):
    """Bring the replay to the state just after the last tick whose own time is ≤ `at_ms`."""

    at_ms: int


class SkipSilence(Command, frozen=True, tag=True):
    """Do not wait through silences longer than the configured length."""

    on: bool


class SeekEvent(Command, frozen=True, tag=True):
    """Bring the replay to the next event (entry, exit, gap, error, bookmark), or the previous one; it stands still there."""

    forward: bool


class Bookmark(Command, frozen=True, tag=True):
    """Remember a place of the replay: just after tick number `tick`, or where it is (0)."""

    text: str = ""
    tick: int = 0
    at_ms: int = 0


FaultKind = Literal["stall", "drop", "duplicate", "reorder", "skew", "jump", "bad_price"]


class Fault(Command, frozen=True, tag=True):
    """Make the generated feed misbehave: `amount` ticks (stall: seconds, skew: milliseconds) of `symbol` ("" = all)."""

    kind: FaultKind
    amount: int = 1
    symbol: str = ""


class Acknowledge(Command, frozen=True, tag=True):
    """The operator has read how the last run ended."""


class Stall(Command, frozen=True, tag=True):
    """Hold the turn for `seconds` (≤ 10) and do nothing: for developers, to see the heartbeat turn."""

    seconds: float


ReplayCommand = Play | Hold | SetSpeed | Step | Seek | SeekTime | SkipSilence | SeekEvent | Bookmark
TraderCommand = PauseEntries | ResumeEntries | Lock | Unlock | Flat | Arm | Disarm

# ── Broker events: what became of an order. ─────────────────────────────────────────────────────────────────────────


class Filled(Struct, frozen=True, tag=True):
    """(Part of) an order was carried out."""

    fill: Fill


class Rejected(Struct, frozen=True, tag=True):
    """An order will not be carried out; nothing of it, or nothing more of it, was filled."""

    order: int
    reason: str


class Holdings(Struct, frozen=True, tag=True):
    """What the broker says is held, net per instrument index, and how many orders it still works on."""

    net: tuple[int, ...]
    working: int


BrokerEvent = Filled | Rejected | Holdings

# ── Effects: what the trader decided or learned. Edges carry them out; none of them is carried out by the trader. ───


class Effect(Struct, frozen=True, tag=True):
    """Base of all effects."""


class Submit(Effect, frozen=True, tag=True):
    """Send this order."""

    order: Order


class Cancel(Effect, frozen=True, tag=True):
    """Take this order back; its answer is a fill or a rejection."""

    order: int


class ReadHoldings(Effect, frozen=True, tag=True):
    """Ask the broker what is held and what it still works on."""


class FillBooked(Effect, frozen=True, tag=True):
    """A fill is in the book; `position` is what is held after it (None: nothing), `cash` exact in the currency."""

    fill: Fill
    position: PositionState | None
    cash: str


class TradeClosed(Effect, frozen=True, tag=True):
    """An exit is complete."""

    trade: Trade


class OrderRejected(Effect, frozen=True, tag=True):
    """An order was refused by the broker; its exit will be judged again on the next tick."""

    order: int
    instrument: int
    reason: str


class EntryRefused(Effect, frozen=True, tag=True):
    """The signal was there and something said no; sent once per change of reason."""

    instrument: int
    reason: str
    at_ms: int


class CommandRefused(Effect, frozen=True, tag=True):
    """A command could not be carried out, and why."""

    command: str
    reason: str


LockState = Literal["paused", "resumed", "locked", "unlocked", "halted", "recovered"]


class EntriesChanged(Effect, frozen=True, tag=True):
    """Whether new entries are allowed has changed."""

    state: LockState
    reason: str
    at_ms: int


FlatState = Literal["NORMAL", "ARMED", "LOCKED", "CANCELLING", "CLOSING", "VERIFYING", "FLAT"]


class FlatChanged(Effect, frozen=True, tag=True):
    """The flat job went on to `state`."""

    state: FlatState
    reason: str
    at_ms: int


class DayStarted(Effect, frozen=True, tag=True):
    """The first tick of another session date (ISO text)."""

    date: str
    at_ms: int


class TickRefused(Effect, frozen=True, tag=True):
    """The first tick refused for this reason in this run; the counters tell the rest."""

    instrument: int
    reason: str
    seq: int
    at_ms: int


class TickGap(Effect, frozen=True, tag=True):
    """No tick for `gap_ms` within the session; `position_open` makes it an error."""

    instrument: int
    gap_ms: int
    at_ms: int
    position_open: bool


class SequenceGap(Effect, frozen=True, tag=True):
    """The exchange's own numbering jumped by `missing`."""

    instrument: int
    missing: int
    at_ms: int


class TraderFault(Effect, frozen=True, tag=True):
    """The strategy or the trader raised on this tick; entries are halted, exits go on."""

    where: str
    error: str
    seq: int
    at_ms: int


LinkState = Literal["CONNECTING", "LOGIN", "UP", "WAITING", "REFUSED", "STOPPED"]


class LinkChanged(Effect, frozen=True, tag=True):
    """The feed's connection number `link` came up, was lost, or is given up; `down_ms` is how long there was none before."""

    state: LinkState
    link: int
    reason: str
    at_ms: int
    down_ms: int = 0


class FeedNote(Effect, frozen=True, tag=True):
    """Something the feed saw that is no tick: a refused subscription, bad packets of a kind; told once per kind."""

    text: str
    at_ms: int
    severe: bool = False


class ClockStepped(Effect, frozen=True, tag=True):
    """The machine's wall clock was moved by `step_ms`; no decision rests on it."""

    step_ms: int
    at_ms: int


class Paused(Effect, frozen=True, tag=True):
    """The process itself stood still for `pause_ms` (suspended, stopped); what waited meanwhile enters nothing."""

    pause_ms: int
    at_ms: int


class LevelsMoved(Effect, frozen=True, tag=True):
    """The levels of an open position moved without a fill (highest price, trailing stop)."""

    position: PositionState


class StateKept(Effect, frozen=True, tag=True):
    """The account's state by name (no indicators), and which symbols its instrument numbers stand for."""

    fields: dict[str, int | float | str | bool | list[int] | None]
    symbols: tuple[str, ...]
    at_ms: int


FeedEvent = LinkChanged | FeedNote

Fact = (
    Submit
    | Cancel
    | ReadHoldings
    | FillBooked
    | TradeClosed
    | OrderRejected
    | CommandRefused
    | EntryRefused
    | EntriesChanged
    | FlatChanged
    | DayStarted
    | TickRefused
    | TickGap
    | SequenceGap
    | TraderFault
    | LinkChanged
    | FeedNote
    | ClockStepped
    | Paused
    | LevelsMoved
    | StateKept
)
