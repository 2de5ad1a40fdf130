"""Looks after the log once a second, by the engine's thread and outside the turn: levels go back, details are told, the judge looks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.logs import LogBook, log_trade
from engine.model.snapshot import Snapshot
from engine.runtime.event_log import LOGGERS

if TYPE_CHECKING:
    from engine.runtime.log_looks import LogLooks

_EVERY_NS: Final = 1_000_000_000


class LogWatch:
    """What the log needs of a running engine; while no component is in detail and nothing adaptive it compares a few numbers."""

    def __init__(self, book: LogBook, newest: Callable[[], Snapshot], looks: "LogLooks | None") -> None:
        """`newest` is the newest snapshot, without asking for more of them; `looks`: with them the log is adaptive."""
        self._book = book
        self._newest = newest
        self._looks = looks
        self._due_ns = 0
        self._before: Snapshot | None = None  # that details were told of; None while none are

    def look(self, now_ns: int) -> None:
        """Do what is due at `now_ns` (monotonic)."""
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + _EVERY_NS
        levels = self._book.levels
        if now_ns >= levels.due_ns:
            levels.look(now_ns)
        if self._looks is not None:
            self._follow(self._looks, now_ns)
        if levels.in_detail:
            self._tell_details()
        else:
            self._before = None

    def _tell_details(self) -> None:
        from engine.presentation.log_details import DETAILS  # noqa: PLC0415 - most runs never are in detail

        before, seen = self._before, self._newest()
        self._before = seen
        if before is None or before is seen:
            return
        for component in self._book.levels.in_detail:
            for line in DETAILS[component](before, seen):
                LOGGERS[component].debug("%s", line)

    def _follow(self, looks: "LogLooks", now_ns: int) -> None:
        """Do what the judge says."""
        for change in looks.judge(now_ns):
            if change.on is None:
                log_trade("log %s: %s", ", ".join(change.components), change.because, component="engine")
            else:
                self._book.go_into_detail(change.components, on=change.on, because=change.because)
        self._book.detail_ceiling = looks.ceiling
