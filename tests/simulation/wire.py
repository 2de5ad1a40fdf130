"""Between what is asked and the simulated exchange: the program's own lanes, in the broker's own bytes, and its socket for updates."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from engine.execution.actions import LaneName, SendRequest, WriteRow, lane_of
from engine.execution.read_lane import ReadLane
from engine.execution.write_lane import ENTRIES, EXITS, WriteLane
from engine.model.order_reports import OrderAnswer, SessionChanged
from engine.model.order_requests import LogIn, OrderRequest, WithdrawOrder, WriteRequest
from engine.model.order_rows import SendBegun
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.dialect import SmartApiOrders
from engine.venues.order_dialect import Reply, WireRequest
from tests.simulation.journal import VirtualJournal
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.updates import UpdateStream
from tests.support.spoken_orders import HEADERS, reply_of

LOGIN_MS = 400
RECONNECT_MS = 1_000
_CONNECTION_MS = 10_000  # after which a connection without an answer is closed


class UnderWay(Struct, frozen=True):
    """A request whose reply is here at `due_ms`."""

    number: int
    due_ms: int
    reply: Reply


class Wire:
    """`on_send` is told of every request's way and path before its bytes go."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        dialect: SmartApiOrders,
        journal: VirtualJournal,
        on_send: Callable[[LaneName, WireRequest], None],
        generation: int = 1,
    ) -> None:
        self._exchange = exchange
        self._dialect = dialect
        self._journal = journal
        self._on_send = on_send
        self.generation = generation
        self._jwt = exchange.account.given.jwt
        self._lanes: dict[LaneName, WriteLane | ReadLane] = {
            "entries": WriteLane(dialect, ENTRIES), "exits": WriteLane(dialect, EXITS), "reads": ReadLane(dialect),
        }  # fmt: skip
        for lane in self._lanes.values():
            lane.session(generation, up=True)
        self._under_way: dict[LaneName, list[UnderWay]] = {name: [] for name in self._lanes}
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
        lane = self._lanes[lane_of(request)]
        if isinstance(lane, ReadLane):
            lane.wish(request)  # type: ignore[arg-type]
        else:
            lane.wish(request, row, now_ms)  # type: ignore[arg-type]

    def next_ms(self, now_ms: int) -> int:
        """When something may happen next."""
        times = [each.due_ms for under_way in self._under_way.values() for each in under_way]
        times += [now_ms + wait for lane in self._lanes.values() if (wait := lane.wait_ms) is not None]
        times += [self._login_ms] if self._login_ms else []
        times += [self._updates.next_ms if self._updates is not None else self._connect_ms]
        if (row_ms := self._journal.next_ms) is not None:
            times.append(row_ms)
        return min(times)

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
        durable = self._journal.durable(now_ms)
        for name, lane in self._lanes.items():
            if isinstance(lane, WriteLane):
                lane.durable(durable, now_ms)
            for each in [each for each in self._under_way[name] if each.due_ms <= now_ms]:
                self._under_way[name].remove(each)
                lane.answer(each.number, each.reply, now_ms)
            for action in lane.step(now_ms):
                if isinstance(action, WriteRow) and isinstance(lane, WriteLane):
                    lane.row_written(action.order, self._journal.write(SendBegun(action.order), now_ms))
                elif isinstance(action, SendRequest):
                    self._send(name, action, now_ms)
            for event in lane.take_events():
                if isinstance(event, SessionChanged):
                    self._session(up=False)
                yield event
        yield from self._listen(now_ms)

    def _session(self, *, up: bool) -> SessionChanged:
        for lane in self._lanes.values():
            lane.session(self.generation, up=up)
        return SessionChanged(self.generation, up, CleanText(""))

    def _send(self, name: LaneName, action: SendRequest, now_ms: int) -> None:
        self._on_send(name, action.wire)
        headers = HEADERS | {"authorization": f"Bearer {self._jwt}", "content-type": action.wire.content_type}
        outcome = self._exchange.request(now_ms, action.wire.method, action.wire.path, headers, action.wire.body)
        due_ms = now_ms + _CONNECTION_MS if outcome.end == "silent" else max(now_ms + 1, outcome.at_ms)
        self._under_way[name].append(UnderWay(action.number, due_ms, reply_of(outcome)))

    # ── Updates ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _listen(self, now_ms: int) -> Iterator[OrderAnswer]:
        if self._updates is None:
            if now_ms >= self._connect_ms:
                opened = self._exchange.open_updates(now_ms, self._jwt)
                self._updates = opened if isinstance(opened, UpdateStream) else None
                self._connect_ms = now_ms + RECONNECT_MS
            return
        for message in self._updates.take(now_ms):
            told = self._dialect.update(message, self.generation)
            if told.seen is not None:
                yield told.seen
        if not self._updates.open:
            self._updates, self._connect_ms = None, now_ms + RECONNECT_MS
