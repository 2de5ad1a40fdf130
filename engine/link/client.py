"""The engine as a screen in another process sees it: the same few calls, and a thread that fetches what they give.

It trusts the engine with no more than it must: sizes are capped, words typed; texts are cleaned as they are decoded.
"""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Thread
from typing import Literal

from msgspec import Struct

from engine.link.channel import Channel, LinkError, RefusedError, hello_of
from engine.link.protocol import (
    AbsenceView,
    AnyCommand,
    CommandTaken,
    ControlView,
    GiveControl,
    SendCommand,
    SnapshotReply,
    TakeControl,
)
from engine.link.replica import Points, Replica
from engine.link.tickets import Pending, PendingCommands
from engine.model.errors import WireError
from engine.model.ports import LogLine
from engine.model.snapshot import Snapshot
from engine.text.sanitize import CleanText, clean

_LOOK_S = 0.25
_LOOK_SOON_S = 0.05  # for a second after a command was sent
_SOON_NS = 1_000_000_000
_ANSWER_S = 5.0
_FIRST_RETRY_S = 0.2
_LONGEST_RETRY_S = 2.0
_TOLD_KEPT = 16

_NOBODY = ControlView("", mine=False, since_ns=0)
_UNKNOWN = AbsenceView("keep", 0, 0, "")


class ConnectionStatus(Struct, frozen=True):
    """Whether the engine is at the other end, why not, and since when (monotonic ns)."""

    word: Literal["CONNECTING", "CONNECTED", "LOST"]
    reason: CleanText
    since_ns: int


