"""Begins faults: those of calls wait for them, the others befall the broker. Knows no call."""

from collections.abc import Iterable, Mapping
from functools import partial

from engine.model.errors import InputError
from engine.text.sanitize import clean
from tests.simulator.exchange.desk import OrderDesk
from tests.simulator.exchange.due import NEVER
from tests.simulator.exchange.faults import FaultQueue
from tests.simulator.exchange.gateway import Gateway
from tests.simulator.exchange.parts import BrokerParts
from tests.simulator.exchange.script import BOOKS, TARGETS, BrokerFault, FaultRule
from tests.simulator.exchange.securities import Security
from tests.simulator.tally import add


class Mischief:
    """All that can go wrong, in one hand."""

    def __init__(
        self,
        parts: BrokerParts,
        desk: OrderDesk,
        gateway: Gateway,
        faults: FaultQueue,
        securities: Mapping[str, Security],
    ) -> None:
        self._parts = parts
        self._desk = desk
        self._gateway = gateway
        self._faults = faults
        self._securities = securities
        self._quiet = False  # rules of a script that come later are passed over

    def schedule(self, now_ms: int, rules: Iterable[FaultRule]) -> None:
        """Have rules with a time begin then. Raises InputError for one that names what is not listed."""
        for rule in rules:
            self.require_known(rule.fault)
            if rule.when == "time":
                due_ms = now_ms + round(1_000 * rule.value)
                self._parts.due.at(due_ms, partial(self._by_script, rule.fault), lasting=True)

    def require_known(self, fault: BrokerFault) -> None:
        """Raises InputError for a fault that names what is not listed."""
        if fault.kind == "external" and fault.word not in {"", *self._securities}:
            raise InputError(
                f"external: '{clean(fault.word, 40)}' is not listed; allowed: {', '.join(self._securities)}"
            )

    def begin(self, now_ms: int, fault: BrokerFault, *, first: bool = False) -> None:
        """It goes wrong from now on, or with the calls it is aimed at; `first`: before all that waits for them already."""
        kind, until_ms = fault.kind, now_ms + fault.for_ms if fault.for_ms else NEVER
        if fault.target and kind != "lag":
            self._faults.arm(now_ms, fault, first=first)
            return
        add(self._parts.counters.faults, fault.name)
        if kind == "lag":
            for book in TARGETS[fault.target]:
                self._parts.teller.delay(book, fault.number, until_ms)
        elif kind.startswith("updates"):
            self._parts.teller.hub.harm(now_ms, kind.removeprefix("updates "), fault.number, fault.for_ms)
        elif kind == "external":
            security = self._securities[fault.word or self._most_held()]
            self._desk.external(now_ms, security, fault.number, fault.more or "INTRADAY")
        elif kind == "square_off":
            self._desk.square_off(now_ms)
        elif kind == "session":
            self._gateway.account.expire()
        elif kind == "recover":
            self._recover()
        else:
            self._gateway.bar(kind, until_ms)

    def end(self) -> None:
        """All faults end, those that a script has for later, too."""
        self._quiet = True
        self._faults.stop()
        self._recover()
        for order in self._parts.risk.working:
            order.allowed = None  # others trade with it again, with the next move of their book

    def _by_script(self, fault: BrokerFault, now_ms: int) -> None:
        if not self._quiet:
            self.begin(now_ms, fault)

    def _recover(self) -> None:
        self._faults.clear()
        self._gateway.recover()
        self._parts.teller.hub.recover()
        for book in BOOKS:
            self._parts.teller.delay(book, 0, 0)

    def _most_held(self) -> str:
        """The symbol with the largest position, the first one listed where there is none."""
        return max(self._securities, key=lambda symbol: abs(self._parts.positions.net(symbol)))
