"""Runs the engine, on a screen or without one: a summary at the end. Without one a signal ends it in good order, a second one at once."""

import os
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import msgspec
from msgspec.structs import replace

from engine.build import Run, build, mock_source
from engine.cli.report import TradeFile, summarise, summary_lines
from engine.cli.screen import Screen
from engine.config import Config, bundled, find_config, instrument_for, load
from engine.errors import EXIT_FAULT, EXIT_POSITION_OPEN, EXIT_WELL, ConfigError, InputError
from engine.messages import Stop
from engine.ports import TickSource
from engine.recording import CsvLayout, open_source
from engine.runner import LOGGERS
from engine.text import clean
from engine.types import TradeMode

_LOOK_S = 0.2
_WATCHABLE = 10.0  # × the recorded pace


def load_config(args: Namespace) -> Config:
    """Load the configuration that `args` names, with its overrides; raises ConfigError."""
    overrides = [*args.overrides, *getattr(args, "more_overrides", ())]
    if getattr(args, "delivery", None):
        overrides.append(f"engine.delivery={args.delivery}")
    if getattr(args, "source", None):
        overrides.append(f"feed.source={args.source}")
    return load(find_config(args.config), overrides)


def open_file(path: Path, config: Config, *, skip_damage: bool = False) -> TickSource:
    """Open a recording or CSV file as a source; raises InputError."""
    layout = CsvLayout(zone=config.session.zone, symbol=config.instrument.symbol)
    return open_source(path, layout, lambda symbol: instrument_for(config, symbol), skip_damage=skip_damage)


def run(args: Namespace, screen: Screen | None) -> int:
    """Carry out `run`, `replay`, or the bare command, on the screen where there is one; the exit status."""
    config = load_config(args)
    shown = _screen_for(args, screen)
    source, mode, speed = _choose_source(args, config, on_screen=shown is not None)
    if shown is not None and args.command is None:
        # The first sight of the program: a session that moves, not five minutes of silence before the opening.
        config = replace(config, replay=replace(config.replay, skip_silence=True))
    paused = getattr(args, "paused", False)
    if paused and shown is None:
        raise InputError("--paused: needs the screen; a run without one would never end")
    sources = [args.file] if args.command == "replay" else []
    with TradeFile(args.trades, *sources) as trade_file:
        begun_ns = time.perf_counter_ns()
        with build(
            config,
            source,
            mode,
            speed=speed,
            paused=paused,
            state_root=args.state_dir,
            console_fd=None if args.quiet or shown is not None else sys.stderr.fileno(),
            unlock=args.unlock,
            on_screen=shown is not None,
        ) as running:
            LOGGERS["engine"].info("configuration %s", clean(str(find_config(args.config))))
            if shown is not None:
                shown.show(running, Path.cwd())
                running.engine.stop()
            else:
                _run_headless(running)
            for desk in running.trader.state.desks:
                if held := running.trader.state.book.net(desk.index):
                    running.say(f"stopped with {held} {desk.instrument.symbol} open")
            elapsed_s = (time.perf_counter_ns() - begun_ns) / 1e9
            status = _status(running, mode)
            trade_file.write(running)
            summary = summarise(running, elapsed_s)
            running.logs.flush(2.0)
    text = msgspec.json.encode(summary).decode() if args.json else "\n".join(summary_lines(summary))
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return status


def _screen_for(args: Namespace, screen: Screen | None) -> Screen | None:
    """Return the screen to use, or None for a run without one; raises InputError for a terminal that cannot show it."""
    if args.headless or screen is None or args.json:
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("myquant-tui: no terminal, running headless", file=sys.stderr)
        return None
    refusal = screen.refusal()
    if refusal:
        raise InputError(refusal)
    return screen


def _run_headless(running: Run) -> None:
    with _stopping_on_signal(running):
        running.engine.start()
        # Not one long wait: a signal that the kernel hands to another thread is seen only when this one wakes.
        over = False
        while not over:
            over = running.engine.wait(_LOOK_S)
        running.engine.stop()


def _choose_source(args: Namespace, config: Config, *, on_screen: bool) -> tuple[TickSource, TradeMode, float]:
    """Return source, mode and speed; a replay on the screen goes at a pace that can be watched unless a speed is said."""
    usual = _WATCHABLE if on_screen and config.replay.speed == 0 else config.replay.speed
    if args.command == "replay":
        speed = usual if args.speed is None else args.speed
        return open_file(args.file, config, skip_damage=args.skip_damage), "replay", speed
    match config.feed.source:
        case "mock":
            return mock_source(config), "mock", config.mock.speed
        case "replay":
            path = bundled("nifty-synthetic.mqr")
            return open_file(path, config, skip_damage=args.skip_damage), "replay", usual
        case other:
            raise ConfigError(f"feed.source = {other}: not in this version; allowed: replay, mock")


def _status(running: Run, mode: TradeMode) -> int:
    """Return the exit status of a run that is over; raises UserError when its source could not be read to the end."""
    engine = running.engine
    if engine.problem and engine.exit_status == EXIT_WELL:
        raise InputError(engine.problem)
    if engine.problem:
        print(f"myquant-tui: {engine.problem}", file=sys.stderr)
        return engine.exit_status or EXIT_FAULT
    holds = any(position is not None for position in running.trader.state.book.positions)
    return EXIT_POSITION_OPEN if holds and mode in {"paper", "live"} else EXIT_WELL


@contextmanager
def _stopping_on_signal(running: Run) -> Iterator[None]:
    """Within: the first SIGINT or SIGTERM asks the engine to stop, the second leaves at once."""
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        running.engine.send(Stop())

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
