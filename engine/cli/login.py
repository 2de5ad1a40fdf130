"""The command `login`: how to set the credentials of a venue up, and whether they work."""

import os
import sys
from argparse import Namespace

from engine.cli.options import Parser, config_options, load_config
from engine.model.errors import EXIT_WELL, ConfigError


def arguments(parser: Parser) -> None:
    """Declare the arguments of `login`."""
    parser.add_argument(
        "--check", action="store_true", help="find them, compare the clock, log in, ask for the profile"
    )
    parser.add_argument("--offline", action="store_true", help="check without speaking to the broker")
    config_options(parser)


def run(args: Namespace) -> int:
    """Say how to set them up, or with `--check` whether they work; raises ConfigError with what is wrong."""
    from engine.venues.registry import VENUES, part_of

    config = load_config(args, logs_in=True)
    login = part_of(config.feed.source, {venue.name: venue.login for venue in VENUES if venue.login})
    if not (args.check or args.offline):
        print("\n".join(login.how_to(config, os.environ)))
        return EXIT_WELL
    problems = login.check(config, os.environ, print, offline=args.offline)
    if problems:
        sys.stdout.flush()  # what is well stands above what is not
        raise ConfigError(*problems)
    return EXIT_WELL
