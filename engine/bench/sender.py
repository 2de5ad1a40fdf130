"""What `bench --delivery` sends with: a WebSocket server on 127.0.0.1 that stamps each packet just before it goes out. Knows no engine."""

import base64
import hashlib
import socket
import time

from engine.bench.packets import FRAME_BYTES, stamp

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
_PONG = b"\x81\x04pong"
_MOST_AT_ONCE = 64_000 // FRAME_BYTES
_PATIENCE_S = 15.0
_LEAD_NS = 2_000_000  # from the call to the first packet

_now_ns = time.perf_counter_ns


def listening() -> socket.socket:
    """A socket that clients can connect to; raises OSError."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(_PATIENCE_S)
    return listener


def accept(listener: socket.socket, path: str) -> socket.socket:
    """The connection of whoever asks for `path`, once it has subscribed; raises OSError."""
    while True:
        sock, _ = listener.accept()
        sock.settimeout(_PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if let_in(sock) == path:
            return sock
        sock.close()


def let_in(sock: socket.socket) -> str:
    """Shake hands, wait for the client's first frame (its subscription); the path it asked for. Raises OSError."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += _received(sock)
    head, _, rest = head.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
    key = headers.get(b"sec-websocket-key", b"")
    accepted = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
    )
    if not rest:
        _received(sock)
    return lines[0].split(b" ")[1].decode("ascii", "replace")


def _received(sock: socket.socket) -> bytes:
    data = sock.recv(65_536)
    if not data:
        raise ConnectionResetError(None, "a client left before it had subscribed")
    return data


def send(client: socket.socket, frames: bytearray, moments_ns: list[int]) -> float:
    """Send each frame when it is due, all that are due at once in one go; the seconds it took. Raises OSError."""
    _answer_pings(client)
    view = memoryview(frames)
    ahead_ns = time.time_ns() - _now_ns()
    count, first = len(moments_ns), 0
    begun_ns = _now_ns() + _LEAD_NS
    while first < count:
        passed_ns = _now_ns() - begun_ns
        last = first
        while last < count and moments_ns[last] <= passed_ns and last - first < _MOST_AT_ONCE:
            last += 1
        if last == first:
            time.sleep((moments_ns[first] - passed_ns) / 1e9)
            continue
        now_ns = _now_ns()
        stamp(frames, first, last, now_ns, (now_ns + ahead_ns) // 1_000_000)
        client.sendall(view[first * FRAME_BYTES : last * FRAME_BYTES])
        first = last
    return (_now_ns() - begun_ns) / 1e9


def _answer_pings(client: socket.socket) -> None:
    """Read what the client said since the last slice and answer its pings with one pong."""
    client.setblocking(False)
    try:
        said = client.recv(65_536)
    except BlockingIOError:
        said = b""
    client.settimeout(_PATIENCE_S)
    if said:
        client.sendall(_PONG)
