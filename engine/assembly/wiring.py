"""Puts the engine around the parts of a turn, over a source or a live feed. Opens nothing, starts nothing."""

from collections.abc import Callable
from functools import partial

from engine.assembly.edges import keep_receipt
from engine.assembly.run import RunParts
from engine.assembly.takeover import began_within_day, take_over
from engine.assembly.watch_list import WatchList
from engine.model.clock import Clock, SteadyClock, VirtualClock
from engine.model.errors import InputError
from engine.model.ports import Feed
from engine.model.snapshot import Snapshot
from engine.model.sources import TickSource, is_generated
from engine.model.types import REAL_MODES
from engine.recording import MqrSource
from engine.runtime import Engine
from engine.runtime.closing import Closing
from engine.runtime.cursor import Cursor
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.dispatch import Dispatch
from engine.runtime.durability import Durability
from engine.runtime.fresh_prices import FreshPrices
from engine.runtime.grave_silence import GraveSilence
from engine.runtime.housekeeping import Housekeeping
from engine.runtime.log_watch import LogWatch
from engine.runtime.loop_stats import LoopStats
from engine.runtime.market import MarketWatch
from engine.runtime.new_day import Calendars, NewDay
from engine.runtime.open_hours import OpenHours
from engine.runtime.process_stats import ProcessStats
from engine.runtime.publisher import Publisher
from engine.runtime.ready_watch import ReadyWatch
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.feed import ReplayFeed
from engine.runtime.replay.playback import Playback
from engine.runtime.run_failure import RunStatus
from engine.runtime.schedule import Schedule
from engine.runtime.snapshot_builder import SnapshotBuilder
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import MakeBroker, TurnParts
from engine.runtime.uptime import UptimeWatch
from engine.runtime.watching import Watching
from engine.text.sanitize import CleanText
from engine.venues.simulated.broker import simulated
from engine.venues.simulated.faults import FaultySource
from engine.venues.simulated.silent import silent
from engine.venues.supply import LiveSupply


def _parts(
    run: RunParts, clock: Clock, cursor: Cursor, inbox_size: int, make_broker: MakeBroker = simulated
) -> TurnParts:
    """The parts of the run's turn, with the account of the run before in them."""
    opened = run.opened
    parts = TurnParts(
        run.config,
        run.trader,
        clock,
        cursor,
        make_broker,
        journal=run.journal,
        recorder=run.recorder,
        keeps_account=run.mode != "replay",
        inbox_size=inbox_size,
        found=opened.report if opened.still_locked else (),
        unknown=opened.unknown,
    )
    run.logs.go_by(clock)
    take_over(opened, parts)
    return parts


def _broker_of(run: RunParts, supply: LiveSupply, clock: Clock) -> MakeBroker:
    """Who takes the orders: in a live run the venue's own lanes, else the simulated broker; raises InputError."""
    if run.mode not in REAL_MODES:
        return simulated
    make, journal = supply.broker, run.journal
    if make is None:
        raise InputError(f"{run.name}: takes no orders; it can be traded on paper only")
    assert journal is not None  # who trades there has begun with it
    # What it holds it knows itself.
    return lambda instruments, _, post: (make(instruments, post, journal, clock), lambda _: None)


def _engine(
    run: RunParts,
    parts: TurnParts,
    feed: Feed,
    playback: Playback | None,
    source: TickSource | None,
    renew: Callable[[], tuple[str, ...]] | None = None,
    calendars: Calendars | None = None,
    listing: WatchList | None = None,
    *,
    paced: bool,
) -> Engine:
    """The engine around the parts of a turn; `renew` is what a live source needs each day (None: it is none).

    `calendars` are what its markets go by. `listing` is the list of instruments where that may
    change, `paced`: by a clock, not as fast as it goes.
    """
    status, stats = RunStatus(), LoopStats()
    watch = run.watch
    run.trader.state.reach.since_ms = began_within_day(parts, live=playback is None)
    closing = Closing(parts, playback, run.uptime, whole=run.mode == "replay")
    builder = SnapshotBuilder(
        *(parts, run.mode, run.name, status, stats, playback, feed, run.logs, watch, closing, run.uptime),
        broker_account=run.real.account if run.real is not None else CleanText(""),
        lanes=parts.lanes.view if parts.lanes is not None else lambda: None,
    )
    publisher = Publisher(builder, run.config.engine.snapshot_interval_ms)
    switch = DeliverySwitch(parts, publisher, lambda: housekeeping.watch_time())  # noqa: PLW0108 - made below
    schedule = Schedule(parts, switch, playback, run.config.recording.checkpoint_ticks if run.recorder else 0)
    misbehave = source.misbehave if isinstance(source, FaultySource) else None
    market = MarketWatch(parts, run.mode, feed.view) if playback is None else None
    generated = is_generated(source)
    watching = None
    if listing is not None:
        changed = (lambda: None) if playback is None else playback.list_changed
        watching = Watching(parts, run.recorder, listing, changed)
    dispatch = Dispatch(
        parts,
        switch,
        schedule,
        playback,
        status.ask_to_stop,
        misbehave,
        generated=generated,
        market=market,
        watching=watching,
        log_levels=run.logs.levels,
    )
    awaited = playback.feed.awaited if playback is not None else lambda: (None, 0)
    turn = Turn(parts, dispatch.carry_out, dispatch.tickets.look, schedule, publisher, market, awaited)
    new_day = None
    if renew is not None:
        markets = run.trader.state.all_hours
        clock, persistence = parts.market_clock, parts.persistence
        new_day = NewDay(turn, clock, parts.cursor, persistence, markets, run.recorder, renew, calendars)
    holds = run.mode != "replay" and paced
    housekeeping = Housekeeping(
        parts,
        turn,
        stats,
        ProcessStats(lambda: watch.free_mb),
        Durability(parts.journal, watch, parts.post, holds=holds),
        lambda lines: watch.do(partial(keep_receipt, run.folder, lines)),
        closing,
        new_day,
        watching,
        _log_watch(run, parts, stats, publisher, feed, playback),
        _uptime_watch(run, parts, feed, stats),
        _ready_watch(run, parts, turn, publisher),
        pace=lambda: (playback.feed.progress().speed if playback is not None else 0.0) or 1.0,
    )
    return Engine(parts, turn, feed, playback, switch, schedule, dispatch, status, publisher, housekeeping)


