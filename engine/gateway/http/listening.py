"""The socket that the service listens on: a port of this machine, reached from itself alone, or a private Unix socket."""

import errno
import socket
from pathlib import Path
from typing import Final

from engine.link import address
from engine.model.errors import InputError, reason

HOST: Final = "127.0.0.1"  # and no other: what is served is for this machine


def listen_on_port(port: int) -> socket.socket:
    """Listen on `port` of 127.0.0.1 (0: a free one); raises InputError where that cannot be had."""
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named: else an answer waits 40 ms for its second half.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        why = "somebody listens there already" if error.errno == errno.EADDRINUSE else reason(error)
        raise InputError(f"port {port} of {HOST}: {why}; allowed: another --port, 0 for a free one") from None
    listener.setblocking(False)
    return listener


def listen_at(path: Path) -> socket.socket:
    """Listen on a Unix socket at `path`, mode 0600; raises UserError where somebody does, or it would not be private."""
    if address.listening_pid(path):
        raise InputError(f"socket {path}: somebody listens there already; allowed: another --socket")
    return address.listen(path)
