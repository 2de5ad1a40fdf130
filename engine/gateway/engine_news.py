"""That an engine came, went or was stopped, and what is in the way of finding one: a line of the service's log each time that this changes."""

import asyncio
from logging import INFO, WARNING

from engine.gateway.log import LOGGER
from engine.gateway.watched_engine import WatchedEngine

_LOOK_S = 1.0


class EngineNews:
    """Looks at `engine` once a second."""

    def __init__(self, engine: WatchedEngine) -> None:
        self._engine = engine
        self._run = 0  # the engine that was seen last
        self._is_there = False
        self._because = ""

    async def run(self) -> None:
        """Look until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.look()

    def look(self) -> None:
        """Say what has changed since the last look."""
        engine = self._engine
        seen, state, run = engine.snapshot, engine.state, engine.run
        if seen is None or run == 0:
            if state.reason != self._because:
                LOGGER.info("no engine so far: %s", state.reason)
            self._because = state.reason
            return
        is_there = state.word == "CONNECTED" and not seen.stopped
        if run != self._run or (is_there and not self._is_there):  # one may have come and gone since
            LOGGER.info("engine attached: process %d, %s, source %s", engine.pid, seen.trade_mode, seen.source)
            self._run, self._is_there = run, True
        if self._is_there and not is_there:
            because = "it was stopped" if seen.stopped else state.reason
            LOGGER.log(INFO if seen.stopped else WARNING, "engine gone: process %d: %s", engine.pid, because)
        self._is_there = is_there
