"""The engine as a screen in another process sees it: the same few calls, and a thread that fetches what they give.

What comes is limited in size and checked by type; its texts are cleaned as they are decoded.
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
    GetMeasures,
    GiveControl,
    MeasuresReply,
    SendCommand,
    TakeControl,
)
from engine.link.replica import Points, Replica
from engine.link.tickets import Pending, PendingCommands
from engine.model.day_page import DayPage
from engine.model.errors import UserError
from engine.model.exit_page import ExitPage
from engine.model.measures import Measures
from engine.model.ports import LogLine
from engine.model.snapshot import Snapshot
from engine.text.sanitize import CleanText, clean
from engine.version import VERSION

_LOOK_S = 0.25
_LOOK_AT_REST_S = 0.5  # while nothing changes but the time
_LOOK_SOON_S = 0.05  # for a second after a command was sent
_SOON_NS = 1_000_000_000
_ANSWER_S = 5.0
_FIRST_RETRY_S = 0.2
_LONGEST_RETRY_S = 2.0
_TOLD_KEPT = 16
_COUNTS_NS = 900_000_000  # a little under a second: who asks once a second is told something new each time

_NOBODY = ControlView("", mine=False, since_ns=0)
_UNKNOWN = AbsenceView("keep", 0, 0, "")


class ConnectionStatus(Struct, frozen=True):
    """Whether the engine is at the other end, why not, and since when (monotonic ns)."""

    word: Literal["CONNECTING", "CONNECTED", "LOST"]
    reason: CleanText
    since_ns: int


class RemoteEngine:
    """The client of an engine in another process of this machine, over its Unix socket.

    All calls but `start` and `leave` return at once. Stamps in the snapshot are the engine's monotonic clock, which on
    Linux counts for the whole machine, so that ages hold. After a loss it tries to connect again until `leave`; meanwhile
    the last snapshot stays, and its age tells. Commands that cannot be sent within 2 s are given up and never sent
    later, except `Flat` and `Lock`, which are tried for a minute. One that is no `screen` looks without being counted.
    """

    def __init__(
        self,
        path: Path | Callable[[], Path],
        name: str,
        *,
        wants_control: bool = True,
        may_flat: bool = False,
        screen: bool = True,
        counts: bool = False,
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._path = path  # or what finds it, before each attempt; it may raise a UserError
        self._name = name
        self.wants_control = wants_control  # at any time
        self.may_flat = may_flat  # although it does not want control
        self._screen = screen  # else it does not count among those who look, and never has control
        self._counts = counts  # whether it wants the engine's counters, once a second
        self.tells: Callable[[], dict[str, int]] | None = None  # asked before each look for `GetSnapshot.tells`
        self._counts_due_ns = 0
        self.measures: Measures | None = (
            None  # the newest counters of the engine it was attached to last; none of another version's
        )
        self._asks = True  # for control, when it attaches
        self._clock_ns = clock_ns
        self._replica = Replica()
        self._tickets = PendingCommands(clock_ns)
        self._told: deque[str] = deque(maxlen=_TOLD_KEPT)
        self.pid = 0  # the engine's process, as it last said; 0 before it was reached
        self.run = 0  # another number for every engine that was started
        self.state = ConnectionStatus("CONNECTING", CleanText(""), clock_ns())
        self._changed = Condition()  # held for a few lines by either thread; guards what follows
        self._woken = False
        self._control_request: TakeControl | GiveControl | None = None
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
            self._changed.wait_for(lambda: self._replica.snapshot is not None or self._refused, timeout_s)
        if self._replica.snapshot is None:
            reason = self.state.reason or f"the engine sent no snapshot for {timeout_s:g} s"
            self.leave(detached=False)
            raise LinkError(reason)

    def begin(self) -> None:
        """Attach as soon as there is an engine, without waiting for it; `newest` is None until then."""
        self._thread.start()

    def send(self, command: AnyCommand) -> None:
        """Ask for a command; `pending` tells what becomes of it."""
        self._tickets.add(command)
        self._soon_until_ns = self._clock_ns() + _SOON_NS
        self._wake()

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        snapshot = self._replica.snapshot
        assert snapshot is not None, "start the client first"
        return snapshot

    @property
    def newest(self) -> Snapshot | None:
        """The newest snapshot, where one has come."""
        return self._replica.snapshot

    def history(self, instrument: int) -> Points:
        """The day's chart of one instrument as far as it was fetched; asking fetches the rest."""
        known = self._replica.chart(instrument)
        if known is None:
            self._wake()
        return known or ()

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        """At most `limit` log lines after number `since`, oldest first."""
        return self._replica.lines(since, limit)

    def exit_page(self, first: int, last: int, rewinds: int) -> ExitPage:
        """Exits number `first` to `last` out of the journal as far as they were fetched; asking fetches them."""
        page = self._replica.pages.page(first, last, rewinds)
        if page.state != "HERE":
            self._wake()
        return page

    def day_page(self, date: str, today: str, rewinds: int) -> DayPage:
        """The newest days of the journal, or the exits of the one at `date`, as far as they were fetched; asking fetches them."""
        page = self._replica.days.page(date, today, rewinds)
        if page.state != "HERE":
            self._wake()
        return page

    def pending(self) -> list[Pending]:
        """The commands on their way, and those that ended in the last seconds; oldest first."""
        return self._tickets.pending()

    @property
    def control(self) -> ControlView:
        """Who may command."""
        picture = self._replica.picture
        return picture.control if picture else _NOBODY

    @property
    def absence(self) -> AbsenceView:
        """Whether an operator is there, and what happens when not."""
        picture = self._replica.picture
        return picture.absence if picture else _UNKNOWN

    @property
    def watched_by(self) -> int:
        """How many screens look at the engine, this one included."""
        picture = self._replica.picture
        return picture.watched_by if picture else 0

    @property
    def told(self) -> tuple[str, ...]:
        """What the engine told this screen: moves of control, what happened while nobody was there. The newest last."""
        return tuple(self._told)

    def take_control(self) -> None:
        """Take control, whoever has it."""
        self._wake(TakeControl())

    def give_control(self) -> None:
        """Give control up and go on looking."""
        self._wake(GiveControl())

    def leave(self, detached: bool, timeout_s: float = 1.0) -> None:
        """Tell the engine, and end the thread; waits at most `timeout_s` so that the engine is told."""
        self._detached, self._leaving = detached, True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _wake(self, request: TakeControl | GiveControl | None = None) -> None:
        """Let the thread go on at once, and send `request` where there is one."""
        with self._changed:
            self._control_request = request or self._control_request
            self._woken = True
            self._changed.notify_all()

    # ── The thread. Everything below runs in it alone. ──────────────────────────────────────────────────────────

    def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        while not self._leaving:
            try:
                hello = hello_of(
                    self._name,
                    screen=self._screen,
                    wants_control=self.wants_control,
                    at_once=self._asks,
                    may_flat=self.may_flat,
                )
                path = self._path if isinstance(self._path, Path) else self._path()
                with Channel(path, hello, _ANSWER_S) as channel:
                    self.pid = channel.welcome.pid
                    self._replica.attach(channel.welcome.engine)
                    self.measures, self._counts_due_ns = None, 0  # those of the engine before are not this one's
                    self._look(channel)
                    self._set_status("CONNECTED", CleanText(""))
                    self.run = channel.welcome.engine  # whose snapshot is there, and who answers
                    retry_s = _FIRST_RETRY_S
                    self._attend(channel)
            except UserError as error:
                self._tickets.unsure()
                self._set_status("LOST", error.lines[0])
                if isinstance(error, RefusedError):
                    self._refused = True
                    self._wake()
            except Exception as error:  # noqa: BLE001 - nothing may end the thread: the screen is told, and it is tried again
                self._tickets.unsure()
                self._set_status("LOST", clean(f"the client of the engine failed: {type(error).__name__}: {error}"))
            self._pause(retry_s, only_to_leave=True)
            retry_s = min(2 * retry_s, _LONGEST_RETRY_S)

    def _attend(self, channel: Channel) -> None:
        """Send what is asked for and look, until the screen leaves or the engine is lost."""
        while not self._leaving:
            self._send_waiting(channel)
            self._look(channel)
            if not self._replica.behind:
                unhurried_s = _LOOK_AT_REST_S if self._replica.at_rest else _LOOK_S
                self._pause(_LOOK_SOON_S if self._clock_ns() < self._soon_until_ns else unhurried_s)
        self._send_waiting(channel)
        channel.tell_bye(detached=self._detached)

    def _send_waiting(self, channel: Channel) -> None:
        with self._changed:
            request, self._control_request = self._control_request, None
        if request is not None:
            channel.ask(request)
            self._asks = isinstance(request, TakeControl)
        while (wish := self._replica.pages.next_wish()) is not None:
            page = channel.ask(wish)
            if isinstance(page, ExitPage):
                self._replica.pages.take(page)
        while (day := self._replica.days.next_wish()) is not None:
            days = channel.ask(day)
            if isinstance(days, DayPage):
                self._replica.days.take(days)
        # Another version may know no such request, and refuses it: it is looked at without its counters.
        if self._counts and channel.welcome.program == VERSION and self._clock_ns() >= self._counts_due_ns:
            self._counts_due_ns = self._clock_ns() + _COUNTS_NS
            counted = channel.ask(GetMeasures())
            if isinstance(counted, MeasuresReply):
                self.measures = counted.measures
        while (asked := self._tickets.to_send()) is not None:
            answer = channel.ask(SendCommand(*asked))
            if isinstance(answer, CommandTaken):
                self._tickets.taken(answer)

    def _look(self, channel: Channel) -> None:
        had = self.control.mine
        first = self._replica.snapshot is None
        picture = channel.look(self._replica, tells=self.tells and self.tells())
        self._told.extend(picture.told)
        if had and not picture.control.mine and picture.control.holder:
            self._asks = False  # another client took it: it is not taken back automatically
        if self._replica.snapshot is not None:
            self._tickets.seen(self._replica.snapshot.commands)
            if first:
                with self._changed:
                    self._changed.notify_all()

    def _pause(self, pause_s: float, *, only_to_leave: bool = False) -> None:
        """Wait until the next look is due, or a call of the screen wakes the thread."""
        with self._changed:
            if only_to_leave:
                self._changed.wait_for(lambda: self._leaving, pause_s)
            else:
                self._changed.wait_for(lambda: self._woken, pause_s)
                self._woken = False

    def _set_status(self, word: Literal["CONNECTED", "LOST"], reason: CleanText) -> None:
        if (word, reason) != (self.state.word, self.state.reason):
            since_ns = self._clock_ns() if word != self.state.word else self.state.since_ns
            self.state = ConnectionStatus(word, reason, since_ns)
