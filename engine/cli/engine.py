"""The command `engine`: an engine in the foreground, without a screen; and the words that start one as it was asked for."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.layout import layout_options, words_of_layout
from engine.cli.live import as_live, live_of
from engine.cli.options import (
    Parser,
    feed_options,
    load_config,
    overrides_of,
    refuse_pace,
    run_options,
    speed_option,
    trusted_hosts,
)
from engine.cli.output import warn
from engine.model.errors import InputError

if TYPE_CHECKING:
    from engine.reports.trade_file import TradeFile


def arguments(parser: Parser) -> None:
    """Declare the arguments of `engine`."""
    feed_options(parser)
    parser.add_argument("--replay", type=Path, metavar="FILE", dest="file", help="serve the replay of this recording")
    speed_option(parser, "of that replay or a generated session")
    parser.add_argument("--paused", action="store_true", help="stand still before the first tick of that replay")
    run_options(parser)
    layout_options(parser)


def run(args: Namespace) -> int:
    """Serve until told to end; the exit status."""
    from engine.serving.signals import Signals, block_signals

    block_signals()
    from engine.assembly import build
    from engine.cli.running import choice_of, say_how_it_was_chosen, status_of
    from engine.serving.process import serve
    from engine.serving.state_dirs import usual_folder
    from engine.venues.registry import trade_mode

    config = load_config(args, runs=args.file is None)
    refuse_pace(args, trade_mode(config, args.file))
    live = live_of(args, config)
    choice = as_live(choice_of(args, config), live)
    signals = Signals()
    signals.start()
    with (
        _trade_file(args) as trade_file,
        build(
            choice.config,
            choice.source,
            choice.mode,
            speed=choice.speed,
            paused=args.paused,
            title=choice.title,
            state_root=args.state_dir or usual_folder(choice.mode),
            console_fd=None if args.quiet else sys.stderr.fileno(),
            unlock=args.unlock,
            real=choice.real,
            on_screen=True,
        ) as running,
    ):
        say_how_it_was_chosen(args, running, choice)
        trade_file.follow(running)
        if trade_file.path is not None:
            running.say(f"each exit is written down for {trade_file.path}, which appears when this engine ends")
        serve(running, signals)
        for line in running.trader.findings.remarks(running.engine.snapshot.ticks):
            running.say(line)
        status = status_of(running, choice.mode)
        try:
            trade_file.finish()
        except InputError as error:  # the run is over, and well so: the list alone is not where it was to be
            running.say(error.lines[0])
            status = status or error.exit_status
        running.logs.flush(2.0)
    return status


@contextmanager
def _trade_file(args: Namespace) -> "Iterator[TradeFile]":
    """The file of `--trades`; an engine that took its own place goes on without one where it cannot be had any more."""
    from engine.reports.trade_file import TradeFile
    from engine.serving.restart import RESTARTS

    with ExitStack() as opened:
        try:
            file = opened.enter_context(TradeFile(args.trades, *filter(None, (args.file,)), force=args.force))
        except InputError as error:
            if RESTARTS not in os.environ:
                raise
            warn(error.lines[0])
            file = TradeFile(None)
        yield file


def words_for(args: Namespace) -> list[str]:
    """Return the words that make `engine` run what these arguments ask for, in whatever directory it is started."""
    words = list(args.symbols)
    words += ["--config", str(args.config.absolute())] if args.config is not None else []
    words += ["--trades", str(args.trades.absolute())] if args.trades is not None else []
    for option, value in (("--source", args.source), ("--delivery", args.delivery), ("--from", args.begin)):
        if value is not None:
            words += [option, value]
    for override in overrides_of(args):
        words += ["--set", override]
    for host in trusted_hosts(args):
        words += ["--trust-host", host]
    switches = {
        "--live": args.live,
        "--unlock": args.unlock,
        "--require-credentials": args.require_credentials,
        "--skip-damage": args.skip_damage,
        "--skip-bad-rows": args.skip_bad_rows,
        "--paused": args.paused,
        "--force": args.force,
    }
    words += [option for option, wanted in switches.items() if wanted]
    if args.command == "replay":
        words += ["--replay", str(args.file.absolute()), *words_of_layout(args)]
    if args.speed is not None:
        words += ["--speed", str(args.speed or "max")]
    return words
