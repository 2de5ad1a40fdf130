"""Puts a run together: the only room that knows every other. Config and source in, a ready engine out."""

import logging
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from engine.brokers.paper import PaperBroker
from engine.clock import Clock, SystemClock, VirtualClock
from engine.config import Config, instrument_for
from engine.feeds.mock import MockSession
from engine.feeds.replay import ReplayFeed
from engine.fitting import fit_to_recording, header_of, recordings_folder
from engine.inbox import Inbox
from engine.journal import SqliteJournal, StateDir
from engine.logs import LogBook, log_trade
from engine.messages import Lock
from engine.narration import Narrator
from engine.ports import TickSource
from engine.recording import FileRecorder, recording_path
from engine.runner import LOGGERS, Engine, Epochs, Picture, Playback, Rounds, Turn, Vitals
from engine.trader import Trader
from engine.types import Instrument, TradeMode

_RING_LINES = 2_000  # of the log, for a screen
_RING_UNSEEN = 50  # where there is none


class Run:
    """A built engine with the edges that outlive it; `close` ends all of them in good order."""

    def __init__(
        self, engine: Engine, logs: LogBook, config: Config, source: TickSource, trader: Trader, edges: ExitStack
    ) -> None:
        self.engine = engine
        self.logs = logs
        self.config = config
        self.source = source
        self.trader = trader
        self._edges = edges

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str) -> None:
        """Put a line into the log that must not be lost."""
        log_trade("%s", text, component="engine", level=logging.WARNING)

    def close(self) -> None:
        """Stop the engine, write what is waiting, release the state directory. Safe to call twice."""
        self._edges.close()


class _Failures:
    """Carries what the journal's thread has to tell to the engine, which is built after it."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._early: list[str] = []

    def tell(self, problem: str) -> None:
        """Take a failure; called from the journal's thread."""
        self._early.append(problem)
        if self._engine is not None:
            self._engine.disk_failed(problem)

    def found(self, engine: Engine) -> None:
        """Pass on to `engine` from now on, and what came before it."""
        self._engine = engine
        for problem in self._early:
            engine.disk_failed(problem)


def mock_source(config: Config) -> MockSession:
    """Return the generated session that the configuration describes."""
    instrument = instrument_for(config, config.instrument.symbol)
    return MockSession(config.mock.seed, config.mock.date, config.session.zone, instrument)


def build(
    config: Config,
    source: TickSource,
    mode: TradeMode,
    *,
    speed: float,
    paused: bool = False,
    state_root: Path | None = None,
    console_fd: int | None = None,
    unlock: bool = False,
    on_screen: bool = False,
    pace: Clock | None = None,
) -> Run:
    """Build a run of `source` in `mode`; `speed` 0 = as fast as it goes, `pace` is the clock it is kept by.

    `on_screen`: count the ticks of the source beforehand and keep the log's newest lines, for a screen to show.

    Raises UserError in one line per problem.
    """
    config, instruments = fit_to_recording(config, source)
    with ExitStack() as edges:
        state_dir = edges.enter_context(StateDir.open(state_root, mode, config.replay.keep_runs))
        logs = _open_logs(config, state_dir.path, console_fd, _RING_LINES if on_screen else _RING_UNSEEN)
        edges.callback(logs.close)
        failures = _Failures()
        journal = _open_journal(config, state_dir.path, mode, source.name, failures)
        if journal is not None:
            edges.callback(journal.close, "not started")
        trader = Trader(config, instruments, f"{mode[0].upper()}{journal.opened.run if journal else 0}-")
        recorder = _open_recorder(config, mode, source.name, instruments)
        if recorder is not None:
            edges.callback(recorder.close)
        feed = ReplayFeed(
            source,
            pace or SystemClock(),
            speed=speed,
            paused=paused,
            skip_silence=config.replay.skip_silence,
            silence_ms=int(config.replay.silence_s * 1000),
        )
        engine = _engine(config, source, mode, trader, feed, journal, recorder, logs, state_dir.path)
        failures.found(engine)
        engine.total = source.count() if on_screen else 0
        edges.callback(engine.stop)
        _tell_start(config, source, mode, state_dir)
        found = journal.opened.lines() if journal else ()
        left_open = journal is not None and not journal.opened.unclean and not journal.opened.damage
        _tell_found(engine, found, mode, unlock=unlock, left_open=left_open)
        return Run(engine, logs, config, source, trader, edges.pop_all())


