"""A socket on which every wait ends at a deadline, or at once when somebody wakes it. Knows no protocol above TCP and TLS."""

import os
import select
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.stream.errors import LinkLost, Stopped, in_words
from engine.stream.wakeup import Wakeup, beside, whole_ms

if TYPE_CHECKING:
    import ssl

_now_ns = time.perf_counter_ns
_RECV_BYTES = 65_536
_TRIES = 3  # addresses of one host


class StreamSocket:
    """A connected, non-blocking socket, TLS or plain, and what wakes it; used by one thread."""

    def __init__(self, sock: socket.socket, wakeup: Wakeup) -> None:
        self._sock = sock
        self._wakeup_fd = wakeup.fileno()
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._poll.register(self._wakeup_fd, select.POLLIN)
        self._pending: Callable[[], int] = lambda: 0  # bytes that TLS has unpacked and nobody has read
        # Errors that only mean "not now", and what must be awaited then.
        self._not_now: dict[type[OSError], int] = {BlockingIOError: select.POLLOUT}

    def receive(self, deadline_ns: int, most: int = _RECV_BYTES) -> bytes | None:
        """What has come, as soon as something has; None when nothing came until the deadline. Raises LinkLost, Stopped."""
        if not self._pending():
            ready = self._poll.poll(whole_ms(deadline_ns - _now_ns()))
            if not ready:
                return None
            if self._wakeup_fd in {ready[0][0], ready[-1][0]}:
                raise Stopped
        try:
            data = self._sock.recv(most)
        except OSError as error:
            if type(error) in self._not_now:
                return None
            raise LinkLost(in_words(error)) from None
        if not data:
            raise LinkLost("closed by the server without a word")
        return data

    def send(self, data: bytes, deadline_ns: int) -> None:
        """Send all of it by the deadline; raises LinkLost, Stopped."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except OSError as error:
                self._await(error, deadline_ns, "the server takes nothing")

    def connect(self, address: Any, deadline_ns: int) -> None:
        """Reach `address`; raises LinkLost, Stopped."""
        try:
            self._sock.connect(address)
        except OSError as error:
            self._await(error, deadline_ns, "no answer to the connection")
        failed = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise LinkLost(os.strerror(failed).lower())

    def secure(self, context: "ssl.SSLContext", host: str, deadline_ns: int) -> None:
        """Go on in TLS with the server that can prove to be `host`; raises LinkLost, Stopped."""
        import ssl  # noqa: PLC0415 - 5 MB that only an encrypted line needs

        self._poll.unregister(self._sock)
        try:
            tls = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
        except (OSError, ValueError):  # closed between the connection and here
            raise LinkLost("TLS: closed by the server without a word") from None
        self._sock = tls
        self._poll.register(tls, select.POLLIN)
        self._pending = tls.pending
        self._not_now = {ssl.SSLWantReadError: select.POLLIN, ssl.SSLWantWriteError: select.POLLOUT}
        while True:
            try:
                return tls.do_handshake()
            except OSError as error:
                self._await(error, deadline_ns, "no answer to the TLS handshake", "TLS: ")

    def close(self) -> None:
        """End the connection in both directions."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            self._pending = lambda: 0  # the other side was faster
        self._sock.close()

    def _await(self, error: OSError, deadline_ns: int, late: str, what: str = "") -> None:
        """Wait for what `error` asks for; raises LinkLost when it is a real one or the deadline passes, Stopped."""
        events = self._not_now.get(type(error))
        if events is None:
            raise LinkLost(what + in_words(error)) from None
        poll = select.poll()
        poll.register(self._sock, events)
        poll.register(self._wakeup_fd, select.POLLIN)
        ready = poll.poll(whole_ms(deadline_ns - _now_ns()))
        if any(fd == self._wakeup_fd for fd, _ in ready):
            raise Stopped
        if not ready:
            raise LinkLost(late) from None


def dial(host: str, port: int, wakeup: Wakeup, deadline_ns: int, *, loopback_only: bool) -> StreamSocket:
    """A line to the first address of `host` that answers; raises LinkLost, Stopped."""
    left_s = (deadline_ns - _now_ns()) / 1e9
    name = host.encode("ascii")  # as bytes, which spares the tables of international names
    ask = partial(socket.getaddrinfo, name, port, type=socket.SOCK_STREAM)
    found = beside(ask, wakeup, left_s, f"no address for {host}")
    addresses = [(family, address) for family, _, _, _, address in found]
    if loopback_only and not all(address[0] == "::1" or str(address[0]).startswith("127.") for _, address in addresses):
        raise LinkLost(f"{host} is not this machine; an unencrypted line goes nowhere else")
    lost = LinkLost(f"no address for {host}")
    for left in range(min(len(addresses), _TRIES), 0, -1):
        family, address = addresses.pop(0)
        now_ns = _now_ns()
        try:
            return _connected(family, address, wakeup, now_ns + (deadline_ns - now_ns) // left)
        except LinkLost as problem:
            lost = problem
    raise lost


def _connected(family: int, address: Any, wakeup: Wakeup, deadline_ns: int) -> StreamSocket:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # too many files open: may pass
        raise LinkLost(in_words(error)) from None
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line = StreamSocket(sock, wakeup)
    try:
        line.connect(address, deadline_ns)
    except (LinkLost, Stopped):
        line.close()
        raise
    return line
