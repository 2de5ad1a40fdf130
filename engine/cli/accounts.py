"""The commands that speak with a venue and run nothing: `login` says whether one would succeed, `instruments` what is listed."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from engine.cli.running import load_config
from engine.config import Config
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, ConfigError
from engine.text.sanitize import clean
from engine.venues.registry import VENUES
from engine.venues.venue import Row

_RIGHT = ("token", "strike", "lot", "tick", "freeze")
_Part = TypeVar("_Part")


def login_command(args: Namespace) -> int:
    """Say how to set the credentials up, or with `--check` whether they work; raises ConfigError with what is wrong."""
    config = load_config(args)
    login = _meant(config, {venue.name: venue.login for venue in VENUES if venue.login})
    if not (args.check or args.offline):
        print("\n".join(login.how_to(config, os.environ)))
        return EXIT_WELL
    problems = login.check(config, os.environ, print, offline=args.offline)
    if problems:
        sys.stdout.flush()  # what is well stands above what is not
        raise ConfigError(*problems)
    return EXIT_WELL


def instruments_command(args: Namespace) -> int:
    """Find instruments, or fetch today's list; 1 where nothing is found."""
    config = load_config(args)
    listing = _meant(config, {venue.name: venue.listing for venue in VENUES if venue.listing})
    if args.action == "update":
        print(listing.update(config))
        return EXIT_WELL
    found, warning = listing.find(config, args.words, args.limit)
    if warning:
        print(f"myquant-tui: {warning}", file=sys.stderr)
    if args.json:
        print(msgspec.json.encode(found).decode())
    elif found:
        print("\n".join(_table(found)))
    else:
        print(f"nothing is listed as {clean(' '.join(args.words), 100)}", file=sys.stderr)
    return EXIT_WELL if found else EXIT_DIFFERENT


def _meant(config: Config, parts: Mapping[str, Callable[[], _Part]]) -> _Part:
    """The part of the configured venue, else of the first that has one: a replay needs no login, and yet one may be tried."""
    return parts.get(config.feed.source, next(iter(parts.values())))()


def _table(rows: Sequence[Row]) -> list[str]:
    columns = list(rows[0])
    lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(_aligned, columns, line, widths)).rstrip() for line in lines]


def _aligned(column: str, text: str, width: int) -> str:
    return text.rjust(width) if column in _RIGHT else text.ljust(width)
