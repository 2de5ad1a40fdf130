"""Connections whose time is looked at by a clock of the tests."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from engine.gateway.http.connection import ANSWER_S, HEAD_S, HttpConnection
from engine.gateway.http.listening import listen_on_port
from engine.gateway.http.server import HttpServer
from engine.gateway.log import RefusalLog

LARGE = b"x" * 65_536
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def large(scope: Any, receive: Any, send: Any) -> None:
    """An answer that no socket's buffer holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(300):
        await send({"type": "http.response.body", "body": LARGE, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def small(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


Scene = Callable[[HttpServer, socket.socket], Awaitable[None]]


def played(app: Any, scene: Scene) -> RefusalLog:
    """Play a scene with a server and a client's socket; what was refused."""
    refusals = RefusalLog()

    async def play() -> None:
        server = HttpServer(app, refusals, lambda: None)
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        listener = listen_on_port(0)
        await server.startup([listener])
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, listener.getsockname())
            await scene(server, client)
        for each in server.servers:
            each.close()
        listener.close()

    asyncio.run(play())
    return refusals


async def holds(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


def only(server: HttpServer) -> HttpConnection:
    (connection,) = server.server_state.connections
    assert isinstance(connection, HttpConnection)
    return connection


@pytest.mark.parametrize("requests", [1, 5])
def test_who_does_not_take_an_answer_loses_the_connection(requests: int) -> None:
    async def scene(server: HttpServer, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, REQUEST * requests)
        await holds(lambda: server.server_state.connections and only(server).transport.get_write_buffer_size())
        connection = only(server)
        connection.look(loop.time() + ANSWER_S - 5)
        assert not connection.transport.is_closing()
        connection.look(loop.time() + ANSWER_S + 1)
        await holds(lambda: not server.server_state.connections)

    assert played(large, scene).counts == {"unread": 1}


def test_who_reads_one_answer_and_not_the_next_loses_it_too() -> None:
    async def scene(server: HttpServer, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, REQUEST * 2)
        left = 300 * len(LARGE)
        while left > 0:
            left -= len(await loop.sock_recv(client, 1 << 20))
        connection = only(server)
        await holds(connection.transport.get_write_buffer_size)
        connection.look(loop.time() + ANSWER_S + 1)
        await holds(lambda: not server.server_state.connections)

    assert played(large, scene).counts == {"unread": 1}


@pytest.mark.parametrize("data", [b"", b"G", REQUEST[:-2], REQUEST + b"GET /"])
def test_a_header_has_its_time(data: bytes) -> None:
    async def scene(server: HttpServer, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, data)
        await holds(lambda: server.server_state.connections)
        connection = only(server)
        if data.startswith(REQUEST):
            assert await loop.sock_recv(client, 65_536)
            await holds(lambda: connection._head_since_s is not None)
        connection.look(loop.time() + HEAD_S - 2)
        assert not connection.transport.is_closing()
        connection.look(loop.time() + HEAD_S + 1)
        answer = b""
        while part := await loop.sock_recv(client, 65_536):
            answer += part
        assert answer.endswith(b'"success":false}')
        await holds(lambda: not server.server_state.connections)

    assert played(small, scene).counts == {"slow": 1}


def test_who_asks_again_and_again_is_never_overdue() -> None:
    async def scene(server: HttpServer, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for turn in range(5):
            await loop.sock_sendall(client, REQUEST)
            assert (await loop.sock_recv(client, 65_536)).startswith(b"HTTP/1.1 200 ")
            only(server).look(loop.time() + turn * ANSWER_S)
        assert not only(server).transport.is_closing()

    assert played(small, scene).counts == {}
