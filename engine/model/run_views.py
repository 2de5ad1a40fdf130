"""What a snapshot has of the run itself: its cost and health, its session and what came of it, its replay, its commands."""

from typing import Literal

from msgspec import Struct

from engine.model.latency import LatencySummary
from engine.model.statistics import DayStatistics
from engine.model.types import Delivery
from engine.text.sanitize import CleanText


class EpochView(Struct, frozen=True):
    """Latency and cost of one stretch in one delivery mode; stages by name."""

    delivery: Delivery
    first_tick: int
    ticks: int
    merged: int
    cpu_share: float
    stages: dict[str, LatencySummary]


class EdgeView(Struct, frozen=True):
    """Health of an edge that writes: what waits, what is safe, what is wrong (empty: nothing)."""

    name: str
    waiting: int
    done: int
    problem: CleanText


class ProcessView(Struct, frozen=True):
    """The engine's process: memory, share of one core, open descriptors, longest garbage collection, room on the disk."""

    rss_mb: float
    cpu_share: float
    descriptors: int
    gc_longest_ms: float
    disk_free_mb: int


class Pulse(Struct, frozen=True):
    """Stamps (monotonic ns, 0 = never) that their own producers wrote; a heartbeat is the age of these.

    `beat_ns` the engine's loop, `came_ns` the newest tick's receipt, `decided_ns` the newest decision,
    `order_ns` the oldest unanswered order.
    """

    beat_ns: int
    came_ns: int
    decided_ns: int
    order_ns: int


class SessionView(Struct, frozen=True):
    """The session day at this moment (UTC ms; 0 before the first tick) and the zone its times are shown in.

    Of several markets it is the one that is open the longest, else the one that opens next. `opens` says when that is,
    where none is open (`Mon 09:15`), and `calendar_ends` which date is the last that the calendar knows, where that is
    before; one that is not `daily` has no end. Entries may come from `entry_from_ms` to before `entry_until_ms` (0: not
    told). `holiday` says why the date has no session, where the calendar does.
    """

    zone: str
    date: str
    start_ms: int
    end_ms: int
    daily: bool = True
    opens: str = ""
    calendar_ends: str = ""
    entry_from_ms: int = 0
    entry_until_ms: int = 0
    holiday: str = ""


class TimelineEvent(Struct, frozen=True):
    """A place worth going to in a replay: `entry`, `exit`, `gap`, `error`, `bookmark`, `delivery`."""

    tick: int
    at_ms: int
    kind: str
    text: str


class ReplayView(Struct, frozen=True):
    """Where the replay stands; `speed` 0 = as fast as it goes; `total` 0 = not counted.

    `due_ns` (monotonic) is when the next tick comes, where that is a while off.
    """

    tick: int
    total: int
    at_ms: int
    playing: bool
    ended: bool
    speed: float
    real_speed: float
    skip_silence: bool
    silences_skipped: int
    check: "CheckView | None" = None
    due_ns: int = 0


class CheckView(Struct, frozen=True):
    """Whether the replay equals what was recorded: `same` checkpoints of `total`; the first difference, or why it cannot be said."""

    same: int
    total: int
    difference: str = ""
    incomparable: str = ""


class ClosingView(Struct, frozen=True):
    """What came of a session day that is over, or of a replay at its end: of all its days then (`whole`).

    `objections` are how often what kept a signal from an entry, `gaps` the silences of instruments, `sequence_gaps` jumps of
    the exchange's numbering. `recording` is the file to look at ("" = nothing was recorded), `open` how many positions
    are still held. Objections and gaps are of this run: since `since_ms`, where it began within the day, else (0) of the
    whole day. `charged` says by what costs were charged, and where orders were filled. Of the `minutes` of its session
    so many were `watched` (0 of 0: it is not told).
    """

    statistics: DayStatistics
    whole: bool = False
    objections: dict[str, int] = {}
    gaps: int = 0
    sequence_gaps: int = 0
    recording: CleanText = CleanText("")
    open: int = 0
    charged: str = ""
    since_ms: int = 0
    minutes: int = 0
    watched: int = 0


CommandState = Literal["ACCEPTED", "REFUSED", "DONE", "FAILED"]


class CommandView(Struct, frozen=True):
    """What became of a command that was sent with a ticket."""

    ticket: int
    command: str
    state: CommandState
    reason: str = ""


class UptimeView(Struct, frozen=True):
    """How many minutes of a session were `watched`, of the `minutes` that have passed of it on the day `date`.

    The same over all `days` that are known, this one included as far as it has come; `days_unwatched` of them not at all.
    """

    date: str = ""
    minutes: int = 0
    watched: int = 0
    days: int = 0
    days_minutes: int = 0
    days_watched: int = 0
    days_unwatched: int = 0


class AlertsView(Struct, frozen=True):
    """How screens are to tell what is grave, as the configuration says."""

    bell: bool = True
    notify: Literal["off", "osc9", "osc777"] = "off"
    trades: bool = False
    per_hour: int = 20
