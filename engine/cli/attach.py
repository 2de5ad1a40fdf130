"""The command `attach`: the screen on an engine that is running."""

import sys
from argparse import Namespace

from engine.cli.options import Parser, engine_options
from engine.cli.screen import Screen
from engine.model.errors import InputError


def arguments(parser: Parser) -> None:
    """Declare the arguments of `attach`."""
    parser.add_argument("--read-only", action="store_true", help="look, and command nothing but a flat")
    engine_options(parser)


def run(args: Namespace) -> int:
    """Attach to the engine that is meant."""
    from engine.cli.attaching import attach_to
    from engine.serving import await_answer, find_place

    screen = _screen(args)
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}; myquant-tui run starts one")
    await_answer(place)
    return attach_to(place, screen, read_only=args.read_only)


def _screen(args: Namespace) -> Screen:
    """Return the screen; raises InputError where there can be none."""
    screen: Screen | None = args.screen
    if screen is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("attach needs a terminal; `status` and `flat` do not")
    if refusal := screen.refusal():
        raise InputError(refusal)
    return screen
