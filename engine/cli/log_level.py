"""The command `log-level`: how much a running engine logs, told and changed while it runs."""

from argparse import Namespace, RawDescriptionHelpFormatter
from typing import Final

from engine.cli.options import Parser, engine_options
from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL, InputError
from engine.model.log_counts import COMPONENTS, DEFAULT, LEVEL_NAMES

_HELP: Final = """examples:
  myquant-tui log-level                             the levels now
  myquant-tui log-level trader=debug --for 10m      in detail for a while; it goes back by itself
  myquant-tui log-level trader=default feed=debug   as configured again; another one in detail

exit status: 0 done, 2 refused, or no engine is running"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `log-level`."""
    parser.epilog, parser.formatter_class = _HELP, RawDescriptionHelpFormatter
    allowed = f"{', '.join(COMPONENTS)} at {', '.join(LEVEL_NAMES)}, or default: as configured"
    parser.add_argument(
        "changes",
        nargs="*",
        metavar="COMPONENT=LEVEL",
        help=f"log it so from now on (without: the levels now); {allowed}",
    )
    parser.add_argument(
        "--for",
        dest="for_time",
        metavar="TIME",
        help="then go back by itself: 90s, 10m, 2h (default: until the engine ends)",
    )
    engine_options(parser)


def run(args: Namespace) -> int:
    """Change the levels, or tell them: 0 when it is done, 2 when it was refused."""
    from engine.cli.output import warn
    from engine.link import Oneshot
    from engine.logs.levels import span
    from engine.presentation import log_levels
    from engine.serving import find_place
    from engine.serving.remote import set_log_level

    try:
        commands = log_levels.commands_of(
            [*args.changes, *(("--for", args.for_time) if args.for_time is not None else ())]
        )
    except ValueError as error:
        raise InputError(f"log-level: {error}") from None
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}")
    if not commands:
        with Oneshot(place.socket, "log-level") as call:
            seen = call.snapshot()
        print("\n".join(log_levels.words(each, seen) for each in seen.log_levels))
        return EXIT_WELL
    for each in commands:
        refused = set_log_level(place, each)
        if refused:
            warn(f"log-level {each.component}={each.level} refused: {refused}")
            return EXIT_BAD_INPUT
        how_long = f" for {span(each.for_s)}" if each.for_s and each.level != DEFAULT else ""
        level = "as configured" if each.level == DEFAULT else f"at {each.level}"
        print(f"engine {place.pid} logs {each.component} {level}{how_long}")
    return EXIT_WELL
