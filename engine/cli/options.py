"""The arguments that several commands share, and the configuration that they ask for.

Carries no engine, so that `--help` and a typing error cost nothing, and who only checks a configuration little.

What may be said before the command and behind it has no default here: `UNSAID` holds it, and what a command does not know.
"""

import json
import os
from argparse import SUPPRESS, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.cli.parser import Parser as Parser  # noqa: PLC0414 - the commands' files take it from here
from engine.model.errors import InputError
from engine.model.types import DELIVERIES, REPLAY
from engine.text import day_words
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.config import Config
    from engine.model.types import TradeMode

UNSAID: Final[dict[str, Any]] = {
    **dict.fromkeys(("begin", "config", "delivery", "file", "out", "source", "speed", "state_dir", "trades")),
    **dict.fromkeys(
        (
            "force",
            "headless",
            "in_process",
            "json",
            "live",
            "paused",
            "quiet",
            "require_credentials",
            "skip_bad_rows",
            "skip_damage",
            "unlock",
        ),
        False,
    ),
    "symbols": [],
    "overrides": [],
    "more_overrides": [],
    "trust_hosts": [],
    "more_trust_hosts": [],
}


def speed(text: str) -> float:
    """Read a replay speed: `max` is 0.0; raises ArgumentTypeError."""
    if text == "max":
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.25 <= value <= 1000:
        raise ArgumentTypeError(f"'{clean(text, 40)}' is not a speed; allowed: 0.25 to 1000, or max")
    return value


def config_file_option(parser: Parser) -> None:
    """Add the choice of a configuration file."""
    _shared(parser, "--config", "configuration file (default: ./config.toml, …)", type=Path, metavar="FILE")


def config_options(parser: Parser, overrides: str = "more_overrides") -> None:
    """Add the options of configuration; what is said before a command is kept as `overrides`, and added to by the command's own."""
    config_file_option(parser)
    override = "override one key (repeatable)"
    _shared(parser, "--set", override, action="append", metavar="SECTION.KEY=VALUE", dest=overrides)
    trusted = overrides.replace("overrides", "trust_hosts")
    _shared(
        parser, "--trust-host", "may be told credentials (repeatable)", action="append", metavar="HOST", dest=trusted
    )


def run_options(parser: Parser, overrides: str = "more_overrides") -> None:
    """Add the options of a run."""
    config_options(parser, overrides)
    delivery_option(parser)
    _shared(parser, "--headless", "run without a screen", action="store_true")
    _shared(parser, "--state-dir", "where journal, log and lock go", type=Path, metavar="DIR")
    _shared(parser, "--trades", "write one row per exit", type=Path, metavar="OUT.csv")
    force_option(parser, "the file of --trades")
    json_option(parser, "summary as JSON on standard output")
    _shared(parser, "--quiet", "no log on standard error", action="store_true")
    _shared(parser, "--unlock", "allow entries although the last run ended uncleanly", action="store_true")
    damage_option(parser)


def _shared(parser: Parser, name: str, help_text: str, **kind: Any) -> None:
    """Add what may be said before the command and behind it: where it is not said here it must not overwrite the other."""
    parser.add_argument(name, default=SUPPRESS, help=help_text, **kind)


def delivery_option(parser: Parser) -> None:
    """Add the delivery mode, and the other name of one."""
    group: Any = parser.add_mutually_exclusive_group()
    _shared(group, "--delivery", "how a tick reaches the trader", choices=DELIVERIES)
    callback = {"action": "store_const", "const": "callback", "dest": "delivery"}
    _shared(group, "--callback-mode", "the same as --delivery callback", **callback)


def source_option(parser: Parser) -> None:
    """Add the choice of a feed."""
    from engine.venues.registry import SOURCES, SOURCES_HELP

    parser.add_argument("--source", choices=SOURCES, help=SOURCES_HELP)


def speed_option(parser: Parser, of: str) -> None:
    """Add the pace of what is played."""
    parser.add_argument("--speed", type=speed, metavar="X|max", help=f"multiple of the natural pace, {of}")


def refuse_pace(args: Namespace, mode: "TradeMode") -> None:
    """Refuse `--speed` and `--from` where ticks come when they come; raises InputError."""
    if args.speed is not None and mode not in {"mock", "replay"}:
        raise InputError("--speed: live ticks come at their own pace; allowed: with --source mock or a recording")
    if args.begin is not None and mode != "mock":
        raise InputError("--from: allowed with --source mock; in a replay g goes to a time")


def feed_options(parser: Parser) -> None:
    """Add the choice of a feed, what may be said of it, and what to subscribe there."""
    source_option(parser)
    parser.add_argument("--from", metavar="HH:MM", dest="begin", help="first moment of a generated session")
    parser.add_argument(
        "--require-credentials",
        action="store_true",
        help="end where a broker's credentials are missing, instead of running the generated session",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="send real orders: refused without live.enabled, today's `arm --live` and credentials",
    )
    parser.takes_symbols = True
    what = "what to subscribe: BTCUSDT, NIFTY29DEC2625000CE, 'Nifty 50' (default: feed.symbols)"
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help=what)


