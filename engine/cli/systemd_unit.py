"""The command `systemd-unit`: a unit that runs the engine, the service or the daily validation as it would be run here."""

import json
import os
import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.engine import words_for
from engine.cli.options import Parser, feed_options, load_config, run_options
from engine.model.errors import InputError
from engine.model.types import TradeMode

if TYPE_CHECKING:
    from engine.config import Config

_HELP = """examples:
  myquant-tui systemd-unit --source smartapi > ~/.config/systemd/user/myquant-tui.service
  myquant-tui systemd-unit --serve > ~/.config/systemd/user/myquant-tui-serve.service
  myquant-tui systemd-unit --validate --source binance BTCUSDT
                                             a service and its timer: two files, as its first lines say"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `systemd-unit`."""
    parser.epilog, parser.formatter_class = _HELP, RawDescriptionHelpFormatter
    beside = parser.add_mutually_exclusive_group()
    beside.add_argument("--serve", action="store_true", help="of `serve` instead of the engine")
    beside.add_argument("--validate", action="store_true", help="of `validate`, with its timer, instead of the engine")
    feed_options(parser)
    run_options(parser)


def run(args: Namespace) -> int:
    """Print the unit."""
    from engine.serving.state_dirs import chosen_folder
    from engine.serving.unit import unit_text
    from engine.venues.registry import trade_mode, venue_of

    if args.serve or args.validate:
        return _beside(args)
    if args.unlock:
        raise InputError("--unlock: not for a service, which is started again after a crash and must come up locked")
    config = load_config(args)
    venue = venue_of(config.feed.source)
    logs_in = venue is not None and venue.login is not None
    if args.live:
        return _live(args, config)
    # With credentials missing here, it is the service that will have them; by their lack it would trade the generated session.
    modes: tuple[TradeMode, ...] = (
        (venue.mode, "mock") if venue is not None and logs_in else (trade_mode(config, None),)
    )
    folders = list(dict.fromkeys(str(chosen_folder(args.state_dir, mode)) for mode in modes))
    args.require_credentials = args.require_credentials or logs_in
    words, recordings = _words(args, config, folders)
    sys.stdout.write(unit_text(words, [*folders, recordings]))
    return 0


def _live(args: Namespace, config: "Config") -> int:
    """Print the unit of an engine that sends real orders, and of what follows where that dies again and again."""
    from engine.serving.live_gate import live_place
    from engine.serving.unit import unit_text

    _, folder = live_place(config, os.environ, args.state_dir)
    args.state_dir, args.require_credentials = folder, True
    words, recordings = _words(args, config, [str(folder)])
    flat = ["--yes", "--state-dir", str(folder), *_config_words(args)]
    sys.stdout.write(unit_text(words, [str(folder), recordings], flat if config.live.on_engine_death == "flat" else ()))
    return 0


def _words(args: Namespace, config: "Config", folders: list[str]) -> tuple[list[str], str]:
    """What the engine is started with as a service, and where its recordings go."""
    from engine.assembly.recording_config import recordings_folder
    from engine.config import bundled, find_config

    words, recordings = words_for(args), str(recordings_folder(config).absolute())
    found = find_config(args.config)
    if args.config is None and found != bundled("config.toml"):  # the program finds its own by itself
        words += ["--config", str(found.absolute())]
    if args.state_dir is not None:
        words += ["--state-dir", folders[0]]
    # The service is started elsewhere: what depends on the present directory must be said.
    words += ["--set", f"recording.directory={recordings}"]
    return words, recordings


def _beside(args: Namespace) -> int:
    """Print the unit of what runs beside the engine."""
    from datetime import datetime

    from engine.assembly.recording_config import recordings_folder
    from engine.assembly.wanted_markets import wanted_hours
    from engine.serving.after_sessions import after_sessions
    from engine.serving.state_dirs import usual_folder
    from engine.serving.unit_beside import serve_unit, validate_unit

    config = load_config(args)
    words = _config_words(args)
    states = args.state_dir.absolute() if args.state_dir else usual_folder("live").parent
    if args.state_dir is not None:
        words += ["--state-dir", str(states)]
    if args.serve:
        socket = config.serve.socket
        beside = [str(Path(socket).expanduser().absolute().parent)] if socket else []
        sys.stdout.write(serve_unit(words, [str(states), *beside]))
        return 0
    # The service is started elsewhere: what depends on the present directory must be said.
    words += ["--notify", "--set", f"recording.directory={recordings_folder(config).absolute()}"]
    markets = wanted_hours(config)
    today = datetime.now(markets[0].zone).date()
    sys.stdout.write(validate_unit(words, [str(states)], after_sessions(markets, today)))
    return 0


def _config_words(args: Namespace) -> list[str]:
    """What says the same configuration to a command that has no options for a feed, and is started elsewhere."""
    from engine.cli.options import overrides_of, trusted_hosts
    from engine.config import bundled, find_config

    source = [f"feed.source={args.source}"] if args.source else []
    symbols = [f"feed.symbols={json.dumps(args.symbols)}"] if args.symbols else []
    words = [word for override in (*overrides_of(args), *source, *symbols) for word in ("--set", override)]
    words += [word for host in trusted_hosts(args) for word in ("--trust-host", host)]
    found = find_config(args.config)
    return (
        words
        if args.config is None and found == bundled("config.toml")
        else [*words, "--config", str(found.absolute())]
    )
