"""What each key does, by the action names of the key table: a change of the view, or a command to the engine."""

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from msgspec import Struct

from engine import DELIVERIES, Acknowledge, Arm, PauseEntries, ResumeEntries, Snapshot, SwitchDelivery
from engine.presentation import log_levels
from engine.presentation.listed_days import listed
from tui.input import on_replay
from tui.input.guard import PLAN_OPEN_NS
from tui.input.keys import Key
from tui.input.on_orders import OnOrders
from tui.input.on_position import OnPosition
from tui.input.on_replay import OnReplay
from tui.panes.layout import PANES, focused
from tui.view import flat, leaving, older, watching
from tui.view.engine_client import EngineClient
from tui.view.faults import BY_ACTION
from tui.view.model import Dialog, ThemeName, Ui, View

if TYPE_CHECKING:
    from engine import AnyCommand

_THEMES: tuple[ThemeName, ...] = get_args(ThemeName)
_NOTICE_NS = 5_000_000_000
_LONGEST_NOTICE = 200
_LOCKS_NS = 2_000_000_000
_OF_PANES = {key.action: key.act for pane in PANES for key in pane.keys}

# Actions that are no more than a command, a dialog that opens, or so many lines up or down; others are methods.
COMMANDS: "dict[str, AnyCommand]" = {**on_replay.COMMANDS, **BY_ACTION}
DIALOGS: dict[str, Dialog] = {
    "goto": "goto",
    "unlock": "unlock",
    "palette": "palette",
    "help": "help",
    "closing": "closing",
    "log_level": "log_level",
    "orders": "orders",
}
LINES = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -(2**62), "end": 2**62}


def _nothing(*_: object) -> None:
    """Stand in for what the terminal's shell will do."""


class Shell(Struct):
    """What only the terminal's shell can do; it fills these in."""

    leave: Callable[[], None] = _nothing
    copy: Callable[[], None] = _nothing
    save: Callable[[], None] = _nothing
    set_mouse: Callable[[bool], None] = _nothing


