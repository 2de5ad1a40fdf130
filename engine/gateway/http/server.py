"""The server: uvicorn with one worker, our connections, and an end by a signal that is no failure."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from engine.gateway.http.connection import HttpConnection
from engine.gateway.log import LibraryLog, RefusalLog

_AT_ONCE = 51  # 50 are answered: uvicorn counts the one that is just asking
_IDLE_S = 5
_END_S = 2
_ACCEPTED_A_ROUND = 64  # so many are taken in before the first of them is looked at
_LOOKS_A_S = 10  # uvicorn's own rounds


class HttpServer(uvicorn.Server):
    """Serves `app` until SIGINT or SIGTERM; `ready` is called once requests are answered."""

    def __init__(self, app: Any, refusals: RefusalLog, ready: Callable[[], None]) -> None:
        own = type("BoundConnection", (HttpConnection,), {"refusals": refusals})
        config = uvicorn.Config(
            app,
            http=own,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_ACCEPTED_A_ROUND,
            limit_concurrency=_AT_ONCE,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_END_S,
        )
        super().__init__(config)
        self._ready = ready
        LibraryLog("uvicorn.error", refusals)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Look at the connections once a second; whether to end."""
        if counter % _LOOKS_A_S == 0:
            now_s = asyncio.get_running_loop().time()
            for each in tuple(self.server_state.connections):
                if isinstance(each, HttpConnection):
                    each.look(now_s)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End by a signal, and well: uvicorn's own would raise it again."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _end(self) -> None:
        self.force_exit = self.should_exit  # a second one waits for nobody
        self.should_exit = True
