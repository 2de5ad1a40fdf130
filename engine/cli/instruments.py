"""The command `instruments`: finds what a venue lists, or fetches today's list."""

import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, json_option, load_config
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.venues.venue import Row

_RIGHT = ("token", "strike", "lot", "tick", "freeze")


def arguments(parser: Parser) -> None:
    """Declare the arguments of `instruments`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    find = actions.add_parser("find", help="find instruments: NIFTY 25000 CE [25NOV2025]", allow_abbrev=False)
    find.add_argument("words", nargs="+", metavar="WORD", help="name, then strike, CE, PE or FUT, expiry, exchange")
    find.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most so many, nearest expiry first")
    json_option(find)
    config_options(find)
    update = actions.add_parser("update", help="fetch today's list", allow_abbrev=False)
    update.add_argument("--force", action="store_true", help="take a usable list however much it differs from ours")
    config_options(update)


def _limit(text: str) -> int:
    """Read how many lines are wanted; raises ArgumentTypeError."""
    if text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) > 0:
        return int(text)
    raise ArgumentTypeError(f"'{clean(text, 40)}' is not a number of lines; allowed: 1 to 9999")


def run(args: Namespace) -> int:
    """Find, or fetch; 1 where nothing is found."""
    from engine.cli.output import answer, warn
    from engine.venues.registry import VENUES, part_of

    config = load_config(args, logs_in=True)
    listing = part_of(config.feed.source, {venue.name: venue.listing for venue in VENUES if venue.listing})
    if args.action == "update":
        line, warning = listing.update(config, differing=args.force)
        print(line)
        if warning:
            warn(warning)
        return EXIT_WELL
    found, warning = listing.find(config, args.words, args.limit)
    if warning:
        warn(warning)
    if found or args.json:
        answer(args, found, _table(found) if found else ())
    else:
        print(f"nothing is listed as {clean(' '.join(args.words), 100)}", file=sys.stderr)
    return EXIT_WELL if found else EXIT_DIFFERENT


def _table(rows: "Sequence[Row]") -> list[str]:
    columns = list(rows[0])
    lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(_aligned, columns, line, widths)).rstrip() for line in lines]


def _aligned(column: str, text: str, width: int) -> str:
    return text.rjust(width) if column in _RIGHT else text.ljust(width)
