"""Puts a run together. Config and source in, a ready engine out."""

from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from engine.assembly.edges import Failures, keep_receipt, open_journal, open_logs, open_recorder
from engine.assembly.live import LiveSupply
from engine.assembly.recording_config import fit_to_recording
from engine.assembly.run import Run
from engine.assembly.takeover import take_over, widened
from engine.config import Config
from engine.journal import Opened, SqliteJournal, StateDir
from engine.logs import LogBook
from engine.model.clock import Clock, SteadyClock, SystemClock, VirtualClock
from engine.model.events import StateKept
from engine.model.ports import Feed, TickSource
from engine.model.types import TradeMode
from engine.recording import FileRecorder
from engine.runtime import (
    LOGGERS,
    Engine,
    Epochs,
    Housekeeping,
    Persistence,
    Playback,
    ProcessStats,
    SnapshotBuilder,
    Turn,
    check_for,
)
from engine.runtime.inbox import Inbox
from engine.runtime.replay.feed import ReplayFeed
from engine.text.sanitize import clean
from engine.trading.event_text import EventText
from engine.trading.session import NO_DAY, TradingHours
from engine.trading.trader import Trader
from engine.venues.simulated.broker import PaperBroker
from engine.venues.simulated.faults import FaultySource

_RING_LINES = 2_000  # of the log, for a screen
_RING_UNSEEN = 50  # where there is none


class _Parts(Struct, frozen=True):
    """What stands before the engine is built around it."""

    config: Config
    mode: TradeMode
    name: str
    trader: Trader
    journal: SqliteJournal | None
    recorder: FileRecorder | None
    logs: LogBook
    folder: Path
    kept: StateKept | None  # the account of the run before, which this one goes on with


class _InSession:
    """Whether the market is open at this moment; looks the day up once a day."""

    def __init__(self, hours: TradingHours, clock: Clock) -> None:
        self._hours = hours
        self._clock = clock
        self._day = NO_DAY

    def __call__(self) -> bool:
        now_ms = self._clock.wall_ns() // 1_000_000
        day = self._day
        if not day.day_from_ms <= now_ms < day.day_until_ms:
            day = self._day = self._hours.day_of(now_ms)
        return day.start_ms <= now_ms <= day.end_ms


def build(
    config: Config,
    source: TickSource | LiveSupply,
    mode: TradeMode,
    *,
    speed: float = 1.0,
    paused: bool = False,
    state_root: Path | None = None,
    console_fd: int | None = None,
    unlock: bool = False,
    on_screen: bool = False,
    pace: Clock | None = None,
    title: str = "",
    record: bool = True,
) -> Run:
    """Build a run of `source` in `mode`; `speed` 0 = as fast as it goes, `pace` is the clock a recording is kept by.

    `on_screen`: count the ticks of the source beforehand and keep the log's newest lines, for a screen to show.
    `title` is what the source is called, where that is not its own name; without `record` the run is not recorded,
    whatever the configuration says.

    Raises UserError in one line per problem.
    """
    name = title or source.name
    config, _ = fit_to_recording(config, source)
    with ExitStack() as edges:
        state_dir = edges.enter_context(StateDir.open(state_root, mode, config.replay.keep_runs))
        logs = open_logs(config, state_dir.path, console_fd, _RING_LINES if on_screen else _RING_UNSEEN)
        edges.callback(logs.close)
        failures = Failures()
        journal = open_journal(config, state_dir.path, mode, name, failures)
        opened = journal.opened if journal else Opened(run=0)
        if journal is not None:
            edges.callback(journal.close, "not started", fault=bool(opened.still_locked))
        source = widened(source, opened.kept)
        config, instruments = fit_to_recording(config, source)
        trader = Trader(config, instruments, f"{mode[0].upper()}{opened.run}-")
        recorder = open_recorder(config, mode, name, instruments, state_dir.path) if record else None
        if recorder is not None:
            edges.callback(recorder.close)
        parts = _Parts(config, mode, name, trader, journal, recorder, logs, state_dir.path, opened.kept)
        if isinstance(source, LiveSupply):
            edges.callback(source.close)
            engine = _live_engine(parts, source)
        else:
            engine = _replaying_engine(parts, source, pace or SystemClock(), speed=speed, paused=paused)
            engine.total = source.count() if on_screen else 0
        failures.found(engine)
        edges.callback(engine.stop)
        _tell_start(parts, state_dir)
        take_over(engine, opened, unlock=unlock)
        return Run(
            engine,
            logs,
            config,
            source,
            trader,
            state_dir.path,
            edges.pop_all(),
            mode=mode,
            journal=journal,
            recorder=recorder,
        )


