"""Answers the requests of clients: which are accepted, which may command, what each is sent.

Requests in, frames out; knows no socket. It reads the newest snapshot and log lines and hands commands over: nothing else
of the engine is touched, and nothing is ever waited for.
"""

import math
import os
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from operator import itemgetter
from typing import Protocol

from msgspec import UNSET, Struct
from msgspec.structs import astuple, replace

from engine.link.absence import digest
from engine.link.claims import AlertClaims
from engine.link.control import ControlLease, OperatorPolicy
from engine.link.delta import SnapshotDelta
from engine.link.flat_news import flat_news
from engine.link.frames import frame
from engine.link.limits import Notes
from engine.link.protocol import (
    ENCODER,
    LINES_A_LOOK,
    LOG,
    NAME_LIMIT,
    PROTOCOL,
    AnyCommand,
    Bye,
    CommandTaken,
    FlatNews,
    FollowFlat,
    GetDays,
    GetExits,
    GetMeasures,
    GetSnapshot,
    GiveControl,
    Hello,
    History,
    MeasuresReply,
    Reply,
    Request,
    RequestRefused,
    SendCommand,
    SnapshotReply,
    TakeControl,
    Welcome,
)
from engine.model.bars import Bar
from engine.model.commands import SignedCommand
from engine.model.day_page import DayPage
from engine.model.exit_page import ExitPage
from engine.model.measures import Measures
from engine.model.snapshot import Snapshot
from engine.version import VERSION

_RESIDENT = 0  # the number of a screen that is no client: those are counted from 1
_POLICY_TICKET = 0  # of commands that no client sent
_TOLD_KEPT = 16


class ServedEngine(Protocol):
    """What the link needs of an engine; every call returns at once and may come from any thread."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""

    def send(self, command: AnyCommand, ticket: int) -> None:
        """Hand `command` to the next turn; `Snapshot.commands` tells by `ticket` what became of it (0: nobody asks)."""

    def history(self, instrument: int) -> Sequence[Bar]:
        """The day's chart of one instrument, rising in time; the last bar may still change."""

    def log_lines(self, since: int, limit: int) -> Sequence[Struct]:
        """At most `limit` log lines after number `since`, oldest first."""

    def exit_page(self, first: int, last: int, rewinds: int) -> ExitPage:
        """Exits number `first` to `last` out of the journal, as far as they have been read."""

    def day_page(self, date: str, today: str, rewinds: int) -> DayPage:
        """The newest days of the journal, or the exits of the one at `date`, as far as they have been read."""

    def measures(self) -> Measures:
        """What it has counted since it was started."""

    def say(self, text: str) -> None:
        """Write a line to the log that must not be dropped."""


class Client:
    """A client whose Hello was accepted; `number` is never given twice, `told` waits for its next GetSnapshot."""

    def __init__(self, number: int, hello: Hello) -> None:
        self.number = number
        self.program = hello.program
        self.name = hello.name[:NAME_LIMIT] or f"client {number}"
        self.screen = hello.screen
        self.wants_control = hello.screen and hello.wants_control
        self.only_looks = hello.screen and not hello.wants_control and not hello.may_flat
        self.seen = -1  # number of the last snapshot it was sent
        self.told: deque[str] = deque(maxlen=_TOLD_KEPT)
        self.tells = False  # alerts, by whatever channel


