"""What is due after certain ticks: checkpoints, a replay's own stops, a switch of delivery. Within the turn."""

from collections.abc import Callable
from typing import Final

from engine.model.types import Tick
from engine.runtime.cursor import NEVER
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.replay.playback import Playback
from engine.runtime.turn_parts import TurnParts

_FIRST_TICKS: Final = 10


class Schedule:
    """Sets the cursor's milestone, and does what is due there; a checkpoint every `checkpoint_ticks`, 0 = none.

    Of a run at a real broker the first are sooner, each twice as far as the one before: a kill leaves what can be compared.
    """

    def __init__(
        self, parts: TurnParts, switch: DeliverySwitch, playback: Playback | None, checkpoint_ticks: int
    ) -> None:
        self._cursor = parts.cursor
        self._persistence = parts.persistence
        self._switch = switch
        self._playback = playback
        self._checkpoint_ticks = checkpoint_ticks
        soon = parts.trader.state.orders.kind == "real"
        self._next_checkpoint = (min(_FIRST_TICKS, checkpoint_ticks) if soon else checkpoint_ticks) or NEVER

    def reached(self, seq: int, take: Callable[[Tick], None]) -> None:
        """Do what is due after tick `seq`; `take` works a tick that waits, where the inbox has to be drained."""
        position = self._cursor.position
        if position >= self._next_checkpoint:
            self._next_checkpoint = position + min(position, self._checkpoint_ticks)
            self._persistence.checkpoint(position)
        if self._playback is not None:
            self._playback.milestone(seq)
        self._switch.look(take)
        self.set()

    def set(self) -> None:
        """Find the next milestone; called whenever what it depends on may have changed."""
        cursor = self._cursor
        nearest = min(self._switch.next_look(cursor.last_seq), self._next_checkpoint + cursor.holes)
        if self._playback is not None:
            nearest = min(nearest, self._playback.next_milestone(cursor.last_seq))
        cursor.milestone = nearest
