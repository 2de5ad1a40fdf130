"""The three lanes of orders in front of the simulated exchange, with a journal that is slow, on a clock that is moved by hand."""

from heapq import heappop, heappush
from random import Random
from typing import Any

from engine.execution.actions import Action, LaneName, SendRequest, lane_of
from engine.execution.order_dialect import NoAnswer, Reply
from engine.execution.read_lane import ReadLane
from engine.execution.write_lane import ENTRIES, EXITS, WriteLane
from engine.model.order_reports import OrderAnswer, OrderSeen
from engine.model.order_requests import ReadOrder, ReadQuote, ReadRound, WriteRequest
from engine.model.types import Instrument
from engine.outside.http_reader import HttpAnswer
from engine.text.sanitize import CleanText
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.simulator.exchange import CallOutcome, Delays
from tests.support.exchange_harness import CALL, PUT, ExchangeHarness

TRADED = tuple(
    Instrument(CleanText(each.symbol), CleanText(each.token), lot_size=each.lot, freeze_quantity=each.freeze)
    for each in (CALL, PUT)
)
_STEP_MS = 5


class LanesAtExchange:
    """Lanes, journal and broker; `told` holds every event that a lane gave, `seen` what the socket for updates said."""

    def __init__(self, script: str = "", *, seed: int = 0, most_disk_ms: int = 20, **options: Any) -> None:
        harness = ExchangeHarness(script, delays=Delays(), **options)
        self.exchange, self.stream, self.now_ms = harness.exchange, harness.stream, harness.now_ms
        self.dialect = SmartApiOrders(TRADED)
        self.writers: dict[LaneName, WriteLane] = {
            "entries": WriteLane(self.dialect, ENTRIES),
            "exits": WriteLane(self.dialect, EXITS),
        }
        self.reads = ReadLane(self.dialect)
        self.told: list[OrderAnswer] = []
        self.seen: list[OrderSeen] = []
        self.unreadable: list[str] = []
        self._rng = Random(seed)
        self._most_disk_ms = most_disk_ms
        self._rows: list[int] = []  # when each is on the disk
        self._coming: list[tuple[int, int, LaneName, int, Reply]] = []
        self._calls = self._generation = 0
        self.log_in()

    def log_in(self) -> None:
        """A new session, which all lanes go by."""
        self._generation += 1
        self._jwt = self.exchange.account.issue().jwt
        for lane in (*self.writers.values(), self.reads):
            lane.session(self._generation, up=True)

    def wish(self, request: WriteRequest | ReadRound | ReadOrder | ReadQuote) -> None:
        """Hand a request to its lane, behind a row in the journal where it changes something."""
        if isinstance(request, WriteRequest):
            self.writers[lane_of(request)].wish(request, self._row(), self.now_ms)
        else:
            self.reads.wish(request)

    def run(self, ms: int) -> list[OrderAnswer]:
        """Let time pass; what was told meanwhile."""
        first = len(self.told)
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            self.now_ms += _STEP_MS
            self._step()
        return self.told[first:]

    def ask(self, request: WriteRequest | ReadRound | ReadOrder | ReadQuote, ms: int = 1_000) -> OrderAnswer:
        """Ask for something and wait; the last that was told."""
        self.wish(request)
        return self.run(ms)[-1]

    def _step(self) -> None:
        self.exchange.step(self.now_ms)
        while self._coming and self._coming[0][0] <= self.now_ms:
            _, _, name, number, reply = heappop(self._coming)
            self._lane(name).answer(number, reply, self.now_ms)
        durable = next((row for row, at_ms in enumerate(self._rows) if at_ms > self.now_ms), len(self._rows))
        for name, lane in self.writers.items():
            lane.durable(durable, self.now_ms)
            self._do(name, lane.step(self.now_ms))
            self.told += lane.take_events()
        self._do("reads", self.reads.step(self.now_ms))
        self.told += self.reads.take_events()
        for message in self.stream.take(self.now_ms):
            update = self.dialect.update(message, 1)
            if update.seen is not None:
                self.seen.append(update.seen)
            elif update.kind == "unreadable":
                self.unreadable.append(update.reason)

    def _do(self, name: LaneName, actions: list[Action] | list[SendRequest]) -> None:
        for action in actions:
            if not isinstance(action, SendRequest):
                self.writers[name].row_written(action.order, self._row())
                continue
            wire = action.wire
            outcome = self.exchange.request(self.now_ms, wire.method, wire.path, self._headers(), wire.body)
            if (reply := _reply(outcome)) is not None:
                self._calls += 1
                heappush(self._coming, (max(outcome.at_ms, self.now_ms), self._calls, name, action.number, reply))

    def _lane(self, name: LaneName) -> WriteLane | ReadLane:
        return self.reads if name == "reads" else self.writers[name]

    def _row(self) -> int:
        """Hand a row over to the journal, which writes them in order; its number."""
        at_ms = self.now_ms + self._rng.randint(0, self._most_disk_ms)
        self._rows.append(max(at_ms, self._rows[-1] if self._rows else 0))
        return len(self._rows)

    def _headers(self) -> dict[str, str]:
        return {
            "x-sourceid": "WEB",
            "x-macaddress": "00:00:00:00:00:00",
            "x-privatekey": self.exchange.account.api_key,
            "authorization": f"Bearer {self._jwt}",
        }


def _reply(outcome: CallOutcome) -> Reply | None:
    """An outcome as whoever made the call meets it; None where nothing ever comes."""
    if outcome.end == "silent":
        return None
    if outcome.end == "answered":
        assert outcome.answer is not None
        headers = {name.lower(): value for name, value in outcome.answer.headers.items()}
        return HttpAnswer(outcome.answer.status, headers, outcome.answer.body)
    return NoAnswer(CleanText("the connection ended"), sent=outcome.end != "unreachable")