def _log_watch(
    run: RunParts, parts: TurnParts, stats: LoopStats, publisher: Publisher, feed: Feed, playback: Playback | None
) -> LogWatch:
    """Who looks after the log; only a log that is adaptive has a judge, and no replay has: its minutes are not those of the rules."""

    def newest() -> Snapshot:
        return publisher.newest

    if not run.config.adaptive.enabled or run.mode == "replay":
        return LogWatch(run.logs, newest, None)
    from engine.runtime.log_looks import LogLooks  # noqa: PLC0415 - who does not want it does not carry it

    return LogWatch(run.logs, newest, LogLooks(parts, run.logs, stats, newest, feed, playback))


def _uptime_watch(run: RunParts, parts: TurnParts, feed: Feed, stats: LoopStats) -> UptimeWatch | None:
    """What counts the minutes that are watched, in a run that watches a market."""
    if run.uptime is None:
        return None
    clock = parts.market_clock
    return UptimeWatch(run.uptime, clock, FreshPrices(feed, stats, GraveSilence(run.trader.state, clock)))


def _ready_watch(run: RunParts, parts: TurnParts, turn: Turn, publisher: Publisher) -> ReadyWatch | None:
    """What keeps whether a run at a real broker is ready."""
    if run.real is None:
        return None
    return ReadyWatch(turn, parts.effects, lambda: publisher.newest, run.real.armed_with)


def replaying_engine(
    run: RunParts,
    source: TickSource,
    pace: Clock,
    speed: float,
    listing: WatchList | None = None,
    *,
    paused: bool,
    counted: bool,
) -> Engine:
    """Build an engine over a recorded or generated session; one that goes on with an account goes on at its moment.

    It is played by the clock `pace`, `speed` 0 = as fast as it goes; its ticks are `counted` for a screen.
    """
    replay = run.config.replay
    feed = ReplayFeed(
        source,
        pace,
        speed=speed,
        paused=paused,
        skip_silence=replay.skip_silence,
        silence_ms=int(replay.silence_s * 1000),
    )
    first = next(iter(source.ticks()), None)
    begins_ms = first.exch_ms if first else 0  # so that the day is known before the first tick
    skipped = 0
    kept = run.opened.kept
    if kept is not None and kept.at_ms > begins_ms:
        begins_ms = kept.at_ms
        skipped = source.number_at(begins_ms)
        feed.move(skipped + 1, None, playing=not paused)
    clock = VirtualClock(begins_ms * 1_000_000)
    broker = silent if run.trader.state.orders.kind == "real" else simulated
    parts = _parts(run, clock, Cursor(lossless=True, after=skipped), run.config.engine.inbox_size, broker)
    check = ReplayCheck(parts, source) if isinstance(source, MqrSource) else None
    followed = None if check is None or check.is_empty else check
    total = source.count() if counted else 0
    playback = Playback(parts, feed, source, total=total, check=followed)
    return _engine(run, parts, feed, playback, source, listing=listing, paced=speed > 0)


def live_engine(
    run: RunParts,
    supply: LiveSupply,
    pace: Clock,
    doubts: Callable[[], tuple[str, ...]] = lambda: (),
    calendars: Calendars | None = None,
    listing: WatchList | None = None,
) -> Engine:
    """Build an engine over a live feed; its inbox has room for all that an exchange tells at once on subscribing.

    It goes by the clock `pace`; `doubts` says each new day what is not known of it.
    """
    clock = SteadyClock(pace)
    size = max(run.config.engine.inbox_size, 2 * len(supply.instruments))
    parts = _parts(run, clock, Cursor(lossless=False), size, _broker_of(run, supply, clock))
    # What the feed has to say of its link waits with the commands; the beat or the next tick takes it.
    hours = OpenHours(run.trader.state, parts.market_clock)
    feed = supply.connect(parts.inputs.append, hours.is_open)
    feed.keep_hours(hours.closed)
    feed.silence_is_grave(GraveSilence(run.trader.state, parts.market_clock))
    if any(each.removed for each in parts.instruments):
        feed.follow(parts.instruments)
    if listing is not None:
        listing.give = feed.follow

    def new_day() -> tuple[str, ...]:
        return (*doubts(), *supply.new_day([each for each in parts.instruments if not each.removed]))

    return _engine(run, parts, feed, None, None, new_day, calendars, listing, paced=True)
