"""A client's connection: one request and its answer at a time, both limited in time and size. Blocks its thread."""

import os
import socket
import time
from pathlib import Path
from typing import Self

from engine.link import address
from engine.link.frames import MessageReader, frame
from engine.link.protocol import (
    ENCODER,
    LIGHT,
    LINES_A_LOOK,
    LOG,
    NAME_LIMIT,
    ORDERS_CHANGED,
    PROTOCOL,
    REPLY_LIMIT,
    SECTIONS,
    Bye,
    Hello,
    Replies,
    Reply,
    Request,
    RequestRefused,
    SnapshotReply,
    Welcome,
    understood,
)
from engine.link.replica import Replica
from engine.model.errors import UserError, WireError, reason
from engine.version import VERSION

_CHUNK = 64 * 2**10
_PARTS = frozenset({*SECTIONS, LIGHT, LOG, ORDERS_CHANGED})


class LinkError(UserError):
    """No engine answers, or not by the protocol; one line that says where and why."""


class RefusedError(LinkError):
    """The engine refuses this client; trying again will not help."""


class Channel:
    """An open connection; every call takes at most `timeout_s` and raises LinkError, after which it is of no more use."""

    def __init__(self, path: Path, hello: Hello, timeout_s: float) -> None:
        """Connect and say `hello`; raises LinkError when nobody answers, or refuses."""
        self.timeout_s = timeout_s
        self._path = path
        self._until_s = time.monotonic() + timeout_s
        self._reader = MessageReader(REPLY_LIMIT)
        self._replies = Replies()
        self._parts: dict[str, bytes] = {}  # those of the newest snapshot, by name
        self._sock = _connected(path, timeout_s)
        try:
            welcome = self.ask(hello)
            if not isinstance(welcome, Welcome):
                raise self._bad("it did not answer with Welcome")
        except LinkError:
            self.close()
            raise
        self.welcome = welcome

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._sock.close()

    def ask(self, request: Request) -> Reply:
        """Send `request` and wait for its answer."""
        self._until_s = time.monotonic() + self.timeout_s
        self._send(request)
        try:
            reply: Reply = understood(self._replies.reply, self._receive())
        except WireError as error:
            raise self._bad(str(error)) from error
        if isinstance(reply, RequestRefused):
            raise RefusedError(reply.reason)
        self._parts = {}
        if isinstance(reply, SnapshotReply):
            if len(reply.parts) > len(_PARTS) or not {*reply.parts} <= _PARTS:
                raise self._bad("a snapshot of unknown parts")
            self._parts = {name: self._receive() for name in reply.parts}
        return reply

    def look(
        self, replica: Replica, log_limit: int = LINES_A_LOOK, tells: dict[str, int] | None = None
    ) -> SnapshotReply:
        """Bring `replica` up to date, as far as one answer goes; `tells` as in `GetSnapshot`."""
        reply = self.ask(replica.look(log_limit, tells))
        if not isinstance(reply, SnapshotReply):
            raise LinkError("the engine answered something else than it was asked")
        try:
            replica.take(reply, self._parts)
        except WireError as error:
            raise LinkError(f"the engine's snapshot cannot be read: {error}") from error
        return reply

    def tell_bye(self, *, detached: bool) -> None:
        """Say that this client leaves; there is no answer."""
        self._until_s = time.monotonic() + self.timeout_s
        self._send(Bye(detached))

    def _send(self, request: Request) -> None:
        try:
            self._sock.settimeout(self.timeout_s)
            self._sock.sendall(frame(ENCODER.encode(request)))
        except OSError as error:
            raise self._lost(error) from error

    def _receive(self) -> bytes:
        """One frame, before `_until_s`."""
        try:
            while (payload := self._reader.take()) is None:
                self._sock.settimeout(max(0.001, self._until_s - time.monotonic()))
                data = self._sock.recv(_CHUNK)
                if not data:
                    raise LinkError(f"the engine at {self._path} closed the connection")
                self._reader.feed(data)
        except WireError as error:
            raise self._bad(str(error)) from error
        except OSError as error:
            raise self._lost(error) from error
        return payload

    def _lost(self, error: OSError) -> LinkError:
        if isinstance(error, TimeoutError):
            return LinkError(f"no answer from the engine for {self.timeout_s:g} s")
        return LinkError(f"the connection to the engine was lost: {reason(error)}")

    def _bad(self, why: str) -> LinkError:
        return LinkError(f"what answers at {self._path} is no engine of this program: {why}")


def hello_of(
    name: str,
    *,
    screen: bool,
    wants_control: bool = False,
    at_once: bool = True,
    may_flat: bool = False,
) -> Hello:
    """The first request of every client of this program."""
    return Hello(PROTOCOL, VERSION, f"{name:.{NAME_LIMIT}}", wants_control, screen, at_once, may_flat)


def _connected(path: Path, timeout_s: float) -> socket.socket:
    """A connection to `path` with one of our own user at its other end."""
    try:
        sock = address.connect(path, timeout_s)
    except FileNotFoundError:
        raise LinkError(f"no engine runs here: there is no {path}") from None
    except ConnectionRefusedError:
        raise LinkError(f"no engine runs here: nobody listens at {path}; the last one was killed") from None
    except (BlockingIOError, TimeoutError):
        raise LinkError(f"the engine at {path} accepts no connection for {timeout_s:g} s") from None
    except PermissionError:
        raise LinkError(f"the engine at {path} belongs to another user") from None
    except (OSError, ValueError) as error:
        raise LinkError(f"no engine can be reached at {path}: {error}") from error
    uid = address.peer_uid(sock)
    if uid is not None and uid != os.geteuid():
        sock.close()
        raise LinkError(f"the engine at {path} belongs to another user")
    return sock
