"""Variants of the lifelike snapshot for the tests of the lamps, and one look at them."""

from msgspec.structs import replace

from engine import EdgeView, ProcessView, Pulse, Quote, Snapshot
from engine.presentation.health import Health
from engine.presentation.lamps import Lamp, TerminalLink
from tests.support.screens.snapshots import NOW_NS, SECOND, SNAPSHOT, quote, snapshot

GOOD = TerminalLink(18.0, 0.0)
REPLAY = SNAPSHOT.replay
assert REPLAY is not None


def ns(seconds: float) -> int:
    return NOW_NS - round(seconds * SECOND)


def judge(seen: Snapshot, link: TerminalLink = GOOD, now_ns: int = NOW_NS) -> dict[str, Lamp]:
    return {lamp.name: lamp for lamp in Health().judge(seen, now_ns, link)}


def pulse(beat: float = 0.05, came: float = 0.2, decided: float = 0.2, order: float | None = None) -> Pulse:
    return Pulse(ns(beat), ns(came), ns(decided), 0 if order is None else ns(order))


def live(**changes) -> Snapshot:
    return snapshot(**({"trade_mode": "paper", "replay": None} | changes))


def quotes(*ages: float, **more) -> tuple[Quote, ...]:
    return tuple(quote(i, 15_700, **({"recv_ns": ns(age)} | more)) for i, age in enumerate(ages))


def process(**changes) -> ProcessView:
    return replace(SNAPSHOT.process, **changes)


def edges(waiting: int = 0, problem: str = "", name: str = "journal") -> tuple[EdgeView, ...]:
    return (EdgeView(name, waiting, 240, problem),)
