"""Tasks that run beside the server. One that fails is told and begun anew; none ever ends another, or the server."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from engine.gateway.log import LOGGER

_AGAIN_S = 5.0


class Beside(Protocol):
    """Something that works as long as the service does."""

    async def run(self) -> None:
        """Work; returns when there is nothing more to do, and is cancelled at the end."""


async def keep_running(task: Beside) -> None:
    """Run it, and again a while after it has failed."""
    while True:
        try:
            await task.run()
            return
        except Exception:  # noqa: BLE001 - the mouth of a task: told, and tried again
            LOGGER.exception("%s failed, it is begun anew in %.0f s", type(task).__name__, _AGAIN_S)
        await asyncio.sleep(_AGAIN_S)


class BesideTasks:
    """All of them, from `start` to `stop`."""

    def __init__(self, tasks: Sequence[Beside]) -> None:
        self._tasks = tasks
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; within the server's loop."""
        self._running = [asyncio.ensure_future(keep_running(task)) for task in self._tasks]

    async def stop(self) -> None:
        """End them and wait until they have cleared up."""
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
