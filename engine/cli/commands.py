"""The commands: one line each, and a file that declares its own arguments. The files are imported when they are meant.

Such a file holds `arguments(parser)` and `run(args) -> exit status`; what only `run` needs it imports inside, so that
`--help` and a typing error carry no engine. `args.screen` is the screen that a run can be shown on, or None.
"""

from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from importlib import import_module

from engine.cli.options import UNSAID, Parser, run_options
from engine.cli.screen import Screen
from engine.version import VERSION

# name: (file, what it does)
_COMMANDS = {
    "run": ("run", "run on a feed"),
    "replay": ("replay", "replay a recording"),
    "import": ("import_file", "turn CSV or raw messages into a recording"),
    "export": ("export", "turn a recording into CSV"),
    "info": ("info", "what is inside a recording"),
    "verify": ("verify", "replay recordings and compare with what was recorded"),
    "validate": ("validate", "whether the recordings of a session day decide today as they did"),
    "sweep": ("sweep", "what other parameters would have done on recorded sessions"),
    "bench": ("bench", "speed of the engine on this machine"),
    "baseline": ("baseline", "what a tick costs and where that goes; has it become more?"),
    "config": ("config", "begin, show or change a configuration file"),
    "check-config": ("check_config", "every problem of the configuration at once"),
    "login": ("login", "how to set the broker's credentials up, and whether they work"),
    "arm": ("arm", "allow real orders for today: checklist, and a typed confirmation"),
    "disarm": ("disarm", "take that back"),
    "instruments": ("instruments", "what the exchange lists: find, update"),
    "calendar": ("calendar", "days and hours of a market: show, update"),
    "engine": ("engine", "run the engine in the foreground, without a screen"),
    "attach": ("attach", "put the screen on a running engine"),
    "status": ("status", "how a running engine is"),
    "watch": ("watch", "what a running engine follows: add, remove, list"),
    "log-level": ("log_level", "how much a running engine logs: show, change for a while"),
    "days": ("days", "what came of each session day: net, costs, won, drawdown"),
    "trades": ("trades", "the exits of a session day"),
    "orders": ("orders", "how the orders at a broker of a day went, or a recording of them beside paper"),
    "report": ("report", "what happened, position by position: tables and charts, of recordings and journals"),
    "stop": ("stop", "end a running engine in good order"),
    "flat": ("flat", "emergency flat of a running engine"),
    "serve": ("serve", "figures, quotes and alerts over HTTP, for this machine alone"),
    "alert": ("alert", "try how you are told of what is grave"),
    "paper": ("paper", "begin the account of paper trading anew"),
    "systemd-unit": ("systemd_unit", "print a systemd unit for the engine"),
    "completion": ("completion", "what a shell must know to complete words: bash, zsh, fish"),
    "man": ("man", "the manual page"),
    "make-recording": ("make_recording", "write the generated session as a recording"),
}
EXAMPLES = """examples:
  myquant-tui                                   replay the bundled session
  myquant-tui replay day.csv --json             replay a CSV file, summary as JSON
  myquant-tui replay day.mqr --trades out.csv --set risk.base_sl_points=10
  myquant-tui run --source mock --from 11:00    a generated session from then on, at ten times its pace
  myquant-tui run --source binance BTCUSDT ETHUSDT
  myquant-tui watch add SOLUSDT                 while it runs; watch remove, watch list
  myquant-tui import day.csv day.mqr --symbol NIFTY25O0725000CE
  myquant-tui import spy.csv spy.mqr --columns time,price,size,-,-,- --time-format ms-of-day
      --date 2013-10-08 --zone America/New_York --price-divisor 10000 --symbol SPY
  myquant-tui info day.mqr                      what is inside
  myquant-tui verify recordings/paper-*.mqr     does a replay decide as the run did?
  myquant-tui validate                          those of the last session day, for a timer
  myquant-tui login --check                     whether the broker's credentials work
  myquant-tui days                              what came of the last session days
  myquant-tui trades --day yesterday            and the exits of one of them
  myquant-tui orders --compare live.mqr         what orders at a broker lost, beside paper
  myquant-tui report recordings                 what happened, position by position
  myquant-tui sweep --sessions recordings --set strategy.fast_ema=5..15
  myquant-tui instruments find NIFTY 25000 CE   what the exchange lists, nearest expiry first
  myquant-tui config set strategy.fast_ema 9    in the configuration file; --set strategy.fast_ema=9: for one run
  myquant-tui check-config                      what is wrong with it, or differs from the defaults

exit status: 0 well, 1 compared and different, 2 bad configuration, arguments or input, 3 state directory in use,
70 engine failure, 74 disk, 75 a paper or live run stopped with a position open"""


def read(argv: Sequence[str] | None, screen: Screen | None) -> tuple[Callable[[Namespace], int], Namespace]:
    """The command that `argv` means, and its arguments; without a command `run`. Raises SystemExit for a wrong word."""
    args = make_parser().parse_args(argv, Namespace(screen=screen))
    run: Callable[[Namespace], int] = import_module(_file_of(args.command or "run")).run
    return run, args


def make_parser() -> Parser:
    """Return the parser of the whole command line, for one command line: the command that is meant adds its arguments."""
    parser = Parser(
        prog="myquant-tui",
        description="Record, replay and paper-trade Indian options, and know that you are flat.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"myquant-tui {VERSION}")
    run_options(parser, "overrides")
    parser.set_defaults(**UNSAID)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, (_, what) in _COMMANDS.items():
        commands.add_parser(name, help=what, allow_abbrev=False).command_file = _file_of(name)
    return parser


def whole_parser() -> Parser:
    """Return the parser with the arguments of all commands declared, for who describes them all."""
    parser = make_parser()
    list(parser.below())  # each declares its own when it is come to
    return parser


def _file_of(name: str) -> str:
    return f"engine.cli.{_COMMANDS[name][0]}"
