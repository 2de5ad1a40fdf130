"""What became of the commands that a client sent. Knows no connection; stamps are handed in."""

import os
from collections.abc import Callable
from threading import Lock as Mutex
from typing import Literal

from msgspec import Struct

from engine.link.protocol import AnyCommand, CommandTaken
from engine.model.commands import Flat, Lock
from engine.model.run_views import CommandView

NO_ANSWER = "NO ANSWER from engine"

_NS = 1_000_000_000
_ANSWER_NS = 2 * _NS  # from here on the silence is told; a command that could not be sent by then never is
_URGENT_NS = 60 * _NS  # but what makes safe is tried for so long
_URGENT = (Flat, Lock)
_GIVEN_UP_NS = 30 * _NS  # sent, and not answered
_SHOWN_NS = 5 * _NS  # how long an end is told
_KEPT = 64

State = Literal["REQUESTED", "ACCEPTED", "REFUSED", "DONE", "FAILED"]


class Pending(Struct, frozen=True):
    """A command on its way: REQUESTED here, ACCEPTED by the engine, then REFUSED, DONE or FAILED; `age_s` since it was asked."""

    command: AnyCommand
    state: State
    reason: str
    age_s: float


class _Ticket:
    def __init__(self, number: int, command: AnyCommand, now_ns: int) -> None:
        self.number = number
        self.command = command
        self.state: State = "REQUESTED"
        self.reason = ""
        self.asked_ns = now_ns
        self.ended_ns: int | None = None
        self.sent = False
        self.told = False  # the engine itself told what became of it

    def end(self, state: State, reason: str, now_ns: int) -> None:
        self.state, self.reason, self.ended_ns = state, reason, now_ns


class PendingCommands:
    """The commands of one client, oldest first; asked for by one thread, sent by another."""

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._now_ns = clock_ns
        self._lock = Mutex()  # held for a few lines by either thread
        self._next = int.from_bytes(os.urandom(4), "little") % 2**30 * 2**32 + 1  # unlike any other client's
        self._tickets: list[_Ticket] = []

    def add(self, command: AnyCommand) -> int:
        """Note that `command` was asked for; its ticket."""
        with self._lock:
            ticket = _Ticket(self._next, command, self._now_ns())
            self._next += 1
            if len(self._tickets) >= _KEPT:
                self._tickets.pop(0)
            self._tickets.append(ticket)
            return ticket.number

    def to_send(self) -> tuple[int, AnyCommand] | None:
        """The oldest command not sent so far, noted as sent."""
        with self._lock:
            self._judge()
            for ticket in self._tickets:
                if not ticket.sent and ticket.ended_ns is None:
                    ticket.sent = True
                    return ticket.number, ticket.command
        return None

    def taken(self, answer: CommandTaken) -> None:
        """The engine's process has taken a command, or refused it."""
        with self._lock:
            for ticket in self._tickets:
                if ticket.number == answer.ticket and not ticket.told:
                    if answer.state == "ACCEPTED":
                        ticket.state = "ACCEPTED"
                    else:
                        ticket.end("REFUSED", answer.reason, self._now_ns())

    def seen(self, commands: tuple[CommandView, ...]) -> None:
        """The engine tells what became of commands."""
        told = {view.ticket: view for view in commands}
        with self._lock:
            for ticket in self._tickets:
                view = told.get(ticket.number)
                if ticket.ended_ns is not None or (view is None and not ticket.told):
                    continue
                ticket.told = ticket.sent = True
                if view is None:  # so many came after it, or it is another engine
                    ticket.end("FAILED", "the engine tells nothing of it any more", self._now_ns())
                elif view.state == "ACCEPTED":
                    ticket.state = "ACCEPTED"
                else:
                    ticket.end(view.state, view.reason, self._now_ns())

    def unsure(self) -> None:
        """The link was lost: what was sent and not answered may have been carried out. What is urgent is sent again."""
        with self._lock:
            for ticket in self._tickets:
                if ticket.sent and ticket.ended_ns is None and ticket.state == "REQUESTED":
                    ticket.reason = "the link broke before it was answered: it may have been carried out"
                    ticket.sent = not isinstance(ticket.command, _URGENT)

    def pending(self) -> list[Pending]:
        """What is on its way, or has ended a few seconds ago; oldest first."""
        with self._lock:
            now_ns = self._judge()
            return [_view(ticket, now_ns) for ticket in self._tickets]

    def _judge(self) -> int:
        """Give up what waits too long, forget what has ended; the time."""
        now_ns = self._now_ns()
        for ticket in self._tickets:
            age_ns = now_ns - ticket.asked_ns
            if ticket.ended_ns is not None or ticket.told:
                continue
            if not ticket.sent and age_ns > (_URGENT_NS if isinstance(ticket.command, _URGENT) else _ANSWER_NS):
                ticket.end("FAILED", "not sent: no link to the engine", now_ns)
            elif ticket.sent and age_ns > _GIVEN_UP_NS:
                ticket.end("FAILED", ticket.reason or NO_ANSWER, now_ns)
        self._tickets = [each for each in self._tickets if each.ended_ns is None or now_ns - each.ended_ns < _SHOWN_NS]
        return now_ns


def _view(ticket: _Ticket, now_ns: int) -> Pending:
    age_ns = now_ns - ticket.asked_ns
    reason = ticket.reason
    if ticket.ended_ns is None and not ticket.told and age_ns > _ANSWER_NS:
        reason = f"{NO_ANSWER} ({reason})" if reason else NO_ANSWER
    return Pending(ticket.command, ticket.state, reason, age_ns / _NS)
