"""The protocol of the socket: requests, replies and their limits. Typed plain data only; knows no connection.

A screen says Hello, then one request at a time; each but Bye has one reply. A SnapshotReply is followed by one frame for each
of its `parts`, so that what many screens want is encoded once. Stamps are the engine's monotonic clock, which on Linux
is the whole machine's: a screen of the same machine may subtract them from its own.
"""

from typing import Annotated, Final, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field, msgpack

from engine.model.bars import Bar
from engine.model.commands import (
    Acknowledge,
    Fault,
    OperatorCommand,
    ReplayCommand,
    SetLogLevel,
    Stall,
    Stop,
    SwitchDelivery,
    Unwatch,
    Watch,
)
from engine.model.day_page import DayPage
from engine.model.errors import WireError
from engine.model.exit_page import ExitPage
from engine.model.measures import Measures
from engine.model.order_views import OrderView
from engine.model.ports import LogLine
from engine.model.snapshot import Snapshot
from engine.text.sanitize import cleaned

PROTOCOL: Final = 1
HELLO_LIMIT: Final = 1_024
REQUEST_LIMIT: Final = 64 * 2**10
REPLY_LIMIT: Final = 4 * 2**20
LINES_A_LOOK: Final = 250
NAME_LIMIT: Final = 40
LONGEST_TEXT: Final = 1_000
LONGEST_ASKED: Final = 200
# Heavy parts of a snapshot that seldom change: each has a version, and is sent only to those that have another one.
FIRST_SECTIONS: Final = ("instruments", "trades", "events", "epochs")  # that every version knows
SECTIONS: Final = (*FIRST_SECTIONS, "orders")  # the others are sent to those that name them
ORDERS_CHANGED: Final = "orders_changed"  # stands for the section of orders
LIGHT: Final = "light"  # the part that is a Snapshot with its sections left empty
LOG: Final = "log"  # the part that is a list of log lines

AnyCommand = (
    OperatorCommand
    | ReplayCommand
    | SwitchDelivery
    | Stop
    | Fault
    | Acknowledge
    | Stall
    | Watch
    | Unwatch
    | SetLogLevel
)
Policy = Literal["keep", "no_entries", "flat_after"]
_Count = Annotated[int, Meta(ge=0)]
_Channels = Annotated[dict[Annotated[str, Meta(max_length=20)], _Count], Meta(max_length=10)]
_Number = Annotated[int, Meta(ge=1, le=2**62)]


# ── What a client asks ──────────────────────────────────────────────────────────────────────────────────────────────


class Hello(Struct, frozen=True, tag=True):
    """The first request: the client's name; `screen` = it shows the engine (else a short command), `wants_control` = it may command.

    A screen that does not want control never has it and changes nothing, unless it `may_flat`: then what makes safer. One
    that wants it asks for it `at_once`, or takes it later.
    """

    protocol: int
    program: str
    name: str
    wants_control: bool = field(default=False, name="wants_conn")  # as every version calls it in the socket
    screen: bool = True
    at_once: bool = True
    may_flat: bool = False


class GetSnapshot(Struct, frozen=True, tag="Look"):
    """What is new since snapshot `number`, the section versions in `have`, log line `log_since`, and one chart's point.

    `tells` is there where the client tells alerts: the channels that it takes over until its next look, each with when the
    snapshot was taken (monotonic ns, as in it) up to which all that was to be told was told.
    """

    number: int = -1
    have: dict[str, int] = {}
    log_since: _Count = 0
    log_limit: _Count = 0
    history_of: _Count | None = None
    history_since_ms: int = -1
    tells: _Channels | UnsetType = UNSET  # not in the socket of others
    changes: bool | UnsetType = UNSET  # of the day's orders those that have changed will do (`ORDERS_CHANGED`)


class SendCommand(Struct, frozen=True, tag="Send"):
    """Ask for a command; `ticket` is the client's own, unique over all clients by chance (63 bits, not 0)."""

    ticket: Annotated[int, Meta(gt=0)]
    command: AnyCommand


class FollowFlat(Struct, frozen=True, tag=True):
    """Tell what becomes of the flat with this ticket, as soon as that is other than news number `seen`; at the latest in a second."""

    ticket: Annotated[int, Meta(gt=0)]
    seen: _Count = 0


class GetExits(Struct, frozen=True, tag=True):
    """Exits number `first` to `last` out of the journal, a page at most; `rewinds` as in the snapshot they are counted by."""

    first: _Number
    last: _Number
    rewinds: _Count = 0


class GetDays(Struct, frozen=True, tag=True):
    """The newest session days out of the journal, or the exits of the one at `date`; `today` and `rewinds` as in the snapshot."""

    date: Annotated[str, Meta(max_length=10)] = ""
    today: Annotated[str, Meta(max_length=10)] = ""
    rewinds: _Count = 0