def _replaying_engine(parts: _Parts, source: TickSource, pace: Clock, *, speed: float, paused: bool) -> Engine:
    """Build an engine over a recorded or generated session; one that goes on with an account goes on at its moment."""
    replay = parts.config.replay
    feed = ReplayFeed(
        source,
        pace,
        speed=speed,
        paused=paused,
        skip_silence=replay.skip_silence,
        silence_ms=int(replay.silence_s * 1000),
    )
    inbox = Inbox(parts.config.engine.inbox_size)
    playback = Playback(
        feed=feed,
        source=source,
        inbox=inbox,
        journal=parts.journal,
        snapshot_ticks=replay.snapshot_ticks,
        recorded=parts.recorder is not None,
        check=check_for(source, parts.config, tuple(inst.instrument for inst in parts.trader.state.instrument_states)),
    )
    begins_ms = _begins_ms(source)
    skipped = 0
    if parts.kept is not None and parts.kept.at_ms > begins_ms:
        begins_ms = parts.kept.at_ms
        skipped = source.number_at(begins_ms)
        feed.move(skipped + 1, None, playing=not paused)
    clock = VirtualClock(begins_ms * 1_000_000)
    turn = _turn(parts, inbox, clock, lossless=True)
    turn.begin_after(skipped)
    engine = _engine(parts, feed, playback, turn, inbox, clock)
    if isinstance(source, FaultySource):
        engine.dispatch.misbehave = source.misbehave
    return engine


def _live_engine(parts: _Parts, supply: LiveSupply) -> Engine:
    """Build an engine over a live feed; its inbox has room for all that an exchange tells at once on subscribing."""
    inbox = Inbox(max(parts.config.engine.inbox_size, 2 * len(supply.instruments)))
    clock = SteadyClock()
    turn = _turn(parts, inbox, clock, lossless=False)
    # What the feed has to say of its link waits with the commands; the beat or the next tick takes it.
    feed = supply.connect(turn.commands.append, _InSession(parts.trader.hours, clock))
    return _engine(parts, feed, None, turn, inbox, clock)


def _turn(parts: _Parts, inbox: Inbox, clock: Clock, *, lossless: bool) -> Turn:
    trader, config = parts.trader, parts.config.engine
    instruments = tuple(inst.instrument for inst in trader.state.instrument_states)
    return Turn(
        trader=trader,
        broker=PaperBroker(len(instruments)),
        event_text=EventText(instruments, trader.hours.stamp),
        persistence=Persistence(trader, parts.journal, parts.recorder, keeps_account=parts.mode != "replay"),
        recorder=parts.recorder,
        epochs=Epochs(config.delivery),
        inbox=inbox,
        clock=clock,
        lossless=lossless,
        every_tick=config.latency_every_tick,
        snapshot_interval_ms=config.snapshot_interval_ms,
    )


def _engine(parts: _Parts, feed: Feed, playback: Playback | None, turn: Turn, inbox: Inbox, clock: Clock) -> Engine:
    """Put the edges around one turn."""
    config = parts.config
    return Engine(
        config=config.engine,
        turn=turn,
        inbox=inbox,
        feed=feed,
        playback=playback,
        journal=parts.journal,
        recorder=parts.recorder,
        checkpoint_ticks=config.recording.checkpoint_ticks,
        picture=SnapshotBuilder(
            trade_mode=parts.mode,
            source=clean(parts.name),
            instruments=tuple(inst.instrument for inst in parts.trader.state.instrument_states),
            journal=parts.journal,
            recorder=parts.recorder,
            log=parts.logs,
        ),
        housekeeping=Housekeeping(
            turn=turn,
            inbox=inbox,
            recorder=parts.recorder,
            process_stats=ProcessStats(parts.folder),
            clock=clock,
            stale_ns=int(config.feed.stale_s * 1_000_000_000),
            heartbeat_log_s=config.heartbeat.heartbeat_log_s,
            keep_receipt=lambda lines: keep_receipt(parts.folder, lines),
        ),
    )


def _begins_ms(source: TickSource) -> int:
    """When the recording begins (UTC ms), so that its day is known before its first tick; 0 for an empty one."""
    first = next(iter(source.ticks()), None)
    return first.exch_ms if first else 0


def _tell_start(parts: _Parts, state_dir: StateDir) -> None:
    session = parts.config.session
    hours = f"{session.start:%H:%M}-{session.end:%H:%M} {session.zone}"
    LOGGERS["engine"].info(
        "%s of %s, session %s, delivery %s, state in %s",
        parts.mode,
        parts.name,
        hours,
        parts.config.engine.delivery,
        state_dir.path,
    )
    for note in state_dir.notes:
        LOGGERS["engine"].warning("%s", note)
