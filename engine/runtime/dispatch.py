"""Who carries out what: the trader's commands, the replay's, the engine's own, and what edges have learned. Within the turn."""

import time
from collections.abc import Callable

from engine.model.broker_events import Filled, Holdings, Rejected
from engine.model.commands import Acknowledge, Command, Fault, Stall, Stop, SwitchDelivery, TraderCommand
from engine.model.events import CommandRefused, FeedNote, LinkChanged
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.replay.playback import Playback
from engine.runtime.tickets import Asked, Posted, Tickets
from engine.runtime.turn import Turn

_LONGEST_STALL_S = 10.0
_MARKED_LINK_STATES = frozenset({"UP", "WAITING", "REFUSED"})


class Dispatch:
    """Carries out one command at a time; `end` asks for the end of the run.

    `found` tells how the last run ended, until the operator has acknowledged it; `misbehave` makes generated data do so.
    """

    def __init__(self, turn: Turn, switch: DeliverySwitch, playback: Playback | None, end: Callable[[], None]) -> None:
        self.found: tuple[str, ...] = ()
        self.misbehave: Callable[[Fault], None] | None = None
        self._turn = turn
        self._switch = switch
        self._playback = playback
        self._end = end
        flat = turn.trader.state.flat
        self.tickets = Tickets(is_flat=lambda: flat.state == "FLAT", runs_flat=lambda: flat.running, switch=switch)

    def command(self, command: Posted) -> bool:
        """Carry out `command`; whether a replay was moved by it."""
        turn = self._turn
        turn.refusal = ""
        if isinstance(command, Asked):
            moved = self.command(command.command)
            self.tickets.carried_out(command, turn.refusal)
            return moved
        if isinstance(command, LinkChanged | FeedNote):
            self._feed_told(command)
        elif isinstance(command, Filled | Rejected | Holdings):
            turn.carry_out(turn.trader.on_event(command, turn.now_ms))
        elif isinstance(command, TraderCommand):
            self._trade(command)
        elif self._playback is not None and self._playback.command(command):
            return True
        else:
            self._own(command)
        return False

    def _trade(self, command: TraderCommand) -> None:
        if self._playback is not None:
            self._playback.interfered()
        turn = self._turn
        now_ms = turn.now_ms
        turn.persistence.given(turn.position, command, now_ms)
        turn.carry_out(turn.trader.on_command(command, now_ms))
        gate = turn.trader.state.gate
        turn.operator_paused, turn.operator_lock = gate.paused, gate.locked

    def _own(self, command: Command) -> None:
        """Carry out what is the engine's own."""
        match command:
            case SwitchDelivery():
                self._switch.request(command.delivery)
            case Stop():
                self._end()
            case Stall():
                time.sleep(max(0.0, min(command.seconds, _LONGEST_STALL_S)))
            case Acknowledge():
                self.found = ()
            case Fault() if self.misbehave is not None:
                self.misbehave(command)
                self._turn.event_log.outcome(f"fault: {command.kind} {command.amount} {command.symbol}".rstrip())
            case _:
                where = "on generated data" if isinstance(command, Fault) else "in a replay"
                self._turn.carry_out((CommandRefused(type(command).__name__, f"only {where}"),))

    def _feed_told(self, event: LinkChanged | FeedNote) -> None:
        """Take what the feed says of its link: told, journalled, and marked in the recording where it matters."""
        self._turn.carry_out((event,))
        if isinstance(event, LinkChanged) and event.state in _MARKED_LINK_STATES:
            text = f"{event.state} {event.reason}".rstrip()
            self._turn.persistence.event(self._turn.position, "reconnect", text, event.at_ms)
