"""The engine over a Unix socket: it is served in one process, screens and commands are clients in others. Plain data only.

The names are resolved when they are asked for: a client carries no server.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.link.address import listening_pid
    from engine.link.channel import LinkError, RefusedError
    from engine.link.client import RemoteEngine
    from engine.link.control import OperatorPolicy
    from engine.link.oneshot import Oneshot
    from engine.link.server import LinkServer

__all__ = [
    "LinkError",
    "LinkServer",
    "Oneshot",
    "OperatorPolicy",
    "RefusedError",
    "RemoteEngine",
    "listening_pid",
]

_FILES = {
    "LinkServer": "server",
    "Oneshot": "oneshot",
    "OperatorPolicy": "control",
    "RemoteEngine": "client",
    "listening_pid": "address",
}


def __getattr__(name: str) -> Any:
    """Import a name from the file that defines it."""
    if name not in __all__:
        raise AttributeError(f"module 'engine.link' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_FILES.get(name, 'channel')}"), name)
