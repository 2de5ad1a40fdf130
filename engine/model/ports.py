"""What the runner asks of its edges, so that the edges need not know each other, nor the runner them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct

from engine.model.events import AnyEvent, LinkState
from engine.model.lanes_view import LanesView
from engine.model.log_counts import ComponentLevel
from engine.model.marks import Mark
from engine.model.order_requests import OrderRequest
from engine.model.types import Instrument, Order, Tick
from engine.text.sanitize import CleanText


class FeedView(Struct, frozen=True):
    """How a live feed stands; stamps are monotonic ns, 0 = never. All texts are cleaned and hold no secret.

    `up_ns` is when the present link came up, `frame_ns` when the newest frame (data or pong) came, `retry_ns` when the
    next attempt is due. `clock_ms` is exchange time minus ours, None = unknown. `bad` counts refused packets by
    reason. `ticking` of the `wanted` instruments have had a tick on this link. `drop_ns` is when a link that is up will
    be made anew if nothing comes.
    """

    source: CleanText
    state: LinkState
    link: int
    since_ns: int
    up_ns: int
    frame_ns: int
    pong_ns: int
    retry_ns: int
    attempt: int
    because: CleanText
    rtt_ms: float
    clock_ms: float | None
    frames: int
    books: int
    bad: dict[str, int]
    wanted: int
    ticking: int
    drop_ns: int = 0


class Broker(Protocol):
    """Carries out orders. It answers by posting `BrokerEvent`s only, now or later; no call returns anything or waits."""

    def submit(self, order: Order) -> None:
        """Take the order; fills or a rejection follow."""

    def cancel(self, number: int) -> None:
        """Take order `number` back; a cancellation follows, or a rejection where there is nothing to take back."""

    def read_holdings(self) -> None:
        """Ask what is held and what is still worked on; holdings follow."""


@runtime_checkable
class OrderLanes(Protocol):
    """Carry out what is asked of a real broker, each request once. They answer by posting `OrderAnswer`s only, later."""

    def ask(self, request: OrderRequest, row: int) -> None:
        """Take a request, whose own row in the journal is number `row` (0: it has none); returns at once."""


@runtime_checkable
class OpenedLanes(OrderLanes, Protocol):
    """Lanes with what they go by: a login, connections, the broker's updates. Every call but `stop` returns at once."""

    def start(self) -> None:
        """Log in, and begin to carry out and to listen; what was asked before waits until then."""

    def stop(self, timeout_s: float) -> None:
        """End all threads, whatever they wait for; what is under way is not waited for."""

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """Go by these from now on; numbers stay what they were. From any thread."""

    def view(self) -> LanesView:
        """How it goes with the broker; from any thread."""


class OrderJournal(Protocol):
    """The part of a journal by which orders are sent: rows first, then the bytes."""

    @property
    def durable(self) -> int:
        """Number of the newest row known to be on the disk."""

    def write(self, event: AnyEvent) -> int:
        """Hand over one fact, from any thread; its number. Never blocks, never raises."""

    def on_durable(self, tell: Callable[[int], None]) -> None:
        """Have `tell` called from the journal's thread, with `durable`, whenever rows have reached the disk; it must not raise."""


class Recorder(Protocol):
    """Keeps ticks and marks; never blocks, never raises: a failing disk stops the recording and is told in `problem`."""

    @property
    def path(self) -> Path:
        """The file that it writes now."""

    @property
    def problem(self) -> CleanText:
        """Why not everything is kept, in one line; empty when all is well."""

    @property
    def waiting(self) -> int:
        """What is not on the disk yet: bytes of a recording, rows of a journal."""

    @property
    def kept(self) -> int:
        """How many ticks were taken."""

    def tick(self, tick: Tick) -> None:
        """Keep one tick (called within the turn)."""

    def mark(self, mark: Mark) -> None:
        """Keep a mark at this place in the stream."""

    def close(self) -> None:
        """Write what is waiting and close the file."""


class Rolling(Recorder, Protocol):
    """A recorder that may go on in another file."""

    @property
    def not_begun(self) -> CleanText:
        """Why no new file could be made."""

    def prepare(self, instruments: tuple[Instrument, ...] = ()) -> bool:
        """Have the next file made, of other `instruments` where some are named; whether it is there."""

    def forget_prepared(self) -> None:
        """Throw the next file away, where one was made; returns at once."""

    def go_on(self, position: int) -> None:
        """Go on in it, after so many ticks."""


