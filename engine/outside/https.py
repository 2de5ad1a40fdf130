"""One HTTPS call that another thread can end at any moment. Knows no broker; verifies TLS; plain HTTP goes to this machine only."""

import socket
import threading
from collections.abc import Callable, Mapping

from msgspec import Struct

from engine.model.errors import ConfigError
from engine.outside.http_reader import AnswerReader, BadAnswerError, HttpAnswer
from engine.text.sanitize import clean

CHUNK_BYTES = 1 << 16
_WITH_BODY = ("POST", "PUT", "PATCH")  # and they say so where it is empty
_LATIN = "\xff"  # the last letter that a head may have
_LOOPBACK = ("127.0.0.1", "localhost")

Sink = Callable[[bytes], object]


class CallError(Exception):
    """No whole answer came; the text says why and holds nothing of the request. `sent`: the server may have acted on it."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class Request(Struct, frozen=True):
    """What is asked: at most `limit_bytes` of answer within `total_s`, and no silence longer than `silence_s`.

    With a `sink` the body of a 200 is handed to it piece by piece, from another thread than the caller's.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    limit_bytes: int = 1 << 18
    total_s: float = 7.0
    silence_s: float = 7.0
    sink: Sink | None = None


class Origin(Struct, frozen=True):
    """A server as an address names it; `path` has no slash at its end."""

    tls: bool
    host: str
    port: int
    path: str


def place_of(url: str) -> Origin:
    """Take `url` apart; raises ConfigError for anything but https://, or http:// on this machine."""
    scheme, _, rest = url.partition("://")
    where, _, path = rest.partition("/")
    host, _, port = where.partition(":")
    tls = scheme == "https"
    if not host or not (tls or (scheme == "http" and host in _LOOPBACK)):
        raise ConfigError(f"{url:.100}: allowed: https://host[:port][/path], or http:// on 127.0.0.1")
    number = int(port) if port.isdecimal() else 0
    if port and not 1 <= number <= 65_535:
        raise ConfigError(f"{url:.100}: the port must be a whole number from 1 to 65535")
    return Origin(tls, host, number or (443 if tls else 80), f"/{path}".rstrip("/"))


class Caller:
    """Makes calls to one place, one after the other; `close` from any thread ends the one under way and refuses more."""

    def __init__(self, url: str) -> None:
        self.place = place_of(url)
        self._lock = threading.Lock()  # guards the two below; never held while waiting
        self._job: _Job | None = None
        self._closed = False

    def call(self, request: Request) -> HttpAnswer:
        """Ask and wait for the whole answer; raises CallError, and what the sink raises."""
        job = _Job(self.place, request)
        with self._lock:
            if self._closed:
                raise CallError("the connection is closed on our side", sent=False)
            self._job = job
        # A thread of its own: looking up a name cannot be interrupted, only left behind.
        threading.Thread(target=job.work, name="https", daemon=True).start()
        try:
            if not job.over.wait(request.total_s):
                job.end(f"no answer within {request.total_s:g} s")
        finally:
            job.end("interrupted")
            with self._lock:
                self._job = None
        return job.result()

    def close(self) -> None:
        """End the call under way, in whatever state it is, and refuse every further one."""
        with self._lock:
            self._closed = True
            job = self._job
        if job is not None:
            job.end("ended on our side")