def json_option(parser: Parser, help_text: str = "as JSON") -> None:
    """Add `--json`."""
    _shared(parser, "--json", help_text, action="store_true")


def force_option(parser: Parser, output: str) -> None:
    """Add leave to overwrite `output`."""
    _shared(parser, "--force", f"overwrite {output}", action="store_true")


def damage_option(parser: Parser) -> None:
    """Add leave to read on behind damage."""
    _shared(parser, "--skip-damage", "read on behind a damaged block of a recording", action="store_true")
    _shared(
        parser,
        "--skip-bad-rows",
        "pass over rows of a CSV file, or raw lines, that cannot be read",
        action="store_true",
    )


def engine_options(parser: Parser) -> None:
    """Add which engine is meant."""
    _shared(parser, "--state-dir", "of the engine that is meant", type=Path, metavar="DIR")


def overrides_of(args: Namespace) -> list[str]:
    """Every `--set`, before the command and behind it."""
    return [*args.overrides, *args.more_overrides]


def trusted_hosts(args: Namespace) -> list[str]:
    """Every `--trust-host`, before the command and behind it."""
    return [*args.trust_hosts, *args.more_trust_hosts]


def trust_named(args: Namespace) -> None:
    """Let credentials be told to each `--trust-host`: in the environment, so that an engine that is started from here knows it as well."""
    from engine.venues.venue import TRUST_VARIABLE

    if named := trusted_hosts(args):
        os.environ[TRUST_VARIABLE] = ",".join(filter(None, (os.environ.get(TRUST_VARIABLE, ""), *named)))


def day_option(parser: Parser) -> None:
    """Add which session day of a journal is meant."""
    parser.add_argument("--day", type=_day, metavar="D", help="2026-11-27, today, yesterday, -1 (default: the newest)")


def _day(text: str) -> str:
    if day_words.is_day(text.lower()):
        return text.lower()
    raise ArgumentTypeError(f"allowed: {day_words.ALLOWED}")


def load_config(args: Namespace, *, logs_in: bool = False, runs: bool = False, complete: bool = False) -> "Config":
    """Load the configuration that `args` names, with its overrides; `complete` wants every key in the file. Raises ConfigError.

    A file that others could have written is refused by a command that `logs_in`, and by one that `runs` a feed of an
    account; elsewhere it is warned of.
    """
    from engine.cli.output import warn
    from engine.config import Layer, find_config, load
    from engine.outside.trust import doubt_of_file, of_another, require
    from engine.venues.registry import sections, venue_of

    trust_named(args)
    said = {
        "--delivery": ("engine.delivery", args.delivery),
        "--source": ("feed.source", args.source),
        "--from": ("mock.begin", args.begin),
    }
    options = [Layer("option", option, [f"{key}={value}"]) for option, (key, value) in said.items() if value]
    if args.speed is not None and args.file is None:  # that of a file is the file's alone
        pace = args.speed or "max"
        options.append(Layer("option", "--speed", [f"mock.speed={pace}", f"replay.speed={pace}"]))
    if args.symbols:
        options.append(Layer("option", "the command line", [f"feed.symbols={json.dumps(args.symbols)}"]))
    path = find_config(args.config)
    config = load(path, overrides_of(args), sections(), options, complete=complete)
    if args.symbols:
        _require_one_answer(config, args)
    _refuse_program_of(path, args, config)
    venue = venue_of(config.feed.source) if runs else None
    if logs_in or (venue is not None and (venue.login is not None or venue.mode == "live")):
        require(path, "configuration")
        if user := of_another():
            warn(f"root runs the program of {user}, who may change it")
    elif doubt := doubt_of_file(path):
        warn(f"configuration {path}: {doubt}")
    return config


def _require_one_answer(config: "Config", args: Namespace) -> None:
    """Raise InputError where instruments are named on the command line, and for nothing, or others by --set."""
    from engine.venues.registry import SOURCES

    if args.file is not None or config.feed.source == REPLAY:
        feeds = f"allowed: --source {'|'.join(name for name in SOURCES if name != REPLAY)}"
        raise InputError(f"{args.symbols[0]}: a replay has the instruments of its file; {feeds}, or replay FILE")
    named, *others = config.origins.of("feed.symbols")
    for other in others:
        if other.force == "--set" and other.text != named.text:
            raise InputError(
                f"feed.symbols is {other.text} by --set, but {named.text} by {named.by}; allowed: one of them"
            )


def _refuse_program_of(path: Path, args: Namespace, config: "Config") -> None:
    """Refuse a program to start (`alerts.command`) that a file names which others may have put into this folder; raises ConfigError."""
    from engine.config import bundled
    from engine.model.errors import ConfigError
    from engine.outside.trust import require

    if not config.alerts.command or config.origins.said_now("alerts.command"):
        return
    if args.config is None and path == Path("config.toml") and path.absolute() != bundled("config.toml").absolute():
        raise ConfigError(
            f"{path}: alerts.command: no program is started that a file found in the present folder names; allowed: in the"
            " file of your configuration directory, with --config, or by --set"
        )
    require(path, "configuration")
