"""The arguments that several commands share. Knows no engine, so that `--help` and a typing error cost nothing."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from engine.model.errors import EXIT_BAD_INPUT
from engine.model.types import DELIVERIES
from engine.text.sanitize import clean

_SOURCES = ("replay", "mock", "binance", "smartapi")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line. A command's own is given its arguments by `declare` only once that command is meant."""

    declare: "Callable[[Parser], None] | None" = None

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse, the arguments being declared."""
        declare, self.declare = self.declare, None
        if declare is not None:
            declare(self)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say it and leave."""
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {clean(message)} (try {self.prog} --help)\n")


def speed(text: str) -> float:
    """Read a replay speed: `max` is 0.0; raises ArgumentTypeError."""
    if text == "max":
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.25 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"'{clean(text, 40)}' is not a speed; allowed: 0.25 to 1000, or max")
    return value


def config_options(parser: Parser, *, top: bool = False) -> None:
    """Add the options of configuration; a command's own leave those before the command (`top`) as they are."""
    absent = None if top else argparse.SUPPRESS
    parser.add_argument(
        "--config", type=Path, default=absent, metavar="FILE", help="configuration file (default: ./config.toml, …)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[] if top else argparse.SUPPRESS,
        metavar="SECTION.KEY=VALUE",
        dest="overrides" if top else "more_overrides",
        help="override one key (repeatable)",
    )


def run_options(parser: Parser, *, top: bool = False) -> None:
    """Add the options of a run."""
    config_options(parser, top=top)
    absent = None if top else argparse.SUPPRESS
    no = False if top else argparse.SUPPRESS
    parser.add_argument("--delivery", choices=DELIVERIES, default=absent, help="how a tick reaches the trader")
    parser.add_argument("--headless", action="store_true", default=no, help="run without a screen")
    parser.add_argument("--state-dir", type=Path, default=absent, metavar="DIR", help="where journal, log and lock go")
    parser.add_argument("--trades", type=Path, default=absent, metavar="OUT.csv", help="write one row per exit")
    parser.add_argument("--json", action="store_true", default=no, help="summary as JSON on standard output")
    parser.add_argument("--quiet", action="store_true", default=no, help="no log on standard error")
    parser.add_argument(
        "--unlock", action="store_true", default=no, help="allow entries although the last run ended uncleanly"
    )
    damage_option(parser, top=top)


def source_option(parser: Parser) -> None:
    """Add the choice of a feed."""
    parser.add_argument("--source", choices=_SOURCES, help="where ticks come from")


def json_option(parser: Parser, help_text: str = "as JSON") -> None:
    """Add `--json` to a command that is no run."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=help_text)


def force_option(parser: Parser, output: str) -> None:
    """Add leave to overwrite `output`."""
    parser.add_argument("--force", action="store_true", help=f"overwrite {output}")


def damage_option(parser: Parser, *, top: bool = False) -> None:
    """Add leave to read on behind damage."""
    no = False if top else argparse.SUPPRESS
    parser.add_argument(
        "--skip-damage", action="store_true", default=no, help="read on behind a damaged block of a recording"
    )


def layout_options(parser: Parser) -> None:
    """Add what must be said of a file that is no recording."""
    formats = ("iso", "epoch-s", "epoch-ms", "epoch-ns", "ms-of-day")
    parser.add_argument("--symbol", default="", help="symbol of a file that names none")
    parser.add_argument("--zone", default="", help="zone of stamps that name none (default: the session's)")
    parser.add_argument(
        "--columns", default="", metavar="A,B,…", help="what each column is: time, price, volume, symbol, -"
    )
    parser.add_argument("--time-format", choices=formats, default="iso", help="how stamps are written")
    parser.add_argument("--date", default="", metavar="YYYY-MM-DD", help="day of ms-of-day stamps")
    parser.add_argument("--price-divisor", type=int, default=1, metavar="N", help="prices are written times N")
    parser.add_argument("--no-header", action="store_true", help="the first row is data")
    parser.add_argument("--format", choices=("csv", "binance-raw"), help="what IN is, where its name does not tell")
    damage_option(parser)


def engine_options(parser: Parser) -> None:
    """Add which engine is meant."""
    parser.add_argument(
        "--state-dir", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="of the engine that is meant"
    )
