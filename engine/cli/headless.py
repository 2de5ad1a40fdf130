"""Runs the engine without a screen: log to stderr, a summary at the end. A signal ends it in good order, a second one at once."""

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

from engine.build import Run, build, mock_source
from engine.cli.report import TradeFile, summarise, summary_lines
from engine.config import Config, bundled, find_config, instrument_for, load
from engine.errors import EXIT_FAULT, EXIT_POSITION_OPEN, EXIT_WELL, ConfigError, InputError
from engine.messages import Stop
from engine.ports import TickSource
from engine.recording import CsvLayout, open_source
from engine.types import TradeMode


def load_config(args: Namespace) -> Config:
    """Load the configuration that `args` names, with its overrides; raises ConfigError."""
    overrides = list(args.overrides)
    if getattr(args, "delivery", None):
        overrides.append(f"engine.delivery={args.delivery}")
    if getattr(args, "source", None):
        overrides.append(f"feed.source={args.source}")
    return load(find_config(args.config), overrides)


def open_file(path: Path, config: Config, *, skip_damage: bool = False) -> TickSource:
    """Open a recording or CSV file as a source; raises InputError."""
    layout = CsvLayout(zone=config.session.zone, symbol=config.instrument.symbol)
    return open_source(path, layout, lambda symbol: instrument_for(config, symbol), skip_damage=skip_damage)


def run(args: Namespace) -> int:
    """Carry out `run`, `replay`, or the bare command; the exit status."""
    config = load_config(args)
    source, mode, speed = _choose_source(args, config)
    if getattr(args, "paused", False):
        raise InputError("--paused: needs the screen; a run without one would never end")
    if not args.headless:
        print("myquant-tui: no screen in this version, running headless", file=sys.stderr)
    with TradeFile(args.trades) as trade_file:
        begun_ns = time.perf_counter_ns()
        console_fd = None if args.quiet else sys.stderr.fileno()
        with build(
            config,
            source,
            mode,
            speed=speed,
            state_root=args.state_dir,
            console_fd=console_fd,
            unlock=args.unlock,
        ) as running:
            with _stopping_on_signal(running):
                running.engine.start()
                running.engine.wait()
                running.engine.stop()
            elapsed_s = (time.perf_counter_ns() - begun_ns) / 1e9
            status = _status(running, mode)
            trade_file.write(running)
            summary = summarise(running, elapsed_s)
            running.logs.flush(2.0)
    if args.json:
        sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        sys.stdout.write("\n".join(summary_lines(summary)) + "\n")
    sys.stdout.flush()
    return status


def _choose_source(args: Namespace, config: Config) -> tuple[TickSource, TradeMode, float]:
    if args.command == "replay":
        speed = config.replay.speed if args.speed is None else args.speed
        return open_file(args.file, config, skip_damage=args.skip_damage), "replay", speed
    match config.feed.source:
        case "mock":
            return mock_source(config), "mock", config.mock.speed
        case "replay":
            path = bundled("nifty-synthetic.mqr")
            return open_file(path, config, skip_damage=args.skip_damage), "replay", config.replay.speed
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

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