class GetMeasures(Struct, frozen=True, tag="Measures"):
    """The engine's rising counters; only a client of the engine's own version is told."""


class TakeControl(Struct, frozen=True, tag="TakeConn"):
    """Take control, whoever has it."""


class GiveControl(Struct, frozen=True, tag="LeaveConn"):
    """Give control up and go on looking."""


class Bye(Struct, frozen=True, tag=True):
    """The last request; `detached` = the operator left on purpose."""

    detached: bool = False


Request = (
    Hello | GetSnapshot | SendCommand | FollowFlat | GetExits | GetDays | GetMeasures | TakeControl | GiveControl | Bye
)

# ── What the engine answers ─────────────────────────────────────────────────────────────────────────────────────────


class Welcome(Struct, frozen=True, tag=True):
    """The client is accepted; `engine` is another number for every engine that was started."""

    protocol: int
    program: str
    engine: int
    pid: int


class RequestRefused(Struct, frozen=True, tag="Refused"):
    """The client is not accepted, and why; the connection ends."""

    reason: str


class CommandTaken(Struct, frozen=True, tag="Taken"):
    """Whether a command was handed to the engine; what became of it is told in `Snapshot.commands`."""

    ticket: int
    state: Literal["ACCEPTED", "REFUSED"]
    reason: str = ""


class FlatNews(Struct, frozen=True, tag=True):
    """Where a flat stands that somebody follows; `number` is another one for everything that is new in it.

    `outcome` is that of the request: WAITING for its turn, then as in `Snapshot.commands`. `state` is the job's, `begun_ns`
    (monotonic) when entries were locked; `legs` and, once it is DONE, the `receipt` are lines to be printed.
    """

    number: int
    state: str
    outcome: Literal["WAITING", "ACCEPTED", "REFUSED", "DONE", "FAILED"]
    reason: str
    begun_ns: int
    legs: tuple[str, ...]
    receipt: tuple[str, ...]


class ControlView(Struct, frozen=True, tag="ConnView"):
    """Who may command: the `holder`'s name ("" = nobody) since `since_ns`, and whether that is `mine`."""

    holder: str
    mine: bool
    since_ns: int


class AbsenceView(Struct, frozen=True):
    """Whether an operator is there, and what happens when not; stamps are monotonic ns.

    `lost_ns` is when the last one with control was gone (0 = one is there, or never was), `due_ns` when the policy
    acts (0 = not again), `did` what it did in the present or last absence.
    """

    policy: Policy
    lost_ns: int
    due_ns: int
    did: str


class History(Struct, frozen=True):
    """Bars of one chart: those from the asked moment on, or the `whole` chart anew."""

    instrument: int
    whole: bool
    points: tuple[Bar, ...]


class SnapshotReply(Struct, frozen=True, tag="Picture"):
    """The engine's snapshot; `versions` are those of snapshot `number`, `told` is for this client and said once."""

    number: int
    parts: tuple[str, ...]
    versions: dict[str, int]
    history: History | None
    control: ControlView = field(name="conn")
    absence: AbsenceView
    watched_by: int
    told: tuple[str, ...]


class OrderChanges(Struct, frozen=True):
    """The day's orders beside a version that the client has: the `numbers` of all in their order, and the `rows` that are new or other."""

    numbers: tuple[int, ...]
    rows: tuple[OrderView, ...]


class MeasuresReply(Struct, frozen=True, tag=True):
    """The engine's counters as they stand."""

    measures: Measures


Reply = (
    Welcome
    | RequestRefused
    | CommandTaken
    | FlatNews
    | ControlView
    | SnapshotReply
    | ExitPage
    | DayPage
    | MeasuresReply
)

ENCODER: Final = msgpack.Encoder()
REQUESTS: Final = msgpack.Decoder(Request)

_T = TypeVar("_T")


def understood(decoder: msgpack.Decoder[_T], data: bytes, longest: int = LONGEST_TEXT) -> _T:
    """The message in `data`, cleaned whoever sent it; raises WireError for everything else."""
    try:
        return cleaned(decoder.decode(data), longest)
    except (ValueError, RecursionError) as error:  # no msgpack, another type, no UTF-8; a deep nest
        raise WireError("not_understood", str(error)) from error


class Replies:
    """Decoders of replies; made by clients only, for they cost memory that an engine does not need."""

    def __init__(self) -> None:
        self.reply = msgpack.Decoder[Reply](Reply)
        self.light = msgpack.Decoder(Snapshot)
        self.log = msgpack.Decoder(list[LogLine])
        self.order_changes = msgpack.Decoder(OrderChanges)
        fields = Snapshot.__annotations__
        self.sections = {name: msgpack.Decoder[tuple[object, ...]](fields[name]) for name in SECTIONS}
