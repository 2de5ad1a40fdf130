"""What goes on beside requests in the event loop: work that several wait for, done once; loops that look after something."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from engine.text.sanitize import clean

_T = TypeVar("_T")
_log = logging.getLogger("myquant.gateway")


class SingleFlight(Generic[_T]):
    """Does the work of one key once for all who want it meanwhile; goes on where those who wait are gone."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[_T]] = {}

    async def result(self, key: str, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """The result of what is under way for `key`, else of `work`; raises what that raises."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(work())
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End all that is under way."""
        await ended([*self._under_way.values()])


class Background:
    """Tasks that nobody waits for, until `close`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` be done beside everything else."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def repeat(self, what: str, pause_s: float, look: Callable[[], Awaitable[None]]) -> None:
        """Let `look` be done again and again with `pause_s` in between; a fault is told, and does not end it."""
        self.start(_again_and_again(what, pause_s, look))

    async def close(self) -> None:
        """End them all."""
        await ended([*self._tasks])


async def ended(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` and wait until they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(what: str, pause_s: float, look: Callable[[], Awaitable[None]]) -> None:
    told = ""
    while True:
        try:
            await look()
        except Exception as error:  # noqa: BLE001 - the mouth of a task; what goes wrong is told, once for each kind
            kind = f"{type(error).__name__}: {clean(str(error), 200)}"
            if kind != told:
                _log.error("%s: %s", what, kind)
            told = kind
        await asyncio.sleep(pause_s)
