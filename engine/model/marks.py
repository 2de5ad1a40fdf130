"""What a recording keeps beside the ticks: hashes of the state, what happened, what the trader was given. Plain, frozen, serialisable."""

from decimal import Decimal

from msgspec import Struct

from engine.model.commands import TraderCommand
from engine.model.entry_limits import EntryLimits
from engine.model.events import StateKept
from engine.model.order_reports import OrderAnswer


class StateMark(Struct, frozen=True, tag=True):
    """The deciding state after `ticks` ticks: its hash, and its fields by name so that a difference can be named."""

    ticks: int
    state_hash: str
    fields: dict[str, str]


class EventMark(Struct, frozen=True, tag=True):
    """Something that happened after `ticks` ticks: `delivery`, `gap`, `reconnect`, `fill`, `bookmark`, `note`."""

    ticks: int
    kind: str
    text: str
    at_ms: int


class InputMark(Struct, frozen=True, tag=True, omit_defaults=True):
    """What the trader was given after `ticks` ticks that was no tick: a command, a real broker's `answer`, or a beat (neither) that did something.

    `market_ms` is the market's time at `at_ms` (0: the same), `closed_until_ms` when it opens again (0: nothing says that
    it is closed).
    """

    ticks: int
    command: TraderCommand | None
    at_ms: int
    market_ms: int = 0
    closed_until_ms: int = 0
    answer: OrderAnswer | None = None


class StartMark(Struct, frozen=True, tag=True, omit_defaults=True):
    """The trader did not begin with an empty account: what it took over from the run before, ahead of the first tick.

    Where the run itself goes on from one recording to the next, `fields` are its whole deciding state, by name as in a
    StateMark; in several marks where there are many instruments.
    """

    kept: StateKept
    fields: dict[str, str] = {}


class DeskMark(Struct, frozen=True, tag=True, omit_defaults=True):
    """With what the desk of a run at a real broker begins, ahead of the first tick: what it was made of, and its state.

    `day` is the date of its tags, as ISO text. A long state stands in several marks one after the other.
    """

    day: str
    salt: str
    run: int
    orders_a_day: int
    amends: bool
    state: str
    limits: EntryLimits = EntryLimits()
    net_points: Decimal = Decimal(0)


Mark = StateMark | EventMark | InputMark | StartMark | DeskMark
