"""A short command's connection to an engine: connect, ask, close. Does not count as a screen and never has control."""

from pathlib import Path
from typing import Self

from engine.link.channel import Channel, LinkError, hello_of
from engine.link.protocol import (
    AnyCommand,
    CommandTaken,
    FlatNews,
    FollowFlat,
    GetMeasures,
    MeasuresReply,
    Reply,
    Request,
    SendCommand,
    SnapshotReply,
)
from engine.link.replica import Replica
from engine.link.tickets import PendingCommands
from engine.model.measures import Measures
from engine.model.run_views import CommandView
from engine.model.snapshot import Snapshot


class Oneshot:
    """An open connection; each call blocks at most `timeout_s` and raises LinkError (a UserError) with one line that says why."""

    def __init__(self, path: Path, name: str, timeout_s: float = 2.0) -> None:
        """Connect to the engine behind `path`."""
        self._channel = Channel(path, hello_of(name, screen=False), timeout_s)
        self.pid = self._channel.welcome.pid
        self._replica = Replica()
        self._replica.attach(self._channel.welcome.engine)
        self._tickets = PendingCommands(lambda: 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def send(self, command: AnyCommand) -> CommandTaken:
        """Hand over a command; the ticket in the answer is that of `outcome`."""
        reply = self.ask(SendCommand(self._tickets.add(command), command))
        if not isinstance(reply, CommandTaken):
            raise LinkError("the engine answered something else than it was asked")
        return reply

    def snapshot(self) -> Snapshot:
        """The engine's snapshot of now."""
        self.picture()
        while self._replica.behind and self._replica.snapshot is None:
            self.picture()
        assert self._replica.snapshot is not None
        return self._replica.snapshot

    def picture(self) -> SnapshotReply:
        """How many screens are connected, and which client has control."""
        return self._channel.look(self._replica, log_limit=0)

    def follow(self, ticket: int, seen: int) -> FlatNews:
        """What is new of the flat with this ticket after news number `seen`; waits for it, a second at most."""
        reply = self.ask(FollowFlat(ticket, seen))
        if not isinstance(reply, FlatNews):
            raise LinkError("the engine answered something else than it was asked")
        return reply

    def outcome(self, ticket: int) -> CommandView | None:
        """What became of a command so far; None when the engine does not know it."""
        return next((view for view in self.snapshot().commands if view.ticket == ticket), None)

    def measures(self) -> Measures:
        """What the engine has counted since it was started; raises RefusedError where it is of another version."""
        reply = self.ask(GetMeasures())
        if not isinstance(reply, MeasuresReply):
            raise LinkError("the engine answered something else than it was asked")
        return reply.measures

    def newest_line(self) -> int:
        """Number of the newest line of the engine's log; 0 before the first."""
        self._channel.look(self._replica)
        while self._replica.behind:
            self._channel.look(self._replica)
        return self._replica.newest_line

    def ask(self, request: Request) -> Reply:
        """Any request and its answer, without the parts of a snapshot."""
        return self._channel.ask(request)


def ask(path: Path, request: Request, timeout_s: float, name: str = "command") -> Reply:
    """One request to the engine behind `path`, and its answer; raises LinkError (a UserError)."""
    with Oneshot(path, name, timeout_s) as oneshot:
        return oneshot.ask(request)
