"""Why a request is not answered: one shape for all, and the headers that every answer carries. Knows no server."""

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from engine.text.sanitize import CleanText

POLICY: Final = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
Send = Callable[[Any], Awaitable[None]]
_JSON: Final = (b"content-type", b"application/json")


def headers_with(policy: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of every answer: nothing is kept by anybody, guessed at, or read by another site's page."""
    return (
        (b"cache-control", b"no-store"),
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"referrer-policy", b"no-referrer"),
    )


HEADERS: Final = headers_with(POLICY)


class Problem(Struct, frozen=True):
    """Why a request is not answered, in one line; `status` is that of the response."""

    status: int
    error: CleanText
    success: Literal[False] = False


class ProblemError(Exception):
    """A request is refused: `kind` is one of a few words to count by, `extra` are headers that go with it."""

    def __init__(self, status: int, kind: str, error: CleanText, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(error)
        self.problem = Problem(status, error)
        self.kind = kind
        self.extra = tuple(extra)


def encoded(problem: Problem) -> bytes:
    """The body of the response."""
    return msgspec.json.encode(problem)


async def send_problem(send: Send, problem: Problem, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer an ASGI request with it."""
    body = encoded(problem)
    await send({"type": "http.response.start", "status": problem.status, "headers": [*_head_of(body), *extra]})
    await send({"type": "http.response.body", "body": body})


def whole_response(problem: Problem) -> bytes:
    """The response as it goes over the wire, where no request could be made out; the connection ends with it."""
    body = encoded(problem)
    head = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\n".encode()]
    head += [name + b": " + value + b"\r\n" for name, value in (*_head_of(body), (b"connection", b"close"))]
    return b"".join((*head, b"\r\n", body))


def _head_of(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (*HEADERS, _JSON, (b"content-length", str(len(body)).encode()))
