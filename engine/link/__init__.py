"""The engine over a Unix socket: it is served in one process, screens and commands are clients in others. Plain data only."""

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
