"""One line that sums up an operator's absence, from the snapshot at its start and the one at its end. Pure."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from engine.model.snapshot import EntriesState, Snapshot, TimelineEvent
from engine.presentation import format as text

_SECOND_NS = 1_000_000_000
_GAPS_TOLD = 2  # one by one; more are counted


class Left(Struct, frozen=True):
    """What the summary needs of the snapshot at the moment when the operator was lost."""

    entries: int
    last_trade: int
    exits: int
    gaps: int
    event_tick: int
    events: frozenset[TimelineEvent]  # those of that very tick
    refused: int
    link: int
    faults: int
    fault: str
    gate: EntriesState
    flat: str
    result: Decimal


def remember(seen: Snapshot) -> Left:
    """What `seen` is compared by later."""
    tick = max((event.tick for event in seen.events), default=0)
    return Left(
        entries=seen.account.entries,
        last_trade=seen.trades[-1].number if seen.trades else 0,
        exits=seen.account.exits,
        gaps=_silences(seen),
        event_tick=tick,
        events=frozenset(event for event in seen.events if event.tick == tick),
        refused=sum(seen.refused.values()),
        link=seen.feed.link if seen.feed else 0,
        faults=seen.faults,
        fault=seen.fault,
        gate=seen.entries,
        flat=seen.flat.state,
        result=seen.account.realised + seen.account.open_pnl,
    )


def digest(left: Left, now: Snapshot, away_ns: int, did: str = "") -> str:
    """`away 6 min 12 s: 2 entries, 1 stop loss, P&L −420`; `did` is what the policy did meanwhile."""
    told = [did] if did else []
    told += _trading(left, now)
    told += _feed(left, now)
    told += _gate(left, now)
    if now.fault and now.fault != left.fault:
        told.append(now.fault)
    if now.stopped:
        told.append("the engine stopped")
    change = now.account.realised + now.account.open_pnl - left.result
    if told or change:
        told.append(f"P&L {_signed(change)}")
    return f"away {text.duration(away_ns // _SECOND_NS)}: {', '.join(told) or 'nothing happened'}"


def _trading(left: Left, now: Snapshot) -> Iterator[str]:
    if now.account.entries > left.entries:
        yield _count(now.account.entries - left.entries, "entry", "entries")
    reasons = Counter(trade.reason.lower() for trade in now.trades if trade.number > left.last_trade)
    for reason, count in reasons.items():
        yield f"{count} {reason}"
    listed = sum(reasons.values())
    if listed and now.account.exits - left.exits > listed:
        yield _count(now.account.exits - left.exits - listed, "earlier exit", "earlier exits")
    if now.faults > left.faults:
        yield _count(now.faults - left.faults, "fault of the trader", "faults of the trader")


def _feed(left: Left, now: Snapshot) -> Iterator[str]:
    gaps = [
        event
        for event in now.events
        if event.kind == "gap" and event.tick >= left.event_tick and event not in left.events
    ]
    counted = max(len(gaps), _silences(now) - left.gaps)  # of a stretch only what is news is an event
    if counted <= _GAPS_TOLD:
        for gap in gaps:
            yield f"feed gap {gap.text} at {text.clock(gap.at_ms, now.session.zone)}"
    else:
        yield f"{counted} feed gaps"
    if now.feed and now.feed.link > left.link:
        yield _count(now.feed.link - left.link, "reconnect", "reconnects")
    refused = sum(now.refused.values()) - left.refused
    if refused > 0:
        yield _count(refused, "tick refused", "ticks refused")


def _gate(left: Left, now: Snapshot) -> Iterator[str]:
    before, after = left.gate, now.entries
    for word, was, is_now in (("locked", before.locked, after.locked), ("halted", before.halted, after.halted)):
        if is_now and is_now != was:
            yield f"entries {word} ({is_now})"
        elif was and not is_now:
            yield f"entries no longer {word}"
    if before.paused != after.paused:
        yield "entries paused" if after.paused else "entries resumed"
    if now.flat.state != left.flat:
        yield f"flat job {now.flat.state}"


def _silences(seen: Snapshot) -> int:
    return sum(quote.gaps for quote in seen.quotes)


def _count(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"


def _signed(money: Decimal) -> str:
    """`−420`, `+1240.55`: at most two decimals, none where they are 0."""
    rounded = round(abs(money), 2)
    if not rounded:
        return "0"
    return f"{'−' if money < 0 else '+'}{rounded:.2f}".removesuffix(".00")
