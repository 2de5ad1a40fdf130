"""The engine as the service sees it: one client for all who ask, which waits for an engine, outlives it and finds the next."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.link import RemoteEngine
from engine.link.client import ConnectionStatus
from engine.model.measures import Measures
from engine.model.ports import LogLine
from engine.model.snapshot import Snapshot

_NAME = "serve"
_LOG_LINES = 2_000


class WatchedEngine:
    """Looks at most four times a second, however many ask, as a short command does: no screen is counted, nothing can be commanded.

    `socket` finds where the engine listens, before each attempt to reach it; it may raise a UserError.
    """

    def __init__(
        self,
        socket: Callable[[], Path],
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._clock_ns = clock_ns
        self._client = RemoteEngine(socket, _NAME, wants_control=False, screen=False, counts=True)

    def start(self, tells: Callable[[], dict[str, int]] = dict) -> None:
        """Begin to look for an engine; `tells` is asked before each look which channels of alerts it need not tell by, each with up to when all was told."""
        self._client.tells = tells
        self._client.begin()

    def leave(self) -> None:
        """End; the engine is told."""
        self._client.leave(detached=True)

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot of the engine that was there last; None before the first."""
        return self._client.newest

    @property
    def measures(self) -> Measures | None:
        """The newest counters of the engine that was there last; None before the first."""
        return self._client.measures

    @property
    def state(self) -> ConnectionStatus:
        """Whether it is there, and why not."""
        return self._client.state

    @property
    def pid(self) -> int:
        """The engine's process; 0 before the first."""
        return self._client.pid

    @property
    def run(self) -> int:
        """Another number for every engine that was started; 0 before the first."""
        return self._client.run

    def age_s(self) -> float | None:
        """How old the newest snapshot is; None before the first."""
        seen = self._client.newest
        return None if seen is None else max(0.0, (self._clock_ns() - seen.taken_ns) / 1e9)

    def log_lines(self, since: int, limit: int) -> Sequence[LogLine]:
        """At most `limit` of the engine's log lines after number `since`, oldest first."""
        return self._client.log_lines(since, min(limit, _LOG_LINES))
