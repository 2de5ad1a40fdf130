"""What the screen is showing: the operator's choices (`Ui`) and everything a pane draws from (`View`). Plain data."""

from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct, field

from engine import Bar, DayPage, LogLine, Quote, Snapshot, Trade
from engine.presentation.lamps import Lamp
from tui.text.glyphs import UNICODE, Glyphs
from tui.text.rows import Line
from tui.view import listing
from tui.view.last_made import LastMade

if TYPE_CHECKING:
    from engine import Pending, SignedCommand

TypedDialog = Literal[
    "goto",
    "unlock",
    "search",
    "palette",
    "bookmark",
    "stop",
    "stop_price",
    "filter",
    "watch",
    "log_level",
    "orders_filter",
]  # they take a line of text
Dialog = Literal[
    TypedDialog,
    "",
    "flat",
    "quit",
    "help",
    "trades",
    "found",
    "control",
    "position",
    "action",
    "closing",
    "days",
    "day",
    "orders",
    "order",
    "withdraw",
]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "TRADES"]
LOG_LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)
ThemeName = Literal["ansi", "truecolor", "light", "mono"]

OLD_S = 2.0  # an older snapshot comes from a loop that stands, or from nobody


class Attachment(Struct, frozen=True):
    """How this screen stands to its engine; the defaults are those of an engine in the same process.

    `lost` says why there is no link, empty = there is one. `there`: the engine's process `pid` exists. `read_only`: this
    screen never commands, and changes nothing unless it `may_flat`. `vacant_ns` is since when nobody has control who had it (monotonic, 0 = somebody has, or
    nobody ever had), `due_ns` when the policy `on_loss` then acts (0 = it does not, or has), `did` what it did. `told` is
    what the engine told this screen, `asked` the commands on their way; the newest last.
    """

    apart: bool = False  # the engine is another process: it goes on without this screen
    lost: str = ""
    there: bool = True
    pid: int = 0
    run: int = 0  # another number for every engine that was started
    options: str = ""  # what a command line needs to find this engine; empty or begins with a blank
    holder: str = "you"
    has_control: bool = True
    read_only: bool = False
    may_flat: bool = True
    screens: int = 1
    on_loss: Literal["keep", "no_entries", "flat_after"] = "keep"
    vacant_ns: int = 0
    due_ns: int = 0
    did: str = ""
    told: tuple[str, ...] = ()
    asked: "tuple[Pending, ...]" = ()
    told_to_end: bool = False  # the run of this process, by a command from outside: its screen goes with it


class Ui(Struct):
    """The operator's choices; changed by `tui.input` and by the keys of panes alone."""

    focus: str = ""  # the name of a pane; of none = the first
    zoom: bool = False
    selected: int = 0  # number of the selected instrument
    order: int = 0  # in which of `listing.ORDERS` the table is sorted
    filters: dict[str, str] = field(
        default_factory=dict
    )  # what the rows of a pane must have in them, by the pane's name
    dialog: Dialog = ""
    text: str = ""  # what was typed into the dialog
    choice: int = 0  # selected line of a list in the dialog (help, palette; of trades the exit's number): also its scroll position
    log_level: LogLevel = "INFO"
    log_follow: bool = True
    log_top: int = 0  # number of the newest log line shown while not following
    search: str = ""
    place: tuple[int, int] = (0, 0)  # tick and ms where a bookmark was asked for
    theme: ThemeName = "ansi"
    notice: str = ""  # one line for the operator, over the footer, until `notice_until_ns`
    notice_style: str = ""
    notice_until_ns: int = 0
    plan_drawn_ns: int = 0  # when the plan of a flat or an action was first on the terminal (monotonic), 0 = not yet
    plan_until_ns: int = 0  # when the plan closes by itself
    plan_number: int = 0  # how many dialogs were opened: a plan that is drawn is not the one before it
    instrument: int = -1  # number of the instrument that the dialog of one position is about
    planned: "SignedCommand | None" = None  # what `x` would send
    fired_after: int = -1  # number of the newest action of the engine when it was sent; -1 = not yet
    order_number: int = 0  # number of the order at the broker that is chosen; of none that is listed = the first
    mouse: bool = False
    digest: str = ""  # what happened while nobody was there, over the panes until a key, or `digest_until_ns`
    digest_until_ns: int = 0
    hint: bool = False  # whoever looks has never pressed a key here
    day: str = ""  # of the dialog "day": the date
    closing_shown: str = ""  # which day's or replay's closing card was shown last
    candles: bool = False  # what the chart shows, in place of a path
    of_panes: dict[str, int] = field(default_factory=dict)  # what a pane's own keys chose, by the pane's name

    def open(self, dialog: Dialog) -> None:
        """Open a dialog, empty."""
        self.dialog, self.text, self.choice = dialog, "", 0
        self.plan_number += 1


class OlderExits(Struct, frozen=True):
    """Exits out of the journal, by number: those near the chosen one. `wait` = more of them come, `problem` = why some do not."""

    trades: dict[int, Trade] = {}
    wait: bool = False
    problem: str = ""


class View(Struct):
    """Everything a pane draws from; `now_ns` is monotonic, `age_s` how old the snapshot is."""

    snapshot: Snapshot
    ui: Ui
    now_ns: int
    glyphs: Glyphs = UNICODE
    lamps: tuple[Lamp, ...] = ()
    log: tuple[LogLine, ...] = ()  # newest last; already those of the chosen level
    log_hidden: int = 0  # lines below the chosen level
    history: tuple[Bar, ...] = ()  # the day of the selected instrument
    further: dict[int, tuple[Bar, ...]] = field(default_factory=dict)  # of another, while a dialog shows its chart
    pnl_curve: tuple[tuple[int, float], ...] = ()  # (ms, the day's result then)
    trends: dict[int, tuple[int, ...]] = field(default_factory=dict)  # newest prices per instrument, for sparks
    pnl_trend: tuple[float, ...] = ()  # the day's P&L over time
    attachment: Attachment = Attachment()
    older: OlderExits = OlderExits()  # while the list of trades is open
    past: DayPage | None = None  # while the list of days is open, or one of them
    calm: "View | None" = None  # an earlier view for the panes that need not move at every frame
    drawn: dict[tuple[str, int, int], list[Line]] | None = None  # from a calm view, by pane and size
    order: tuple[int, ...] | None = None  # the instruments as they are sorted, None = not sorted yet
    tops: dict[str, int] = field(default_factory=dict)  # which row each list was scrolled to when it was last drawn
    made: LastMade = field(default_factory=LastMade)  # what panes need not make anew in every frame

    @property
    def listed(self) -> list[Quote]:
        """The quotes that the table lists, in its order."""
        order = self.order
        if order is None:
            order = listing.sort(self.snapshot, listing.order_of(self.ui.order))
        return listing.listed(self.snapshot, order, self.ui.filters.get("ticks", ""))

    @property
    def selected(self) -> Quote | None:
        """The quote of the selected instrument; None where there is none."""
        return listing.selected(self.snapshot, self.listed, self.ui.selected)

    @property
    def age_s(self) -> float:
        """How old the snapshot is, in seconds."""
        return max(0.0, (self.now_ns - self.snapshot.taken_ns) / 1e9)

    @property
    def engine_silent(self) -> bool:
        """Whether the engine is gone or silent: what is shown was true, and nobody knows what is."""
        return bool(self.attachment.lost) or self.age_s > OLD_S