class RequestHandler:
    """All accepted clients, which of them has control, and the operator's absence; used by one thread."""

    def __init__(self, served: ServedEngine, operator: OperatorPolicy, notes: Notes) -> None:
        self.clients: dict[int, Client] = {}
        self.claims = AlertClaims()
        self._served = served
        self._operator = operator
        self._notes = notes
        self._control = ControlLease()
        self._delta = SnapshotDelta()
        self._news: tuple[Snapshot, int, FlatNews] | None = None
        self._left: Snapshot | None = None  # as it was when the operator was lost
        self._numbers = 0
        self._engine = int.from_bytes(os.urandom(6), "little")

    # ── Connecting and leaving ────────────────────────────────────────────────────────────────────────────────────────

    def refusal(self, hello: Hello) -> str:
        """Why a client with this `hello` is not accepted; empty when it is.

        A screen must be of the engine's own version, for it is shown the engine's own records; a short command only
        has to speak the same protocol, so that a flat gets through to an engine that was started before an upgrade.
        """
        if hello.protocol != PROTOCOL or (hello.screen and hello.program != VERSION):
            theirs = f"myquant-tui {hello.program:.20} (protocol {hello.protocol})"
            return f"the engine is myquant-tui {VERSION} (protocol {PROTOCOL}), this is {theirs}: use the same version"
        return ""

    def welcome(self, hello: Hello, now_ns: int) -> tuple[Client, list[bytes]]:
        """Accept a client; what it is sent."""
        self._numbers += 1
        client = self.clients[self._numbers] = Client(self._numbers, hello)
        if client.wants_control and hello.at_once:
            if self._control.holder is None:
                self._give(client, now_ns)
            else:
                client.told.append(f"{self._control.name} has control: you may look")
        return client, _frames(Welcome(PROTOCOL, VERSION, self._engine, os.getpid()))

    def settle_in(self, resident: str, now_ns: int) -> None:
        """Let a screen that is no client have control for as long as it is there: nobody can take it."""
        self._control.take(_RESIDENT, resident, now_ns)
        self._operator.attached(now_ns)

    def resident_left(self, now_ns: int) -> None:
        """That screen is gone."""
        self._leave(_RESIDENT, self._control.name, now_ns, "is gone")

    def gone(self, client: Client, now_ns: int, *, how: str = "lost") -> None:
        """A client left, or was lost."""
        if self.clients.pop(client.number, None) is not None:
            self.claims.say(client.number, {}, now_ns)
            self._leave(client.number, client.name, now_ns, how)

    def look_after(self, now_ns: int) -> None:
        """Do what the policy for an absent operator wants."""
        command = self._operator.due(now_ns)
        if command is not None:
            self._served.send(command, _POLICY_TICKET)
            self._served.say(f"policy: {self._operator.did}")

    # ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────

    def answer(self, client: Client, request: Request, now_ns: int) -> list[bytes] | None:
        """The frames that answer `request`; None when the client has left or breaks the order of requests."""
        reply: Reply
        match request:
            case GetSnapshot():
                return self._look(client, request, now_ns)
            case SendCommand():
                reply = self._send(client, request, now_ns)
            case FollowFlat():
                reply = self._news_of(request.ticket)
            case GetExits():
                reply = self._served.exit_page(request.first, request.last, request.rewinds)
            case GetDays():
                reply = self._served.day_page(request.date, request.today, request.rewinds)
            case GetMeasures():
                reply = self._measures(client)
            case TakeControl():
                reply = self._take(client, now_ns)
            case GiveControl():
                self._leave(client.number, client.name, now_ns, "gave control up")
                reply = self._control.view(client.number)
            case Bye():
                self.gone(client, now_ns, how="detached" if request.detached else "lost its terminal")
                return None
            case Hello():
                return None
        return _frames(reply)

    def is_news(self, follow: FollowFlat) -> bool:
        """Whether there is more to tell of a flat than who follows it knows."""
        return self._news_of(follow.ticket).number != follow.seen

    def _news_of(self, ticket: int) -> FlatNews:
        """The newest; made once for a picture and a ticket, however often it is looked for."""
        seen = self._served.snapshot
        if self._news is None or self._news[0] is not seen or self._news[1] != ticket:
            self._news = (seen, ticket, flat_news(seen, ticket))
        return self._news[2]

    def _measures(self, client: Client) -> Reply:
        if client.program != VERSION:
            return RequestRefused(
                f"the engine is myquant-tui {VERSION}, this is {client.program:.20}: use the same version"
            )
        return MeasuresReply(self._served.measures())

    def _look(self, client: Client, look: GetSnapshot, now_ns: int) -> list[bytes]:
        client.tells = look.tells is not UNSET
        self.claims.say(client.number, look.tells or {}, now_ns)
        delta = self._delta
        snapshot = self._served.snapshot
        delta.take(snapshot)
        parts, frames = delta.wanted(look.number, look.have, changes=look.changes is True)
        if look.log_limit:
            lines = self._served.log_lines(look.log_since, min(look.log_limit, LINES_A_LOOK))
            if lines:
                parts, frames = (*parts, LOG), [*frames, frame(ENCODER.encode(lines))]
        picture = SnapshotReply(
            number=delta.number,
            parts=parts,
            versions=delta.versions_for(look.have),
            history=self._history(look, len(snapshot.instruments)),
            control=self._control.view(client.number),
            absence=self._operator.view(),
            watched_by=sum(each.screen for each in self.clients.values()),
            told=tuple(client.told),
        )
        client.told.clear()
        client.seen = delta.number
        return [frame(ENCODER.encode(picture)), *frames]

    def _history(self, look: GetSnapshot, instruments: int) -> History | None:
        """The points after the asked moment; the whole chart when that moment is none of its points (a seek, a new day)."""
        if look.history_of is None or look.history_of >= instruments:
            return None
        points = self._served.history(look.history_of)
        known = bisect_left(points, look.history_since_ms, key=itemgetter(0))
        whole = known == len(points) or points[known][0] != look.history_since_ms
        return History(look.history_of, whole, tuple(points if whole else points[known:]))

    def _send(self, client: Client, send: SendCommand, now_ns: int) -> CommandTaken:
        command = send.command
        looks = client.only_looks
        reason = self._control.refusal(client.number, command, screen=client.screen, only_looks=looks)
        if not reason and not all(math.isfinite(value) for value in astuple(command) if isinstance(value, float)):
            reason = "a number in it is none"
        if reason:
            self._notes.tell("command", f"{type(command).__name__} of {client.name} refused: {reason}", now_ns)
            return CommandTaken(send.ticket, "REFUSED", reason)
        if isinstance(command, SignedCommand):
            command = replace(command, by=client.name)
        self._served.send(command, send.ticket)
        return CommandTaken(send.ticket, "ACCEPTED")

    # ── Control ────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, client: Client, now_ns: int) -> Reply:
        before = self._control.holder
        if not client.wants_control:
            client.told.append("control is not for those who only look")
        elif before == _RESIDENT:
            client.told.append(f"{self._control.name} has control and keeps it: you may look, and go flat")
        elif before != client.number:
            if before in self.clients:
                self.clients[before].told.append(f"{client.name} took control: you may look")
            self._give(client, now_ns)
        return self._control.view(client.number)

    def _give(self, client: Client, now_ns: int) -> None:
        """Let `client` have control; an operator that was away is told what happened meanwhile."""
        before = self._control.name
        self._control.take(client.number, client.name, now_ns)
        away_ns = self._operator.attached(now_ns)
        self._served.say(f"{client.name} has control" + (f", {before} had it" if before else ""))
        if away_ns is not None and self._left is not None:
            line = digest(self._left, self._served.snapshot, away_ns, self._operator.did)
            self._served.say(f"operator back: {line}")
            client.told.append(line)
        else:
            client.told.append("you have control")
        self._left = None

    def _leave(self, number: int, name: str, now_ns: int, how: str) -> None:
        """If `name` has control, nobody has it now, and the absence begins."""
        if self._control.give_up(number, now_ns):
            self._operator.lost(now_ns)
            self._left = self._served.snapshot
            self._served.say(f"operator {name} {how}: {self._operator.plan}")
            for other in self.clients.values():
                other.told.append(f"{name} {how}: nobody has control")


def _frames(reply: Reply) -> list[bytes]:
    return [frame(ENCODER.encode(reply))]
