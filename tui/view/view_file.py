"""Keeps what the operator was looking at in a small file beside the engine's state, for the next screen. Knows no pane.

The file is written while the screen runs, so that a killed one leaves it behind. It holds choices of the view only: a
damaged, foreign or newer one is worth nothing and ignored.
"""

import os
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from engine import Snapshot, cleaned
from tui.view.listing import symbol_of
from tui.view.model import LogLevel, ThemeName, Ui

FILE = "view.json"
_VERSION: Final = 1
_LARGEST = 4096
_LONGEST = 60
_EVERY_NS = 1_000_000_000
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class KeptView(Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept; `theme` only where the operator chose one, the instrument by its symbol."""

    version: Literal[1]
    focus: str = ""  # the name of a pane
    zoom: bool = False
    symbol: str = ""
    log_level: LogLevel = "INFO"
    search: str = ""
    theme: ThemeName | None = None
    mouse: bool = False
    closing_shown: str = ""
    order: int = 0  # of the table
    candles: bool = False


class ViewFile:
    """The file of one state directory; `problem` says why it was not written the last time, empty when it was. It may be for reading only."""

    def __init__(self, folder: Path, *, reads_only: bool = False) -> None:
        self._folder = folder
        self._reads_only = reads_only
        self._written: KeptView | None = None
        self._theme: ThemeName | None = None  # as kept before this screen
        self._given_theme: ThemeName = "ansi"
        self._due_ns = 0
        self._wanted = ""  # the instrument that is selected as soon as there is a quote of it
        self.problem = ""

    def take_up(self, ui: Ui, panes: Collection[str]) -> None:
        """Set `ui` as it was left; its theme stays where the terminal has no colours.

        What cannot be read, or names a pane that is none of `panes`, changes nothing.
        """
        self._given_theme = ui.theme
        kept = self._written = _read(self._folder)
        if kept is None or kept.focus not in {*panes, ""}:
            return
        ui.focus, ui.zoom, ui.mouse = kept.focus, kept.zoom, kept.mouse
        ui.log_level, ui.search, ui.order = kept.log_level, kept.search, kept.order
        ui.candles = kept.candles
        ui.closing_shown = kept.closing_shown
        self._theme, self._wanted = kept.theme, kept.symbol
        if kept.theme is not None and ui.theme != "mono":
            ui.theme = self._given_theme = kept.theme

    def select(self, ui: Ui, seen: Snapshot) -> None:
        """Select the kept instrument, once, when there is a quote of it, unless the operator was quicker."""
        if ui.selected:
            self._wanted = ""
        for quote in seen.quotes if self._wanted else ():
            if symbol_of(seen, quote.instrument) == self._wanted:
                ui.selected, self._wanted = quote.instrument, ""
                return

    def keep(self, ui: Ui, seen: Snapshot, now_ns: int) -> None:
        """Write what is shown if it is not what was written, at most once a second."""
        if now_ns >= self._due_ns and self._of(ui, seen) != self._written:
            self._due_ns = now_ns + _EVERY_NS
            self.keep_last(ui, seen)

    def keep_last(self, ui: Ui, seen: Snapshot) -> None:
        """Write what is shown, if it is not what was written: the screen ends."""
        kept = self._of(ui, seen)
        if kept == self._written or self._reads_only:
            return
        try:
            _write(self._folder, msgspec.json.encode(kept))
        except OSError as error:
            self.problem = f"the view is not kept: {error.strerror or error}"
        else:
            self._written, self.problem = kept, ""

    def _of(self, ui: Ui, seen: Snapshot) -> KeptView:
        symbol = symbol_of(seen, ui.selected)
        return KeptView(
            version=_VERSION,
            focus=ui.focus,
            zoom=ui.zoom,
            symbol=self._wanted or symbol,
            log_level=ui.log_level,
            search=ui.search,
            theme=self._theme if ui.theme == self._given_theme else ui.theme,
            mouse=ui.mouse,
            closing_shown=ui.closing_shown,
            order=ui.order,
            candles=ui.candles,
        )


def _read(folder: Path) -> KeptView | None:
    """Return what was kept in `folder`, None where there is nothing of ours."""
    try:
        descriptor = os.open(folder / FILE, _READ)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > _LARGEST:
            return None
        return cleaned(msgspec.json.decode(os.read(descriptor, _LARGEST), type=KeptView), _LONGEST)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    finally:
        os.close(descriptor)


def _write(folder: Path, text: bytes) -> None:
    """Put the file in its place in one step; raises OSError. A link there is replaced, never followed."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    temporary = f".{FILE}.{os.getpid()}"
    try:
        descriptor = os.open(temporary, _WRITE, 0o600, dir_fd=directory)
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)
        os.rename(temporary, FILE, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        with suppress(OSError):  # it may never have been there
            os.unlink(temporary, dir_fd=directory)
        raise
    finally:
        os.close(directory)
