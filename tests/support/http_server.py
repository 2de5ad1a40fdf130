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


class HttpServer:
    """Within: a server at `url`; `asked` is what it was asked; `came` is set when a request has come whole.

    With `hold` it does not close after its answer; `wrap` puts TLS around a connection.
    """

    def __init__(self, respond: Respond, *, hold: bool = False, wrap: Wrap | None = None) -> None:
        self._hold = hold
        self._wrap = wrap
        self.requests: list[HttpRequest] = []
        self.came = threading.Event()
        self._respond = respond
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(PATIENCE_S)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):  # whoever asked may have gone
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._wrap:
                self._open.discard(connection)
                connection = self._wrap(connection)
                self._open.add(connection)
            asked = read_request(connection)
            self.requests.append(asked)
            self.came.set()
            said = self._respond(asked)
            if said is not None:
                connection.sendall(said)
            if said is None or self._hold:
                connection.recv(1)  # until the client goes
        except OSError:
            return  # the client has gone, which some tests are about
        finally:
            self._open.discard(connection)
            connection.close()


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
