"""Requests to the service's application without a socket, and bytes to a server with one."""

import asyncio
import socket
from typing import Any, NamedTuple

import msgspec


class Answered(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


def ask(
    app: Any, target: str, *headers: tuple[str, str], method: str = "GET", host: str = "127.0.0.1:8000"
) -> Answered:
    """The application's answer to one request; `host` "" sends no Host header."""
    path, _, query = target.partition("?")
    named = [("host", host)] if host else []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*named, *headers)],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start, *rest = sent
    return Answered(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(part.get("body", b"") for part in rest),
    )


def exchange(port: int, data: bytes, timeout_s: float = 15.0) -> bytes:
    """Send these bytes to the server and read until it closes the connection, or nothing more comes; what it said."""
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout_s) as sock:
        try:
            sock.sendall(data)
            while part := sock.recv(65_536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):  # it has closed it while we were still sending
            pass
    return bytes(answer)
