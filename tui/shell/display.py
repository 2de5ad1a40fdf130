"""The Textual application's way to the terminal: only cells that changed, only when the terminal takes them. Knows no pane.

It leans on the insides of one Textual version; with any other it steps aside and Textual draws as it always does.
"""

import asyncio
import traceback
from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Size
from textual.screen import Screen

from tui.shell.board import PaintedRow
from tui.shell.textual_version import FITS
from tui.terminal.diff import Cells
from tui.terminal.driver import TerminalDriver

SETTLE_S = 0.05  # after a change of size, until Textual has laid out the new one
FORGET_AFTER_S = 1.0  # a terminal that was away for so long may show something else now


class DiffApp(App[int]):
    """An application that draws differences, and draws again whatever the terminal may have lost."""

    def __init__(self) -> None:
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        self.cells = Cells()

    @property
    def terminal(self) -> TerminalDriver | None:
        """The driver of the real terminal; None in tests without one."""
        return self._driver if isinstance(self._driver, TerminalDriver) else None

    @property
    def _by_cells(self) -> bool:
        """Whether the terminal is ours to draw on."""
        return FITS and self.terminal is not None and self._running and not self._closed and not self._batch_count

    def paint(self, size: Size, rows: Iterable[PaintedRow]) -> bool:
        """Draw `rows` of a screen of `size` at once, past Textual, whose way there takes longer than all else.

        False where Textual has to draw: it alone knows a size that the terminal does not show yet.
        """
        if not self._by_cells or not size or size != (self.cells.width, self.cells.height):
            return False
        for y, spans in rows:
            self.cells.put_spans(0, y, spans)
        self.draw()
        return True

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Draw `renderable`: by cells where it is a plain update of the screen, else as Textual does."""
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate) or not self._by_cells:
            if renderable is not None:
                self.cells.forget()
            super()._display(screen, renderable)
            return
        if isinstance(renderable, LayoutUpdate):
            self._put_layout(renderable)
        else:
            self._put_chops(renderable)
        self.draw()
        self.post_display_hook()

    def _put_layout(self, update: LayoutUpdate) -> None:
        x, y, width, height = update.region
        if (x, y) == (0, 0):
            self.cells.resize(width, height)
        for row, strips in enumerate(update.strips, y):
            self.cells.put(x, row, [segment for strip in strips for segment in strip])

    def _put_chops(self, update: ChopsUpdate) -> None:
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x <= last and end > first:
                    whole = last > x >= first and end <= last
                    self.cells.put(x, y, strip if whole else strip.crop(0, min(end, last) - x))

    def draw(self) -> None:
        """Bring the terminal up to date if it takes output; if not, `terminal_ready` will."""
        terminal = self.terminal
        if terminal is None or not self._running:
            return
        frame = self.cells.frame() if terminal.ready else None
        if frame is None:
            terminal.call_when_ready()
        elif not frame or terminal.offer(frame):
            self.cells.commit()

    def _fatal_error(self) -> None:
        """End; the traceback is printed when the terminal is restored, without the values of variables: some are secret."""
        self._exit_renderables.append(Text(traceback.format_exc()))
        self._close_messages_no_wait()

    def terminal_ready(self, stalled_s: float) -> None:
        """The terminal takes output again, after `stalled_s` seconds."""
        if stalled_s > FORGET_AFTER_S:
            self.cells.forget()
        if FITS:
            self.draw()
        elif self._running:
            self.refresh()

    def terminal_changed(self) -> None:
        """The terminal was resized or shown again: nothing is known about what it shows."""
        self.cells.forget()
        asyncio.get_running_loop().call_later(SETTLE_S, self.draw)

    def terminate(self) -> None:
        """The process was asked to end (SIGTERM). Override to end more than the screen."""
        self.exit(return_code=143)