def _engine(
    config: Config,
    source: TickSource,
    mode: TradeMode,
    trader: Trader,
    feed: ReplayFeed,
    journal: SqliteJournal | None,
    recorder: FileRecorder | None,
    logs: LogBook,
    folder: Path,
) -> Engine:
    """Put trader, feed and edges around one turn."""
    instruments = tuple(desk.instrument for desk in trader.state.desks)
    inbox = Inbox(config.engine.inbox_size)
    turn = Turn(
        trader=trader,
        broker=PaperBroker(len(instruments)),
        narrator=Narrator(instruments, trader.hours.stamp),
        journal=journal,
        recorder=recorder,
        epochs=Epochs(config.engine.delivery),
        inbox=inbox,
        clock=VirtualClock(_begins_ms(source) * 1_000_000),
        lossless=True,
        every_tick=config.engine.latency_every_tick,
        snapshot_interval_ms=config.engine.snapshot_interval_ms,
    )
    return Engine(
        config=config.engine,
        turn=turn,
        inbox=inbox,
        feed=feed,
        playback=Playback(
            feed=feed,
            source=source,
            inbox=inbox,
            journal=journal,
            snapshot_ticks=config.replay.snapshot_ticks,
            recorded=recorder is not None,
        ),
        journal=journal,
        recorder=recorder,
        checkpoint_ticks=config.recording.checkpoint_ticks,
        picture=Picture(
            trade_mode=mode,
            source=source.name,
            instruments=instruments,
            journal=journal,
            recorder=recorder,
            log=logs,
        ),
        rounds=Rounds(
            turn=turn,
            inbox=inbox,
            recorder=recorder,
            vitals=Vitals(folder),
            heartbeat_log_s=config.heartbeat.heartbeat_log_s,
            keep_receipt=lambda lines: _keep_receipt(folder, lines),
        ),
    )


def _begins_ms(source: TickSource) -> int:
    """When the recording begins (UTC ms), so that its day is known before its first tick; 0 for an empty one."""
    first = next(iter(source.ticks()), None)
    return first.exch_ms if first else 0


def _keep_receipt(folder: Path, lines: tuple[str, ...]) -> None:
    """Write the receipt of a flat into the state directory; the log has it in any case."""
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S.%f}"
    try:
        descriptor = os.open(folder / f"flat-{stamp}.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as error:
        LOGGERS["engine"].error("the receipt of the flat could not be kept as a file: %s", error.strerror)


def _open_logs(config: Config, folder: Path, console_fd: int | None, ring_lines: int) -> LogBook:
    levels = msgspec.to_builtins(config.logging.levels)
    return LogBook.open(
        folder,
        SystemClock(),
        ZoneInfo(config.session.zone),
        level=config.logging.level,
        levels={name: level for name, level in levels.items() if level},
        lines_per_s=config.logging.lines_per_s,
        console_fd=console_fd,
        ring_lines=ring_lines,
    )


def _open_journal(
    config: Config, folder: Path, mode: TradeMode, title: str, failures: _Failures
) -> SqliteJournal | None:
    if not config.journal.enabled:
        return None
    return SqliteJournal.open(
        folder,
        mode,
        SystemClock(),
        title=title,
        reserve_kb=config.journal.reserve_kb,
        on_failure=failures.tell,
    )


def _open_recorder(
    config: Config, mode: TradeMode, title: str, instruments: tuple[Instrument, ...]
) -> FileRecorder | None:
    """Begin a recording of the run, where the configuration wants one."""
    wanted = config.recording.enabled
    if wanted == "off" or (wanted == "auto" and mode == "replay"):
        return None
    now_ns = SystemClock().wall_ns()
    started = f"{datetime.fromtimestamp(now_ns // 10**9, UTC):%Y%m%d-%H%M%S}"
    symbol = "".join(char if char.isalnum() or char in "-_" else "_" for char in instruments[0].symbol[:30])
    path = recording_path(recordings_folder(config), f"{mode}-{symbol}-{started}-{os.getpid()}.mqr")
    header = msgspec.structs.replace(header_of(config, title, instruments), started_wall_ns=now_ns)
    recorder = FileRecorder(path, header, flush_ms=config.recording.flush_ms)
    LOGGERS["recording"].info("recording to %s", path)
    return recorder


def _tell_start(config: Config, source: TickSource, mode: TradeMode, state_dir: StateDir) -> None:
    session = config.session
    hours = f"{session.start:%H:%M}-{session.end:%H:%M} {session.zone}"
    LOGGERS["engine"].info(
        "%s of %s, session %s, delivery %s, state in %s",
        mode,
        source.name,
        hours,
        config.engine.delivery,
        state_dir.path,
    )
    for note in state_dir.notes:
        LOGGERS["engine"].warning("%s", note)


def _tell_found(engine: Engine, found: tuple[str, ...], mode: TradeMode, *, unlock: bool, left_open: bool) -> None:
    """Tell what the last run left behind; anything but a replay comes up locked until a person has looked."""
    for line in found:
        LOGGERS["engine"].warning("%s", line, extra={"keep": True})
    if found and mode != "replay" and not unlock:
        engine.send(Lock("the last run left something open" if left_open else "the last run ended uncleanly"))
