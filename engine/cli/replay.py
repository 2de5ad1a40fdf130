"""The command `replay`: a recording, or CSV, through the engine."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.layout import layout_options
from engine.cli.options import Parser, load_config, run_options, speed_option
from engine.cli.screen import picture_option, screen_for, screen_here
from engine.model.errors import InputError

if TYPE_CHECKING:
    from engine.config import Config


def arguments(parser: Parser) -> None:
    """Declare the arguments of `replay`."""
    parser.add_argument("file", type=Path, metavar="FILE", help=".mqr or .csv")
    speed_option(parser, "that of the recording")
    parser.add_argument(
        "--detach", action="store_true", help="in a process of its own, that outlives the terminal, or needs none"
    )
    parser.add_argument("--paused", action="store_true", help="stand still before the first tick (needs the screen)")
    picture_option(parser)
    run_options(parser)
    layout_options(parser)


def run(args: Namespace) -> int:
    """Replay the file."""
    config = load_config(args)
    if args.detach:
        return _run_detached(args, config)
    screen = screen_for(args)
    from engine.cli.running import choice_of, run_here

    choice = choice_of(args, config, on_screen=screen is not None)
    if args.paused and screen is None:
        raise InputError("--paused: needs the screen; a run without one would never end")
    return run_here(args, choice, screen, file=args.file, paused=args.paused)


def _run_detached(args: Namespace, config: "Config") -> int:
    """Replay the file in a process of its own, on a screen where there is a terminal for one."""
    from engine.cli.attach import run_attached, run_detached

    screen = None if args.headless or args.json else screen_here(args)
    return run_detached(args, config) if screen is None else run_attached(args, config, screen)
