"""What a person must be told of, wherever he is looking: conditions of a snapshot, by a closed list of keys. Pure.

A condition stands for as long as it holds; when it is told, how often and by which channel is for others.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from engine.model.order_views import OrderView
from engine.model.snapshot import Snapshot
from engine.presentation import feeds, live
from engine.presentation import format as text

AlertLevel = Literal["info", "warning", "critical"]
LEVELS: Final[tuple[AlertLevel, ...]] = ("info", "warning", "critical")  # the least grave first

_DISK_LOW_MB = 500
_LINK_GRAVE_S = 10  # a link that comes back within is no news
_ERRORS_GRAVE = 3  # calls in a row that failed
_FLAT_GRAVE = ("ESCALATED", "UNRESOLVED")
_FLAT_QUIET = ("NORMAL", "ARMED")


class Alert(Struct, frozen=True):
    """One condition; `key` names its kind and is the same for as long as it stands.

    `of` names what it is found of, such as the run of an engine: of another one it is another condition.
    """

    key: str
    level: AlertLevel
    text: str
    of: str = ""


def conditions(seen: Snapshot, now_ns: int) -> tuple[Alert, ...]:
    """All that stands in `seen` at `now_ns` (monotonic); a replay is nobody's money and has none."""
    if seen.replay is not None and seen.trade_mode == "replay":
        return ()
    return tuple(
        Alert(key, level, words)
        for found in (
            _engine(seen),
            _flat(seen),
            _entries(seen),
            _held(seen, now_ns),
            _orders(seen),
            _broker(seen),
            _feed(seen, now_ns),
            _disk(seen),
        )
        for key, level, words in found
    )


def of_run(found: Sequence[Alert], run: int) -> list[Alert]:
    """`found` as conditions of this run of an engine: what another one is called for is told anew."""
    return [replace(each, of=str(run)) for each in found]


_Found = Iterator[tuple[str, AlertLevel, str]]


def holding(seen: Snapshot) -> str:
    """`NIFTY25NOV25900CE LONG 150 +1 more`; empty where nothing is held."""
    held = [each.state for each in seen.positions if each.state.quantity]
    if not held:
        return ""
    instrument = text.instrument_at(seen, held[0].instrument)
    more = f" +{len(held) - 1:,} more" if len(held) > 1 else ""
    return f"{instrument.symbol} {text.side(instrument, held[0].quantity)}{more}"


def _engine(seen: Snapshot) -> _Found:
    held = holding(seen)
    unwatched = f", {held} UNWATCHED" if held else ""
    if seen.fault:
        yield "engine", "critical", f"engine failed: {seen.fault}{unwatched}"
    elif seen.stopped:
        yield "engine", "critical" if held else "info", f"engine stopped{unwatched}"
    if seen.found:
        yield "last_run", "warning", f"the run before ended without closing: {seen.found[0]}"


def _flat(seen: Snapshot) -> _Found:
    flat = seen.flat
    if flat.state in _FLAT_QUIET:
        return
    if flat.state == "FLAT":
        yield "flat", "info", f"FLAT verified ({flat.reason})"
    elif flat.state in _FLAT_GRAVE:
        by_hand = f": {flat.by_hand[0]}" if flat.by_hand else ""
        yield "flat", "critical", f"flat {flat.state} ({flat.reason}){by_hand}"
    elif flat.state == "HELD":
        yield "flat", "warning", f"flat HELD until {feeds.goes_on(seen)} ({flat.reason}), {holding(seen)}"
    else:
        yield "flat", "warning", f"flat under way ({flat.reason})"


def _entries(seen: Snapshot) -> _Found:
    if seen.flat.state not in _FLAT_QUIET:
        return  # a flat locks, and says so itself
    if seen.entries.locked:
        yield "locked", "warning", f"entries are locked: {seen.entries.locked}"
    elif seen.entries.halted:
        yield "halted", "warning", f"entries are halted: {seen.entries.halted}"


def _held(seen: Snapshot, now_ns: int) -> _Found:
    if seen.stopped:
        return
    if over := feeds.held_over(seen):
        yield (
            "held_over",
            "critical",
            f"held over the end of the session: {holding(seen)}; {feeds.unsold(seen, over[0])}",
        )
    elif (quote := feeds.unpriced(seen, now_ns)) is not None and seen.flat.state in _FLAT_QUIET:
        name = text.instrument_at(seen, quote.instrument).symbol
        yield "unpriced", "critical", f"no price of {name}, which is held: its stop is not watched"


def _orders(seen: Snapshot) -> _Found:
    """What nobody knows of orders at a real broker, and what it holds otherwise than we."""
    if seen.live is None or seen.stopped:
        return
    unknown = next((each for each in seen.orders if each.state == "UNKNOWN"), None)
    if unknown is not None:
        level: AlertLevel = "warning" if unknown.purpose == "ENTRY" else "critical"
        yield (
            "unknown",
            level,
            f"nobody knows what became of order {unknown.tag} to {unknown.side} {_of(seen, unknown)}",
        )
    if told := live.others(seen):
        apart = bool(seen.live.mismatches)
        yield "broker_holds", "critical" if apart else "warning", f"the broker holds what we do not: {', '.join(told)}"
    for waiting in live.waits(seen)[:1]:
        yield "exit_waits", "critical", f"an order is not on its way: {waiting}"


def _of(seen: Snapshot, order: OrderView) -> str:
    instrument = text.instrument_at(seen, order.instrument)
    return f"{text.quantity(instrument, order.quantity - order.filled)} {instrument.symbol}"


def _broker(seen: Snapshot) -> _Found:
    """Whether a real broker can be asked for anything."""
    if seen.live is None or seen.stopped or not live.is_live(seen):
        return
    held = holding(seen)
    unsold = f"; {held} cannot be sold" if held else ""
    lanes = seen.lanes
    if not seen.live.logged_in:
        yield "broker", "critical" if held else "warning", f"not logged in at the broker{unsold}"
    elif lanes is not None and lanes.errors >= _ERRORS_GRAVE:
        yield "broker", "critical" if held else "warning", f"the broker does not answer: {lanes.because}{unsold}"


def _feed(seen: Snapshot, now_ns: int) -> _Found:
    feed = feeds.lost(seen)
    if feed is None or feeds.is_closed(seen):
        return
    if feed.state == "REFUSED":
        yield "feed", "critical", f"the feed is refused: {feeds.cause(feed)}"
    elif feed.frames and feeds.passed_s(feed, now_ns) >= _LINK_GRAVE_S:
        held = holding(seen)
        yield (
            "feed",
            "critical" if held else "warning",
            f"no link to the exchange: {feeds.cause(feed)}{f'; {held} UNWATCHED' if held else ''}",
        )


def _disk(seen: Snapshot) -> _Found:
    for edge in seen.edges:
        if edge.problem:
            level: AlertLevel = "critical" if edge.name in {"journal", "state"} else "warning"
            yield edge.name, level, f"{edge.name}: {edge.problem}"
    if 0 < seen.process.disk_free_mb < _DISK_LOW_MB:
        yield "disk", "warning", f"{seen.process.disk_free_mb:,} MB are left on the disk"
