"""An independent client of the simulated exchange: websocket-client, and struct formats written out by hand."""

import json
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import websocket

from tests.simulator import Simulator
from tests.support.waiting import PATIENCE_S

WAIT_S = PATIENCE_S
_LTP = struct.Struct("<BB25sqqq")
_QUOTE = struct.Struct("<BB25sqqqqqqddqqqq")
_SNAP = struct.Struct("<BB25sqqqqqqddqqqqqqd" + "hqqh" * 10 + "qqqq")


class Packet(NamedTuple):
    """What a packet says, as far as these tests look at it."""

    mode: int
    exchange_type: int
    token: str
    sequence: int
    exch_ms: int
    price: int
    quantity: int = 0
    average: int = 0
    volume: int = 0
    buy_total: float = 0.0
    ohlc: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()
    limits: tuple[int, ...] = ()


def packet(data: bytes) -> Packet:
    """`data` taken apart by its length."""
    form = {51: _LTP, 123: _QUOTE, 379: _SNAP}[len(data)]
    values = form.unpack(data)
    head = (values[0], values[1], values[2].rstrip(b"\0").decode(), *values[3:6])
    if form is _LTP:
        return Packet(*head)
    more = (*values[6:9], values[9], values[11:15])
    return Packet(*head, *more) if form is _QUOTE else Packet(*head, *more, values[18:58], values[58:60])


def request(tokens: Sequence[str], *, mode: int = 2, action: int = 1, exchange_type: int = 2) -> str:
    """The text that subscribes (1) or unsubscribes (0)."""
    listed = [{"exchangeType": exchange_type, "tokens": list(tokens)}]
    return json.dumps({"correlationID": "abcde12345", "action": action, "params": {"mode": mode, "tokenList": listed}})


@contextmanager
def connected(
    sim: Simulator, *tokens: str, mode: int = 2, headers: Sequence[str] | None = None
) -> Iterator[websocket.WebSocket]:
    """A client of SmartAPI's stream, subscribed to `tokens`, past the first pong."""
    ws = websocket.create_connection(sim.ws_url, header=list(headers or sim.headers), timeout=WAIT_S)
    try:
        assert ws.recv_data() == (1, b"pong")
        if tokens:
            ws.send(request(tokens, mode=mode))
        yield ws
    finally:
        ws.shutdown()


def packets(ws: websocket.WebSocket, count: int) -> list[Packet]:
    """The next `count` packets."""
    found: list[Packet] = []
    while len(found) < count:
        opcode, data = ws.recv_data()
        assert opcode == 2, (opcode, data[:80])
        found.append(packet(data))
    return found


def until_over(ws: websocket.WebSocket) -> tuple[list[bytes], str]:
    """Every data message until the link ends, and how it ended: the close code, or what kind of error."""
    got: list[bytes] = []
    while True:
        try:
            opcode, data = ws.recv_data()
        except (OSError, websocket.WebSocketException) as error:
            return got, type(error).__name__
        if opcode == 8:
            return got, str(int.from_bytes(data[:2], "big")) + " " + data[2:].decode()
        got.append(data)


@contextmanager
def raw(sim: Simulator, *tokens: str) -> Iterator[socket.socket]:
    """The bare socket of a client that was upgraded and subscribes to `tokens`; the answer to the handshake is read."""
    with socket.create_connection(("127.0.0.1", sim.port), WAIT_S) as sock:
        sock.sendall(handshake(sim))
        head = read_until(sock, b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        if tokens:
            sock.sendall(masked(request(tokens).encode()))
        yield sock


def handshake(sim: Simulator) -> bytes:
    """A good request for SmartAPI's stream."""
    lines = ["GET /smart-stream HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", *sim.headers]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def masked(payload: bytes, opcode: int = 1) -> bytes:
    """A client's frame; the mask is all zero."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """Bytes up to and with `mark`, one at a time so that nothing behind it is lost."""
    data = b""
    while not data.endswith(mark):
        more = sock.recv(1)
        assert more, data
        data += more
    return data


def read(sock: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes."""
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        assert more, (len(data), size)
        data += more
    return data
