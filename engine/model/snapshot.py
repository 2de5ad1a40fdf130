"""What the screen is given to look at: one immutable picture of the engine, plain data, serialisable by msgspec."""

from msgspec import Struct

from engine.model.lanes_view import LanesView
from engine.model.log_counts import ComponentLevel
from engine.model.order_views import LiveView, OrderView
from engine.model.ports import FeedView
from engine.model.run_views import (
    AlertsView,
    ClosingView,
    CommandView,
    EdgeView,
    EpochView,
    ProcessView,
    Pulse,
    ReplayView,
    SessionView,
    TimelineEvent,
    UptimeView,
)
from engine.model.trading_views import AccountView, ActionView, EntriesState, FlatView, OpenPosition, Quote
from engine.model.types import Delivery, Instrument, Trade, TradeMode
from engine.text.sanitize import CleanText


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
    broker_account: CleanText = CleanText("")  # masked; of a run at a real broker, and "" in every other
    lanes: LanesView | None = None  # how it goes with that broker
    live: LiveView | None = None  # of a run at a real broker, or a replay of one
    orders: tuple[OrderView, ...] = ()  # of today, as in `LiveView`: what nobody knows of first, then what works

    @property
    def market_ms(self) -> int:
        """The market's time: sessions and what is held are judged by it."""
        return self.at_ms - self.ahead_ms
