"""A connection to an engine for one short command, by the protocol of `engine.link`, with next to nothing imported. Knows no command."""

from __future__ import annotations

import os
import sys

# Not `socket`, which takes ten times as long to import.
from _socket import AF_UNIX, SO_PEERCRED, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET, socket

from engine.shortcut.pack import packed, unpacked
from engine.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROTOCOL = 1
_LONGEST_PATH = 100  # bytes; a longer one is for the whole program
_LONGEST = 4 * 2**20
_CHUNK = 64 * 2**10


class Call:
    """An open connection; what is sent and received is plain dicts. Raises OSError, ValueError where nobody or nonsense answers."""

    def __init__(self, path: str, timeout_s: float) -> None:
        if len(os.fsencode(path)) > _LONGEST_PATH:
            raise ValueError("a long path")
        self._data = bytearray()
        self._socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
        try:
            self._socket.settimeout(timeout_s)
            self._socket.connect(path)
            peer = self._socket.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
        except OSError:
            self._socket.close()
            raise
        if int.from_bytes(peer[4:8], sys.byteorder) != os.geteuid():
            self._socket.close()
            raise ValueError("the engine belongs to another user")

    def say(self, *requests: dict[str, Any]) -> None:
        """Send requests in one piece; the engine answers them one after the other."""
        frames = (packed(request) for request in requests)
        self._socket.sendall(b"".join(len(each).to_bytes(4, "little") + each for each in frames))

    def hear(self) -> dict[str, Any]:
        """Wait for the next answer."""
        while (message := self._message()) is None:
            data = self._socket.recv(_CHUNK)
            if not data:
                raise ConnectionError("the engine closed the connection")
            self._data += data
        answer = unpacked(message)
        if not isinstance(answer, dict):
            raise ValueError("no answer")  # noqa: TRY004 - it is what came that is wrong
        return answer

    def close(self) -> None:
        """Close it; safe to call twice."""
        self._socket.close()

    def _message(self) -> bytes | None:
        data = self._data
        if len(data) < 4:
            return None
        length = int.from_bytes(data[:4], "little")
        if length > _LONGEST:
            raise ValueError("a frame that is longer than any answer")
        if len(data) < 4 + length:
            return None
        message = bytes(data[4 : 4 + length])
        del data[: 4 + length]
        return message


def hello(name: str) -> dict[str, Any]:
    """The first request of a short command."""
    return {"type": "Hello", "protocol": PROTOCOL, "program": VERSION, "name": name, "screen": False}
