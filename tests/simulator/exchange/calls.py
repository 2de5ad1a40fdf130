"""Calls of the client: what each does, and how it ends for whoever made it. Knows no time but that of the call."""

from collections.abc import Callable, Mapping
from random import Random

import msgspec

from tests.simulator.exchange import charges
from tests.simulator.exchange.answers import ENDS, NOT_FOUND, SHAPES, CallOutcome, WireAnswer, no
from tests.simulator.exchange.desk import OrderDesk
from tests.simulator.exchange.faults import FaultQueue
from tests.simulator.exchange.forms import Fields
from tests.simulator.exchange.gateway import Gateway, call_of
from tests.simulator.exchange.mischief import Mischief
from tests.simulator.exchange.parts import BrokerParts, Deviation
from tests.simulator.exchange.reads import Reads
from tests.simulator.exchange.script import BOOKS, ENDED, WRITES, BrokerFault
from tests.simulator.tally import add

_INSIDE = {"reject", "partial", "fill", "untagged", "short", "stale", "wrong"}  # faults whose answer is the right one

Act = Callable[[int, BrokerFault | None], WireAnswer]


class CallHandler:
    """Answers calls; one fault at most befalls each."""

    def __init__(
        self,
        parts: BrokerParts,
        desk: OrderDesk,
        reads: Reads,
        gateway: Gateway,
        faults: FaultQueue,
        mischief: Mischief,
        rng: Random,
    ) -> None:
        self._parts = parts
        self._desk = desk
        self._reads = reads
        self._gateway = gateway
        self._faults = faults
        self._mischief = mischief
        self._rng = rng

    def request(self, now_ms: int, method: str, path: str, headers: Mapping[str, str], body: bytes) -> CallOutcome:
        """A call as it comes over HTTP; names of `headers` in lower case."""
        call, unique = call_of(method, path)
        refused = NOT_FOUND if not call else self._gateway.header_objection(headers)
        if refused is not None:
            return CallOutcome("answered", now_ms, refused)
        jwt = headers.get("authorization", "").removeprefix("Bearer ")
        return self.call(now_ms, call, {"uniqueorderid": unique} if unique else _fields(body), jwt)

    def call(self, now_ms: int, call: str, fields: Fields, jwt: str | None) -> CallOutcome:
        """A call by its name."""
        add(self._parts.counters.calls, call)
        if call in WRITES:
            self._note(now_ms, call, fields)
        if self._faults.idle(call):
            at_ms = now_ms + self._parts.teller.draw(self._parts.delays.answer)
            return CallOutcome("answered", at_ms, self._act(now_ms, call, fields, jwt, None))
        for fault in self._faults.due(call):
            self._mischief.begin(now_ms, fault)
        befallen = self._faults.take(now_ms, call)
        if befallen:
            add(self._parts.counters.faults, befallen.name)
        return self._outcome(now_ms, lambda at_ms, fault: self._act(at_ms, call, fields, jwt, fault), befallen)

    def _outcome(self, now_ms: int, act: Act, fault: BrokerFault | None) -> CallOutcome:
        """What becomes of a call, and of what it asks for."""
        at_ms = now_ms + self._parts.teller.draw(self._parts.delays.answer)
        if fault is None or fault.kind in _INSIDE:
            return CallOutcome("answered", at_ms, act(now_ms, fault))
        kind = fault.kind
        if kind == "slow":
            return CallOutcome("answered", at_ms + fault.number, act(now_ms, fault))
        if kind == "cut":
            return _cut(at_ms, act(now_ms, fault))
        if kind == "late":
            self._parts.due.at(now_ms + fault.number, lambda due_ms: act(due_ms, fault))
            kind = fault.word or "lost"
        elif kind == "after" or fault.flags:
            act(now_ms, fault)
        if end := ENDS.get(kind):
            return CallOutcome(end, now_ms if end == "silent" else at_ms)
        answer = no(fault.word) if kind == "status_false" else self._rng.choice(SHAPES[kind])
        return CallOutcome("answered", at_ms, answer)

    def _act(self, now_ms: int, call: str, fields: Fields, jwt: str | None, fault: BrokerFault | None) -> WireAnswer:
        """Do what a call asks for, and give the right answer."""
        if refused := self._gateway.objection(now_ms, call, jwt):
            return refused
        if call in BOOKS:
            return self._reads.book(now_ms, call, fault)
        if call in WRITES:
            writes = {"place": self._desk.place, "modify": self._desk.modify, "cancel": self._desk.cancel}
            return writes[call](now_ms, fields, _deviation(fault))
        try:
            if call == "details":
                return self._desk.details(str(fields["uniqueorderid"]))
            return charges.estimate(fields) if call == "charges" else self._reads.answer(call, fields)
        except (KeyError, TypeError, ValueError):  # the body is none that this call takes
            return no("AB2000", "Invalid request")

    def _note(self, now_ms: int, call: str, fields: Fields) -> None:
        """Count a call that would change something."""
        counters = self._parts.counters
        what = str(fields.get("ordertag" if call == "place" else "orderid") or "")
        counters.writes.append((now_ms, call, what))
        if call == "place":
            add(counters.placed, what)


def _deviation(fault: BrokerFault | None) -> Deviation:
    """What a fault makes of an order."""
    if fault is None:
        return Deviation()
    rejected = fault.kind == "reject"
    ended = next((each for each in ENDED if each in fault.flags), "")
    return Deviation(
        family=fault.word if rejected else "",
        at_once="at_once" in fault.flags,
        code=fault.more if rejected else "",
        percent=fault.number if fault.kind in {"partial", "fill"} else None,
        ended=ended,
        untagged=fault.kind == "untagged" or "untagged" in fault.flags,
    )


def _cut(at_ms: int, answer: WireAnswer) -> CallOutcome:
    """Half of an answer."""
    half = WireAnswer(answer.status, answer.body[: len(answer.body) // 2], answer.kind)
    return CallOutcome("cut", at_ms, half, len(answer.body))


def _fields(body: bytes) -> Fields:
    try:
        fields = msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return fields if isinstance(fields, dict) else {}
