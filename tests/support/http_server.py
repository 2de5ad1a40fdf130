"""A web server of a few lines on 127.0.0.1 that answers whatever a test wants, or nothing at all."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Self

from tests.support.waiting import PATIENCE_S


class HttpRequest(NamedTuple):
    """One request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Wrap = Callable[[socket.socket], socket.socket]
Respond = Callable[[HttpRequest], bytes | None]  # None: no answer, the connection stays open


def answer(status: int, body: bytes | str, **headers: str) -> bytes:
    """A whole HTTP answer; `headers` with _ for -."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


class LoopbackServer:
    """Within: a server at `url`, a thread a connection; what becomes of a request says who makes one of it.

    `requests` are those that came whole, `accepted` counts connections; `wrap` puts TLS around one, `idle` is given it before
    it is read.
    """

    def __init__(self, *, wrap: Wrap | None = None, idle: Callable[[socket.socket], object] | None = None) -> None:
        self.requests: list[HttpRequest] = []
        self.accepted = 0
        self.idle = idle
        self._wrap = wrap
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """End all connections, and take no more."""
        if self._over.is_set():
            return
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(PATIENCE_S)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):  # whoever asked may have gone
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(PATIENCE_S)

    def serve(self, connection: socket.socket, asked: HttpRequest) -> None:
        """What becomes of a request."""
        raise NotImplementedError

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.add(connection)
            self._threads.append(threading.Thread(target=self._take, args=(connection,)))
            self._threads[-1].start()

    def _take(self, connection: socket.socket) -> None:
        try:
            if self._wrap:
                self._open.discard(connection)
                connection = self._wrap(connection)
                self._open.add(connection)
            if self.idle is not None:
                self.idle(connection)
            asked = read_request(connection)
            self.requests.append(asked)
            self.serve(connection, asked)
        except OSError:
            return  # the client has gone, which some tests are about
        finally:
            self._open.discard(connection)
            connection.close()


class HttpServer(LoopbackServer):
    """Answers as `respond` says; `came` is set when a request has come whole. With `hold` it does not close after its answer."""

    def __init__(self, respond: Respond, *, hold: bool = False, wrap: Wrap | None = None) -> None:
        super().__init__(wrap=wrap)
        self.came = threading.Event()
        self._hold = hold
        self._respond = respond

    def serve(self, connection: socket.socket, asked: HttpRequest) -> None:
        """Say it, or nothing until the client goes."""
        self.came.set()
        said = self._respond(asked)
        if said is not None:
            connection.sendall(said)
        if said is None or self._hold:
            connection.recv(1)


def read_request(connection: socket.socket) -> HttpRequest:
    """The next request, whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("no request")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, path, _ = first.split(" ")
    return HttpRequest(method, path, headers, body)
