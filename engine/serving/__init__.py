"""Live runs and what is around them: signals, watchdogs, socket, start and end. Knows no screen.

The names are resolved when they are asked for: a replay takes signals, and carries no socket.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.serving.flat_file import lay_flat
    from engine.serving.launch import await_answer
    from engine.serving.state_dirs import EngineDir, find_place, place_of

__all__ = ["EngineDir", "await_answer", "find_place", "lay_flat", "place_of"]

_FILES = {"await_answer": "launch", "lay_flat": "flat_file"}


def __getattr__(name: str) -> Any:
    """Import a name from the file that defines it."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_FILES.get(name, 'state_dirs')}"), name)
