"""A process of `bench --delivery` that only receives: the bare, blocking `recv` loop that every mode is compared with.

What it measures is what machine, kernel and interpreter need for a packet that nobody works on. Knows no engine.
"""

import gc
import socket
import sys
import time

from engine.bench.packets import FRAME_BYTES, SENT, SENT_AT
from engine.bench.protocol import Collect, Fail, Slice, answer, orders

_PATIENCE_S = 30.0
_now_ns = time.perf_counter_ns


def main() -> None:
    """Receive what is announced, from the port and the path that the command line names."""
    gc.disable()
    try:
        with subscribed(int(sys.argv[1]), sys.argv[2]) as sock:
            for order in orders():
                answer(Slice(receive(sock, order.count)) if isinstance(order, Collect) else Fail("bare: no such order"))
    except OSError as error:
        answer(Fail(f"bare loop: {error.strerror or error}"))


def subscribed(port: int, path: str) -> socket.socket:
    """A connection on which the packets will come; raises OSError."""
    sock = socket.create_connection(("127.0.0.1", port), _PATIENCE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(f"GET {path} HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += sock.recv(1)
    sock.sendall(b"\x81\x80\0\0\0\0")  # an empty text: what a subscription is here
    sock.settimeout(None)
    return sock


def receive(sock: socket.socket, count: int) -> list[int]:
    """How late each of the next `count` packets is (ns), from before it was sent to when it is in our hands."""
    late_ns: list[int] = []
    read, recv, note = SENT.unpack_from, sock.recv, late_ns.append
    rest = b""
    while len(late_ns) < count:
        data = recv(65_536)
        now_ns = _now_ns()
        if not data:
            raise ConnectionResetError(None, "the sender is gone")
        if rest:
            data = rest + data
        whole = len(data) - len(data) % FRAME_BYTES
        for at in range(2 + SENT_AT, whole, FRAME_BYTES):
            note(now_ns - read(data, at)[0])
        rest = data[whole:]
    return late_ns


if __name__ == "__main__":
    main()
