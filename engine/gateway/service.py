"""The service from start to end: the engine's client, the HTTP server, and the tasks beside it."""

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.config import Config
from engine.gateway.alerts.open_alerter import open_alerter
from engine.gateway.alerts.open_channels import open_channels
from engine.gateway.beside import Beside, BesideTasks
from engine.gateway.engine_news import EngineNews
from engine.gateway.http.api import Api
from engine.gateway.http.application import Application
from engine.gateway.http.guard import TokenGuard
from engine.gateway.http.server import HttpServer
from engine.gateway.instruments import InstrumentFinder
from engine.gateway.left_behind import LeftBehind
from engine.gateway.log import GatewayLog, RefusalLog
from engine.gateway.metrics.exposition import CONTENT_TYPE, Exposition
from engine.gateway.metrics.of_service import of_channels, of_validation
from engine.gateway.quotes.open_quotes import open_quotes
from engine.gateway.quotes.quotes import Quotes
from engine.gateway.secrets import with_secrets
from engine.gateway.validated import Validated
from engine.gateway.watched_engine import WatchedEngine


def serve(
    config: Config,
    listener: socket.socket,
    token: str,
    engine_socket: Callable[[], Path],
    folder: Path,
    ask_status: Callable[[], bytes],
    *,
    log_fd: int,
    ready: Callable[[], None],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Serve on `listener` until a signal ends it; `ready` is called once requests are answered. Raises ConfigError before.

    In `folder` lies what `validate` has found; `ask_status` gives what `status --json` prints.
    """
    environ = with_secrets(environ)
    channels = open_channels(config, environ, log_fd)
    engine = WatchedEngine(engine_socket)
    quotes = open_quotes(config, environ, lambda: engine.snapshot)
    validated = Validated(folder, lambda: alerter.told_ns)
    metrics = Exposition(
        engine,
        quotes.view,
        [lambda: of_validation(validated.newest), lambda: of_channels(alerter.names, alerter.problems)],
    )
    left = LeftBehind(lambda: engine.snapshot is not None, ask_status)
    alerter = open_alerter(
        config, channels, engine, metrics.alerts, lambda channel: (*validated.alerts(channel), *left.alerts())
    )
    refusals = RefusalLog()
    api = Api(engine, quotes, InstrumentFinder(config, engine))
    application = Application(api, TokenGuard(token), refusals, metrics.text, CONTENT_TYPE, metrics.answers.took)
    log = GatewayLog(log_fd)

    def begun() -> None:
        ready()
        gc.collect()
        gc.freeze()  # what stays is not looked at again
        gc.enable()  # off since the start of the command

    try:
        engine.start(alerter.claims)
        asyncio.run(
            _serve(
                HttpServer(application, refusals, begun),
                listener,
                quotes,
                (validated, left, alerter, EngineNews(engine)),
            )
        )
    finally:
        engine.leave()
        log.close()


async def _serve(server: HttpServer, listener: socket.socket, quotes: Quotes, tasks: Sequence[Beside]) -> None:
    beside = BesideTasks(tasks)
    await quotes.start()
    beside.start()
    try:
        await server.serve([listener])
    finally:
        await beside.stop()
        await quotes.close()
