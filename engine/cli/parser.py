"""The words of the command line. Knows no engine, so that `--help` and a typing error cost nothing."""

import argparse
from pathlib import Path
from typing import NoReturn

from engine.cli.bench_options import add_bench_command
from engine.cli.engine_options import add_engine_commands
from engine.model.errors import EXIT_BAD_INPUT
from engine.model.types import DELIVERIES
from engine.text.sanitize import clean
from engine.venues.registry import SOURCES, SOURCES_HELP, VENUES

_EXAMPLES = """examples:
  myquant-tui                                   replay the bundled session
  myquant-tui replay day.csv --json             replay a CSV file, summary as JSON
  myquant-tui replay day.mqr --trades out.csv --set risk.base_sl_points=10
  myquant-tui run --source mock                 a generated session at its own pace, recorded
  myquant-tui import day.csv day.mqr --symbol NIFTY25O0725000CE
  myquant-tui import spy.csv spy.mqr --columns time,price,size,-,-,- --time-format ms-of-day
      --date 2013-10-08 --zone America/New_York --price-divisor 10000 --symbol SPY
  myquant-tui info day.mqr                      what is inside
  myquant-tui verify recordings/paper-*.mqr     does a replay decide as the run did?
  myquant-tui login --check                     whether the broker's credentials work
  myquant-tui instruments find NIFTY 25000 CE   what the exchange lists, nearest expiry first
  myquant-tui check-config --set strategy.fast_ema=9

exit status: 0 well, 1 compared and different, 2 bad configuration, arguments or input, 3 state directory in use,
70 engine failure, 74 disk, 75 a paper or live run stopped with a position open"""

_VERIFY = """A recording is replayed under the configuration it was made with; --set goes on top of that, --config takes its place.
exit status: 0 all the same, 1 different or not comparable, 2 unreadable or damaged; of several files the highest.
A recording that was cut short by a kill is compared as far as it goes.

--json prints one object a line for each file: file, outcome (same, different, not comparable, damaged, unreadable),
reason (the first differences: tick, name, recorded value ≠ value now), ticks, same of checkpoints, exits_same of
exits_recorded, entries [{time, symbol, price, quantity}], exits [{time, symbol, entry_time, entry_price, price,
quantity, reason, net_pnl}], gross_pnl, costs, net_pnl, cash, open_positions, damage [text], notes [text].
Times are ISO-8601 in the session's zone, prices in the currency, money to two decimals, both as text."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
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


def _config_options(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
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


def _run_options(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """Add the options of a run."""
    _config_options(parser, top=top)
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
    _damage_option(parser, top=top)


def _damage_option(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    no = False if top else argparse.SUPPRESS
    parser.add_argument(
        "--skip-damage", action="store_true", default=no, help="read on behind a damaged block of a recording"
    )


def _layout_options(parser: argparse.ArgumentParser) -> None:
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
    raw = [venue.raw_format for venue in VENUES if venue.raw_lines]
    parser.add_argument("--format", choices=("csv", *raw), help="what IN is, where its name does not tell")
    _damage_option(parser)


def _limit(text: str) -> int:
    """Read how many lines are wanted; raises ArgumentTypeError."""
    if text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{clean(text, 40)}' is not a number of lines; allowed: 1 to 9999")


def _account_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """Add the commands that speak with the broker."""
    login = commands.add_parser("login", help="how to set the broker's credentials up, and whether they work")
    login.add_argument("--check", action="store_true", help="find them, compare the clock, log in, ask for the profile")
    login.add_argument("--offline", action="store_true", help="check without speaking to the broker")
    _config_options(login)

    instruments = commands.add_parser("instruments", help="what the exchange lists: find, update")
    actions = instruments.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    find = actions.add_parser("find", help="find instruments: NIFTY 25000 CE [25NOV2025]", allow_abbrev=False)
    find.add_argument("words", nargs="+", metavar="WORD", help="name, then strike, CE, PE or FUT, expiry, exchange")
    find.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most so many, nearest expiry first")
    find.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    _config_options(find)
    update = actions.add_parser("update", help="fetch today's list", allow_abbrev=False)
    _config_options(update)


def make_parser(version: str) -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = _Parser(
        prog="myquant-tui",
        description="Record, replay and paper-trade Indian options, and know that you are flat.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"myquant-tui {version}")
    _run_options(parser, top=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    run = commands.add_parser("run", help="run on a feed", allow_abbrev=False)
    run.add_argument("--source", choices=SOURCES, help=SOURCES_HELP)
    run.add_argument("--in-process", action="store_true", help="keep engine and screen in one process")
    _run_options(run)

    replay = commands.add_parser("replay", help="replay a recording", allow_abbrev=False)
    replay.add_argument("file", type=Path, metavar="FILE", help=".mqr or .csv")
    replay.add_argument("--speed", type=speed, metavar="X|max", help="multiple of the recorded pace")
    replay.add_argument("--detach", action="store_true", help="in a process of its own, that outlives the terminal")
    replay.add_argument("--paused", action="store_true", help="stand still before the first tick (needs the screen)")
    _run_options(replay)

    convert = commands.add_parser("import", help="turn CSV or raw messages into a recording", allow_abbrev=False)
    convert.add_argument("input", type=Path, metavar="IN")
    convert.add_argument("output", type=Path, metavar="OUT.mqr")
    convert.add_argument("--force", action="store_true", help="overwrite OUT.mqr")
    _config_options(convert)
    _layout_options(convert)

    export = commands.add_parser("export", help="turn a recording into CSV", allow_abbrev=False)
    export.add_argument("input", type=Path, metavar="IN.mqr")
    export.add_argument("output", type=Path, metavar="OUT.csv")
    export.add_argument("--force", action="store_true", help="overwrite OUT.csv")
    _damage_option(export)

    info = commands.add_parser("info", help="what is inside a recording", allow_abbrev=False)
    info.add_argument("file", type=Path, metavar="FILE")
    info.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    _config_options(info)
    _layout_options(info)

    verify = commands.add_parser(
        "verify",
        help="replay recordings and compare with what was recorded",
        epilog=_VERIFY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verify.add_argument("files", type=Path, metavar="FILE", nargs="+", help=".mqr of a run")
    verify.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON, one line a file")
    _config_options(verify)

    add_bench_command(commands, _config_options)

    check = commands.add_parser("check-config", help="every problem of the configuration at once", allow_abbrev=False)
    _config_options(check)

    _account_commands(commands)
    add_engine_commands(commands, _run_options, speed)

    make = commands.add_parser("make-recording", help="write the generated session as a recording", allow_abbrev=False)
    make.add_argument("output", type=Path, metavar="OUT.mqr")
    make.add_argument("--force", action="store_true", help="overwrite OUT.mqr")
    _config_options(make)
    return parser
