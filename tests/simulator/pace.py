"""Lets the traffic happen when it is due, and with it what the script says. Knows no socket."""

from collections.abc import Callable
from random import Random

from tests.simulator.faults import PacketFaults
from tests.simulator.floor import Floor
from tests.simulator.link_faults import LinkFaults
from tests.simulator.loop import now_ns
from tests.simulator.market import Line, RawMessage
from tests.simulator.order_script import OrderFault
from tests.simulator.script import Fault, Rule
from tests.simulator.traffic import Traffic

_BATCH = 256  # steps before clients are listened to again


class Pace:
    """Starts once `hold` subscriptions are there (None: when told to), and keeps to deadlines counted from the start.

    It may be told to stand still behind a tick: time that passes meanwhile does not count.

    At speed 0 it goes on while every client keeps up, and stands still while there is none.
    """

    def __init__(
        self,
        floor: Floor,
        traffic: Traffic,
        packets: PacketFaults,
        links: LinkFaults,
        rules: tuple[Rule, ...],
        hold: int | None,
        random: Random,
        order_fault: Callable[[OrderFault], object],
    ) -> None:
        self._floor = floor
        self._traffic = traffic
        self._packets = packets
        self._links = links
        self._hold = hold
        self._random = random
        self._order_fault = order_fault
        self._started_ns = 0  # 0: not yet
        self._last_tick = 0  # behind which it stands still; 0: behind none
        self._stood_ns = 0  # since when it stands still; 0: it does not
        self._timed = [rule for rule in rules if rule.when == "time"]
        self._stepped = [rule for rule in rules if rule.when != "time"]

    def go(self, last_tick: int = 0) -> None:
        """Start now, or go on; stand still behind that tick, where one is said."""
        self._last_tick = last_tick
        if self._stood_ns:
            self._started_ns += now_ns() - self._stood_ns
            self._stood_ns = 0
        if not self._started_ns:
            self._traffic.begin()
            self._started_ns = now_ns()
            for rule in self._timed:
                self._schedule(rule)

    def add(self, rule: Rule) -> None:
        """One more rule; its time counts from the start, and one that has passed means now."""
        if rule.when != "time":
            self._stepped.append(rule)
        elif self._started_ns:
            self._schedule(rule)
        else:
            self._timed.append(rule)

    def carry_out(self, fault: Fault | OrderFault, line: Line | None = None) -> None:
        """Let `fault` happen now."""
        if isinstance(fault, OrderFault):
            self._order_fault(fault)
        elif fault.data:
            self._packets.carry_out(fault, line)
        else:
            self._links.carry_out(fault)

    def pump(self, now: int) -> int | None:
        """Do what is due; when to be called next, None = when something else happens."""
        if not self._started_ns:
            if self._hold is None or self._floor.counters.subscriptions < self._hold:
                return None
            self.go()
        if self._traffic.due_ns is not None:
            return self._rush() if self._traffic.speed == 0 else self._keep()
        return None

    def settle(self) -> None:
        """After a round, when everything was flushed: see whether it is over."""
        clients = self._floor.clients
        if self._started_ns and self._traffic.due_ns is None:
            self._floor.counters.finished = not any(client.connection.waiting for client in clients)

    def _keep(self) -> int | None:
        """Take the steps that are due."""
        for _ in range(_BATCH):
            due_ns = self._traffic.due_ns
            if due_ns is None:
                return 0
            if self._stands():
                return None
            if self._started_ns + due_ns > now_ns():
                return self._started_ns + due_ns
            self._step()
        return 0

    def _rush(self) -> int | None:
        """Take steps as long as clients take them."""
        for n in range(_BATCH):
            if self._traffic.due_ns is None:
                return 0
            if self._stands() or (not n & 31 and not self._wanted()):
                return None  # until a socket takes more, or somebody comes
            self._step()
        return 0

    def _stands(self) -> bool:
        """Whether it is to stand still now."""
        if not self._last_tick or self._floor.counters.ticks < self._last_tick:
            return False
        self._stood_ns = self._stood_ns or now_ns()
        return True

    def _wanted(self) -> bool:
        """Whether anybody listens, and all who do keep up."""
        able = [
            client.connection
            for client in self._floor.clients
            if client.subscriptions
            and not (client.closing or client.silent or client.connection.mute or client.connection.blocked)
        ]
        return bool(able) and all(connection.roomy for connection in able)

    def _step(self) -> None:
        item = self._traffic.step()
        counters = self._floor.counters
        counters.ticks += 1
        line = self._line(item)
        token = line.token
        counters.market[token] = counters.market.get(token, 0) + 1
        counters.last_price[token] = line.price
        counters.last_sequence[token] = line.sequence
        self._packets.note(line)
        self._floor.market.publish(item)
        for rule in self._stepped:
            if self._applies(rule, counters.ticks):
                self.carry_out(rule.fault, line)

    def _line(self, item: Line | RawMessage) -> Line:
        return item if isinstance(item, Line) else self._floor.market.by_symbol[item.symbol.lower()]

    def _applies(self, rule: Rule, number: int) -> bool:
        """Whether `rule` applies after tick `number`."""
        if rule.when == "tick":
            return number == rule.value
        if rule.when == "every":
            return number % rule.value == 0
        return self._random.random() < rule.value

    def _schedule(self, rule: Rule) -> None:
        self._floor.loop.at(self._started_ns + round(rule.value * 1e9), lambda: self.carry_out(rule.fault))
