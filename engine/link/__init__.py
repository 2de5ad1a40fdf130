"""The door through a Unix socket: an engine here, screens elsewhere. Only plain data passes."""

from engine.link.channel import LinkError
from engine.link.client import RemoteEngine
from engine.link.control import OperatorPolicy
from engine.link.oneshot import Oneshot
from engine.link.server import LinkServer

__all__ = ["LinkError", "LinkServer", "Oneshot", "OperatorPolicy", "RemoteEngine"]
