"""One history: a trader who wants things at random, everything that serves him, and an exchange that misbehaves, until all is at rest."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from random import Random

import msgspec

from engine.execution.actions import LaneName
from engine.model.order_reports import Accepted, NotSent, Quoted, Refused, RoundFailed, RoundRead
from engine.model.order_rows import (
    Adopted,
    Booked,
    Ended,
    EntriesLocked,
    EntriesUnlocked,
    External,
    FlatAsked,
    FlatProven,
)
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_flat import LiveFlat
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.order_budget import OrderBudget
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.recovery import recover
from engine.trading.orders.states import OrderWord
from engine.trading.orders.tags import Tags
from engine.venues.angelone.orders.dialect import SmartApiOrders
from engine.venues.order_dialect import WireRequest
from tests.simulation.journal import VirtualJournal
from tests.simulation.wire import Wire
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.securities import Security
from tests.simulator.exchange.settings import Delays, Quirks
from tests.support.spoken_orders import instrument_of

DAY, SALT = date(2026, 9, 21), "A0"
ARRIVED_MS = 12_000  # after a start: what was sent before it has arrived by then
START_MS = 1_790_000_000_000
BEAT_MS = 250
FAULTS_END_MS = 240_000
REST_MS = 420_000
EXTERNAL_MS = 8_000  # what somebody else did so lately no list shows that is five seconds old
SECURITIES = (
    Security("NIFTY06OCT2625000CE", "40001"),
    Security("BANKNIFTY27OCT2655000PE", "40002", lot=30, freeze=600, start=20_000),
)


class BrokenRuleError(AssertionError):
    """Something happened that must never happen."""


class World:
    """What belongs to one history. `steps` are its newest, in words."""

    def __init__(
        self,
        rng: Random,
        script: str = "",
        *,
        delays: Delays | None = None,
        quirks: Quirks | None = None,
        quoted: bool = True,
    ) -> None:
        self.now_ms = START_MS
        self.rng = rng
        self.exchange = SimulatedExchange(
            SECURITIES, Random(rng.getrandbits(64)), START_MS, script=script, delays=delays, quirks=quirks
        )
        self.instruments = tuple(instrument_of(each) for each in SECURITIES)
        self.quoted = quoted
        self._slow_rows = rng.choice((0.0, 0.0, 0.02))
        self.journal = VirtualJournal(self._row_ms)
        self.wire = Wire(self.exchange, SmartApiOrders(self.instruments), self.journal, self._judge_send)
        self.runs = 1
        self.blotter = Blotter(self.instruments, Tags(DAY, SALT, 1))
        # Whoever amends has made sure what the broker takes the quantity for.
        self._amends = quirks is None or (quirks.modify_quantity == "total" and rng.random() < 0.7)
        self.pursuit = Pursuit(self.blotter, OrderBudget(1_000), self.quote, amends=self._amends)
        self.flat = LiveFlat(self.pursuit)
        self.steps: deque[str] = deque(maxlen=40)
        self._beat_ms = START_MS
        self.moves: Counter[tuple[str, str]] = Counter()  # steps of orders by what they came from and by what
        self._word = ""
        self._rows_told = ("", "")
        self.must_lock = ""  # why entries have to be locked, whatever the program says
        self._externals = self._external_ms = 0

    def _row_ms(self) -> int:
        """How long the next row takes to reach the disk; now and then longer than anybody waits for it."""
        return self.rng.randint(300, 1_500) if self.rng.random() < self._slow_rows else self.rng.randint(0, 3)

    def quote(self, instrument: int) -> Quote:
        """What the feed shows, while there is one."""
        if not self.quoted:
            return Quote(0)
        depth = self.exchange.depth(SECURITIES[instrument].symbol)
        bids, asks = depth.bids, depth.asks
        return Quote(self.now_ms, bids[0][0] if bids else 0, asks[0][0] if asks else 0, depth.last)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Count the steps of orders."""
        whole = LiveOrder._go

        def go(order: LiveOrder, word: OrderWord, now_ms: int) -> bool:
            was = order.state
            went = whole(order, word, now_ms)
            if went:
                self.moves[was, word] += 1
            return went

        LiveOrder._go = go  # type: ignore[method-assign]
        try:
            yield
        finally:
            LiveOrder._go = whole  # type: ignore[method-assign]

    # ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, until_ms: int, act: Callable[[], None] = lambda: None) -> None:
        """Go on until `until_ms` after the start; `act` is called on every beat."""
        with self._counting():
            self._run(until_ms, act)

    def _run(self, until_ms: int, act: Callable[[], None]) -> None:
        while self.now_ms < START_MS + until_ms:
            self.now_ms = max(self.now_ms + 1, min(self._beat_ms, self.wire.next_ms(self.now_ms), START_MS + until_ms))
            self.exchange.step(self.now_ms)
            if self.now_ms >= self._beat_ms:
                self._beat_ms = self.now_ms + (BEAT_MS if self.busy else 4 * BEAT_MS)
                self.blotter.beat(self.now_ms)
                self._trade()
                act()
                self._settle()
            for event in self.wire.step(self.now_ms):
                self._take(event)
            self.judge()

    def _trade(self) -> None:
        """What the feed tells of trades, while there is one."""
        for at in range(len(SECURITIES) if self.quoted else 0):
            self.pursuit.pricing.traded(at, self.quote(at).last, self.now_ms)

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return bool(self.blotter.open or self.pursuit.wishes or self.flat.running)

    def crash(self, away_ms: int) -> None:
        """The process dies, and another begins so much later with what the disk has."""
        rows = self.journal.crash(self.now_ms)
        self.wire.lose()
        self.now_ms += away_ms
        self.exchange.step(self.now_ms)
        self.runs += 1
        self.note(f"crash; run {self.runs} begins with {len(rows)} rows")
        self.blotter = Blotter(self.instruments, Tags(DAY, SALT, self.runs))
        found = recover(self.blotter, rows, self.now_ms)
        budget, from_ms = OrderBudget(1_000), self.now_ms + ARRIVED_MS
        self.pursuit = Pursuit(self.blotter, budget, self.quote, amends=self._amends, exits_from_ms=from_ms)
        self.flat = LiveFlat(self.pursuit)
        self.wire = Wire(self.exchange, SmartApiOrders(self.instruments), self.journal, self._judge_send)
        self.wire.log_in()
        self._beat_ms, self._rows_told, self._word = self.now_ms, (self.blotter.locked, found.flat), ""
        self.must_lock = "the run before ended in a crash"
        if found.flat:
            self.flat.begin(found.flat, self.now_ms)

    def begin_flat(self, reason: str) -> bool:
        """Somebody wants out of everything."""
        self.must_lock = f"flat: {reason}"
        begun = self.flat.begin(reason, self.now_ms)
        self._settle()
        return begun

    def unlock(self) -> None:
        """A person lifts what locks entries."""
        self.must_lock = ""
        self.blotter.locked = self.pursuit.halted = self.flat.word = ""

    def _write_locks(self) -> None:
        """Rows for what a person must be able to rely on after a crash."""
        locked, flat = self._rows_told
        now = (self.blotter.locked or self.pursuit.halted, self.flat.reason if self.flat.running else "")
        if now[0] != locked:
            self.journal.write(EntriesLocked(now[0]) if now[0] else EntriesUnlocked(), self.now_ms)
        if now[1] != flat:
            self.journal.write(FlatAsked(now[1]) if now[1] else FlatProven(), self.now_ms)
        self._rows_told = now

    def _take(self, event: object) -> None:
        if isinstance(event, RoundRead):
            states = " ".join(f"{each.tag[-5:]}:{each.said}:{each.filled}" for each in event.orders)
            net = " ".join(f"{each.symbol[:5]}:{each.net}" for each in event.net)
            self.note(f"round {event.number} {states} | {net} | {sum(f.quantity for f in event.fills)}")
        else:
            self.note(f"{event}")
        if isinstance(event, RoundRead | RoundFailed):
            self.pursuit.reading.over(event.number, self.now_ms)
        if isinstance(event, Quoted):
            self.pursuit.pricing.quoted(event, self.now_ms)
        if isinstance(event, Accepted | Refused | NotSent):
            self.journal.write(event, self.now_ms)
        self.blotter.take(event, self.now_ms)  # type: ignore[arg-type]
        self._settle()

    def _settle(self) -> None:
        """Let what came have its consequences."""
        told = self.blotter.take_told()
        self.pursuit.note(told, self.now_ms)
        self.flat.push(self.now_ms)
        self.pursuit.pursue(self.now_ms)
        for each in told:
            self.note(f"told {each}")
            if isinstance(each, Adopted | Accepted | Booked | Ended | External):
                self.journal.write(each, self.now_ms)
        self._write_locks()
        self.pursuit.told.clear()
        requests = self.pursuit.take_requests()
        for request in requests:
            self.note(f"ask {request}")
        self.wire.ask(requests, self.now_ms)

    def note(self, words: str) -> None:
        """Keep a step in words."""
        self.steps.append(f"{(self.now_ms - START_MS) / 1_000:9.3f}  {words:.240}")

    # ── What must never be ──────────────────────────────────────────────────────────────────────────────────────

    def require(self, holds: bool, rule: str) -> None:
        """Fail with the rule that is broken."""
        if not holds:
            raise BrokenRuleError(f"{rule}\n" + "\n".join(self.steps))

    def _judge_send(self, lane: LaneName, wire: WireRequest) -> None:
        """Look at what must hold whenever something is sent."""
        if lane == "reads":
            return
        self.note(f"send {wire.path.rpartition('/')[2]} {wire.body.decode()}")
        if lane == "entries" and wire.path.endswith("placeOrder"):
            why = self.pursuit.halted or self.blotter.locked or self.must_lock
            self.require(not why, f"an entry is sent while entries are locked: {why}")
            tag = msgspec.json.decode(wire.body)["ordertag"]
            self.require(self.journal.has_begun(tag, self.now_ms), f"{tag} is sent, and its rows are not on the disk")

    def judge(self) -> None:
        """Look at what must hold at any moment."""
        counters = self.exchange.counters
        if counters.external > self._externals:
            self._externals, self._external_ms = counters.external, self.now_ms
        self.require(not counters.rates.get("write"), "more was sent than the broker takes")
        self.require(max(counters.placed.values(), default=0) <= 1, "an order was sent twice")
        twice = [tag for tag, times in counters.orders.items() if tag and times > 1]
        self.require(not twice, f"{twice} are at the exchange twice")
        if not counters.external:  # against somebody else's hand at the same moment nothing helps
            oversold = counters.most_oversold
            self.require(not any(oversold.values()), f"more was to be sold than was held: {oversold}")
        before, self._word = self._word, self.flat.word
        if self._word == "FLAT" and before != "FLAT" and self.now_ms - self._external_ms > EXTERNAL_MS:
            truth = self.exchange
            self.require(not any(truth.net.values()), f"FLAT, and {truth.net} is held")
            self.require(not truth.working, f"FLAT, and {truth.working} works")

    def judge_rest(self) -> None:
        """Look at what must hold once all faults are over for long enough."""
        truth = self.exchange
        self.require(not self.blotter.open, f"not at rest: {[*self.blotter.open.values()]}")
        self.require(not self.pursuit.wishes, f"not at rest: {self.pursuit.wishes}")
        self.require(not self.blotter.doubt, f"the books are not believed: {self.blotter.doubt}")
        for at, security in enumerate(SECURITIES):
            ours = self.blotter.net[at] + self.blotter.others.foreign.get(security.symbol, 0)
            self.require(ours == truth.net[security.symbol], f"{security.symbol}: {ours} of ours, {truth.net} in truth")
        filled = {order.tag: order.filled for order in self.blotter.orders.values() if order.filled}
        real: dict[str, int] = {}
        for fill in truth.fills:
            real[fill.tag] = real.get(fill.tag, 0) + fill.quantity
        for tag, quantity in filled.items():
            self.require(
                real.get(tag) == quantity or "" in real, f"{tag}: {quantity} of ours, {real.get(tag)} in truth"
            )
