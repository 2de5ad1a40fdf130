"""The log of the running program: written by its own thread, never waited for by those who log; knows nothing of what is logged.

The names are resolved when they are asked for: a console alone needs no log file.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.logs.book import LogBook
    from engine.logs.kept import log_trade

__all__ = ["LogBook", "log_trade"]


def __getattr__(name: str) -> Any:
    """Import a name from the file that defines it."""
    if name not in __all__:
        raise AttributeError(f"module 'engine.logs' has no attribute '{name}'")
    return getattr(import_module("engine.logs.book" if name == "LogBook" else "engine.logs.kept"), name)
