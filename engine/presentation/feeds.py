"""The live feed in words: whether its link is lost, since when, why, what comes next; how fresh a price is. Pure.

Seconds here are whole and all change together, so that a countdown changes the screen once a second and no oftener.
"""

from collections.abc import Sequence
from math import inf
from typing import Literal

from engine.model.ports import FeedView
from engine.model.run_views import SessionView
from engine.model.snapshot import Snapshot
from engine.model.trading_views import Quote
from engine.model.types import MARKET_MODES, PositionState
from engine.presentation.format import instrument_at, minute

# What the feed column of the ticks says of a price; never by colour alone.
Fresh = Literal["LIVE", "LATE", "QUIET", "STALE", "NEW", "CLOSED"]

CREDENTIALS_MISSING = "(no credentials)"  # what a source says that took a live feed's place
_LEAST_S = 1.0
_GAPS = 5  # nor before so many of its instrument's own usual gaps
_LATE_MS = 2000  # longer on its way than the quickest of the last minute: it waited somewhere
_SECOND_NS = 1_000_000_000


def is_closed(seen: Snapshot) -> bool:
    """Whether every market of the run is closed; a replay's never is, and before the first tick nobody knows."""
    return _is_over(seen, seen.session)


def session_of(seen: Snapshot, instrument: int) -> SessionView:
    """The session that the market of `instrument` keeps."""
    return seen.markets.get(instrument_at(seen, instrument).market, seen.session)


def is_closed_for(seen: Snapshot, instrument: int) -> bool:
    """Whether the market of `instrument` is closed, whatever others do."""
    return _is_over(seen, session_of(seen, instrument))


def _is_over(seen: Snapshot, session: SessionView) -> bool:
    return seen.replay is None and seen.at_ms > 0 and not session.start_ms <= seen.market_ms <= session.end_ms


def held_over(seen: Snapshot) -> tuple[PositionState, ...]:
    """What is still held though the session of its market is over, in a run whose market is a real one."""
    if seen.trade_mode not in MARKET_MODES:
        return ()
    held = (each.state for each in seen.positions if each.state.quantity)
    return tuple(state for state in held if state.entry_ms < seen.market_ms and is_closed_for(seen, state.instrument))


def unsold(seen: Snapshot, over: PositionState) -> str:
    """How long what is held over stays so: `nothing can be sold until Mon 09:15`."""
    opens = session_of(seen, over.instrument).opens
    return f"nothing can be sold until {opens}" if opens else "nothing can be sold"


def goes_on(seen: Snapshot) -> str:
    """When a flat that is held goes on: `Mon 09:15`; and that no holiday is known there, where the calendar ends before."""
    held = (each.state.instrument for each in seen.positions if each.state.quantity)
    waits = next((each for each in held if is_closed_for(seen, each)), None)
    session = seen.session if waits is None else session_of(seen, waits)
    opens = session.opens or minute(seen.flat.until_ms, session.zone)
    return f"{opens} (the calendar ends {session.calendar_ends})" if session.calendar_ends else opens


def never(seen: Snapshot) -> str:
    """`wanted 3, ticking 2: BTCUSTD never`; empty where all tick, or it is too soon to say."""
    if not seen.never:
        return ""
    return never_text(seen.watched, seen.ticking, seen.never)


def never_text(wanted: int, ticking: int, names: Sequence[str]) -> str:
    """`wanted 3, ticking 2: BTCUSTD never`, of which `names` are the first."""
    more = wanted - ticking - len(names)
    others = f" and {more:,} more" if more > 0 else ""
    return f"wanted {wanted:,}, ticking {ticking:,}: {', '.join(names)}{others} never"


def market(seen: Snapshot) -> str:
    """What a lamp says of a closed market."""
    return f"market closed until {seen.session.opens}" if seen.session.opens else "market closed"


def closed(seen: Snapshot) -> str:
    """How a closed market is told: `CLOSED until Mon 09:15`."""
    return f"CLOSED until {seen.session.opens}" if seen.session.opens else "CLOSED"


def lost(seen: Snapshot) -> FeedView | None:
    """The feed whose link should be up and is not; None where all is well, there is none, or it has not begun."""
    feed = seen.feed
    if feed is None or feed.state == "UP" or seen.stopped:
        return None
    return None if feed.state == "STOPPED" and not feed.since_ns else feed


def heard_ns(feed: FeedView) -> int:
    """When anything last came from the exchange; where nothing ever did, since when it is tried (monotonic)."""
    return max(feed.frame_ns, feed.pong_ns) or feed.since_ns


def passed_s(feed: FeedView, now_ns: int) -> int:
    """Whole seconds since anything came from the exchange."""
    return max(0, now_ns - heard_ns(feed)) // _SECOND_NS


def left_s(feed: FeedView, now_ns: int) -> int:
    """Whole seconds until the next attempt, counted down at the moments when `passed_s` counts up; 0 = now."""
    turned_ns = heard_ns(feed) + passed_s(feed, now_ns) * _SECOND_NS
    return max(0, feed.retry_ns - turned_ns) // _SECOND_NS


