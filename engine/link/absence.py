"""One line that sums up an operator's absence, from the snapshot at its start and the one at its end. Pure."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from engine.model.snapshot import Snapshot
from engine.presentation import format as text

_SECOND_NS = 1_000_000_000
_GAPS_TOLD = 2  # one by one; more are counted


def digest(before: Snapshot, now: Snapshot, away_ns: int, did: str = "") -> str:
    """`away 6 min 12 s: 2 entries, 1 stop loss, P&L meanwhile −420.00`; `did` is what the policy did meanwhile."""
    told = [did] if did else []
    told += _trading(before, now)
    told += _feed(before, now)
    told += _gate(before, now)
    if now.fault and now.fault != before.fault:
        told.append(now.fault)
    if now.stopped:
        told.append("the engine stopped")
    change = _result(now) - _result(before)
    if told or change:
        told.append(f"P&L meanwhile {_signed(change, now.session.zone)}")
    return f"away {text.duration(away_ns // _SECOND_NS)}: {', '.join(told) or 'nothing happened'}"


def _trading(before: Snapshot, now: Snapshot) -> Iterator[str]:
    if now.account.total.entries > before.account.total.entries:
        yield _count(now.account.total.entries - before.account.total.entries, "entry", "entries")
    last = before.trades[-1].number if before.trades else 0
    reasons = Counter(trade.reason.lower() for trade in now.trades if trade.number > last)
    for reason, count in reasons.items():
        yield f"{count} {reason}"
    listed = sum(reasons.values())
    exits = now.account.exits - before.account.exits
    if listed and exits > listed:
        yield _count(exits - listed, "earlier exit", "earlier exits")
    if now.faults > before.faults:
        yield _count(now.faults - before.faults, "fault of the trader", "faults of the trader")


def _feed(before: Snapshot, now: Snapshot) -> Iterator[str]:
    newest = max((event.tick for event in before.events), default=0)
    fresh = [event for event in now.events if event.tick >= newest and event not in before.events]
    gaps = [event for event in fresh if event.kind == "gap"]
    counted = max(len(gaps), _silences(now) - _silences(before))  # of a stretch only what is news is an event
    if counted <= _GAPS_TOLD:
        for gap in gaps:
            yield f"feed gap {gap.text} at {text.clock(gap.at_ms, now.session.zone)}"
    else:
        yield f"{counted} feed gaps"
    links = now.feed.link - (before.feed.link if before.feed else 0) if now.feed else 0
    if links > 0:
        yield _count(links, "reconnect", "reconnects")
    refused = sum(now.refused.values()) - sum(before.refused.values())
    if refused > 0:
        yield _count(refused, "tick refused", "ticks refused")


def _gate(before: Snapshot, now: Snapshot) -> Iterator[str]:
    old, new = before.entries, now.entries
    for word, was, is_now in (("locked", old.locked, new.locked), ("halted", old.halted, new.halted)):
        if is_now and is_now != was:
            yield f"entries {word} ({is_now})"
        elif was and not is_now:
            yield f"entries no longer {word}"
    if old.paused != new.paused:
        yield "entries paused" if new.paused else "entries resumed"
    if now.flat.state != before.flat.state:
        yield f"flat job {now.flat.state}"


def _result(seen: Snapshot) -> Decimal:
    return seen.account.realised + seen.account.open_pnl


def _silences(seen: Snapshot) -> int:
    return sum(quote.gaps for quote in seen.quotes)


def _count(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"


def _signed(money: Decimal, zone: str) -> str:
    """`−420.00`, `+1,240.55`."""
    return text.money(money, zone, sign=True).replace("-", "−")
