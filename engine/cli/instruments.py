"""The command `instruments`: finds what the exchange lists, or fetches today's list."""

import os
import sys
from argparse import ArgumentTypeError, Namespace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, json_option
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.venues.angelone.instruments import Listed, Update

_IST = timedelta(hours=5, minutes=30)
_COLUMNS = ("symbol", "exchange", "token", "expiry", "strike", "type", "lot", "tick", "freeze")
_RIGHT = ("token", "strike", "lot", "tick", "freeze")


def arguments(parser: Parser) -> None:
    """Declare the arguments of `instruments`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    find = actions.add_parser("find", help="find instruments: NIFTY 25000 CE [25NOV2025]", allow_abbrev=False)
    find.add_argument("words", nargs="+", metavar="WORD", help="name, then strike, CE, PE or FUT, expiry, exchange")
    find.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most so many, nearest expiry first")
    json_option(find)
    config_options(find)
    config_options(actions.add_parser("update", help="fetch today's list", allow_abbrev=False))


def _limit(text: str) -> int:
    """Read how many lines are wanted; raises ArgumentTypeError."""
    if text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) > 0:
        return int(text)
    raise ArgumentTypeError(f"'{clean(text, 40)}' is not a number of lines; allowed: 1 to 9999")


def run(args: Namespace) -> int:
    """Find, or fetch; 1 where nothing is found."""
    from engine.cli.settings import load_config
    from engine.venues.angelone import instruments

    config = load_config(args)
    if args.action == "update":
        from engine.model.clock import SystemClock

        folder = instruments.cache_folder(os.environ)
        print(_update_line(instruments.update(folder, config.smartapi.master_url, SystemClock())))
        return EXIT_WELL
    from engine.cli.output import answer, warn

    listed, warning = instruments.ready(config)
    if warning:
        warn(warning)
    with listed:
        found = [_plain(one) for one in listed.find(args.words, (datetime.now(UTC) + _IST).date(), args.limit)]
    if found or args.json:
        answer(args, found, _table(found))
    else:
        print(f"nothing is listed as {clean(' '.join(args.words), 100)}", file=sys.stderr)
    return EXIT_WELL if found else EXIT_DIFFERENT


def _update_line(done: "Update") -> str:
    if not done.changed:
        return "instrument list: ours is the newest"
    passed = f", {done.bad:,} passed over as unreadable" if done.bad else ""
    return f"instrument list: {done.rows:,} rows, {done.kept:,} kept{passed}"


def _plain(one: "Listed") -> dict[str, str | int]:
    """What a script is given and a person shown: prices in rupees as text; nothing of what does not apply."""
    from engine.venues.angelone.instruments import date_text

    counted = one.instrument()
    return {
        "symbol": one.symbol,
        "exchange": one.exchange,
        "token": one.token,
        "expiry": date_text(one.expiry) if one.expiry else "",
        "strike": _rupees(one.strike, one.price_scale) if one.strike else "",
        "type": one.kind,
        "lot": one.lot,
        "tick": _rupees(counted.tick_size, one.price_scale),
        "freeze": counted.freeze_quantity if one.expiry else "",
    }


def _rupees(minor: int, scale: int) -> str:
    text = f"{Decimal(minor) / scale:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _table(rows: list[dict[str, str | int]]) -> list[str]:
    lines = [list(_COLUMNS), *([str(row[name]) for name in _COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(_aligned, _COLUMNS, line, widths)).rstrip() for line in lines]


def _aligned(column: str, text: str, width: int) -> str:
    return text.rjust(width) if column in _RIGHT else text.ljust(width)