def cause(feed: FeedView) -> str:
    """Why the link is down, or what it is at."""
    return feed.because or {
        "CONNECTING": "not connected yet",
        "LOGIN": "logging in",
        "WAITING": "connection lost",
        "REFUSED": "refused",
        "STOPPED": "stopped",
    }.get(feed.state, "no data")


def coming(feed: FeedView, now_ns: int) -> str:
    """What the feed will do next, with its countdown."""
    match feed.state:
        case "WAITING":
            due_s = left_s(feed, now_ns)
            which = f"reconnect {feed.attempt:,}" if feed.attempt else "reconnect"
            return f"{which} in {due_s:,} s" if due_s else f"{which} now"
        case "CONNECTING":
            return f"connecting, attempt {feed.attempt:,}" if feed.attempt else "connecting"
        case "LOGIN":
            return "logging in"
        case "REFUSED":
            return "see the log, then: myquant-tui login --check"
        case _:
            return "" if feed.state == "UP" else "no reconnect"


def ours_s(seen: Snapshot, run_s: float) -> float:
    """How long `run_s` seconds of the run take here, where a replay goes as fast as it is set to; a screen sees no less than a second."""
    pace = seen.replay.speed if seen.replay is not None and 0 < seen.replay.speed < inf else 1.0
    return max(run_s / pace, min(run_s, _LEAST_S))


def allowed_s(quote: Quote, seen: Snapshot) -> float:
    """How long this instrument may say nothing before that means something, in our seconds: by the time of the run."""
    return ours_s(seen, max(seen.stale_s, _GAPS * quote.median_gap_ms / 1000))


def all_quiet(seen: Snapshot, now_ns: int) -> bool:
    """Whether no instrument ticks: then one silent instrument is no sign of a broken feed."""
    came_ns = seen.pulse.came_ns
    return not came_ns or (now_ns - came_ns) / 1e9 > ours_s(seen, seen.stale_s)


def is_silent(seen: Snapshot, now_ns: int) -> bool:
    """Whether prices are due and none comes for any instrument, though no link is known to be down."""
    return seen.replay is None and not is_closed(seen) and lost(seen) is None and all_quiet(seen, now_ns)


def unpriced(seen: Snapshot, now_ns: int) -> Quote | None:
    """The held instrument that has been without a price for longest, and for too long, though the link is up; None: none is.

    Where the whole feed is silent, that is too long once the instrument that ticks most often should have ticked.
    """
    feed = seen.feed
    if feed is None or feed.state != "UP" or seen.stopped:
        return None
    held = {position.state.instrument for position in seen.positions if position.state.quantity}
    came = [quote for quote in seen.quotes if quote.recv_ns and not is_closed_for(seen, quote.instrument)]
    least_s = min((allowed_s(quote, seen) for quote in came), default=seen.stale_s)
    together = all_quiet(seen, now_ns)
    silent = [
        quote
        for quote in came
        if quote.instrument in held
        and (now_ns - quote.recv_ns) / 1e9 > (least_s if together else allowed_s(quote, seen))
    ]
    return min(silent, key=lambda quote: quote.recv_ns, default=None)


def fresh(quote: Quote, seen: Snapshot, now_ns: int) -> Fresh:
    """How far the price of `quote` can be trusted, where ticks come over a link.

    `NEW`: none has come on this link; `LATE`: the newest one waited somewhere on its way.
    """
    feed = seen.feed
    if is_closed_for(seen, quote.instrument):
        return "CLOSED"
    if quote.recv_ns and feed is not None and feed.state != "UP":
        return "STALE"
    if not quote.recv_ns or (feed is not None and quote.recv_ns < feed.up_ns):
        return "NEW"
    if (now_ns - quote.recv_ns) / 1e9 > allowed_s(quote, seen):
        return "QUIET" if all_quiet(seen, now_ns) else "STALE"
    return "LATE" if _late_ms(quote, seen) > _LATE_MS else "LIVE"


def _late_ms(quote: Quote, seen: Snapshot) -> float:
    """How much longer the newest tick was on its way than the quickest one; 0 where the clocks are not compared."""
    feed = seen.feed
    if feed is None or feed.clock_ms is None or not quote.exch_ms:
        return 0.0
    recv_wall_ms = (seen.wall_ns - (seen.taken_ns - quote.recv_ns)) / 1e6
    return recv_wall_ms - quote.exch_ms + feed.clock_ms


def bad_packets(seen: Snapshot) -> int:
    """How many packets were no ticks so far."""
    return sum(seen.feed.bad.values()) if seen.feed is not None else 0


def sequence_gaps(seen: Snapshot) -> int:
    """Jumps of the exchange's numbering this day: those of the instruments shown, or the engine's own sum where more are watched."""
    return sum(quote.sequence_gaps for quote in seen.quotes) if seen.watched <= len(seen.quotes) else seen.sequence_gaps
