"""The command `stop`: ends a running engine in good order, and never leaves a position by accident."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, engine_options
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_POSITION_OPEN, EXIT_WELL, InputError

if TYPE_CHECKING:
    from engine.serving import EngineDir

_NOBODYS = frozenset({"mock", "replay"})  # modes in which a position that is left open is worth no status of its own


def arguments(parser: Parser) -> None:
    """Declare the arguments of `stop`."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--flat", action="store_true", help="close every position first, and verify it")
    how.add_argument("--leave-open", action="store_true", help="end it whatever it holds; nobody watches that then")
    engine_options(parser)
    config_options(parser)


def run(args: Namespace) -> int:
    """End it: 0 when it has ended, 75 when a paper or live one ended holding something, or may have."""
    from engine.cli.flattening import flatten, interrupted, wish_of
    from engine.cli.output import warn
    from engine.serving import find_place, place_of
    from engine.serving.journalled import left_in
    from engine.serving.remote import stop
    from engine.serving.status import held_by

    wish = wish_of(args)
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}")
    first_flat = args.flat
    if not args.flat and not args.leave_open and place.mode != "replay" and (open_now := held_by(place)):
        word = _asked(place, open_now, named=args.state_dir is not None)
        if word not in {"FLAT", "LEAVE OPEN"}:
            return EXIT_DIFFERENT if word is not None else EXIT_BAD_INPUT
        first_flat = word == "FLAT"
    try:
        if first_flat and (status := flatten(place, "stop --flat", wish)) != EXIT_WELL:
            return status
    except KeyboardInterrupt:
        return interrupted()
    if place_of(place.folder).pid == place.pid:
        stop(place)
    left = left_in(place)
    if left.problem:
        warn(left.problem)
    held = ", ".join(left.open) or ("what is not known" if left.problem else "")
    print(f"engine {place.pid} has ended" + (f", holding {held}" if held else ""))
    return EXIT_POSITION_OPEN if held and left.place.mode not in _NOBODYS else EXIT_WELL


def _asked(place: "EngineDir", held: Sequence[str], *, named: bool) -> str | None:
    """Ask what is to become of what is held; None where nobody is there to be asked, who is told what to say instead."""
    from engine.cli.output import warn

    told = f"engine {place.pid} holds {', '.join(held)}"
    if sys.stdin.isatty():
        print(told)
        print("type FLAT to close it first, LEAVE OPEN to leave it with nobody watching it: ", end="", flush=True)
        word = sys.stdin.readline().strip()
        if word not in {"FLAT", "LEAVE OPEN"}:
            print("nothing was done; the engine goes on")
        return word
    where = f" --state-dir {quote(place.where)}" if named else ""
    warn(f"{told}; nothing was done, say which:")
    warn(f"  myquant-tui stop --flat{where}          closes it first, and verifies it")
    warn(f"  myquant-tui stop --leave-open{where}    nobody watches it then")
    return None
