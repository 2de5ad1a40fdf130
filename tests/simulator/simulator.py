"""The front of the simulated exchange within a process: starts it in a thread, tells its addresses, lets a test wait and meddle."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from threading import Event, Thread
from types import TracebackType
from typing import Self, TypeVar

from engine.assembly import load
from engine.assembly.open_source import kind_of, open_source
from engine.config import bundled, instrument_for
from engine.model.errors import InputError, UserError
from engine.model.sources import TickSource
from engine.recording import CsvLayout
from tests.simulator import order_updates, smartapi
from tests.simulator.account import Account, Tokens
from tests.simulator.counters import Counters
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.faults import PacketFaults
from tests.simulator.floor import Floor
from tests.simulator.link_faults import LinkFaults
from tests.simulator.loop import Loop
from tests.simulator.market import Line, Market
from tests.simulator.order_face import OrderFace
from tests.simulator.order_options import Orders
from tests.simulator.order_script import OrderFault, OrderRule
from tests.simulator.pace import Pace
from tests.simulator.raw_lines import RawLines
from tests.simulator.rest import MASTER, Rest
from tests.simulator.script import Rule, parse_fault, parse_rule, parse_script
from tests.simulator.server import Server
from tests.simulator.tally import add
from tests.simulator.traffic import Generated, Recorded, Traffic

_ANSWER_S = 20.0
Looked = TypeVar("Looked")


class Simulator:
    """A simulated exchange on 127.0.0.1; use it with `with`.

    `traffic` is what happens (default: one generated option at 100 packets a second); `play` a file or source to play
    instead at `speed`. `script` says what goes wrong. The traffic starts once `hold` subscriptions are there (0: at
    once; None: at `go`). `scale` shortens all time-outs of the exchange, `stamp` puts the send time (perf_counter_ns)
    where the average price stands. With `orders` the broker takes orders, too; `whole_list`: its list
    of instruments is long enough to be believed. Raises InputError for a bad script or file.
    """

    def __init__(
        self,
        traffic: Traffic | None = None,
        *,
        play: Path | TickSource | None = None,
        speed: float = 1.0,
        script: str = "",
        seed: int = 1,
        hold: int | None = 1,
        scale: float = 1.0,
        port: int = 0,
        stamp: bool = False,
        account: Account | None = None,
        rate_limits: bool = True,
        orders: Orders | None = None,
        whole_list: bool = False,
    ) -> None:
        rules = parse_script(script)
        by_pace = tuple(each for each in rules if isinstance(each, Rule))
        by_calls = [each for each in rules if isinstance(each, OrderRule)]
        if play is not None:
            traffic = played(play, speed)
        chosen = traffic or Generated(seed=seed)
        self.account = account or Account()
        self._loop = Loop()
        self._floor = Floor(self._loop, Market(chosen.lines), scale)
        self._floor.eager = stamp
        rest = Rest(self.account, self._floor, limits=rate_limits, whole_list=whole_list)
        try:
            self._orders = (
                None if orders is None else OrderFace(self._floor, self.account, orders, Random(seed), by_calls)
            )
            self._require_served(rules)
            self._server = Server(self._floor, self.account, rest, port, self._orders)
        except (UserError, OSError):
            self._loop.close()
            raise
        packets = PacketFaults(self._floor)
        links = LinkFaults(self._floor, self._server, self.account)
        self._pace = Pace(self._floor, chosen, packets, links, by_pace, hold, Random(seed), self._harm_orders)
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, name="simulator", daemon=True)

    # ── Where it is ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def port(self) -> int:
        """The port of everything."""
        return self._server.port

    @property
    def ws_url(self) -> str:
        """SmartAPI's stream."""
        return f"ws://127.0.0.1:{self.port}{smartapi.PATH}"

    @property
    def http_url(self) -> str:
        """The root of SmartAPI's REST calls."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def master_url(self) -> str:
        """The list of instruments."""
        return self.http_url + MASTER

    @property
    def binance_url(self) -> str:
        """The root of Binance's streams; `/stream?streams=…` or `/ws/…` follows."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def orders_url(self) -> str:
        """The socket for order updates, where orders are taken."""
        return f"ws://127.0.0.1:{self.port}{order_updates.PATH}"

    @property
    def tokens(self) -> Tokens:
        """Tokens that are good without a login."""
        return self.account.given

    @property
    def headers(self) -> list[str]:
        """The headers of a good handshake with SmartAPI."""
        return [
            f"Authorization: {self.tokens.jwt}",
            f"x-api-key: {self.account.api_key}",
            f"x-client-code: {self.account.client_code}",
            f"x-feed-token: {self.tokens.feed}",
        ]

    @property
    def lines(self) -> list[Line]:
        """The instruments: `token`, `symbol`, `exchange_type`."""
        return self._floor.market.lines

    # ── Life ───────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End everything; raises what went wrong inside."""
        self._loop.stop()
        if self._thread.ident:
            self._thread.join(_ANSWER_S)
        self._server.close()
        self._loop.close()
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def go(self, last_tick: int = 0) -> None:
        """Let the traffic start now, or go on; it stands still behind that tick, where one is said."""
        self._do(lambda: self._pace.go(last_tick))

    def fault(self, text: str) -> None:
        """Let something go wrong now, such as `reset` or `place after`; done when this returns. Raises InputError."""
        fault = parse_fault(text)
        if isinstance(fault, OrderFault):
            self._require_orders()
        self._do(lambda: self._pace.carry_out(fault))

    def rule(self, text: str) -> None:
        """One more line of the script, such as `at 12.5s: reset` (after the start). Raises InputError."""
        rule = parse_rule(text)
        self._do(lambda: self._add(rule))

    def _add(self, rule: Rule | OrderRule) -> None:
        self._require_served((rule,))
        if isinstance(rule, Rule):
            self._pace.add(rule)
        else:
            self._require_orders().add(rule)

    def _require_served(self, rules: Sequence[Rule | OrderRule]) -> None:
        """Raises InputError for a rule that nobody here can follow."""
        for rule in rules:
            fault = rule.fault if isinstance(rule, Rule) else rule
            if isinstance(fault, OrderFault):
                self._require_orders().require_known(fault)
            elif isinstance(fault, OrderRule):
                self._require_orders()

    def _require_orders(self) -> OrderFace:
        if self._orders is None:
            raise InputError("no orders are taken here; allowed with --orders")
        return self._orders

    def _harm_orders(self, fault: OrderFault) -> None:
        if fault.socket == "hang_up":
            add(self._floor.counters.faults, fault.text)
            self._server.hang_up()
        else:
            self._require_orders().carry_out(fault)

    # ── What it did ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def counters(self) -> Counters:
        """What happened so far."""
        with self._loop.lock:
            return self._floor.counters.copy()

    @property
    def connect_times_ns(self) -> tuple[int, ...]:
        """When connections were taken, of any kind, by the monotonic clock."""
        with self._loop.lock:
            return tuple(self._server.connect_times_ns)

    def wait_for(self, holds: Callable[[Counters], bool], timeout_s: float) -> bool:
        """Whether `holds` became true of the counters within `timeout_s`."""
        with self._loop.lock:
            self._loop.lock.wait_for(lambda: self._error is not None or holds(self._floor.counters), timeout_s)
            return holds(self._floor.counters)

    def look(self, read: Callable[[SimulatedExchange], Looked]) -> Looked:
        """What `read` finds at the exchange for orders, which stands still meanwhile; raises InputError where there is none."""
        with self._loop.lock:
            return read(self._require_orders().exchange)

    def wait_until(self, holds: Callable[[SimulatedExchange], bool], timeout_s: float) -> bool:
        """Whether `holds` became true of the exchange for orders within `timeout_s`."""
        exchange = self._require_orders().exchange
        return self.wait_for(lambda _: holds(exchange), timeout_s)

    def wait_subscribed(self, number: int, timeout_s: float) -> bool:
        """Whether there were `number` subscriptions within `timeout_s`."""
        return self.wait_for(lambda counters: counters.subscriptions >= number, timeout_s)

    def wait_finished(self, timeout_s: float) -> bool:
        """Whether the traffic was over, and handed to the system, within `timeout_s`."""
        return self.wait_for(lambda counters: counters.finished, timeout_s)

    def _do(self, action: Callable[[], object]) -> None:
        """Have `action` done by the exchange's thread, and wait for it; raises what it refuses."""
        done = Event()
        refused: list[UserError] = []

        def both() -> None:
            try:
                action()
            except UserError as error:
                refused.append(error)
            done.set()

        self._loop.call(both)
        if not done.wait(_ANSWER_S):
            raise TimeoutError("the simulated exchange does not answer")
        if refused:
            raise refused[0]

    def _run(self) -> None:
        try:
            self._loop.run(self._pace.pump, self._settle)
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: `stop` raises it again
            with self._loop.lock:
                self._error = error
                self._loop.lock.notify_all()

    def _settle(self) -> None:
        self._server.flush()
        self._pace.settle()


def played(what: Path | TickSource, speed: float, *, rebase: bool = False, symbols: Sequence[str] = ()) -> Traffic:
    """Traffic out of a file or a source: raw lines of Binance word for word, all else as ticks. Raises InputError."""
    if not isinstance(what, Path):
        return Recorded(what, speed=speed, rebase=rebase, symbols=symbols)
    kind = kind_of(what)
    if kind == "binance-raw":
        return RawLines(what, speed=speed, rebase=rebase)
    config = load(bundled("config.toml"))
    layout = CsvLayout(zone=config.session.zone, symbol=config.instrument.symbol)
    source = open_source(what, layout, lambda symbol: instrument_for(config, symbol), kind=kind)
    return Recorded(source, speed=speed, rebase=rebase, symbols=symbols)