class Journal(Protocol):
    """Keeps what must not be lost; writing goes on in its own thread."""

    @property
    def problem(self) -> CleanText:
        """Why not everything is kept, in one line; empty when all is well."""

    @property
    def broken(self) -> bool:
        """Whether the program is at fault for `problem`, and not the disk."""

    @property
    def waiting(self) -> int:
        """What is not on the disk yet: bytes of a recording, rows of a journal."""

    @property
    def durable(self) -> int:
        """Number of the newest row known to be on the disk."""

    def write(self, event: AnyEvent) -> int:
        """Hand over one fact; its number. Never blocks, never raises."""

    def turn_over(self) -> bool:
        """Let the next month's file begin, where that is due; whether it is asked for. Ask while nothing is open."""

    def rewind(self, ticks: int) -> None:
        """The replay went back to just after `ticks` ticks: projections forget what came later."""

    def renew(self, account: AnyEvent | None) -> None:
        """Begin another file in place of one that others have taken away, with the account as it is, where one is kept."""

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        """Whether row `number` is on the disk within `timeout_s`."""

    def close(self, outcome: str, *, fault: bool = False, account: AnyEvent | None = None) -> None:
        """Write what is waiting, note how the run ended, and close; after a `fault` the next run begins locked.

        Where others have taken the file away a last one is begun with the `account`.
        """


class Watch(Protocol):
    """Asks, in a thread that may hang, whether what a run writes to is still there; nobody else of a run touches the disk."""

    @property
    def problems(self) -> Mapping[str, CleanText]:
        """What has become of which edge, as of the newest look; empty when all is well."""

    @property
    def free_mb(self) -> int:
        """Room on the disk of the state directory."""

    @property
    def beat_ns(self) -> int:
        """When it last went on (monotonic); 0 before it was started."""

    def do(self, errand: Callable[[], None]) -> None:
        """Have something done at the disk, soon and in order; returns at once."""


class LogLine(Struct, frozen=True, gc=False):
    """One line as a screen shows it; `number` counts a run's lines from 1, texts are cleaned.

    `wall_ns` is UTC of the machine, `run_ns` of the run, which a recorded or generated session has its own of; 0: not
    known. `trade`: it tells an order's outcome, an exit or a flat.
    """

    number: int
    wall_ns: int
    level: str
    component: CleanText
    text: CleanText
    trade: bool = False
    run_ns: int = 0


class Log(Protocol):
    """Where the loggers' lines go."""

    @property
    def problem(self) -> CleanText:
        """Why the file is not complete; empty when it is."""

    @property
    def last_number(self) -> int:
        """Number of the newest line."""

    @property
    def waiting(self) -> int:
        """How many lines the file has not so far; they are shown all the same."""

    @property
    def level_view(self) -> tuple[ComponentLevel, ...]:
        """The levels of its components now; the same object until one changes."""


class Feed(Protocol):
    """A source of live or replayed ticks with a thread of its own."""

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        """Begin to call `deliver` with ticks, from the feed's own thread."""

    def stop(self, timeout_s: float) -> None:
        """End the thread; no `deliver` is under way afterwards."""

    def view(self) -> FeedView | None:
        """How its link stands, None where there is none; called from any thread, returns at once."""

    def previous_close(self, instrument: int) -> int:
        """What the exchange itself says an instrument closed at on the day before (minor units); 0 where it says nothing."""


class Closed(Struct, frozen=True):
    """No market of a run is open: for how long a feed may rest, and until when that is, in words (`until Mon 09:15`)."""

    rest_s: float
    until: str


class LiveFeed(Feed, Protocol):
    """A feed over a network link that comes and goes.

    It numbers its ticks itself (`seq` from 1, without holes), stamps them (`recv_ns`, and `recv_wall_ns` by a steady
    clock) and sets the flags that decisions rest on.
    """

    def keep_hours(self, closed: Callable[[], Closed | None]) -> None:
        """Ask `closed`, from its own thread, whether no link is to be made now, and until when; before the start."""

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """Stream these from now on; what is `removed` keeps its number and rests. From any thread, returns at once."""

    def silence_is_grave(self, grave: Callable[[], bool]) -> None:
        """Ask `grave`, from its own thread, whether a silence of all instruments calls for a new link again and again."""

    def view(self) -> FeedView:
        """How the link stands; called from any thread, returns at once."""


class Progress(Struct, frozen=True):
    """How a replay plays; `speed` 0 = as fast as it goes; `due_ns` (monotonic) = when the next tick comes, where that is a while off."""

    playing: bool
    ended: bool
    speed: float
    skip_silence: bool
    silences_skipped: int
    due_ns: int = 0


class ReplayControl(Protocol):
    """A feed whose pace and place an operator commands; every call returns at once."""

    def move(self, first: int, limit: int | None, *, playing: bool) -> None:
        """Go on from tick number `first`; with `limit` run up to it at once, then stand or play on as `playing` says."""

    def set_speed(self, speed: float) -> None:
        """Play at `speed` times the recorded pace; 0 = as fast as it goes."""

    def set_skip_silence(self, on: bool) -> None:
        """Do not wait through long silences, or do."""

    def progress(self) -> Progress:
        """How it plays."""

    def awaited(self) -> tuple[Tick | None, int]:
        """The tick that its pace lets wait, and to which moment (UTC ms, no later than that tick) the session has come meanwhile."""
