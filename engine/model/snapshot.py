"""What the screen is given to look at: one immutable picture of the engine, plain data, serialisable by msgspec."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from engine.model.latency import LatencySummary
from engine.model.log_counts import ComponentLevel
from engine.model.ports import FeedView
from engine.model.statistics import DayStatistics
from engine.model.types import Delivery, Instrument, PositionState, Trade, TradeMode
from engine.text.sanitize import CleanText

NOT_YET_DURABLE = "NOT YET DURABLE"  # beside every fill and position that a kill could still take back


class Quote(Struct, frozen=True):
    """The last tick of one instrument (prices in minor units; 0 = unknown) and what its strategy sees.

    `close` is that of the session day before; `close_from` says who told it: `feed`, or the date of the day (ISO text).
    `begun_ms`: when the day's first tick came, whose price is `day_open`.
    """

    instrument: int
    last: int
    day_open: int
    bid: int
    ask: int
    quantity: int
    day_volume: int
    exch_ms: int
    recv_ns: int
    green: int
    objection: str
    gaps: int
    sequence_gaps: int
    median_gap_ms: int
    indicators: dict[str, float | None]
    close: int = 0
    close_from: str = ""
    begun_ms: int = 0
    warmup: int = 0  # ticks that its strategy has yet to see before it may enter
    lines: dict[str, float | None] = {}  # drawn over the chart; the values of its bars are in this order


class OpenPosition(Struct, frozen=True):
    """An open position: what it would win at the last price, its nearest target (None: all taken), what closing costs.

    `targets` are the prices of all that are not taken, `trail_from` the price from which on it trails (None: it does, or
    never will), `exiting` how much of it is being sold.
    """

    state: PositionState
    last: int
    open_pnl: Decimal
    next_target: int | None
    exit_costs: Decimal = Decimal(0)
    targets: tuple[int, ...] = ()
    trail_from: int | None = None
    exiting: int = 0


class ActionView(Struct, frozen=True):
    """The newest thing that an operator did with one position or instrument, the `number`th of this engine.

    `word` is SENT, PART n/m, FILLED, REJ reason, DONE, behind BLIND and an age where the price was no news, or REFUSED with
    a `reason`. Of what is sold: `quantity`, `filled`, the last `price` it was decided at, and the `average` it was sold at.
    """

    number: int
    action: str
    instrument: int
    word: str
    reason: str = ""
    by: str = ""
    quantity: int = 0
    filled: int = 0
    price: int = 0
    average: int = 0


class AccountView(Struct, frozen=True):
    """Money in the currency: what there is, what the session day has brought (`day`), and all days since the account began (`total`).

    `realised`, `costs` (paid, those of open positions too) and `exits` are since the account began, `day_pnl` is what the
    day has realised plus `open_pnl`. `charged_by` names the tables of charges with the dates of their rows ("percent").
    `fill` is what a simulated order fills at (touch, last); so many orders found bid and ask, so many took the last price.
    """

    cash: Decimal
    realised: Decimal
    costs: Decimal
    open_pnl: Decimal
    day_pnl: Decimal
    exits: int
    day: DayStatistics = DayStatistics()
    total: DayStatistics = DayStatistics()
    charged_by: str = ""
    fill: str = ""
    fills_at_touch: int = 0
    fills_at_last: int = 0


class EntriesState(Struct, frozen=True):
    """Whether new entries are allowed; `locked` and `halted` hold the reason or are empty.

    `held`: what is halted waits for the disk and goes on by itself. `limit`: so many entries a day, `today` of them made; 0 = not told.
    `barred` are the numbers of instruments in which the operator wants none.
    """

    paused: bool
    locked: str
    halted: str
    today: int
    held: bool = False
    limit: int = 0
    barred: tuple[int, ...] = ()


class FlatLeg(Struct, frozen=True):
    """One position that a flat closes; `word` is WAIT, SENT, PART n/m, FILLED, REJ reason or DONE."""

    instrument: int
    quantity: int
    filled: int
    planned_price: int
    word: str


class FlatView(Struct, frozen=True):
    """Where the emergency flat stands; `receipt` has lines once it is over.

    `until_ms`: when it goes on, where it is HELD; `by_hand`: what a person is to do where it takes more than a minute.
    """

    state: str
    reason: str
    begun_ns: int
    legs: tuple[FlatLeg, ...]
    receipt: tuple[str, ...]
    until_ms: int = 0
    by_hand: tuple[str, ...] = ()


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


class Snapshot(Struct, frozen=True):
    """Everything a screen shows, as it was at `taken_ns` (monotonic) / `wall_ns`; `at_ms` is the engine's own time."""

    number: int
    taken_ns: int
    wall_ns: int
    at_ms: int
    trade_mode: TradeMode
    source: CleanText
    delivery: Delivery
    instruments: tuple[Instrument, ...]
    ticks: int
    refused: dict[str, int]
    session: SessionView
    pulse: Pulse
    process: ProcessView
    events: tuple[TimelineEvent, ...]
    quotes: tuple[Quote, ...]
    positions: tuple[OpenPosition, ...]
    account: AccountView
    entries: EntriesState
    flat: FlatView
    trades: tuple[Trade, ...]
    epochs: tuple[EpochView, ...]
    inbox_waiting: int
    merged: int
    beats: int
    faults: int
    fault: CleanText
    edges: tuple[EdgeView, ...]
    replay: ReplayView | None
    outcomes: tuple[str, ...]
    stopped: bool
    feed: FeedView | None = None
    sequence_gaps: int = 0  # jumps of the exchange's numbering this day, over all instruments
    silent: int = 0  # instruments (shown or not) whose newest tick is older than they may be silent
    ticking: int = 0  # instruments that have had a tick
    never: tuple[
        CleanText, ...
    ] = ()  # the first of those that have had none, though their market has been open for a while
    watched: int = 0  # instruments in all; `quotes` holds at most 50 of them, those with a position first
    commands: tuple[CommandView, ...] = ()  # newest last
    stale_s: float = 3.0  # no price is stale before this
    found: tuple[str, ...] = ()  # how the last run ended, until acknowledged
    left_out: dict[str, int] = {}  # ticks that did not come to a decision, by reason
    undecided: str = ""  # of a replay that came to no entry: why, and what to change
    late_ms: int = 0  # how far the journal is behind what has happened
    unkept_from_ms: int = (
        0  # exits and fills from then on (`at_ms`) are NOT YET DURABLE, and so is what is held; 0 = all is kept
    )
    exits_from: int = 1  # number of the first exit that the journal may have; `trades` are the newest
    markets: dict[str, SessionView] = {}  # where a run has several: each by its name, as it stands by itself
    rewinds: int = 0  # how often this replay went back: numbers of exits that came after are given again
    action: ActionView | None = None  # what an operator did with one position, the newest
    ahead_ms: int = 0  # how far the engine's own time is ahead of the market's
    closing: ClosingView | None = None  # from a session's end to the next day, and at a replay's end
    alerts: AlertsView = AlertsView()
    log_levels: tuple[ComponentLevel, ...] = ()
    uptime: UptimeView | None = None  # of a run that watches a market: none of a replay

    @property
    def market_ms(self) -> int:
        """The market's time: sessions and what is held are judged by it."""
        return self.at_ms - self.ahead_ms
