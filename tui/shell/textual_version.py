"""The one Textual version whose insides the screen leans on, and the part of it that is never loaded."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Final

import textual

PINNED: Final = "8.2.8"
# The installed version, by the name of its folder: asking `importlib.metadata` would cost two megabytes.
FITS: Final = (Path(textual.__file__).parents[1] / f"textual-{PINNED}.dist-info").is_dir()
_PALETTE: Final = "textual.command"
_OF_PALETTE: Final = ("CommandListItem", "CommandPalette", "DiscoveryHit", "Hit", "Hits", "Provider", "SimpleProvider")


def leave_out_palette() -> None:
    """Let Textual's command palette and its widgets not be loaded: this program has a palette of its own, and that one is switched off.

    Before the application is imported: it takes names from there which nothing uses then. Another version might use them.
    """
    if FITS and _PALETTE not in sys.modules:
        palette = ModuleType(_PALETTE, "Left out; see tui.shell.textual_version.")
        palette.__dict__.update({name: type(name, (), {}) for name in _OF_PALETTE})
        sys.modules[_PALETTE] = palette
