"""The broker that takes orders, over sockets: calls answered when and as the exchange says, update sockets, prices of the feed. Decides nothing."""

from collections.abc import Callable, Sequence
from random import Random

from msgspec.structs import replace

from tests.simulator.account import Account
from tests.simulator.connection import Connection
from tests.simulator.exchange.answers import CallOutcome
from tests.simulator.exchange.due import NEVER
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.gateway import call_of
from tests.simulator.exchange.updates import UpdateStream
from tests.simulator.floor import Floor
from tests.simulator.http import Request, response, upgraded
from tests.simulator.market import Line, RawMessage
from tests.simulator.order_clock import OrderClock
from tests.simulator.order_options import Orders, securities_of
from tests.simulator.order_script import OrderFault, OrderRule
from tests.simulator.order_updates import UpdateSession
from tests.simulator.tally import add

_ANY_QUANTITY = 10**6


class OrderFace:
    """Used by the loop's thread alone. Raises InputError for a rule or fault that names what is not listed.

    A call that finds no connection cannot be had here, where it has come already: it ends with a reset, and is not carried out.
    """

    def __init__(
        self, floor: Floor, account: Account, options: Orders, rng: Random, rules: Sequence[OrderRule] = ()
    ) -> None:
        self._floor = floor
        self._clock = OrderClock()
        self._deep = options.deep
        securities = securities_of(floor.market.lines)
        self.exchange = SimulatedExchange(
            [*securities.values()],
            rng,
            self._clock.now_ms,
            script="\n".join(each.text for each in rules),
            account=account,
            cash=options.cash,
            short_margin=options.short_margin,
            delays=replace(options.delays, move=0),  # the feed moves the books
            quirks=options.quirks,
            day=options.day,
            carried=options.carried,
        )
        floor.counters.orders = self.exchange.counters
        self._listeners: list[UpdateSession] = []
        self._woken_ms = NEVER  # when the loop wakes us next
        self._priced: set[str] = set()
        for line in floor.market.lines:
            if line.symbol in securities:
                floor.market.want(self, line)
                if line.happened:
                    self.on_tick(line)

    # ── Prices ─────────────────────────────────────────────────────────────────────────────────────────────────

    def on_tick(self, line: Line) -> None:
        """The feed says where others want to trade."""
        now_ms, price = self._clock.now_ms, line.price
        if line.symbol not in self._priced:
            self._priced.add(line.symbol)
            self.exchange.begin_book(now_ms, line.symbol, price)
        if self._deep:
            bids = asks = [(price, _ANY_QUANTITY)]
        else:
            bids, asks = ([level[:2] for level in side] for side in line.levels())
        self.exchange.set_book(now_ms, line.symbol, bids, asks, price)
        self._go_on(now_ms)

    def on_raw(self, message: RawMessage) -> None:
        """Nothing that is traded here comes so."""

    # ── Calls ──────────────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def takes(request: Request) -> bool:
        """Whether this is a call of ours."""
        return bool(call_of(request.method, request.path)[0])

    def answer(self, connection: Connection, request: Request, answered: Callable[[], object]) -> None:
        """Carry a call out and answer when it is time; `answered` is called once the next one may come."""
        call, _ = call_of(request.method, request.path)
        add(self._floor.counters.requests, "details" if call == "details" else request.path.rpartition("/")[2])
        now_ms = self._clock.now_ms
        outcome = self.exchange.request(now_ms, request.method, request.path, request.headers, request.body)
        if outcome.end != "silent":
            last = request.headers.get("connection", "").lower() == "close"
            due_ns = self._clock.ns_of(outcome.at_ms)
            self._floor.loop.at(due_ns, lambda: self._reply(connection, outcome, answered, last=last))
        self._go_on(now_ms)

    def _reply(
        self, connection: Connection, outcome: CallOutcome, answered: Callable[[], object], *, last: bool
    ) -> None:
        answer = outcome.answer
        if outcome.end in {"reset", "unreachable"} or answer is None:
            connection.reset()
            return
        length = {"Content-Length": str(outcome.whole_length)} if outcome.end == "cut" else {}
        connection.send(response(answer.status, answer.body, length, kind=answer.kind))
        if last or outcome.end == "cut":
            connection.end()
        else:
            answered()

    # ── Updates ────────────────────────────────────────────────────────────────────────────────────────────────

    def listen(self, connection: Connection, request: Request) -> UpdateSession | None:
        """Make the connection a socket for order updates, or refuse it."""
        now_ms = self._clock.now_ms
        jwt = request.headers.get("authorization", "").removeprefix("Bearer ")
        opened = 400 if "sec-websocket-key" not in request.headers else self.exchange.open_updates(now_ms, jwt)
        if not isinstance(opened, UpdateStream):
            add(self._floor.counters.refusals, f"updates {opened}")
            connection.send(response(opened))
            connection.end()
            return None
        connection.send(upgraded(request))
        session = UpdateSession(connection, self._floor, opened, self._listeners.remove)
        self._listeners.append(session)
        self._go_on(now_ms)
        return session

    # ── What goes wrong ────────────────────────────────────────────────────────────────────────────────────────

    def require_known(self, fault: OrderFault) -> None:
        """Raises InputError for one that names what is not listed."""
        if not fault.socket:
            self.exchange.require_known(fault.text)

    def add(self, rule: OrderRule) -> None:
        """One more rule, which counts calls from now on."""
        self.exchange.rule(rule.text)

    def carry_out(self, fault: OrderFault) -> None:
        """Let it happen now; what concerns connections on which calls come is the server's."""
        if fault.socket:
            add(self._floor.counters.faults, fault.text)
            for each in tuple(self._listeners):
                each.suffer(fault)
            return
        now_ms = self._clock.now_ms
        self.exchange.fault(now_ms, fault.text)
        self._go_on(now_ms)

    # ── Time ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _wake(self, due_ms: int) -> None:
        if due_ms == self._woken_ms:
            self._woken_ms = NEVER
        now_ms = self._clock.now_ms
        self.exchange.step(now_ms)
        self._go_on(now_ms)

    def _go_on(self, now_ms: int) -> None:
        """Tell what has come about, and have us woken when more does."""
        next_ms = self.exchange.next_ms
        for each in tuple(self._listeners):
            if each.next_ms <= now_ms:
                each.tell(now_ms)
            next_ms = min(next_ms, each.next_ms)
        if next_ms < self._woken_ms:
            self._woken_ms = next_ms
            self._floor.loop.at(self._clock.ns_of(next_ms), lambda: self._wake(next_ms))
