"""Keeps in the journal what orders at a real broker were judged by: what was found when the day was armed, and what the running engine finds."""

from collections import deque
from collections.abc import Callable
from typing import Final

from engine.model.events import ChecksMade
from engine.model.preflight import Check
from engine.model.snapshot import Snapshot
from engine.presentation.readiness import running_checks
from engine.runtime.effects import Effects
from engine.runtime.turn import Turn

_EVERY_NS: Final = 1_000_000_000
_SPAN_NS: Final = 600 * _EVERY_NS
_MOST_IN_SPAN: Final = 6  # rows: a price that comes now and then makes no more of them


class ReadyWatch:
    """Looks once a second, by the engine's thread and outside the turn; a row is made where other checks fail than before."""

    def __init__(self, turn: Turn, effects: Effects, newest: Callable[[], Snapshot], armed: tuple[Check, ...]) -> None:
        self._turn = turn
        self._effects = effects
        self._newest = newest
        self._armed = armed
        self._failed: frozenset[str] | None = None  # None: nothing was judged so far
        self._told_ns: deque[int] = deque(maxlen=_MOST_IN_SPAN)
        self._due_ns = 0

    def look(self, now_ns: int) -> None:
        """Do what is due at `now_ns` (monotonic)."""
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + _EVERY_NS
        if self._armed:
            self._tell(ChecksMade("arm", self._armed, self._effects.now_ms))
            self._armed = ()
        checks = running_checks(self._newest())
        failed = frozenset(each.name for each in checks if not each.ok)
        if not checks or failed == self._failed or self._is_spent(now_ns):
            return
        self._failed = failed
        self._told_ns.append(now_ns)
        self._tell(ChecksMade("engine", checks, self._effects.now_ms))

    def _is_spent(self, now_ns: int) -> bool:
        told_ns = self._told_ns
        return len(told_ns) == _MOST_IN_SPAN and now_ns - told_ns[0] < _SPAN_NS

    def _tell(self, event: ChecksMade) -> None:
        with self._turn.lock:
            self._effects.carry_out((event,))