class RemoteEngine:
    """A screen's door to an engine in another process of this machine, by its socket.

    All calls but `start` and `leave` return at once. Stamps in the snapshot are the engine's monotonic clock, which on
    Linux counts for the whole machine, so that ages hold. A lost engine is looked for again until `leave`; meanwhile
    the last snapshot stays, and its age tells. Commands that cannot be sent within 2 s are given up and never sent
    later, except `Flat` and `Lock`, which are tried for a minute.
    """

    def __init__(
        self, path: Path, name: str, *, wants_conn: bool = True, clock_ns: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._path = path
        self._name = name
        self._may_steer = wants_conn
        self._asks = True  # for the conn, when it attaches
        self._clock_ns = clock_ns
        self._mirror = Replica()
        self._tickets = PendingCommands(clock_ns)
        self._told: deque[str] = deque(maxlen=_TOLD_KEPT)
        self._pid = 0
        self._status = ConnectionStatus("CONNECTING", CleanText(""), clock_ns())
        self._changed = Condition()  # held for a few lines by either thread; guards the wishes below
        self._woken = False
        self._wish: TakeControl | GiveControl | None = None
        self._refused = False
        self._leaving = False
        self._detached = False
        self._soon_until_ns = 0
        self._thread = Thread(target=self._run, name="link", daemon=True)

    # ── What a screen asks ──────────────────────────────────────────────────────────────────────────────────────

    def start(self, timeout_s: float = 5.0) -> None:
        """Attach, and wait for the first snapshot; raises LinkError (a UserError) when refused, or after `timeout_s`.

        An engine that is not there yet is waited for.
        """
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._mirror.snapshot is not None or self._refused, timeout_s)
        if self._mirror.snapshot is None:
            reason = self._status.reason or f"the engine has shown nothing for {timeout_s:g} s"
            self.leave(detached=False)
            raise LinkError(reason)

    def send(self, command: AnyCommand) -> None:
        """Ask for a command; `pending` tells what becomes of it."""
        self._tickets.add(command)
        self._soon_until_ns = self._clock_ns() + _SOON_NS
        self._wake()

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture."""
        snapshot = self._mirror.snapshot
        assert snapshot is not None, "start the door first"
        return snapshot

    def history(self, instrument: int) -> Points:
        """The day's chart of one instrument as far as it was fetched; asking fetches the rest."""
        known = self._mirror.chart(instrument)
        if known is None:
            self._wake()
        return known or ()

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        """At most `limit` log lines after number `since`, oldest first."""
        return self._mirror.lines(since, limit)

    def pending(self) -> list[Pending]:
        """The commands on their way, and those that ended in the last seconds; oldest first."""
        return self._tickets.pending()

    @property
    def state(self) -> ConnectionStatus:
        """Whether the engine is at the other end."""
        return self._status

    @property
    def may_steer(self) -> bool:
        """Whether this screen ever wants the conn."""
        return self._may_steer

    @property
    def pid(self) -> int:
        """The engine's process, as it last said; 0 before it was reached."""
        return self._pid

    @property
    def conn(self) -> ControlView:
        """Who may command."""
        picture = self._mirror.picture
        return picture.conn if picture else _NOBODY

    @property
    def absence(self) -> AbsenceView:
        """Whether an operator is there, and what happens when not."""
        picture = self._mirror.picture
        return picture.absence if picture else _UNKNOWN

    @property
    def watched_by(self) -> int:
        """How many screens look at the engine, this one included."""
        picture = self._mirror.picture
        return picture.watched_by if picture else 0

    @property
    def told(self) -> tuple[str, ...]:
        """What the engine told this screen: moves of the conn, what happened while nobody was there. The newest last."""
        return tuple(self._told)

    def take_conn(self) -> None:
        """Take the conn, whoever has it."""
        self._wish_for(TakeControl())

    def leave_conn(self) -> None:
        """Give the conn up and go on looking."""
        self._wish_for(GiveControl())

    def leave(self, detached: bool, timeout_s: float = 1.0) -> None:
        """Say goodbye and end the thread; waits at most `timeout_s` so that the engine hears it."""
        with self._changed:
            self._leaving, self._detached, self._woken = True, detached, True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _wish_for(self, wish: TakeControl | GiveControl) -> None:
        with self._changed:
            self._wish, self._woken = wish, True
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    # ── The thread. Everything below runs in it alone. ──────────────────────────────────────────────────────────

    def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        while not self._leaving:
            try:
                hello = hello_of(self._name, screen=True, wants_conn=self._may_steer, at_once=self._asks)
                with Channel(self._path, hello, _ANSWER_S) as channel:
                    self._pid = channel.welcome.pid
                    self._mirror.attach(channel.welcome.engine)
                    self._look(channel)
                    self._set_status("CONNECTED", CleanText(""))
                    retry_s = _FIRST_RETRY_S
                    self._attend(channel)
            except LinkError as error:
                self._tickets.unsure()
                self._set_status("LOST", error.lines[0])
                if isinstance(error, RefusedError):
                    with self._changed:
                        self._refused = True
                        self._changed.notify_all()
            except Exception as error:  # noqa: BLE001 - the mouth of the thread: the screen is told, and it is tried again
                self._tickets.unsure()
                self._set_status("LOST", clean(f"the door failed: {type(error).__name__}: {error}"))
            self._pause(retry_s, only_to_leave=True)
            retry_s = min(2 * retry_s, _LONGEST_RETRY_S)

    def _attend(self, channel: Channel) -> None:
        """Send what is asked for and look, until the screen leaves or the engine is lost."""
        while not self._leaving:
            self._send_waiting(channel)
            self._look(channel)
            if not self._mirror.behind:
                self._pause(_LOOK_SOON_S if self._clock_ns() < self._soon_until_ns else _LOOK_S)
        self._send_waiting(channel)
        channel.tell_bye(detached=self._detached)

    def _send_waiting(self, channel: Channel) -> None:
        with self._changed:
            wish, self._wish = self._wish, None
        if wish is not None:
            channel.ask(wish)
            self._asks = isinstance(wish, TakeControl)
        while (asked := self._tickets.to_send()) is not None:
            answer = channel.ask(SendCommand(*asked)).reply
            if isinstance(answer, CommandTaken):
                self._tickets.taken(answer)

    def _look(self, channel: Channel) -> None:
        answer = channel.ask(self._mirror.look())
        picture = answer.reply
        if not isinstance(picture, SnapshotReply):
            raise LinkError("the engine answered something else than it was asked")
        had = self.conn.mine
        first = self._mirror.snapshot is None
        try:
            self._mirror.take(picture, answer.parts)
        except WireError as error:
            raise LinkError(f"the engine's picture cannot be read: {error}") from error
        self._told.extend(picture.told)
        if had and not picture.conn.mine and picture.conn.holder:
            self._asks = False  # somebody took it: it is not asked back by itself
        if self._mirror.snapshot is not None:
            self._tickets.seen(self._mirror.snapshot.commands)
            if first:
                with self._changed:
                    self._changed.notify_all()

    def _pause(self, pause_s: float, *, only_to_leave: bool = False) -> None:
        """Wait until it is time for the next look, or somebody wants something."""
        with self._changed:
            if only_to_leave:
                self._changed.wait_for(lambda: self._leaving, pause_s)
            else:
                self._changed.wait_for(lambda: self._woken, pause_s)
                self._woken = False

    def _set_status(self, word: Literal["CONNECTED", "LOST"], reason: CleanText) -> None:
        if (word, reason) != (self._status.word, self._status.reason):
            since_ns = self._clock_ns() if word != self._status.word else self._status.since_ns
            self._status = ConnectionStatus(word, reason, since_ns)
