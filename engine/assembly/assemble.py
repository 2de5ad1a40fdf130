"""Puts a run together. Config and source in, a ready engine out."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from functools import partial
from pathlib import Path

from msgspec.structs import asdict

from engine.assembly.calendar_news import CalendarNews
from engine.assembly.edge_watch import EdgeWatch
from engine.assembly.edges import (
    Failures,
    check_closed_files,
    forget_nothing_held,
    note_nothing_held,
    open_journal,
    open_logs,
    open_recorder,
    without_journal,
)
from engine.assembly.look_back import look_back
from engine.assembly.market_hours import MarketHours
from engine.assembly.real_orders import STARTED, RealOrders
from engine.assembly.recorded_trader import trader_for
from engine.assembly.recording_config import fit_to_recording, recordings_folder
from engine.assembly.run import Run, RunParts
from engine.assembly.takeover import held_symbols, lock_as_found, widened
from engine.assembly.uptime_file import UptimeFile, uptime_of
from engine.assembly.watch_list import WatchList, as_watched, forget_watched, list_changes
from engine.assembly.wiring import live_engine, replaying_engine
from engine.config import Config
from engine.journal import Opened, SqliteJournal, StateDir
from engine.journal.day_pages import DayPages
from engine.journal.exit_pages import ExitPages
from engine.model.clock import Clock, SystemClock
from engine.model.errors import EXIT_WELL, InputError
from engine.model.sources import TickSource
from engine.model.types import REAL_MODES, Instrument, TradeMode
from engine.recording import Header, MqrSource
from engine.recording.format import RecordedMarket
from engine.runtime import LOGGERS, Engine
from engine.text.sanitize import CleanText, clean
from engine.trading.session import TradingHours
from engine.trading.trader import Trader
from engine.venues.supply import LiveSupply

_RING_LINES = 2_000  # of the log, for a screen
_RING_UNSEEN = 50  # where there is none


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
    past: int = 0,
    real: RealOrders | None = None,
) -> Run:
    """Build a run of `source` in `mode`; `speed` 0 = as fast as it goes, `pace` is its clock: of a recording only the monotonic one counts.

    `on_screen`: count the ticks of the source beforehand and keep the log's newest lines, for a screen to show.
    `title` is what the source is called, where that is not its own name; without `record` the run is not recorded,
    whatever the configuration says. `past` is an owner of the state directory that was killed and holds its locks still. `real` is with what
    a run at a broker begins; no other mode than its own has one.

    Raises UserError in one line per problem.
    """
    name = clean(title or source.name)
    config, _ = fit_to_recording(config, source)
    with ExitStack() as edges:
        state_dir = edges.enter_context(_state_dir(state_root, mode, config.replay.keep_runs, past))
        ended: list[Engine] = []
        edges.callback(
            _note_if_flat, ended, state_dir.path
        )  # when the journal is closed, before the lock is given back
        made: list[Engine] = []
        edges.callback(_forget_watched, made, state_dir.path)
        logs = open_logs(config, state_dir.path, console_fd, _RING_LINES if on_screen else _RING_UNSEEN)
        edges.callback(logs.close)
        watch = EdgeWatch(state_dir.path)
        edges.callback(watch.stop)
        failures = Failures()
        journal = open_journal(config, state_dir, name, failures)
        opened = journal.opened if journal else without_journal(state_dir)
        state_dir.stamp()
        forget_nothing_held(state_dir.path)
        if journal is not None:
            edges.callback(journal.close, "not started", fault=bool(opened.still_locked))
            if mode != "replay":
                edges.callback(check_closed_files(state_dir.path).stop)
        said = tuple(each.symbol for each in source.instruments)
        source = widened(as_watched(source, state_dir.path, held_symbols(opened.kept)), opened.kept)
        config, instruments = fit_to_recording(config, source)
        hours = MarketHours(config, mode, _header_of(source))
        pace = pace or SystemClock()
        trader = _trader(source, config, instruments, mode, opened, hours, journal, state_dir.path, pace, real)
        by_market = dict(trader.state.markets)  # and those of what is added later
        markets = partial(_recorded_markets, hours, by_market)
        recorder = (
            open_recorder(
                config, mode, name, instruments, markets, state_dir.path, real_orders=_has_real_orders(trader)
            )
            if record
            else None
        )
        if recorder is not None:
            edges.callback(recorder.close)
        parts = RunParts(
            *(config, mode, name, trader, journal, recorder, logs, state_dir.path, opened, watch),
            uptime_of(mode, trader.state.all_hours, state_dir.path),
            real,
        )
        listing = WatchList(source, said, hours, by_market, state_dir.path, watch.do) if list_changes(source) else None
        if isinstance(source, LiveSupply):
            edges.callback(source.close)
        engine = _engine_over(parts, source, hours, listing, pace, speed, paused=paused, counted=on_screen)
        made += [engine] if listing else []
        failures.found(engine)
        _watch(watch, state_dir, parts, engine)
        edges.callback(engine.stop)
        if mode != "replay" and (opened.kept is not None or not opened.still_locked):  # else nobody knows what was held
            ended.append(engine)
        if mode not in {"replay", "mock"}:
            hours.tell_age(_today(trader), by_market)
        _tell_start(parts, state_dir, hours.warnings)
        lock_as_found(engine, opened, STARTED if real is not None else CleanText(""), unlock=unlock)
        _look_back(config, source, engine, listing, shown=on_screen and mode == "replay")
        pages, days = _pages(parts, engine)
        return Run(**asdict(parts), engine=engine, source=source, edges=edges.pop_all(), pages=pages, day_pages=days)


def _trader(
    source: TickSource | LiveSupply,
    config: Config,
    instruments: tuple[Instrument, ...],
    mode: TradeMode,
    opened: Opened,
    hours: MarketHours,
    journal: SqliteJournal | None,
    folder: Path,
    pace: Clock,
    real: RealOrders | None,
) -> Trader:
    """Who trades, or who follows a recording. Raises InputError where orders would go out, and nobody has said with what they begin."""
    if (real is not None) != (mode in REAL_MODES):
        raise InputError(f"{mode}: orders go to a broker by --live alone")
    if real is None:
        return trader_for(source, config, instruments, f"{mode[0].upper()}{opened.run}-", hours)
    if journal is None:
        raise InputError("journal.enabled=false: no order is sent that the journal does not tell of before")
    # Who trades on paper does not carry it.
    from engine.assembly.real_trader import real_trader  # noqa: PLC0415

    return real_trader(config, instruments, opened, hours, folder, pace, real)


def _pages(run: RunParts, engine: Engine) -> tuple[ExitPages | None, DayPages | None]:
    """What reads the journal for screens, where there is one."""
    if run.journal is None:
        return None, None
    exits = engine.exits
    pages = ExitPages(run.folder, exits.position, symbols=exits.symbols)
    return pages, DayPages(run.folder, lambda: exits.rewinds)


def _engine_over(
    run: RunParts,
    source: TickSource | LiveSupply,
    hours: MarketHours,
    listing: WatchList | None,
    pace: Clock,
    speed: float,
    *,
    paused: bool,
    counted: bool,
) -> Engine:
    if not isinstance(source, LiveSupply):
        return replaying_engine(run, source, pace, speed, listing, paused=paused, counted=counted)
    trader = run.trader
    doubts = partial(_doubts, hours, trader)
    return live_engine(run, source, pace, doubts, CalendarNews(hours, trader), listing)


def _doubts(hours: MarketHours, trader: Trader) -> tuple[str, ...]:
    """What is not known of today, a line for each market."""
    return tuple(hours.ages(_today(trader), tuple(trader.state.markets)))


def _recorded_markets(
    hours: MarketHours, by_market: Mapping[str, TradingHours], listed: tuple[Instrument, ...], at_ms: int
) -> dict[str, RecordedMarket]:
    """What a recording of the instruments `listed` that begins at `at_ms` states of their markets."""
    names = dict.fromkeys(each.market for each in listed)
    return hours.recorded({name: by_market[name] for name in names}, at_ms)


def _state_dir(root: Path | None, mode: TradeMode, keep_runs: int, past: int) -> StateDir:
    """Own the state directory; a fresh one is stamped when its journal has begun.

    Until then nothing can be held: a start that fails or is killed must leave nothing behind that looks like a run.
    """
    one_of_many = mode == "replay"
    state_dir = StateDir.open(root, mode, keep_runs, past=past, stamp=one_of_many)
    if not (state_dir.used or one_of_many):
        note_nothing_held(state_dir.path)
    return state_dir


def _header_of(source: TickSource | LiveSupply) -> Header | None:
    header = getattr(source, "header", None)
    return header if isinstance(header, Header) else None


def _look_back(
    config: Config, source: TickSource | LiveSupply, engine: Engine, listing: WatchList | None, *, shown: bool
) -> None:
    """See what instruments closed at on the day before, live and in a replay that is `shown`; a generated session has no day before."""
    instruments = engine.trader.state.instrument_states
    if isinstance(source, LiveSupply):
        folder, now_ms = recordings_folder(config), time.time_ns() // 1_000_000
        engine.past.begin()
        look_back(folder, instruments, lambda: now_ms, engine.past, today=True)
        if listing is not None:
            listing.look_back = partial(_look_back_later, folder, engine)
    elif shown and isinstance(source, MqrSource) and not source.generated:
        engine.past.begin()
        look_back(source.path.parent, instruments, lambda: next(iter(source.ticks())).exch_ms, engine.past, today=False)


def _look_back_later(folder: Path, engine: Engine, first: int) -> None:
    """See the same of the instruments from number `first` on, which were added while the run goes on; no chart waits for it."""
    now_ms = time.time_ns() // 1_000_000
    look_back(folder, engine.trader.state.instrument_states[first:], lambda: now_ms, engine.past, today=True)


def _note_if_flat(ended: list[Engine], folder: Path) -> None:
    """Leave word where an engine has ended as it should and holds nothing."""
    for engine in ended:
        state = engine.trader.state
        holds = any(state.portfolio.net(inst.index) for inst in state.instrument_states)
        well = not engine.problem and engine.status.exit_status == EXIT_WELL
        if well and not holds and not state.flat.running and not engine.receipt.unknown:
            note_nothing_held(folder)


def _forget_watched(made: list[Engine], folder: Path) -> None:
    """Take the note of a changed list away where an engine has ended well: the next start goes by what is said there."""
    for engine in made:
        if not engine.problem and engine.status.exit_status == EXIT_WELL:
            forget_watched(folder)


def _watch(watch: EdgeWatch, state_dir: StateDir, run: RunParts, engine: Engine) -> None:
    """Have it asked each second whether what `run` writes to is still there; a replay decides as it would without."""
    decides = run.mode != "replay"
    watch.add("state", state_dir, engine.failure.edge_lost if decides else _only_told)
    watch.add("log", run.logs)
    if run.uptime is not None:
        watch.add("uptime", UptimeFile(run.folder, run.uptime))
    if run.journal is not None:
        watch.add("journal", run.journal, partial(engine.failure.journal_lost, lock=decides))
    watch.start()


def _only_told(_problem: CleanText) -> None:
    """Nothing comes of it but a line of the log."""


def _has_real_orders(trader: Trader) -> bool:
    return trader.state.orders.kind == "real"


def _today(trader: Trader) -> date:
    return datetime.now(trader.hours.zone).date()


def _tell_start(run: RunParts, state_dir: StateDir, warnings: Sequence[str]) -> None:
    session = run.config.session
    hours = f"{session.start:%H:%M}-{session.end:%H:%M} {session.zone}" if session.daily else "round the clock"
    told = "%s of %s, session %s, delivery %s, state in %s"
    LOGGERS["engine"].info(told, run.mode, run.name, hours, run.config.engine.delivery, state_dir.path)
    for line in run.config.origins.overruled():
        LOGGERS["engine"].info("%s", line)
    for note in (*state_dir.notes, *warnings):
        LOGGERS["engine"].warning("%s", note)
