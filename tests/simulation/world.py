"""One history: a trader who wants things at random, everything that serves him, and an exchange that misbehaves, until all is at rest."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from random import Random

import msgspec

from engine.execution.actions import LaneName
from engine.execution.order_dialect import WireRequest
from engine.model.commands import Flat, Unlock
from engine.model.events import AnyEvent
from engine.model.order_reports import OrderAnswer, RoundRead
from engine.model.types import FLAG_HAS_BOOK, Tick
from engine.text.sanitize import CleanText
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.desk import OrderDesk
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.states import OrderWord
from tests.simulation.session import Session
from tests.simulator.exchange.drawn import incredible
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.script import parse_broker_fault
from tests.simulator.exchange.securities import Security
from tests.simulator.exchange.settings import Delays, Quirks, TradingDay
from tests.support.builders import config, ms
from tests.support.spoken_orders import instrument_of

DAY = "2026-09-21"
START_MS = ms("10:00:00", DAY)
BEAT_MS = 250
FAULTS_END_MS = 240_000
REST_MS = 420_000
EXTERNAL_MS = 8_000  # what somebody else did so lately, or came so late, no list shows that is five seconds old
SECURITIES = (
    Security("NIFTY06OCT2625000CE", "40001"),
    Security("BANKNIFTY27OCT2655000PE", "40002", lot=30, freeze=600, start=20_000),
)
# A strategy that wants nothing by itself, and stops that are far away.
WHIMS = (
    "strategy.consecutive_green_ticks=1000", "risk.base_sl_points=1000", "risk.use_trail_stop=false", "risk.tp_points=[1000]",
    "risk.tp_percents=[1]", "risk.emergency_exit_percent=0", "risk.max_position_duration_minutes=0", "capital.initial_capital=100000000",
    "risk.max_positions_per_day=1000",
)  # fmt: skip


class BrokenRuleError(AssertionError):
    """Something happened that must never happen."""


class World(Session):
    """What belongs to one history. `steps` are its newest, each with its time."""

    BEAT_MS = BEAT_MS

    def __init__(
        self,
        rng: Random,
        script: str = "",
        *,
        delays: Delays | None = None,
        quirks: Quirks | None = None,
        quoted: bool = True,
        harmed: bool = False,
        day: TradingDay | None = None,
        orders_a_day: int = 10_000,
        overrides: Sequence[str] = (),
    ) -> None:
        """`harmed`: what no program can see through befalls an entry now and then."""
        self.rng = rng
        exchange = SimulatedExchange(
            SECURITIES, Random(rng.getrandbits(64)), START_MS, script=script, delays=delays, quirks=quirks, day=day
        )
        self.quoted = quoted
        self._slow_rows = rng.choice((0.0, 0.0, 0.02))
        self._slow_hands = rng.choice((0.0, 0.0, 0.03))
        self._harms = rng.choice((0.0, 0.05)) if harmed else 0.0
        self.steps: deque[tuple[int, object]] = deque(maxlen=40)
        self.moves: Counter[tuple[str, str]] = Counter()  # steps of orders by what they came from and by what
        self._word = ""
        self.must_lock = ""  # why entries have to be locked, whatever the program says
        self._externals = 0
        self._unseen_ms: list[int] = []  # when somebody else traded, or an order came that counts as lost
        self._writes = self._placed = 0  # what was judged of the requests and of the orders at the exchange
        self._act: Callable[[], None] = lambda: None
        # Whoever amends has made sure what the broker takes the quantity for.
        amends = quirks is None or (quirks.modify_quantity == "total" and rng.random() < 0.7)
        listed = tuple(instrument_of(each) for each in SECURITIES)
        super().__init__(
            config(*WHIMS, *overrides), listed, exchange, date.fromisoformat(DAY),
            amends=amends, orders_a_day=orders_a_day, row_ms=self._row_ms, hand_ms=self._hand_ms, on_send=self._judge_send,
        )  # fmt: skip

    @property
    def desk(self) -> OrderDesk:
        """What serves him."""
        return self.trader.orders.desk

    @property
    def blotter(self) -> Blotter:
        """All his orders."""
        return self.desk.blotter

    @property
    def pursuit(self) -> Pursuit:
        """What is wished."""
        return self.desk.pursuit

    @property
    def flat(self) -> str:
        """What a flat is at."""
        return self.trader.state.flat.state

    def last(self, instrument: int) -> int:
        """What it was traded at last."""
        return self.exchange.depth(SECURITIES[instrument].symbol).last

    def _row_ms(self) -> int:
        """How long the next row takes to reach the disk; now and then longer than anybody waits for it."""
        return self.rng.randint(300, 1_500) if self.rng.random() < self._slow_rows else self.rng.randint(0, 3)

    def _hand_ms(self) -> int:
        """How long what came of a request is on its way to the trader: mostly no time, now and then until it counts as unanswered."""
        if self.now_ms - START_MS >= FAULTS_END_MS or self.rng.random() >= self._slow_hands:
            return 0
        return self.rng.randint(*self.rng.choice(((50, 600), (600, 3_000), (7_000, 9_000))))

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
        self._act = act
        with self._counting():
            self.pass_time(START_MS + until_ms)

    def rest(self, most_ms: int, act: Callable[[], None]) -> None:
        """Go on until all is at rest, until `most_ms` after the start at most."""
        while self.now_ms < START_MS + most_ms:
            self.run(self.now_ms - START_MS + 1_000, act)
            read = self.blotter.newest
            knows = read is not None and read.begun_ms >= self.exchange.settled_ms and not self.blotter.doubt
            if knows and self.flat == "FLAT" and self.exchange.at_rest and not self.desk.busy:
                return

    def beat(self) -> None:
        """Let the feed, the beat and the trader's whims come."""
        if not (self.desk.busy or self.trader.state.flat.running):
            self._beat_ms = self.now_ms + 4 * BEAT_MS
        self._feed()
        super().beat()
        self._act()

    def _feed(self) -> None:
        """What the feed tells, while there is one."""
        for at, security in enumerate(SECURITIES if self.quoted else ()):
            depth = self.exchange.depth(security.symbol)
            bid, ask = depth.best
            wall_ns = self.clock_ms * 1_000_000
            self.tick(
                Tick(self.ticks + 1, at, FLAG_HAS_BOOK, wall_ns, wall_ns, self.now_ms, 0, depth.last, 0, 0, bid, ask)
            )

    def crash(self, away_ms: int) -> None:
        """The process dies, and another begins so much later with what the disk has."""
        self.must_lock = "the run before ended in a crash"
        super().crash(away_ms)
        self._word = self.flat  # what was proven before is no news
        self.note(f"crash; run {self.runs} begins")

    def begin_flat(self, reason: str) -> None:
        """Somebody wants out of everything."""
        self.must_lock = f"flat: {reason}"
        self.command(Flat(CleanText(reason)))

    def unlock(self) -> None:
        """A person lifts what locks entries."""
        self.must_lock = ""
        self.command(Unlock())

    def look_after(self) -> None:
        """A person looks after what was refused for good: it goes on."""
        if any(wish.hold for wish in self.pursuit.wishes.values()):
            self.command(Flat(CleanText("again")))

    def objection(self, instrument: int) -> str:
        """Why nothing may be bought."""
        state = self.trader.state
        return state.gate.objection() or state.orders.objection() or state.orders.entry_objection(instrument)

    def answer(self, event: OrderAnswer) -> None:
        """The broker says something."""
        self.note(event)
        super().answer(event)

    def carry_out(self, effects: Sequence[AnyEvent]) -> None:
        """Hand effects to the lanes and to the journal."""
        if effects:
            self.steps.extend([(self.now_ms, event) for event in effects])
            super().carry_out(effects)

    def note(self, what: object) -> None:
        """Keep a step, which is put into words where they are wanted."""
        self.steps.append((self.now_ms, what))

    # ── What must never be ──────────────────────────────────────────────────────────────────────────────────────

    def require(self, holds: bool, rule: str) -> None:
        """Fail with the rule that is broken."""
        if not holds:
            steps = [f"{(at_ms - START_MS) / 1_000:9.3f}  {_words(what):.240}" for at_ms, what in self.steps]
            raise BrokenRuleError("\n".join((rule, *steps)))

    def _judge_send(self, lane: LaneName, wire: WireRequest) -> None:
        """Look at what must hold whenever something is sent."""
        if lane == "reads":
            return
        self.note(wire)
        if lane == "exits" and wire.path.endswith("placeOrder"):
            self._judge_second_sell(msgspec.json.decode(wire.body))
        if lane == "entries" and wire.path.endswith("placeOrder"):
            gate = self.trader.state.gate
            why = gate.locked or gate.halted or self.pursuit.halted or self.blotter.locked or self.must_lock
            self.require(not why, f"an entry is sent while entries are locked: {why}")
            tag = msgspec.json.decode(wire.body)["ordertag"]
            self.require(self.journal.has_begun(tag, self.now_ms), f"{tag} is sent, and its rows are not on the disk")
            if self.now_ms - START_MS < FAULTS_END_MS and self.rng.random() < self._harms:
                self._harm()

    def _judge_second_sell(self, asked: dict[str, str]) -> None:
        """No sell is sent beside a stop that rests: a broker wants margin for it."""
        if asked["transactiontype"] == "SELL" and asked["variety"] != "STOPLOSS":
            symbol = asked["tradingsymbol"]
            beside = [
                each.tag
                for each in self.exchange.working
                if (each.variety, each.security.symbol) == ("STOPLOSS", symbol)
            ]
            self.require(not beside, f"{asked['ordertag']} is sent beside the stop {beside}")

    def _harm(self) -> None:
        """What no program can see through befalls the order that is sent now."""
        text = incredible(self.rng)
        self.exchange.fault(self.now_ms, text, first=True)
        fault = parse_broker_fault(text)
        if fault.kind == "late":
            self._unseen_ms.append(self.now_ms + fault.number)

    def judge(self) -> None:
        """Look at what must hold at any moment."""
        counters = self.exchange.counters
        if counters.external > self._externals:
            self._externals = counters.external
            self._unseen_ms.append(self.now_ms)
        if counters.rates:
            self.require(not counters.rates.get("write"), "more was sent than the broker takes")
        if len(counters.writes) > self._writes:
            self._writes = len(counters.writes)
            self.require(max(counters.placed.values(), default=0) <= 1, "an order was sent twice")
        if len(self.exchange.orders) > self._placed:
            self._placed = len(self.exchange.orders)
            twice = [tag for tag, times in counters.orders.items() if tag and times > 1]
            self.require(not twice, f"{twice} are at the exchange twice")
        if (
            counters.most_oversold and not counters.external
        ):  # against somebody else's hand at that moment nothing helps
            oversold = counters.most_oversold
            self.require(not any(oversold.values()), f"more was to be sold than was held: {oversold}")
        portfolio = self.trader.state.portfolio
        for at, net in enumerate(self.blotter.net):
            if (held := portfolio.net(at)) != net:
                self.require(False, f"{held} of {SECURITIES[at].symbol} are in the account, {net} by its orders")
        before, self._word = self._word, self.flat
        if self._word == "FLAT" and before != "FLAT" and not self._is_unseen():
            truth = self.exchange
            self.require(not any(truth.net.values()), f"FLAT, and {truth.net} is held")
            self.require(not truth.working, f"FLAT, and {truth.working} works")

    def _is_unseen(self) -> bool:
        """Whether something has happened so lately that no list shows it."""
        return any(0 <= self.now_ms - at_ms <= EXTERNAL_MS for at_ms in self._unseen_ms)


def _words(what: object) -> str:
    """A step in words."""
    if isinstance(what, WireRequest):
        return f"send {what.path.rpartition('/')[2]} {what.body.decode()}"
    if isinstance(what, RoundRead):
        states = " ".join(f"{each.tag[-5:]}:{each.said}:{each.filled}" for each in what.orders)
        net = " ".join(f"{each.symbol[:5]}:{each.net}" for each in what.net)
        return f"round {what.number} {states} | {net} | {sum(each.quantity for each in what.fills)}"
    return f"{what}"
