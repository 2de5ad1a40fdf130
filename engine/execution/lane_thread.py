"""A lane with its thread: wishes, rows, answers and time go into the lane, its bytes go out on a connection opened beforehand.

One loop over what may happen, so that no hung connection and no slow answer holds up a withdrawal, another lane or the end.
"""

import select
import time
from collections import deque
from collections.abc import Callable
from threading import Thread
from typing import Final

from msgspec import Struct

from engine.execution.actions import LaneName, SendRequest
from engine.execution.breaks import Breaks, came_to_nothing
from engine.execution.lane_health import LaneHealth
from engine.execution.login import Login
from engine.execution.order_dialect import NoAnswer, Reply, WireRequest
from engine.execution.order_line import OrderLine
from engine.execution.read_lane import ReadLane
from engine.execution.spare_line import SpareLine
from engine.execution.waker import Waker
from engine.execution.write_lane import WriteLane
from engine.model.order_reports import OrderAnswer
from engine.model.order_requests import PlaceOrder, ReadRequest, WriteRequest
from engine.model.order_rows import SendBegun
from engine.model.ports import OrderJournal
from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

_now_ns = time.perf_counter_ns
_MS: Final = 1_000_000
# A request waits so long for a connection where none is open. Less than what is left of the time after which an order
# without news counts as unknown: nothing may go out that may have been given up.
_CONNECTION_MS: Final = 1_500
_NO_CONNECTION: Final = CleanText("no connection in time")
_REST_MS: Final = 50  # behind something that broke
_WRITE_BYTES: Final = 1 << 18  # of an answer to a request that changes something
_READ_BYTES: Final = 1 << 24  # of a list

Ask = WriteRequest | ReadRequest


class _Wished(Struct, frozen=True):
    request: Ask
    row: int
    begun_row: int = 0


class _Reread(Struct, frozen=True):
    """A round is to be read that nobody has asked for."""


class _Pending(Struct, frozen=True):
    """A request that the lane has sent off, and that waits for a connection; `failures` of those there had been by then."""

    number: int
    wire: WireRequest
    until_ns: int
    failures: int


