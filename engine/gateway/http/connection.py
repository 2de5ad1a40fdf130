"""One HTTP connection with bounds: how long a header may be and may take, how many requests may wait, how long nobody may read.

It is uvicorn's own, with what that lacks: it bounds how many requests are answered at once and how long a connection may
be idle, and nothing else.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from engine.gateway.http.problem import Problem, ProblemError, send_problem, whole_response
from engine.gateway.log import RefusalLog
from engine.text.sanitize import CleanText, clean

MOST_CONNECTIONS: Final = 64  # a few more than are answered at once, so that those are told; the others are closed
LONGEST_HEAD: Final = 16 * 2**10  # bytes: the request line and all headers
LONGEST_BODY: Final = 64 * 2**10  # of a request that should have none; it is thrown away
MOST_WAITING: Final = 16  # requests of one connection behind the one that is answered
HEAD_S: Final = 5.0  # to bring a whole header, from its first byte on, however it trickles
ANSWER_S: Final = 30.0  # to take the answer
_SPARE_S = 1.0  # a connection that has asked nothing for so long gives its place to a new one
_NOT_UNDERSTOOD = ProblemError(400, "malformed", CleanText("the request is no HTTP that is understood here"))
_BODY_HEADERS = frozenset((b"content-length", b"transfer-encoding"))


class HttpConnection(HttpToolsProtocol):
    """A client's connection; `refusals` (of the class) is told what was refused, `look` is called once a second."""

    refusals: RefusalLog

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refused: ProblemError | None = None
        self._head_bytes = self._body_bytes = 0
        self._quiet_since_s = self.loop.time()
        self._head_since_s: float | None = self._quiet_since_s  # None: no header has begun
        self._answer_since_s: float | None = None  # None: everything that was asked is answered and taken

    # ── What the transport calls ────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it in, where there is room; one that only sits there makes room."""
        super().connection_made(transport)
        if len(self.connections) >= (self.limit_concurrency or MOST_CONNECTIONS):
            self._make_room()
        if len(self.connections) > MOST_CONNECTIONS:
            self.refusals.tell("connections", f"more than {MOST_CONNECTIONS} connections: the newest was closed")
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read on; what is no request, or a too large one, ends the connection."""
        self._unset_keepalive_if_required()
        try:
            # One that wants another protocol is answered like any other request, and nothing behind it is.
            with suppress(httptools.HttpParserUpgrade):
                self.parser.feed_data(data)
                if self._head_since_s is not None:
                    self._count(len(data))
        except httptools.HttpParserError:
            self._refuse(self._refused or _NOT_UNDERSTOOD)
        except ProblemError as refused:
            self._refuse(refused)

    # ── What the parser calls. What is raised here ends its work. ───────────────────────────────────────────────

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._head_since_s is None:
            self._head_since_s = self.loop.time()
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take (a part of) what is asked for."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the request be answered; one that brings a body ends the connection with its answer."""
        if not self.url.startswith(b"/"):
            self._give_up(ProblemError(400, "target", CleanText("only paths of this server are answered")))
        if len(self.pipeline) >= MOST_WAITING:
            self._give_up(ProblemError(400, "pipeline", CleanText("too many requests at once on one connection")))
        self._head_since_s, self._head_bytes, self._body_bytes = None, 0, 0
        super().on_headers_complete()
        if self.parser.should_upgrade() or any(name in _BODY_HEADERS for name, _ in self.headers):
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Throw it away: nothing that is asked here has one."""
        self._body_bytes += len(body)
        if self._body_bytes > LONGEST_BODY:
            self._give_up(ProblemError(413, "body", CleanText("a request to this server has no body")))

    def _count(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > LONGEST_HEAD:
            self._give_up(
                ProblemError(431, "header", clean(f"a request's header has at most {LONGEST_HEAD // 1024} kB"))
            )

    def _give_up(self, refused: ProblemError) -> None:
        self._refused = refused  # the parser wraps what is raised
        raise refused

    # ── Answering ───────────────────────────────────────────────────────────────────────────────────────────────

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Answer a request; where uvicorn has too many it would do so in another shape than ours."""
        if self._answer_since_s is None or not self.transport.get_write_buffer_size():
            self._answer_since_s = self.loop.time()
        super()._start_asgi_task(cycle, app if app is self.app else _busy)

    def on_response_complete(self) -> None:
        """Go on to the next."""
        self._quiet_since_s = self.loop.time()
        if not self.transport.get_write_buffer_size():
            self._answer_since_s = None
        super().on_response_complete()

    def look(self, now_s: float) -> None:
        """End it where it is overdue."""
        if self.transport.is_closing():
            if now_s - self._quiet_since_s > HEAD_S:  # nobody takes what is left
                self.transport.abort()
        elif self._head_since_s is not None and now_s - self._head_since_s > HEAD_S:
            self._refuse(ProblemError(408, "slow", clean(f"a request's header must come within {HEAD_S:.0f} s")))
        elif self._answer_since_s is not None and now_s - self._answer_since_s > ANSWER_S:
            if self._is_answering or self.transport.get_write_buffer_size():
                self.refusals.tell("unread", f"a client did not take its answer within {ANSWER_S:.0f} s")
                self.transport.abort()
            else:
                self._answer_since_s = None

    @property
    def _is_answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _refuse(self, refused: ProblemError) -> None:
        """Say why, where nothing else is being said, and end the connection."""
        self.refusals.tell(refused.kind, f"{refused.problem.status}: {refused.problem.error}")
        self.pipeline.clear()
        self._quiet_since_s = self.loop.time()
        if self._is_answering:
            self.transport.abort()
        else:
            self.transport.write(whole_response(refused.problem))
            self.transport.close()

    def _make_room(self) -> None:
        """End the connection that has asked nothing for longest."""
        now_s = self.loop.time()
        quiet = [
            (each._quiet_since_s, id(each), each)  # noqa: SLF001 - another of ours
            for each in self.connections
            if isinstance(each, HttpConnection) and each is not self and each._may_go(now_s)  # noqa: SLF001
        ]
        if quiet:
            *_, longest = min(quiet)
            longest.transport.close()

    def _may_go(self, now_s: float) -> bool:
        return not self._is_answering and not self.transport.is_closing() and now_s - self._quiet_since_s > _SPARE_S


async def _busy(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - every ASGI application is called with these
    """Answer a request that is one too many."""
    await send_problem(send, Problem(503, CleanText("too many requests at once")))
