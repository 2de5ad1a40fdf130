"""What may be told of an engine to whoever asks: how it works, nothing of what it holds or has earned."""

from collections.abc import Iterator
from typing import Final, get_args

from prometheus_client.metrics_core import Metric

from engine.gateway.metrics.families import counter, gauge, histogram, one_of
from engine.model.events import FlatState
from engine.model.log_counts import COMPONENTS, LogCounts
from engine.model.measures import BOUNDS_NS, Measures
from engine.model.snapshot import Snapshot
from engine.model.types import DELIVERIES, TradeMode
from engine.presentation import feeds
from engine.presentation.lamps import Lamp

_MODES: Final[tuple[str, ...]] = get_args(TradeMode)
_FLAT: Final[tuple[str, ...]] = get_args(FlatState)
_NOT_OURS: Final = "LINK"  # the lamp of a terminal, which a service has none of
_UP_TO: Final = tuple(repr(bound / 1e9) for bound in BOUNDS_NS)
_MB: Final = 1e6


def of_engine(seen: Snapshot, age_s: float, sequence_gaps: int) -> Iterator[Metric]:
    """The engine itself: what it is, what came in, what it does with it; `sequence_gaps` of all days that were looked at."""
    yield one_of("trade_mode", "What the engine trades", "mode", _MODES, seen.trade_mode)
    yield one_of("delivery_mode", "How ticks are delivered", "delivery", DELIVERIES, seen.delivery)
    yield one_of("flat_state", "Where the emergency flat stands", "state", _FLAT, seen.flat.state)
    in_session = seen.session.start_ms <= seen.market_ms < seen.session.end_ms
    yield gauge("session_open", "Whether the market's session is open", in_session and not seen.stopped)
    yield gauge(
        "entries_locked", "Whether entries are locked or halted", bool(seen.entries.locked or seen.entries.halted)
    )
    yield gauge("stopped", "Whether the engine has ended in good order", seen.stopped and not seen.fault)
    yield gauge("snapshot_age_seconds", "Age of the engine's newest snapshot", age_s)
    yield counter("ticks", "Ticks worked", seen.ticks)
    yield counter("ticks_refused", "Ticks refused", seen.refused, ("reason",))
    yield counter("ticks_merged", "Ticks that a full inbox merged into newer ones", seen.merged)
    yield counter("sequence_gaps", "Jumps of the exchange's numbering", sequence_gaps)
    yield gauge("inbox_ticks", "Ticks that wait in the inbox", seen.inbox_waiting)
    yield counter(
        "faults", "Faults of the trading code", {"trader": seen.faults, "engine": bool(seen.fault)}, ("component",)
    )
    for edge, what, values in (
        (
            "edge_backlog",
            "What waits to be written (the recorder: bytes)",
            {each.name: each.waiting for each in seen.edges},
        ),
        ("edge_failed", "Whether an edge cannot write", {each.name: bool(each.problem) for each in seen.edges}),
    ):
        yield gauge(edge, what, values, ("edge",))


def of_feed(seen: Snapshot) -> Iterator[Metric]:
    """The link to the exchange; nothing where there is none."""
    feed = seen.feed
    if feed is None:
        return
    yield gauge("feed_connected", "Whether the link to the exchange is up", feed.state == "UP")
    yield counter("feed_links", "Links that came up", feed.link)
    yield counter("feed_bad_packets", "Packets of the exchange that were refused", feed.bad, ("reason",))
    yield gauge("feed_wanted_instruments", "Instruments that are to tick", feed.wanted)
    yield gauge("feed_ticking_instruments", "Of them, those that have had a tick on this link", feed.ticking)
    if feed.rtt_ms > 0:
        yield gauge("feed_rtt_seconds", "Round trip of the newest ping", feed.rtt_ms / 1e3)
    if feed.clock_ms is not None:
        yield gauge("feed_clock_offset_seconds", "The exchange's clock against ours", feed.clock_ms / 1e3)
    yield gauge(
        "feed_lost",
        "Whether the link is lost though the market is open",
        feeds.lost(seen) is not None and not feeds.is_closed(seen),
    )


def of_uptime(seen: Snapshot) -> Iterator[Metric]:
    """Minutes of the session that were watched: today, and over all days that are known; nothing of a replay."""
    uptime = seen.uptime
    if uptime is None:
        return
    passed = {"today": uptime.minutes, "all": uptime.days_minutes}
    watched = {"today": uptime.watched, "all": uptime.days_watched}
    yield gauge("session_minutes", "Minutes of the session that have passed", passed, ("days",))
    yield gauge(
        "session_watched_minutes", "Of them, those that were watched: link up and prices fresh", watched, ("days",)
    )


def of_process(seen: Snapshot) -> Iterator[Metric]:
    """The engine's process; nothing before it has looked."""
    process = seen.process
    if process.rss_mb <= 0:
        return
    yield gauge("engine_resident_memory_bytes", "Memory of the engine's process", process.rss_mb * _MB)
    yield gauge("engine_cpu_ratio", "Share of one core", process.cpu_share)
    yield gauge("engine_open_fds", "Open descriptors", process.descriptors)
    yield gauge("engine_gc_pause_seconds_max", "Longest pause of the garbage collector", process.gc_longest_ms / 1e3)
    yield gauge("disk_free_bytes", "Room on the disk of the state directory", process.disk_free_mb * _MB)


def of_lamps(lamps: tuple[Lamp, ...], had: set[tuple[str, str]]) -> Iterator[Metric]:
    """The lamps as the screen's heartbeat judges them; `had` are the words that each has had so far, no series is made of others."""
    shown = [lamp for lamp in lamps if lamp.name != _NOT_OURS]
    ages = {lamp.name: lamp.age_s for lamp in shown if lamp.age_s is not None}
    yield gauge("heartbeat_age_seconds", "How old a lamp's counter is", ages, ("lamp",))
    now = {(lamp.name, lamp.word) for lamp in shown}
    had |= now
    yield gauge("lamp_state", "How a lamp is judged", {each: each in now for each in sorted(had)}, ("lamp", "word"))


def of_stages(measures: Measures) -> Iterator[Metric]:
    """How long ticks took, by stage and delivery: exact counts, the sums to 0.2 %."""
    rows = (
        (
            (each.stage, each.delivery),
            (*zip(_UP_TO, each.below, strict=True), ("+Inf", each.count)),
            each.sum_ns / 1e9,
        )
        for each in measures.stages
    )
    yield histogram("tick_stage_seconds", "How long ticks took", ("stage", "delivery"), rows)


def of_log(counts: LogCounts) -> Iterator[Metric]:
    """What the engine's log has taken in, and what it has not."""
    lines = {(component, level): count for component, levels in counts.lines.items() for level, count in levels.items()}
    yield counter("log_lines", "Lines that the log took in", lines, ("component", "level"))
    yield counter("log_suppressed", "Lines beyond a component's lines in a second", counts.suppressed)
    yield counter("log_lost", "Lines that the disk did not take, beyond what may wait", counts.lost)
    escalated = {component: float(component in counts.escalated) for component in COMPONENTS}
    yield gauge("log_escalated", "Whether a component is logged in detail by itself", escalated, ("component",))