class LaneThread:
    """`speak` makes the bytes of a request under a login's token; `tell` is given every event, from this lane's thread."""

    def __init__(
        self,
        name: LaneName,
        lane: WriteLane | ReadLane,
        spare: Callable[[Callable[[], None]], SpareLine],
        speak: Callable[[WireRequest, str], bytes],
        journal: OrderJournal,
        tell: Callable[[OrderAnswer], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.health = LaneHealth()
        self._lane = lane
        self._waker = Waker()
        self._spare = spare(self._waker.ring)
        self._speak = speak
        self._journal = journal
        self._tell = tell
        self._now_ms = now_ms
        self._limit = _READ_BYTES if isinstance(lane, ReadLane) else _WRITE_BYTES
        self._mail: deque[_Wished | _Reread | Login] = deque()
        self._awaits_rows = False
        self._stopping = False
        self._breaks = Breaks()
        self._token = ""
        self._line: OrderLine | None = None  # on which a request is under way
        self._number = 0  # of that request
        self._pending: _Pending | None = None
        self._thread = Thread(target=self._run, name=f"order-{name}", daemon=True)

    # ── From any thread ─────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin; what was asked before is taken first."""
        self._thread.start()

    def ask(self, request: Ask, row: int) -> None:
        """Take a request whose own row in the journal is number `row` (0: it has none)."""
        lane, begun_row = self._lane, 0
        if isinstance(request, PlaceOrder) and row and isinstance(lane, WriteLane) and lane.is_free and not self._mail:
            # Both rows in one go at the disk. Where something comes between all the same, it says no more than that it may be sent.
            begun_row = self._journal.write(SendBegun(request.order))
        self._mail.append(_Wished(request, row, begun_row))
        self._waker.ring()

    def reread(self) -> None:
        """Read a round, as something may have been missed."""
        self._mail.append(_Reread())
        self._waker.ring()

    def log_in(self, login: Login) -> None:
        """Go by this login."""
        self._mail.append(login)
        self._waker.ring()

    def durable(self) -> None:
        """More rows are on the disk."""
        if self._awaits_rows:
            self._waker.ring()

    def begin_to_stop(self) -> None:
        """End soon, whatever is under way."""
        self._stopping = True
        self._waker.ring()

    def stop(self, timeout_s: float) -> None:
        """Wait until it has ended."""
        if self._thread.ident is None:
            self._close()
        else:
            self._thread.join(timeout_s)

    # ── The lane's thread ───────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            while self._goes_on():
                if self._breaks.is_one_too_many:
                    self._refuse_all()
                else:
                    self._one_round()
        finally:
            self._close()

    def _one_round(self) -> None:
        """What breaks on our side costs what it broke in, which the lane gives up in its time, and nothing more."""
        try:
            self._round()
            self._wait()
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and gone on
            problem = clean(redact(f"{type(error).__name__}: {error}"))
            self.health.failed(problem)
            self._breaks.count(problem, _now_ns())
            self._rest(_REST_MS)

    def _goes_on(self) -> bool:
        """Whether this was not the end; what comes from now on wakes the next wait."""
        self._waker.calm()
        return not self._stopping

    def _round(self) -> None:
        """Take in what has happened, and do what follows."""
        now_ms, now_ns = self._now_ms(), _now_ns()
        while self._mail:
            self._take(self._mail.popleft(), now_ms)
        self._spare.step(now_ns)
        self._hear(now_ns, now_ms)
        lane = self._lane
        if isinstance(lane, WriteLane):
            self._awaits_rows = lane.waits  # before one looks how far they are
            lane.durable(self._journal.durable, now_ms)
        for action in lane.step(now_ms):
            if isinstance(action, SendRequest):
                self._send(action)
            elif isinstance(lane, WriteLane):
                lane.row_written(action.order, self._journal.write(SendBegun(action.order)))
        self._send_pending(now_ms)
        for event in lane.take_events():
            self.health.told(event)
            self._tell(event)
        self._spare.step(now_ns)  # the next connection is begun once the bytes are out

    def _take(self, mail: _Wished | _Reread | Login, now_ms: int) -> None:
        lane = self._lane
        if isinstance(mail, Login):
            self._token = mail.token
            lane.session(mail.generation, up=mail.up)
        elif isinstance(lane, ReadLane):
            if isinstance(mail, _Reread):
                lane.reread()
            elif isinstance(mail.request, ReadRequest):
                lane.wish(mail.request)
        elif isinstance(mail, _Wished) and isinstance(mail.request, WriteRequest):
            lane.wish(mail.request, mail.row, now_ms, mail.begun_row)

    def _send(self, action: SendRequest) -> None:
        """Let a request go, on the connection that is open; else as soon as one is."""
        if self._line is not None:
            self._line.close()  # given up by the lane: its outcome was told
            self._line = None
        now_ns = _now_ns()
        self.health.asked()
        line = self._spare.take(now_ns)
        if line is None:
            until_ns = now_ns + _CONNECTION_MS * _MS
            self._pending = _Pending(action.number, action.wire, until_ns, self._spare.failures)
            self._spare.hurry()
            self._spare.step(now_ns)
        else:
            self._ask_on(line, action.number, action.wire, now_ns)

    def _send_pending(self, now_ms: int) -> None:
        """Let the request go that waits for a connection; not one that the lane has given up meanwhile."""
        pending = self._pending
        if pending is None:
            return
        now_ns = _now_ns()
        if self._lane.under_way != pending.number:
            self._pending = None
        elif (line := self._spare.take(now_ns)) is not None:
            self._pending = None
            self._ask_on(line, pending.number, pending.wire, now_ns)
        elif self._spare.failures != pending.failures or now_ns >= pending.until_ns:
            failed = self._spare.failures != pending.failures
            self._over(pending.number, NoAnswer(self._spare.problem if failed else _NO_CONNECTION, sent=False), now_ms)
            self._waker.ring()  # the lane may have more

    def _ask_on(self, line: OrderLine, number: int, wire: WireRequest, now_ns: int) -> None:
        self._line, self._number = line, number
        line.ask(self._speak(wire, self._token), self._limit, now_ns)

    def _hear(self, now_ns: int, now_ms: int) -> None:
        """See what has become of the request under way."""
        line = self._line
        if line is not None:
            line.advance(now_ns)
            if line.reply is not None:
                self._over(self._number, line.reply, now_ms)

    def _over(self, number: int, reply: Reply, now_ms: int) -> None:
        self._pending = self._line = None
        self.health.answered(reply)
        self._lane.answer(number, reply, now_ms)

    def _wait(self) -> None:
        """Until something happens, or is due."""
        poll = select.poll()
        poll.register(self._waker.fileno(), select.POLLIN)
        now_ns = _now_ns()
        dues = [self._spare.due_ns]
        for line in (*self._spare.lines(), *([self._line] if self._line is not None else [])):
            if line.fileno() >= 0:
                poll.register(line.fileno(), line.events)
        if self._line is not None:
            dues.append(now_ns if self._line.reply is not None else self._line.due_ns)
        if self._pending is not None:
            dues.append(self._pending.until_ns)
        wait_ms = self._lane.wait_ms
        if wait_ms is not None:
            dues.append(now_ns + wait_ms * _MS)
        known = [due_ns for due_ns in dues if due_ns is not None]
        poll.poll(max(0, -(-(min(known) - now_ns) // _MS)) if known else None)

    def _refuse_all(self) -> None:
        """Say of every request that it comes to nothing: this lane carries nothing any more."""
        while self._mail:
            mail = self._mail.popleft()
            if isinstance(mail, _Wished):
                self._tell(came_to_nothing(mail.request, self._breaks.newest))
        self._rest(None)

    def _rest(self, most_ms: int | None) -> None:
        """Until somebody has something for this thread."""
        poll = select.poll()
        poll.register(self._waker.fileno(), select.POLLIN)
        poll.poll(most_ms)

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._spare.close()
        self._waker.close()
