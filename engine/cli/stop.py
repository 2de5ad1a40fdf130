"""The command `stop`: ends a running engine in good order."""

from argparse import Namespace

from engine.cli.options import Parser, engine_options
from engine.model.errors import EXIT_POSITION_OPEN, EXIT_WELL, InputError

_REAL_STAKES = frozenset({"paper", "live"})  # modes in which a position that is left open is worth a status of its own


def arguments(parser: Parser) -> None:
    """Declare the arguments of `stop`."""
    parser.add_argument("--flat", action="store_true", help="close every position first, and verify it")
    engine_options(parser)


def run(args: Namespace) -> int:
    """End it: 0 when it has ended, 75 when a paper or live one ended holding something."""
    from engine.cli.flat import flatten
    from engine.cli.output import warn
    from engine.serving import find_place, place_of
    from engine.serving.remote import stop
    from engine.serving.status import held_in_journal

    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}")
    if args.flat and (status := flatten(place, "stop --flat")) != EXIT_WELL:
        return status
    if place_of(place.folder).pid == place.pid:
        stop(place)
    held = held_in_journal(place, warn)
    print(f"engine {place.pid} has ended" + (f", holding {', '.join(held)}" if held else ""))
    return EXIT_POSITION_OPEN if held and place.mode in _REAL_STAKES else EXIT_WELL
