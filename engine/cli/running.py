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
from msgspec import Struct
from msgspec.structs import replace

from engine.assembly import LiveSupply, Run, build, load
from engine.assembly.open_source import open_source
from engine.cli.report import TradeFile, summarise, summary_lines
from engine.cli.screen import Screen
from engine.config import Config, bundled, find_config, instrument_for
from engine.model.commands import Stop
from engine.model.errors import EXIT_FAULT, EXIT_POSITION_OPEN, EXIT_WELL, InputError
from engine.model.ports import TickSource
from engine.model.types import TradeMode
from engine.recording import CsvLayout
from engine.runtime import LOGGERS
from engine.venues.registry import venue_of
from engine.venues.simulated.source import open_mock
from engine.venues.supply import NoCredentials

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
    if shown is not None and _apart(args, config):
        from engine.cli.engine_process import run_attached

        return run_attached(args, config, shown)
    choice = choose(args, config, on_screen=shown is not None)
    config, source, mode = choice.config, choice.source, choice.mode
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
            speed=choice.speed,
            title=choice.title,
            paused=paused,
            state_root=args.state_dir,
            console_fd=None if args.quiet or shown is not None else sys.stderr.fileno(),
            unlock=args.unlock,
            on_screen=shown is not None,
        ) as running:
            LOGGERS["engine"].info("configuration %s", find_config(args.config))
            for line in choice.told:
                running.say(line)
            trade_file.follow(running)
            if shown is not None:
                shown.show(running, Path.cwd())
                running.engine.stop()
            else:
                _run_headless(running)
            for inst in running.trader.state.instrument_states:
                if held := running.trader.state.portfolio.net(inst.index):
                    running.say(f"stopped with {held} {inst.instrument.symbol} open")
            elapsed_s = (time.perf_counter_ns() - begun_ns) / 1e9
            status = status_of(running, mode)
            trade_file.finish()
            summary = summarise(running, elapsed_s)
            running.logs.flush(2.0)
    text = msgspec.json.encode(summary).decode() if args.json else "\n".join(summary_lines(summary))
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return status


def _apart(args: Namespace, config: Config) -> bool:
    """Whether the engine gets a process of its own: all but a replay, which is in nobody's way."""
    if args.command == "replay":
        return bool(args.detach)
    return trade_mode(args, config) != "replay" and not getattr(args, "in_process", False)


def trade_mode(args: Namespace, config: Config) -> TradeMode:
    """What an order will mean; the same answer as `choose` gives, without looking anything up on the network."""
    if args.command == "replay" or getattr(args, "file", None) is not None:
        return "replay"
    venue = venue_of(config.feed.source)
    if venue is None:
        return "replay"
    return venue.mode if venue.login is None or venue.login().found(config, os.environ) else "mock"


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


class RunChoice(Struct, frozen=True):
    """What is to be run: where ticks come from, in which mode, at what speed, and what is to be told at the start."""

    config: Config
    source: TickSource | LiveSupply
    mode: TradeMode
    speed: float = 1.0
    title: str = ""
    told: tuple[str, ...] = ()


def choose(args: Namespace, config: Config, *, on_screen: bool) -> RunChoice:
    """Choose by command and configuration; raises UserError.

    A replay on the screen goes at a pace that can be watched unless a speed is said. Where a broker's feed is
    configured and there is nothing to log in with, the generated session takes its place, and says so.
    """
    usual = _WATCHABLE if on_screen and config.replay.speed == 0 else config.replay.speed
    skip_damage = getattr(args, "skip_damage", False)
    if getattr(args, "file", None) is not None:
        speed = usual if args.speed is None else args.speed
        return RunChoice(config, open_file(args.file, config, skip_damage=skip_damage), "replay", speed)
    venue = venue_of(config.feed.source)
    if venue is None:
        path = bundled("nifty-synthetic.mqr")
        return RunChoice(config, open_file(path, config, skip_damage=skip_damage), "replay", usual)
    found = venue.opener()(config, os.environ)
    if isinstance(found, NoCredentials):
        generated = open_mock(config, os.environ)
        title = f"MOCK (no credentials) · {generated.source.name}"
        return RunChoice(config, generated.source, "mock", generated.speed, title, found.lines)
    return RunChoice(found.config, found.source, venue.mode, found.speed, told=found.told)


def status_of(running: Run, mode: TradeMode) -> int:
    """Return the exit status of a run that is over; raises UserError when its source could not be read to the end."""
    engine = running.engine
    if engine.problem and engine.status.exit_status == EXIT_WELL:
        raise InputError(engine.problem)
    if engine.problem:
        print(f"myquant-tui: {engine.problem}", file=sys.stderr)
        return engine.status.exit_status or EXIT_FAULT
    holds = any(position is not None for position in running.trader.state.portfolio.positions)
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
