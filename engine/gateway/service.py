"""The service from start to end: the engine's client, the HTTP server, and the tasks beside it."""

import asyncio
import gc
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from engine.gateway.beside import Beside, BesideTasks
from engine.gateway.exposition import CONTENT_TYPE, exposition
from engine.gateway.http.api import Api
from engine.gateway.http.application import Application
from engine.gateway.http.guard import TokenGuard
from engine.gateway.http.server import HttpServer
from engine.gateway.log import GatewayLog, RefusalLog
from engine.gateway.watched_engine import WatchedEngine


class NoCache(Struct, frozen=True):
    """What is told of a cache where there is none."""

    redis_available: bool = False
    hit_rate: float = 0.0
    fallback_active: bool = False
    fallback_hits: int = 0


def serve(
    listener: socket.socket, token: str, engine_socket: Callable[[], Path], log_fd: int, ready: Callable[[], None]
) -> None:
    """Serve on `listener` until a signal ends it; `ready` is called once requests are answered."""
    log = GatewayLog(log_fd)
    engine = WatchedEngine(engine_socket)
    try:
        api = Api(engine, NoCache, invents=False)
        refusals = RefusalLog()
        application = Application(api, TokenGuard(token), refusals, exposition, CONTENT_TYPE)
        engine.start()
        asyncio.run(_serve(HttpServer(application, refusals, ready), listener, ()))
    finally:
        engine.leave()
        log.close()


async def _serve(server: HttpServer, listener: socket.socket, tasks: Sequence[Beside]) -> None:
    beside = BesideTasks(tasks)
    beside.start()
    gc.collect()
    gc.freeze()  # what stays is not looked at again
    try:
        await server.serve([listener])
    finally:
        await beside.stop()
