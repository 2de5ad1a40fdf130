"""Who carries out what: the trader's commands, the replay's, the engine's own, and what edges have learned. Within the turn."""

import time
from collections.abc import Callable

from engine.logs.levels import LogLevels
from engine.model.broker_events import BrokerEvent
from engine.model.commands import (
    REACH,
    Acknowledge,
    ClosePosition,
    Command,
    Fault,
    Flat,
    MoveStop,
    SetLogLevel,
    Stall,
    Stop,
    SwitchDelivery,
    TraderCommand,
    Unwatch,
    Watch,
)
from engine.model.events import CommandRefused, FeedNote, LinkChanged
from engine.model.marks import EventMark, InputMark
from engine.model.order_reports import OrderAnswer
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.market import MarketWatch
from engine.runtime.replay.playback import Playback
from engine.runtime.schedule import Schedule
from engine.runtime.tickets import Tickets
from engine.runtime.turn_parts import Asked, JournalLost, Posted, TurnParts
from engine.runtime.watching import Watching
from engine.text.sanitize import clean

_LONGEST_STALL_S = 10.0
_MARKED_LINK_STATES = frozenset({"UP", "WAITING", "REFUSED"})


class Dispatch:
    """Carries out one input at a time; `end` asks for the end of the run.

    On `generated` data a test tool is carried out, `misbehave` makes it misbehave; elsewhere both are refused.
    """

    def __init__(
        self,
        parts: TurnParts,
        switch: DeliverySwitch,
        schedule: Schedule,
        playback: Playback | None,
        end: Callable[[], None],
        misbehave: Callable[[Fault], None] | None = None,
        *,
        generated: bool = False,
        market: MarketWatch | None = None,
        watching: Watching | None = None,
        log_levels: LogLevels | None = None,
    ) -> None:
        self._log_levels = log_levels
        self._market = market
        self._watching = watching
        self._parts = parts
        self._switch = switch
        self._schedule = schedule
        self._playback = playback
        self._end = end
        self._misbehave = misbehave
        self._reaches = (
            {"every run"} | ({"a replay"} if playback else set()) | ({"generated data"} if generated else set())
        )
        self.tickets = Tickets(parts.trader.state.flat, switch, parts.outcomes, watching)

    def carry_out(self, posted: Posted) -> None:
        """Carry out a command, or take what a broker's or a feed's thread has learned."""
        self._parts.effects.refusal = ""
        if isinstance(posted, Asked):
            self.carry_out(posted.command)
            self.tickets.carried_out(posted, self._parts.effects.refusal)
        elif isinstance(posted, LinkChanged | FeedNote):
            self._feed_told(posted)
        elif isinstance(posted, JournalLost):
            self._parts.persistence.renew(self._parts.effects.now_ms)
        elif isinstance(posted, BrokerEvent):
            self._parts.effects.answered(posted, self._parts.effects.now_ms)
        elif isinstance(posted, OrderAnswer):
            self._broker_said(posted)
        elif (reach := REACH[type(posted)]) not in self._reaches:
            self._refuse(posted, f"only in {reach}" if reach == "a replay" else f"only on {reach}")
        elif isinstance(posted, TraderCommand):
            self._command_trader(posted)
        elif self._playback is not None and self._playback.command(posted):
            self._schedule.set()
        else:
            self._own(posted)

    def _command_trader(self, command: TraderCommand) -> None:
        if self._playback is not None:
            self._playback.interfered()
        now_ms = self._parts.effects.now_ms
        market_ms = closed_until_ms = 0
        if self._market is not None and isinstance(command, Flat | ClosePosition | MoveStop):
            market_ms = self._market.market_ms(now_ms, due=True)
            closed_until_ms = self._market.closed_until_ms(now_ms)
        mark = InputMark(self._parts.cursor.position, command, now_ms, market_ms, closed_until_ms)
        self._parts.persistence.mark(mark)
        self._parts.effects.carry_out(self._parts.trader.on_command(command, now_ms, closed_until_ms, market_ms))
        gate = self._parts.trader.state.gate
        self._parts.operator.paused, self._parts.operator.locked = gate.paused, gate.locked

    def _broker_said(self, answer: OrderAnswer) -> None:
        """Keep what a real broker says, then take it: in this order, for a round is kept as what is new since the one before."""
        parts = self._parts
        orders, now_ms = parts.trader.state.orders, parts.effects.now_ms
        assert orders.kind == "real"  # nobody else asks a real broker
        parts.persistence.mark(InputMark(parts.cursor.position, None, now_ms, answer=orders.shortened(answer)))
        parts.effects.answered(answer, now_ms)

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
                self._parts.outcomes.found = ()
            case Watch() | Unwatch() if self._watching is not None:
                self._watching.ask(command)
            case SetLogLevel() if self._log_levels is not None:
                self._set_level(self._log_levels, command)
            case Fault() if self._misbehave is not None:
                self._misbehave(command)
                self._parts.outcomes.add(f"fault: {command.kind} {command.amount} {command.symbol}".rstrip())
            case _:
                self._refuse(command, "this source cannot do it")

    def _set_level(self, levels: LogLevels, command: SetLogLevel) -> None:
        refused = levels.choose(command.component, command.level, command.for_s, time.perf_counter_ns())
        if refused:
            self._refuse(command, refused)

    def _refuse(self, command: Command, why: str) -> None:
        self._parts.effects.carry_out((CommandRefused(type(command).__name__, clean(why, 400)),))

    def _feed_told(self, event: LinkChanged | FeedNote) -> None:
        """Take what the feed says of its link: told, journalled, and marked in the recording where it matters."""
        self._parts.effects.carry_out((event,))
        if isinstance(event, LinkChanged) and event.state in _MARKED_LINK_STATES:
            text = f"{event.state} {event.reason}".rstrip()
            self._parts.persistence.mark(EventMark(self._parts.cursor.position, "reconnect", text, event.at_ms))
