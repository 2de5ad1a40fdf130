"""The command `log-level`: how much a running engine logs, told and changed while it runs."""

import re
from argparse import Namespace, RawDescriptionHelpFormatter
from typing import Final

from engine.cli.options import Parser, engine_options
from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL, InputError
from engine.model.log_counts import COMPONENTS, LEVEL_NAMES

_HELP: Final = """examples:
  myquant-tui log-level                             the levels now
  myquant-tui log-level trader=debug --for 10m      in detail for a while; it goes back by itself
  myquant-tui log-level trader=default feed=debug   as configured again; another one in detail

exit status: 0 done, 2 refused, or no engine is running"""
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


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
    from engine.text.sanitize import clean

    if args.for_time and not args.changes:
        raise InputError("--for: of which component? such as: myquant-tui log-level trader=debug --for 10m")
    changes, for_s = dict(map(_change, args.changes)), _seconds(args.for_time)
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}")
    if not changes:
        with Oneshot(place.socket, "log-level") as call:
            seen = call.snapshot()
        print("\n".join(log_levels.words(each, seen) for each in seen.log_levels))
        return EXIT_WELL
    for component, level in changes.items():
        refused = set_log_level(place, clean(component), clean(level), for_s)
        if refused:
            warn(f"log-level {component}={level} refused: {refused}")
            return EXIT_BAD_INPUT
        how_long = f" for {span(for_s)}" if for_s and level != "default" else ""
        print(
            f"engine {place.pid} logs {component} {'as configured' if level == 'default' else f'at {level}'}{how_long}"
        )
    return EXIT_WELL


def _change(said: str) -> tuple[str, str]:
    """What `trader=debug` means; raises InputError."""
    from engine.logs.levels import objection_to
    from engine.text.sanitize import clean

    component, equals, level = said.partition("=")
    component, level = component.strip().lower(), level.strip().lower()
    if not equals:
        raise InputError(f"log-level: {clean(said, 80)!r} is no COMPONENT=LEVEL, such as trader=debug")
    if objection := objection_to(component, level):
        raise InputError(f"log-level: {clean(objection, 400)}")
    return component, level


def _seconds(said: str | None) -> int:
    """The time of `--for`, 0 where none is said; raises InputError."""
    from engine.logs.levels import LONGEST_S
    from engine.text.sanitize import clean

    if said is None:
        return 0
    found = re.fullmatch(r"([0-9]{1,7})([smh])", said.strip().lower())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_S:
        raise InputError(
            f"--for {clean(said, 40)!r}: no time; allowed: 1s to {LONGEST_S // 3600}h, such as 90s, 10m, 2h"
        )
    return seconds
