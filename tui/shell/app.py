"""The Textual shell: a timer that pulls, keys that go to `control`, one board that shows the frame. No trading knowledge."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.timer import Timer

from engine.presentation.alert_look import AlertLook
from engine.presentation.lamps import TerminalLink
from engine.presentation.terminal_alert import sequences
from tui.frame.screen import frame
from tui.frame.title import silences, title
from tui.input.actions import Shell
from tui.input.control import Control
from tui.input.guard import PLANS, Press
from tui.panes.layout import PANES, focused, lasting
from tui.shell.board import Board
from tui.shell.display import DiffApp
from tui.shell.picture import GROUND, PictureError, save, svg
from tui.shell.themes import style_of
from tui.shell.tuning import settle
from tui.terminal.strokes import KeyEvent
from tui.text.glyphs import UNICODE, Glyphs
from tui.text.rows import plain
from tui.view.engine_client import EngineClient
from tui.view.model import ThemeName, Ui, View
from tui.view.newcomer import Newcomer
from tui.view.rest import Rest
from tui.view.view_builder import ViewBuilder
from tui.view.view_file import ViewFile

_FRAME_S = 0.25
_TITLE_NS = 1_000_000_000
_UNFOCUSED_NS = 1_000_000_000
_CALM_NS = 450_000_000  # panes but the ticks change twice a second
_RESTING_NS = 950_000_000  # and once, while nothing but the seconds changes
_TAKEN_S = 0.05
_ANSWERS_S = (0.02, 0.06)  # after a key: when its command has been carried out


class MyQuant(DiffApp):
    """The screen over one engine; `lost` says why the terminal went away, `left` that the operator went on purpose.

    The operator's choices are read from `kept` and written there.
    """

    CSS = "Board { width: 100%; height: 100%; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        client: EngineClient,
        pictures: Path,
        *,
        glyphs: Glyphs = UNICODE,
        theme: ThemeName = "ansi",
        kept: ViewFile | None = None,
        newcomer: Newcomer | None = None,
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        super().__init__()
        self._now_ns = now_ns
        self.ui = Ui(focus=PANES[0].name, theme=theme, hint=newcomer is not None and newcomer.is_new)
        self._newcomer = newcomer
        self.board = Board(theme, self.paint)
        self.lost = ""
        self.left = False
        self._kept = kept
        if kept is not None:
            kept.take_up(self.ui, [pane.name for pane in PANES])
            kept.select(self.ui, client.snapshot)
            self.board.theme = self.ui.theme
        self._pictures = pictures
        self._view_builder = ViewBuilder(client, self.ui, glyphs)
        self._rest = Rest(client, self.ui)
        shell = Shell(leave=self._leave, copy=self._copy, save=self._save, set_mouse=self._set_mouse)
        self._control = Control(self.ui, client, shell)
        self._view: View | None = None
        self._answers: list[Timer] = []
        self._calm: View | None = None  # the one that the slower panes were drawn from
        self._title, self._title_due_ns = "", 0
        self._alerts = AlertLook()
        self._unfocused = False
        self._drawn_ns = 0
        self._drawn_size: Size | None = None

    def compose(self) -> ComposeResult:
        """Put up the one board."""
        yield self.board

    def on_mount(self) -> None:
        """Draw the first frame, where the size has not come before, and begin to pull."""
        if self._view is None:
            self._draw()
        self.set_interval(_FRAME_S, self._tick)
        if self.ui.mouse:
            self._set_mouse(on=True)
        self.call_after_refresh(settle)

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size at once; at the start Textual tells the same one more than once."""
        if event.size != self._drawn_size:
            self._draw(event.size)

    async def on_event(self, event: events.Event) -> None:
        """Take keys and pastes before anything of Textual's own does; there is one place that knows what keys mean."""
        if isinstance(event, events.Key):
            self._press(event)
        elif isinstance(event, events.Paste):
            self._control.paste(event.text, self._now_ns())
            self._draw()
        elif isinstance(event, events.MouseScrollDown | events.MouseScrollUp):
            if self._view is not None:
                self._control.scroll(1 if isinstance(event, events.MouseScrollDown) else -1, self._view)
                self._draw_at_once()
        elif isinstance(event, events.AppBlur | events.AppFocus):
            self._unfocused = isinstance(event, events.AppBlur)
        else:
            await super().on_event(event)

    def _press(self, event: events.Key) -> None:
        character = event.character or ""
        key = character if len(character) == 1 and character.isprintable() else event.key
        if isinstance(event, KeyEvent):
            press = Press(key, event.burst.read_ns, event.burst.alone, event.burst.suspicious)
        else:  # not from our driver: a test's
            press = Press(key, self._now_ns())
        if self._view is not None:
            new = self.ui.hint
            self._control.press(press, self._view)
            if new and self._newcomer is not None:
                self._newcomer.met()
            self._draw_at_once()
            for timer in self._answers:
                timer.stop()
            self._answers = [self.set_timer(delay_s, self._draw_at_once) for delay_s in _ANSWERS_S]

    def _tick(self) -> None:
        now_ns = self._now_ns()
        if self._unfocused and now_ns - self._drawn_ns < _UNFOCUSED_NS:
            return
        stir = self._rest.stir(now_ns)
        if stir:
            self._draw(calm_ns=_CALM_NS if stir == "news" else _RESTING_NS)

    def _draw_at_once(self) -> None:
        """Draw every pane anew: a key was pressed, and its doing is to be seen."""
        self._calm = None
        self._draw()

    def _draw(self, size: Size | None = None, calm_ns: int = _CALM_NS) -> None:
        """Pull, make the frame, show it; `size` is the terminal's where Textual does not know it yet.

        Panes that need not move are drawn anew when what they show is `calm_ns` old.
        """
        now_ns = self._drawn_ns = self._now_ns()
        self._control.pass_time(now_ns)
        view = self._view = self._view_builder.look(now_ns, self._link())
        if self._calm is None or size is not None or now_ns - self._calm.now_ns >= calm_ns:
            view.drawn = lasting(self._calm, view)
            self._calm = view
        else:
            view.calm = self._calm
        if (seen := self._view_builder.seen) is not None:
            self._rest.drawn(view, seen, self._view_builder.last_line, whole=view is self._calm)
        outcome = self._view_builder.new_outcome(view)
        if outcome:
            self._control.note(outcome, now_ns)
        self._control.tell(self._view_builder.new_told(view), now_ns)
        self._control.close_day(view)
        self._keep(view)
        self.board.theme = self.ui.theme
        self._drawn_size = size or self.size
        self.board.show(frame(view, *self._drawn_size))
        if self.ui.dialog in PLANS and not self.ui.plan_drawn_ns:
            self.call_after_refresh(self._plan_drawn, self.ui.plan_number)
        self._set_title(view)
        self._call(view)
        if view.attachment.told_to_end:
            self.exit()

    def _keep(self, view: View) -> None:
        """Keep what is looked at, for the next screen."""
        kept = self._kept
        if kept is None:
            return
        kept.select(self.ui, view.snapshot)
        before = kept.problem
        kept.keep(self.ui, view.snapshot, view.now_ns)
        if kept.problem and kept.problem != before:
            self._control.note(kept.problem, view.now_ns, "warn")

    def _plan_drawn(self, number: int) -> None:
        """Note that plan `number` is on the terminal; not before the terminal has taken it."""
        if self.ui.dialog not in PLANS or self.ui.plan_number != number or self.ui.plan_drawn_ns:
            return
        if self.terminal is None or self.terminal.ready:
            self.ui.plan_drawn_ns = self._now_ns()
        else:
            self.set_timer(_TAKEN_S, lambda: self._plan_drawn(number))

    def _link(self) -> TerminalLink:
        terminal = self.terminal
        return TerminalLink(terminal.accept_ms, terminal.stalled_s) if terminal else TerminalLink(0.0, 0.0)

    def _set_title(self, view: View) -> None:
        """Bring the terminal's title up to date, once a second at most: it may be in a list that somebody watches."""
        named = title(view)
        if named != self._title and view.now_ns >= self._title_due_ns and self.terminal is not None:
            self._title, self._title_due_ns = named, view.now_ns + _TITLE_NS
            self.terminal.write(f"\x1b]2;{named}\x07")

    def _call(self, view: View) -> None:
        """Call whoever sits at the terminal, by its bell and as the configuration says, for what is grave."""
        message = self._alerts.look(view.snapshot, view.now_ns, silences(view), view.attachment.run)
        if message is not None and self.terminal is not None:
            chosen = view.snapshot.alerts
            self.terminal.write(sequences(message, bell=chosen.bell, notify=chosen.notify))

    def _leave(self) -> None:
        self.left = True
        self.exit()

    def terminal_lost(self, why: str) -> None:
        """End the screen; what becomes of the engine is for whoever showed it."""
        self.lost = why or "the terminal is gone"
        self.exit()

    def terminate(self) -> None:
        """End the screen in good order (SIGTERM)."""
        self.exit()

    def _copy(self) -> None:
        """Hand the selected line to the terminal's clipboard."""
        text = focused(self.ui).copied(self._view) if self._view is not None else ""
        if text and self.terminal is not None:
            encoded = base64.b64encode(text.encode()).decode()
            self.terminal.write(f"\x1b]52;c;{encoded}\x07")
            self._control.note("copied", self._now_ns())

    def _save(self) -> None:
        if self._view is None:
            return
        lines = frame(self._view, *self.size)
        rows = ([(words, style_of(self.ui.theme, style)) for words, style in line] for line in lines)
        paper = style_of(self.ui.theme, "").bgcolor
        picture = svg(rows, self.size.width, paper.get_truecolor().hex if paper else GROUND)
        try:
            path = save(self._pictures, plain(lines), picture)
        except OSError as error:
            why = f"{self._pictures}: {error.strerror}"
            self._control.note(f"the picture could not be saved: {why}", self._now_ns(), "warn")
        except PictureError as error:
            self._control.note(f"the picture was not saved: {error}", self._now_ns(), "warn")
        else:
            folder = str(path.parent).replace(f"{Path.home()}/", "~/", 1)
            self._control.note(f"saved {path.stem}.svg and .txt in {folder}", self._now_ns())

    def _set_mouse(self, on: bool) -> None:
        if self.terminal is not None:
            self.terminal.set_mouse(on)
