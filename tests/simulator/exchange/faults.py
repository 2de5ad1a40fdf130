"""Which fault befalls which call: those that are armed, and those whose turn a script says it is. Carries out nothing."""

from collections.abc import Iterable
from random import Random

from msgspec import Struct

from tests.simulator.exchange.script import CALLS, TARGETS, BrokerFault, FaultRule


class _Armed(Struct, eq=False):
    """A fault that waits for calls: `left` more, or all until `until_ms`."""

    fault: BrokerFault
    left: int
    until_ms: int


class FaultQueue:
    """Faults wait in the order they were armed; each call is befallen by one at most."""

    def __init__(self, rules: Iterable[FaultRule], rng: Random) -> None:
        self._rng = rng
        self._armed: dict[str, list[_Armed]] = {each: [] for each in CALLS}
        self._rules: dict[str, list[FaultRule]] = {each: [] for each in CALLS}
        self._hit: dict[int, int] = {}  # calls so far of a rule that counts a group of them
        for rule in rules:
            self.add(rule)

    def add(self, rule: FaultRule) -> None:
        """One more rule, which counts calls from now on; those that go by time are none of this."""
        for call in TARGETS[rule.call] if rule.call else ():
            self._rules[call].append(rule)

    def arm(self, now_ms: int, fault: BrokerFault, *, first: bool = False) -> None:
        """It befalls the next calls it is aimed at; `first`: before all that waits for them already."""
        armed = _Armed(fault, fault.count, now_ms + fault.for_ms)
        for call in TARGETS[fault.target]:
            waiting = self._armed[call]
            waiting.insert(0 if first else len(waiting), armed)

    def idle(self, call: str) -> bool:
        """Whether nothing waits for such a call, or ever may."""
        return not self._armed[call] and not self._rules[call]

    def due(self, call: str) -> list[BrokerFault]:
        """A call has come: the faults that a script has for this one."""
        due = []
        for rule in self._rules[call]:
            count = self._hit[id(rule)] = self._hit.get(id(rule), 0) + 1
            if rule.when == "chance":
                hit = self._rng.random() < rule.value
            else:
                hit = count == rule.value if rule.when == "call" else count % rule.value == 0
            if hit:
                due.append(rule.fault)
        return due

    def take(self, now_ms: int, call: str) -> BrokerFault | None:
        """The fault that befalls this call."""
        waiting = self._armed[call]
        while waiting:
            armed = waiting[0]
            over = armed.left <= 0 if armed.fault.for_ms == 0 else now_ms >= armed.until_ms
            if not over:
                armed.left -= 1
                return armed.fault
            del waiting[0]
        return None

    def clear(self) -> None:
        """Nothing waits any longer; what a script says of later calls stays."""
        for waiting in self._armed.values():
            waiting.clear()

    def stop(self) -> None:
        """Nor do the script's rules count any longer."""
        self.clear()
        for rules in self._rules.values():
            rules.clear()
