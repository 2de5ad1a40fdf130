"""The engine of myquant-tui: its front door is the handful of names in `__all__`; what stands behind it is not for others.

The names are resolved when they are asked for, so that importing one room does not carry in all the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.build import Run, build
    from engine.cli import main
    from engine.config import Config, load
    from engine.snapshot import Snapshot

_ROOMS = {
    "Config": "engine.config",
    "Run": "engine.build",
    "Snapshot": "engine.snapshot",
    "build": "engine.build",
    "load": "engine.config",
    "main": "engine.cli",
}

__all__ = ["Config", "Run", "Snapshot", "build", "load", "main"]


def __getattr__(name: str) -> object:
    """Find a name of the front door in its room."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'engine' has no attribute '{name}'")
    return getattr(import_module(_ROOMS[name]), name)
