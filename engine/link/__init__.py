"""The door through a Unix socket: an engine here, screens elsewhere. Only plain data passes."""

from engine.link.channel import LinkError
from engine.link.client import RemoteDoor
from engine.link.control import Operator
from engine.link.oneshot import Call
from engine.link.server import LinkServer

__all__ = ["Call", "LinkError", "LinkServer", "Operator", "RemoteDoor"]
