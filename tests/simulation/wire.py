"""Between what is asked and the simulated exchange: the program's own lanes, in the broker's own bytes, and its socket for updates."""

from collections.abc import Callable, Iterator

from engine.execution.actions import LaneName, SendRequest, WriteRow, lane_of
from engine.execution.order_dialect import WireRequest
from engine.execution.read_lane import ReadLane
from engine.execution.write_lane import ENTRIES, EXITS, WriteLane
from engine.model.order_reports import OrderAnswer, SessionChanged
from engine.model.order_requests import LogIn, OrderRequest, WithdrawOrder, WriteRequest
from engine.model.order_rows import SendBegun
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.simulation.journal import AwaitedRows, VirtualJournal
from tests.simulation.lines import Line
from tests.simulator.exchange.due import NEVER
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.updates import UpdateStream
from tests.support.spoken_orders import HEADERS, reply_of

LOGIN_MS = 400
RECONNECT_MS = 1_000
_CONNECTION_MS = 10_000  # after which a connection without an answer is closed


class Wire:
    """`on_send` is told of every request's way and path before its bytes go; `hand_ms` says how long what came of one is on its way from its lane to the trader."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        dialect: SmartApiOrders,
        journal: VirtualJournal | AwaitedRows,
        on_send: Callable[[LaneName, WireRequest], None],
        hand_ms: Callable[[], int] = lambda: 0,
        generation: int = 1,
    ) -> None:
        self._exchange = exchange
        self._dialect = dialect
        self._journal = journal
        self._on_send = on_send
        self._hand_ms = hand_ms
        self.generation = generation
        self._jwt = exchange.account.given.jwt
        self._lines: dict[LaneName, Line] = {
            "entries": Line("entries", WriteLane(dialect, ENTRIES)),
            "exits": Line("exits", WriteLane(dialect, EXITS)),
            "reads": Line("reads", ReadLane(dialect)),
        }
        self._session(up=True)
        self._durable = 0
        self._login_ms = 0
        self._updates: UpdateStream | None = None
        self._connect_ms = 0

    def log_in(self) -> None:
        """Take a new token, as a start does."""
        self._jwt = self._exchange.account.issue().jwt

    def ask(self, requests: list[OrderRequest], now_ms: int) -> None:
        """Hand requests over, each write behind its row; nothing is sent before the next `step`."""
        for request in requests:
            writes = isinstance(request, WriteRequest) and not (
                isinstance(request, WithdrawOrder) and not request.broker_id
            )
            self.wish(request, self._journal.write(request, now_ms) if writes else 0, now_ms)

    def wish(self, request: OrderRequest, row: int, now_ms: int) -> None:
        """Hand a request over that the journal has in this row."""
        if isinstance(request, LogIn):
            self._login_ms = now_ms + LOGIN_MS
            return
        line = self._lines[lane_of(request)]
        lane = line.lane
        if isinstance(lane, ReadLane):
            lane.wish(request)  # type: ignore[arg-type]
            line.stir()
        else:
            lane.wish(request, row, now_ms)  # type: ignore[arg-type]
            line.stir(now_ms)

    @property
    def next_ms(self) -> int:
        """When something may happen next."""
        next_ms = self._updates.next_ms if self._updates is not None else self._connect_ms
        for line in self._lines.values():
            next_ms = min(next_ms, line.next_ms)
        if self._login_ms:
            next_ms = min(next_ms, self._login_ms)
        row_ms = self._journal.next_ms
        return next_ms if row_ms is None else min(next_ms, row_ms)

    def lose(self) -> None:
        """The process is gone: its socket is closed, answers come to nobody."""
        if self._updates is not None:
            self._updates.close()

    def step(self, now_ms: int) -> Iterator[OrderAnswer]:
        """What has come by now; and send what may be sent."""
        if self._login_ms and now_ms >= self._login_ms:
            self._login_ms = 0
            self.log_in()
            self.generation += 1
            yield self._session(up=True)
        before, self._durable = self._durable, self._journal.durable(now_ms)
        for line in self._lines.values():
            if line.stirred or line.next_ms <= now_ms or (self._durable != before and line.next_ms < NEVER):
                yield from self._step(line, now_ms)
        yield from self._listen(now_ms)

    def _step(self, line: Line, now_ms: int) -> Iterator[OrderAnswer]:
        lane = line.lane
        if isinstance(lane, WriteLane):
            lane.durable(self._durable, now_ms)
        line.begin(now_ms)
        for action in lane.step(now_ms):
            if isinstance(action, WriteRow) and isinstance(lane, WriteLane):
                lane.row_written(action.order, self._journal.write(SendBegun(action.order), now_ms))
            elif isinstance(action, SendRequest):
                self._send(line, action, now_ms)
        for event in lane.take_events():
            if isinstance(event, SessionChanged):
                self._session(up=False)
            # Rounds are judged by when they were read: what they say may not be old when it is taken.
            line.tell(event, now_ms + (self._hand_ms() if isinstance(lane, WriteLane) else 0))
        yield from line.take_events(now_ms)

    def _session(self, *, up: bool) -> SessionChanged:
        for line in self._lines.values():
            line.lane.session(self.generation, up=up)
            line.stir()
        return SessionChanged(self.generation, up, CleanText(""))

    def _send(self, line: Line, action: SendRequest, now_ms: int) -> None:
        self._on_send(line.name, action.wire)
        headers = HEADERS | {"authorization": f"Bearer {self._jwt}", "content-type": action.wire.content_type}
        outcome = self._exchange.request(now_ms, action.wire.method, action.wire.path, headers, action.wire.body)
        due_ms = now_ms + _CONNECTION_MS if outcome.end == "silent" else max(now_ms + 1, outcome.at_ms)
        line.send(action.number, due_ms, reply_of(outcome))

    # ── Updates ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _listen(self, now_ms: int) -> Iterator[OrderAnswer]:
        if self._updates is None:
            if now_ms >= self._connect_ms:
                opened = self._exchange.open_updates(now_ms, self._jwt)
                self._updates = None if isinstance(opened, int) else opened
                self._connect_ms = now_ms + RECONNECT_MS
            return
        for message in self._updates.take(now_ms):
            told = self._dialect.update(message, self.generation)
            if told.seen is not None:
                yield told.seen
        if not self._updates.open:
            self._updates, self._connect_ms = None, now_ms + RECONNECT_MS
