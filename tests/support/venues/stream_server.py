"""A WebSocket server that does what a script says, byte by byte; for feeds that must survive it."""

import base64
import contextlib
import hashlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

from tests.support.waiting import PATIENCE_S

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A server's frame."""
    head = bytes([opcode | (0x80 if fin else 0)])
    size = len(payload)
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65_536:
        return head + b"\x7e" + struct.pack(">H", size) + payload
    return head + b"\x7f" + struct.pack(">Q", size) + payload


class ServerConnection:
    """One connection as its script sees it; every read waits at most `PATIENCE_S`."""

    def __init__(self, sock: socket.socket, stopped: threading.Event, heads: list[bytes]) -> None:
        self.sock = sock
        self.stopped = stopped
        self.head = b""
        self._heads = heads
        self._rest = b""

    def _read(self, size: int) -> bytes:
        while len(self._rest) < size:
            data = self.sock.recv(65_536)
            if not data:
                raise ConnectionError("the client is gone")
            self._rest += data
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def read_head(self) -> bytes:
        """The request, up to its blank line."""
        while b"\r\n\r\n" not in self._rest:
            data = self.sock.recv(65_536)
            if not data:
                raise ConnectionError("the client is gone")
            self._rest += data
        self.head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        self._heads.append(self.head)
        return self.head

    def switching(self) -> bytes:
        """The answer that makes a WebSocket of it."""
        key = next(line.split(b": ")[1] for line in self.head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        accept = base64.b64encode(hashlib.sha1(key + _GUID.encode()).digest())
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Set-Cookie: track=1; Domain=127.0.0.1\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def accept(self, greetings: int = 1) -> list[bytes]:
        """Shake hands and read the client's first texts."""
        self.read_head()
        self.raw(self.switching())
        return [self.read_frame()[1] for _ in range(greetings)]

    def answer(self, status: str, *headers: str, body: str = "") -> None:
        """Read the request and answer it with something else."""
        self.read_head()
        self.raw("\r\n".join([f"HTTP/1.1 {status}", *headers, "", body]).encode())

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send(self, opcode: int, payload: bytes) -> None:
        self.raw(frame(opcode, payload))

    def read_frame(self) -> tuple[int, bytes]:
        """The client's next frame, unmasked."""
        first, size = self._read(2)
        assert size & 0x80, "a client masks"
        size &= 0x7F
        if size == 126:
            size = struct.unpack(">H", self._read(2))[0]
        mask = self._read(4)
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self._read(size)))
        return first & 0x0F, payload

    def read_close(self) -> int:
        """The code of the client's close frame, whatever comes before it."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2])

    def reset(self) -> None:
        """End with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def linger(self) -> None:
        """Stay as it is until the client or the test is gone."""
        try:
            while not self.stopped.is_set() and self.sock.recv(65_536):
                pass
        except TimeoutError:
            return


Script = Callable[[ServerConnection], None]


class ScriptedServer:
    """Plays one script per connection, the last one for all that follow; `wrap` may put TLS around a socket."""

    def __init__(self, *scripts: Script, wrap: Callable[[socket.socket], socket.socket] | None = None) -> None:
        self._scripts = scripts
        self._wrap = wrap
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heads: list[bytes] = []
        self.seen: list[object] = []  # what scripts want the test to look at
        self.connections = 0
        self._stopped = threading.Event()
        self._socks: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for sock in [self._listener, *self._socks]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._listener.close()
        for sock in self._socks:
            sock.close()
        assert not self.errors, self.errors

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE_S)
            self._socks.append(sock)
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._start(self._play, sock, script)

    def _play(self, sock: socket.socket, script: Script) -> None:
        conn = ServerConnection(sock, self._stopped, self.heads)
        try:
            if self._wrap is not None:
                conn.sock = self._wrap(sock)
                self._socks.append(conn.sock)
            script(conn)
        except OSError:
            return  # the client is gone, as it may
        except BaseException as error:  # noqa: BLE001 - told when the server ends
            self.errors.append(error)
        finally:
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
            conn.sock.close()
