"""The simulated broker and exchange as a client meets it: calls in, outcomes out, time by `step`. No socket, no thread, no clock."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from tests.simulator.account import Account
from tests.simulator.exchange.answers import CallOutcome
from tests.simulator.exchange.calls import CallHandler
from tests.simulator.exchange.counters import OrderCounters
from tests.simulator.exchange.depth import Depth, Levels, PricePath
from tests.simulator.exchange.desk import OrderDesk
from tests.simulator.exchange.due import NEVER, DueActions
from tests.simulator.exchange.faults import FaultQueue
from tests.simulator.exchange.forms import Fields
from tests.simulator.exchange.gateway import Gateway
from tests.simulator.exchange.matching import Matcher
from tests.simulator.exchange.mischief import Mischief
from tests.simulator.exchange.orders import BrokerOrder, ExchangeFill
from tests.simulator.exchange.parts import BrokerParts
from tests.simulator.exchange.positions import Carried, Positions
from tests.simulator.exchange.reads import Reads
from tests.simulator.exchange.risk import RiskManagement
from tests.simulator.exchange.script import parse_broker_fault, parse_broker_rule, parse_rules
from tests.simulator.exchange.securities import Security
from tests.simulator.exchange.settings import Delays, Quirks, TradingDay
from tests.simulator.exchange.teller import Teller
from tests.simulator.exchange.updates import UpdateStream


class SimulatedExchange:
    """One client's broker, and the exchange behind it.

    `now_ms` is UTC and never falls. `rng` alone makes chance. `script` says what goes wrong (`script.FAULT_FORMS`); its times
    count from the first `now_ms`. `cash` and `short_margin` (of a lot) are in paise. Raises InputError for a bad script.
    """

    def __init__(
        self,
        securities: Sequence[Security],
        rng: Random,
        now_ms: int,
        *,
        script: str = "",
        account: Account | None = None,
        cash: int = 50_000_000,
        short_margin: int = 15_000_000,
        delays: Delays | None = None,
        quirks: Quirks | None = None,
        day: TradingDay | None = None,
        carried: Iterable[Carried] = (),
    ) -> None:
        rules = parse_rules(script)
        self.now_ms = now_ms
        self.counters = OrderCounters()
        self.account = account or Account(clock=lambda: self.now_ms / 1_000)
        prices, lags, chance = (Random(rng.getrandbits(64)) for _ in range(3))
        self._securities = {each.symbol: each for each in securities}
        self._matchers = {each.symbol: Matcher(Depth(each, now_ms), self._filled) for each in securities}
        self._paths = {symbol: PricePath(prices, each.depth) for symbol, each in self._matchers.items()}
        self._due = DueActions()
        delays, quirks, day = delays or Delays(), quirks or Quirks(), day or TradingDay()
        self._positions = Positions(self._securities, carried)
        self._risk = RiskManagement(self._positions, cash, short_margin)
        depths = {symbol: each.depth for symbol, each in self._matchers.items()}
        self._teller = Teller(self.account.client_code, delays, quirks, lags, self.counters, self._due, depths)
        for holding in self._positions.holdings.values():
            self._teller.holding(now_ms, holding)
        parts = BrokerParts(
            self._matchers, self._positions, self._risk, self._teller, self._due, self.counters, delays, quirks, day
        )
        self._desk = OrderDesk(parts, securities, chance)
        self._gateway = Gateway(self.account, self.counters)
        self._faults = FaultQueue(rules, chance)
        self._mischief = Mischief(parts, self._desk, self._gateway, self._faults, self._securities)
        self._mischief.schedule(now_ms, rules)
        reads = Reads(parts, self._securities, self.account.client_code)
        self._calls = CallHandler(parts, self._desk, reads, self._gateway, self._faults, self._mischief, chance)
        self._schedule_day(day)
        self._move_every_ms = delays.move
        self._move_ms = now_ms if delays.move else NEVER
        self.step(now_ms)

    # ── Calls ──────────────────────────────────────────────────────────────────────────────────────────────────

    def call(self, now_ms: int, call: str, fields: Fields | None = None, jwt: str | None = None) -> CallOutcome:
        """A call by its name (`script.CALLS`) with the fields of its body; `jwt` None is the token given at the start."""
        self.step(now_ms)
        return self._calls.call(now_ms, call, fields or {}, jwt)

    def request(
        self, now_ms: int, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> CallOutcome:
        """A call as it comes over HTTP; names of `headers` in lower case."""
        self.step(now_ms)
        return self._calls.request(now_ms, method, path, headers, body)

    def open_updates(self, now_ms: int, jwt: str | None = None) -> UpdateStream | int:
        """The socket of order updates; the HTTP status where the broker takes no more of them or does not know the token."""
        self.step(now_ms)
        if code := self._gateway.session_objection(jwt):
            return 403 if code == "AG8002" else 401
        return self._teller.hub.connect(now_ms)

    # ── Time, prices, faults ───────────────────────────────────────────────────────────────────────────────────

    def step(self, now_ms: int) -> None:
        """Let happen what is due by now. Raises ValueError where time goes back."""
        if self._due.next_ms <= now_ms or self._move_ms <= now_ms:
            self._catch_up(now_ms)
        if now_ms < self.now_ms:
            raise ValueError(f"the exchange is at {self.now_ms} ms already, not at {now_ms}")
        self.now_ms = now_ms

    @property
    def next_ms(self) -> int:
        """When something happens next by itself; until then `step` does nothing."""
        return min(self._due.next_ms, self._move_ms)

    def set_book(self, now_ms: int, symbol: str, bids: Levels, asks: Levels, last: int | None = None) -> None:
        """What others want from now on, best first (paise), and a trade at `last`; that book moves by itself no more."""
        self.step(now_ms)
        self._paths.pop(symbol, None)
        matcher = self._matchers[symbol]
        matcher.depth.set(bids, asks)
        if last is not None:
            matcher.depth.trade(now_ms, last, matcher.depth.security.lot)
        self._desk.lifecycle.moved(now_ms, matcher)

    def begin_book(self, now_ms: int, symbol: str, price: int) -> None:
        """The first price that is known of a symbol: what came before it is forgotten."""
        self.step(now_ms)
        self._matchers[symbol].depth.begin(now_ms, price)

    def depth(self, symbol: str) -> Depth:
        """Others' book and the trades of a symbol; not to be changed."""
        return self._matchers[symbol].depth

    def fault(self, now_ms: int, text: str, *, first: bool = False) -> None:
        """Begin a fault now, such as `cancel after`, `updates down 5000` or `external -65`. Raises InputError.

        `first`: it befalls the very next call that it is aimed at, whatever else waits for one.
        """
        self.step(now_ms)
        fault = parse_broker_fault(text)
        self._mischief.require_known(fault)
        self._mischief.begin(now_ms, fault, first=first)

    def rule(self, text: str) -> None:
        """One more rule of a script that goes by calls, such as `at place 3: after`; counted from now on. Raises InputError."""
        rule = parse_broker_rule(text)
        self._mischief.require_known(rule.fault)
        self._faults.add(rule)

    def require_known(self, text: str) -> None:
        """Raises InputError for a fault that is none, or names what is not listed."""
        self._mischief.require_known(parse_broker_fault(text))

    def end_faults(self, now_ms: int) -> None:
        """All faults end, those that a script has for later, too; a session that has ended needs a login."""
        self.step(now_ms)
        self._mischief.end()

    # ── What is true ───────────────────────────────────────────────────────────────────────────────────────────

    @property
    def net(self) -> Mapping[str, int]:
        """Units by symbol, below 0 a short; not to be changed, as all of this."""
        return self._positions.net_by_symbol

    @property
    def orders(self) -> Sequence[BrokerOrder]:
        """All orders, as they are now."""
        return self._desk.orders

    @property
    def working(self) -> Sequence[BrokerOrder]:
        """Those that have not ended."""
        return self._risk.working

    @property
    def fills(self) -> Sequence[ExchangeFill]:
        """All fills, in the order they happened."""
        return self._desk.lifecycle.fills

    @property
    def at_rest(self) -> bool:
        """Whether nothing that was asked is still on its way, and all lists say what is true."""
        return self._due.pending == 0 and self.settled_ms <= self.now_ms

    @property
    def settled_ms(self) -> int:
        """From when on all lists say what is true, unless more happens."""
        return self._teller.settled_ms

    def _filled(self, now_ms: int, order: BrokerOrder, price: int, quantity: int) -> None:
        self._desk.lifecycle.fill(now_ms, order, price, quantity)

    def _catch_up(self, now_ms: int) -> None:
        """Let what is due happen in the order of its time."""
        while (next_ms := self.next_ms) <= now_ms:
            self.now_ms = next_ms
            if self._move_ms == next_ms:
                self._move()
            else:
                self._due.run_next()

    def _move(self) -> None:
        """All books that move by themselves do so."""
        now_ms, self._move_ms = self._move_ms, self._move_ms + self._move_every_ms
        for symbol, path in self._paths.items():
            path.move(now_ms)
            matcher = self._matchers[symbol]
            if not matcher.is_empty:
                self._desk.lifecycle.moved(now_ms, matcher)

    def _schedule_day(self, day: TradingDay) -> None:
        if day.square_off_ms is not None:
            self._due.at(day.square_off_ms, self._square_off, lasting=True)
        if day.close_ms is not None:
            text = "Order cancelled at the end of the day"
            self._due.at(day.close_ms, lambda at_ms: self._desk.lifecycle.end_all(at_ms, text, ""), lasting=True)

    def _square_off(self, now_ms: int) -> None:
        self._desk.square_off(now_ms)
        self._risk.intraday_over = True