class _Job:
    """One call: carried out by its own thread, waited for and perhaps ended by others; the first outcome counts."""

    def __init__(self, place: Origin, request: Request) -> None:
        self.over = threading.Event()
        self._place = place
        self._request = request
        self._lock = threading.Lock()  # guards the outcome and which socket is to be shut
        self._outcome: HttpAnswer | Exception | None = None
        self._socket: socket.socket | None = None
        self._sent = False

    def result(self) -> HttpAnswer:
        """The answer; raises what ended the call instead."""
        if isinstance(self._outcome, Exception):
            raise self._outcome
        assert self._outcome is not None
        return self._outcome

    def end(self, why: str) -> None:
        """Make it fail with `why`, unless it is over."""
        self._finish(CallError(why, sent=self._sent))

    def _finish(self, outcome: HttpAnswer | Exception) -> None:
        with self._lock:
            if self._outcome is None:
                self._outcome = outcome
            held, self._socket = self._socket, None
            if held is not None:
                _shut(held)
        self.over.set()

    def work(self) -> None:
        """Carry the call out; the outcome is stored, never raised."""
        try:
            self._finish(self._talk())
        except Exception as error:  # noqa: BLE001 - the mouth of the thread; the caller raises what is stored
            self._finish(error)

    def _talk(self) -> HttpAnswer:
        """Ask on a connection of its own; `http.client` would do it with 2 MB of modules for mail."""
        said = self._spoken()
        try:
            with self._connect() as sock:
                try:
                    return self._exchange(sock, said)
                finally:
                    self._let_go()
        except OSError as error:
            place, silence_s = self._place, self._request.silence_s
            raise CallError(in_plain_words(error, place.host, silence_s), sent=self._sent) from None
        except BadAnswerError as error:
            raise CallError(str(error), sent=self._sent) from None

    def _spoken(self) -> bytes:
        """The request as it goes over the wire; raises CallError where it would say more than one line at a place."""
        request, place = self._request, self._place
        port = "" if place.port == (443 if place.tls else 80) else f":{place.port}"
        told = {"Host": f"{place.host}{port}", "Accept-Encoding": "identity", "Connection": "close", **request.headers}
        if request.body or request.method in _WITH_BODY:
            told["Content-Length"] = str(len(request.body))
        path = place.path + request.path or "/"
        lines = [f"{request.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        if " " in path or not all(line.isprintable() and max(line) <= _LATIN for line in lines):
            raise CallError("what is asked cannot be said in HTTP", sent=False)
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body

    def _connect(self) -> socket.socket:
        """A connected socket that `end` can shut from the first moment on."""
        place = self._place
        host = place.host if place.tls else "127.0.0.1"
        failure: OSError = OSError("no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, place.port, type=socket.SOCK_STREAM):
            raw = socket.socket(family, kind, protocol)
            try:
                raw.settimeout(self._request.silence_s)
                self._hold(raw)
                raw.connect(address)
                return self._secure(raw) if place.tls else raw
            except OSError as error:
                failure = error
                self._let_go()
                raw.close()
        raise failure

    def _secure(self, raw: socket.socket) -> socket.socket:
        import ssl  # noqa: PLC0415 - OpenSSL: megabytes that a replay need not carry

        context = ssl.create_default_context()
        secured = context.wrap_socket(raw, server_hostname=self._place.host, do_handshake_on_connect=False)
        try:
            self._hold(secured)
            secured.do_handshake()
        except OSError:
            self._let_go()
            secured.close()
            raise
        return secured

    def _hold(self, sock: socket.socket) -> None:
        with self._lock:
            if self._outcome is not None:
                raise ConnectionAbortedError("ended")
            self._socket = sock

    def _let_go(self) -> None:
        with self._lock:
            self._socket = None

    def _exchange(self, sock: socket.socket, said: bytes) -> HttpAnswer:
        self._sent = True
        sock.sendall(said)
        reader = AnswerReader(self._request.limit_bytes, None if self._request.sink is None else self._pour)
        came = False
        while piece := sock.recv(CHUNK_BYTES):
            came = True
            answer = reader.feed(piece)
            if answer is not None:
                return answer
        if not came:
            raise ConnectionResetError
        return reader.ended()

    def _pour(self, piece: bytes) -> None:
        """Hand over a piece while anybody waits for it; what the disk refuses must not look like the network's fault."""
        if self._request.sink is None or self.over.is_set():
            return
        try:
            self._request.sink(piece)
        except OSError as error:
            raise SinkError(error.strerror or "write failed") from error


class SinkError(Exception):
    """The sink did not take the body; its own error is the cause."""


def _shut(sock: socket.socket) -> None:
    """Wake whoever waits on `sock`; the base class's own call, since TLS would take its state apart under the reader."""
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # not connected yet, or gone: nothing waits on it for longer than its timeout


def in_plain_words(error: OSError, host: str, silence_s: float) -> str:
    """What a failed connection means, in words that hold nothing of what was sent."""
    if isinstance(error, TimeoutError):
        return f"{host}: silent for {silence_s:g} s"
    if isinstance(error, socket.gaierror):
        return f"{host}: no such host, or no name server answers"
    if isinstance(error, ConnectionError) and error.strerror is None:
        return f"{host}: closed the connection without an answer"
    refused = getattr(error, "verify_message", "")
    if refused:
        return clean(f"{host}: its certificate is refused: {refused}")
    return f"{host}: {error.strerror or type(error).__name__}"