class Actions:
    """Carries out actions; `view` is what was on the screen when the key came."""

    def __init__(self, ui: Ui, client: EngineClient, shell: Shell) -> None:
        self.ui = ui
        self.view: View | None = None
        self._client = client
        self._shell = shell
        self.on_position = OnPosition(ui, client, self.note)
        self.on_orders = OnOrders(ui, client, self.note)
        self.on_replay = OnReplay(ui, client, self.note)
        self._armed_ns = -_LOCKS_NS

    def act(self, action: str, at_ns: int) -> None:
        """Carry out an action of the key table."""
        if action.startswith("pane_"):
            self.ui.focus = action.removeprefix("pane_")
        elif action in _OF_PANES and self.view is not None:
            notice = _OF_PANES[action](self.view)
            if notice:
                self.note(notice, at_ns)
        elif action in COMMANDS:
            self._client.send(COMMANDS[action])
        elif action in DIALOGS:
            self.ui.open(DIALOGS[action])
        elif action in LINES:
            self.move(LINES[action])
        elif action in on_replay.ACTIONS:
            on_replay.ACTIONS[action](self.on_replay, at_ns)
        elif action.startswith("position_"):
            self._on_position(action.removeprefix("position_"), at_ns)
        else:
            getattr(self, f"do_{action}")(at_ns)

    def note(self, text: str, now_ns: int, style: str = "accent") -> None:
        """Show one line for a few seconds."""
        self.ui.notice, self.ui.notice_style = text[:_LONGEST_NOTICE], style
        self.ui.notice_until_ns = now_ns + _NOTICE_NS

    @property
    def _snapshot(self) -> Snapshot:
        return self._client.snapshot

    def do_arm(self, at_ns: int) -> None:
        """Lock entries at once and open the plan; a flat that runs is only shown."""
        running = self._snapshot.flat.state in flat.RUNS
        attachment = self._client.attachment
        if not attachment.may_flat and not running:
            elsewhere = f"attach with --may-flat, or type myquant-tui flat{attachment.options} in a shell"
            self.note(f"this screen only looks and nothing was sent: {elsewhere}", at_ns, "alert")
            return
        self.ui.open("flat")
        self.ui.plan_drawn_ns = 0
        self.ui.plan_until_ns = 0 if running else at_ns + PLAN_OPEN_NS
        if not running:
            self._armed_ns = at_ns
            self._client.send(Arm())

    def locks(self, at_ns: int, key: Key | None) -> bool:
        """Whether `key` is for the lock that this screen asked for just now, which no snapshot shows yet."""
        return key is not None and key.action == "unlock" and at_ns - self._armed_ns < _LOCKS_NS

    def do_delivery(self, at_ns: int) -> None:
        """The next delivery mode."""
        wanted = DELIVERIES[(DELIVERIES.index(self._snapshot.delivery) + 1) % len(DELIVERIES)]
        self._client.send(SwitchDelivery(wanted))
        if not self._client.attachment.apart:  # there the last line tells it by itself
            self.note(f"delivery {self._snapshot.delivery} → {wanted} asked for", at_ns)

    def do_pause(self, _at_ns: int) -> None:
        """Pause or resume entries."""
        self._client.send(ResumeEntries() if self._snapshot.entries.paused else PauseEntries())

    def do_acknowledge(self, at_ns: int) -> None:
        """Show how the last run ended; from there, acknowledge it."""
        if not self._snapshot.found:
            self.note("nothing to acknowledge", at_ns)
        elif self.ui.dialog == "found":
            self._client.send(Acknowledge())
            self.ui.dialog = ""
        else:
            self.ui.open("found")

    def do_control(self, at_ns: int) -> None:
        """Show who has control; from there, take it or give it up."""
        if self._client.attachment.apart:
            self.ui.open("control")
        else:
            self.note("the engine is in this process: nobody else can have control", at_ns)

    def do_next_pane(self, _at_ns: int) -> None:
        """Focus the next pane."""
        self.ui.focus = PANES[(PANES.index(focused(self.ui)) + 1) % len(PANES)].name

    def do_zoom(self, _at_ns: int) -> None:
        """Zoom the focused pane, or back."""
        self.ui.zoom = not self.ui.zoom

    def do_filter(self, _at_ns: int) -> None:
        """Filter the focused pane by what is typed; where there is nothing to filter, search the log."""
        pane = focused(self.ui)
        self.ui.open("filter" if pane.filtered else "search")
        if pane.filtered:
            self.ui.focus, self.ui.text = pane.name, self.ui.filters.get(pane.name, "")

    def do_position(self, at_ns: int) -> None:
        """Open the selected position."""
        if self.view is not None:
            self.on_position.open(self.view, at_ns)

    def _on_position(self, action: str, at_ns: int) -> None:
        """Open the selected position, and from there what is to be done with it."""
        self.do_position(at_ns)
        if self.ui.dialog == "position":
            self.on_position.choose(action, at_ns)

    def do_watch_add(self, _at_ns: int) -> None:
        """Ask what is to be followed as well."""
        self.ui.open("watch")
        self.ui.text = "add "

    def do_watch_remove(self, _at_ns: int) -> None:
        """Ask what is to be followed no more."""
        self.ui.open("watch")
        self.ui.text = "remove "

    def do_watch_typed(self, at_ns: int) -> None:
        """Do what was typed into the palette."""
        self.change_list(self.ui.text, at_ns)

    def change_list(self, text: str, at_ns: int) -> None:
        """Add to the list of instruments, or take off it, as `text` says."""
        try:
            self._client.send(watching.command_of(text))
        except ValueError as error:
            self.note(f"nothing was sent: {error}", at_ns, "warn")

    def do_log_level_typed(self, at_ns: int) -> None:
        """Do what was typed into the palette."""
        self.change_log(self.ui.text, at_ns)

    def change_log(self, text: str, at_ns: int) -> None:
        """Log in more detail, or less, as `text` says; without words the levels that are not as configured are told."""
        words = text.removeprefix("log-level").split()
        try:
            commands = log_levels.commands_of(words)
        except ValueError as error:
            self.note(f"nothing was sent: {error}", at_ns, "warn")
            return
        for command in commands:
            self._client.send(command)
        if not commands:
            self.note(" · ".join(log_levels.told(self._snapshot)) or "every component logs as configured", at_ns)

    def do_trades(self, _at_ns: int) -> None:
        """Open the list of trades at its end."""
        self.ui.open("trades")
        self.ui.choice = older.NEWEST

    def do_days(self, _at_ns: int) -> None:
        """Open the list of session days at its end."""
        self.ui.open("days")
        self.ui.choice = older.NEWEST

    def open_day(self) -> None:
        """Open the trades of the chosen day; those of today are the list of trades."""
        view = self.view
        found = listed(view.past, view.snapshot) if view is not None else ()
        if not found:
            return
        day = found[max(0, min(len(found) - 1, self.ui.choice))].statistics.date
        if day == self._snapshot.account.day.date:
            self.do_trades(0)
            return
        self.ui.open("day")
        self.ui.day, self.ui.choice = day, older.NEWEST

    def _move_in_days(self, by: int) -> None:
        """Move the choice in the list of days, or in the trades of one, as far as there are lines."""
        view = self.view
        if view is None:
            return
        page = view.past
        in_days = self.ui.dialog == "days"
        count = len(listed(page, view.snapshot)) if in_days else len(page.trades) if page is not None else 0
        self.ui.choice = max(0, min(count - 1, min(self.ui.choice, count - 1) + by))

    def move(self, by: int) -> None:
        """Move the selection of the dialog, or of the focused pane, by `by` lines."""
        ui = self.ui
        if ui.dialog in {"days", "day"}:
            self._move_in_days(by)
        elif ui.dialog in {"orders", "orders_filter"}:
            self.on_orders.move(by)
        elif ui.dialog == "trades":
            ui.choice = older.moved(self._snapshot, ui.choice, by)
        elif ui.dialog and ui.dialog != "filter":
            most = flat.count(self._snapshot) - 1 if ui.dialog == "flat" else 200
            ui.choice = max(0, min(most, ui.choice + by))
        elif self.view is not None:
            focused(ui).move(self.view, by)

    def do_copy(self, _at_ns: int) -> None:
        """Copy the selected line."""
        self._shell.copy()

    def do_save(self, _at_ns: int) -> None:
        """Save a picture of the screen."""
        self._shell.save()

    def do_candles(self, at_ns: int) -> None:
        """The chart as candles, or as a line."""
        self.ui.candles = not self.ui.candles
        self.note("candles" if self.ui.candles else "the price as a line", at_ns)

    def do_theme(self, at_ns: int) -> None:
        """The next theme."""
        self.ui.theme = _THEMES[(_THEMES.index(self.ui.theme) + 1) % len(_THEMES)]
        self.note(f"theme {self.ui.theme}", at_ns)

    def do_mouse(self, at_ns: int) -> None:
        """Mouse on or off."""
        self.ui.mouse = not self.ui.mouse
        self._shell.set_mouse(self.ui.mouse)
        self.note(f"mouse {'on' if self.ui.mouse else 'off'}", at_ns)

    def do_leave(self, _at_ns: int) -> None:
        """Leave; ask first when something is open, or goes on without us."""
        if leaving.is_asked(self._client.attachment, self._snapshot):
            self.ui.open("quit")
        else:
            self._shell.leave()
