"""The command `sweep`: what other parameters would have done on recorded sessions, and how far that is to be believed."""

import sys
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, json_option, overrides_of
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, InputError
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from engine.backtest.sweep.ledger import Ledger
    from engine.backtest.sweep.plan import Plan
    from engine.backtest.sweep.runner import Progress
    from engine.backtest.sweep.selection import Wishes
    from engine.backtest.sweep.store import Store

_INTERRUPTED = 130
_LONGEST = 1_000  # characters of a line
_REDRAW_S = 0.2
_OBJECTIVES = ("sharpe", "net", "calmar", "expectancy", "profit_factor")
_HELP = """examples:
  myquant-tui sweep --sessions recordings --set strategy.fast_ema=5..15 --set risk.base_sl_points=8..20/2
  myquant-tui sweep --sessions day.mqr --set risk.tp_points=[5,12,20,30],[8,16,24,32] --set risk.use_trail_stop=true,false
  myquant-tui sweep --sessions recordings --set strategy.slow_ema=20..80 --search random --trials 5000 --seed 7
  myquant-tui sweep show sweep.sqlite --top 50          the table again
  myquant-tui sweep show sweep.sqlite --map strategy.fast_ema risk.base_sl_points
  myquant-tui sweep show sweep.sqlite --row 17          one set, and the command that makes it anew
  myquant-tui sweep check sweep.sqlite                  are results those of the engine?

A --set of several values varies: a..b, a..b/step, a,b,c or lists in brackets; sets that contradict themselves are dropped and
counted. Each session day of each file is traded by each set with the capital it starts with; what the operator did there is not done
again. The last days are held out: they rank nothing. The same command goes on where it was ended, whatever ended it.
Verdict: TOO FEW DAYS (fewer than 20 to choose from), LUCK (deflated Sharpe below 0.95, PBO above 0.2, or nothing won on the days
held out), else HOLDS SO FAR.

exit status: 0 well, 1 a result is not the engine's or could not be made, 2 bad arguments or input, 74 disk, 130 ended by Ctrl-C"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `sweep`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _HELP
    parser.add_argument(
        "--sessions", type=Path, nargs="+", metavar="DIR|FILE", help="recordings or CSV files, or folders of them"
    )
    parser.add_argument(
        "--search", choices=("grid", "random"), default="grid", help="all sets, or some of them at random"
    )
    parser.add_argument("--trials", type=_count, metavar="N", help="how many of them at random")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="by which they are chosen (default: 0)")
    parser.add_argument("--jobs", type=_count, metavar="N", help="processes (default: one for each processor)")
    parser.add_argument(
        "--engine", action="store_true", dest="by_engine", help="let the engine itself run every set (slow)"
    )
    parser.add_argument(
        "--out", dest="sweep_file", type=Path, metavar="NAME.sqlite", help="where results go (default: sweep.sqlite)"
    )
    _table_options(parser)
    config_options(parser)
    actions = parser.add_subparsers(dest="action", metavar="show|check", parser_class=Parser)
    show = actions.add_parser("show", help="the table of a sweep", allow_abbrev=False)
    show.add_argument("shown", type=Path, metavar="OUT", help="the file of a sweep")
    show.add_argument("--row", type=_count, metavar="N", help="this set alone, and the command that makes it anew")
    show.add_argument("--map", nargs=2, metavar="KEY", help="the median score of two keys against each other")
    show.add_argument("--csv", action="store_true", help="all sets with each of their days")
    _table_options(show)
    check = actions.add_parser("check", help="hold results to the engine", allow_abbrev=False)
    check.add_argument("shown", type=Path, metavar="OUT", help="the file of a sweep")
    check.add_argument("--row", type=_count, metavar="N", help="this set, on every session")


def _table_options(parser: Parser) -> None:
    """Add how the best is chosen and shown."""
    parser.add_argument(
        "--objective", choices=_OBJECTIVES, default="sharpe", help="what ranks; net below 20 days (default: sharpe)"
    )
    parser.add_argument(
        "--min-trades",
        type=_count,
        default=30,
        metavar="N",
        help="a set with fewer positions is not ranked (default: 30)",
    )
    parser.add_argument(
        "--holdout",
        type=_percent,
        default=0.25,
        metavar="25%",
        help="share of the days that never ranks (default: 25%%)",
    )
    parser.add_argument(
        "--walk-forward",
        type=_windows,
        default=(20, 5),
        metavar="20:5",
        help="days to choose from, and behind them (default: 20:5)",
    )
    parser.add_argument("--top", type=_count, default=20, metavar="N", help="how many sets are listed (default: 20)")
    json_option(parser)


def _count(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text[:9]) > 0 and len(text) < 9:
        return int(text)
    raise ArgumentTypeError("allowed: a whole number above nought")


def _percent(text: str) -> float:
    number = text.removesuffix("%")
    if text.endswith("%") and number.replace(".", "", 1).isdecimal() and 0 <= float(number) <= 90:
        return float(number) / 100
    raise ArgumentTypeError("allowed: 0% to 90%")


def _windows(text: str) -> tuple[int, int]:
    inside, _, outside = text.partition(":")
    if inside.isdecimal() and outside.isdecimal() and int(inside[:5]) > 0 and int(outside[:5]) > 0:
        return int(inside[:5]), int(outside[:5])
    raise ArgumentTypeError("allowed: days to choose from and days behind them, such as 20:5")


def run(args: Namespace) -> int:
    """Sweep, show or check."""
    _require_extra()
    if args.action == "show":
        return _show(args)
    return _check(args) if args.action == "check" else _sweep(args)


def _require_extra() -> None:
    """Raise InputError where numpy is not installed; say what numba would gain."""
    from importlib.util import find_spec

    from engine.cli.output import warn

    if find_spec("numpy") is None:
        raise InputError("sweep needs numpy: pip install 'myquant-tui[sweep]'")
    if find_spec("numba") is None:
        warn("without numba a sweep takes some fifty times as long: pip install 'myquant-tui[sweep]'")


def _sweep(args: Namespace) -> int:
    from threading import Event

    from engine.backtest.sweep.ledger import Ledger
    from engine.backtest.sweep.plan import Search
    from engine.backtest.sweep.runner import Runner
    from engine.backtest.sweep.store import Store
    from engine.backtest.sweep.sweeping import planned
    from engine.cli.output import warn

    if not args.sessions:
        raise InputError("sweep: --sessions DIR|FILE is missing")
    if (args.search == "random") != (args.trials is not None):
        raise InputError("--search random and --trials N belong together")
    search = Search(str(args.config.absolute()) if args.config else None, (), args.trials, args.seed, args.by_engine)
    plan = planned(args.sessions, overrides_of(args), search)
    ending = Event()
    with closing(Store.made(args.sweep_file or Path("sweep.sqlite"), plan)) as store, closing(Ledger.usual()) as ledger:
        ledger.enter(plan)
        with _ended_by_ctrl_c(ending):
            Runner(plan, store, args.jobs or _processors(), _teller(), ending).run()
        _clear_line()
        status = _told(args, store, ledger, plan)
    if ending.is_set():
        warn("ended; the same command goes on from here")
        return _INTERRUPTED
    return status


def _told(args: Namespace, store: "Store", ledger: "Ledger", plan: "Plan") -> int:
    """Hold some results to the engine, and print the table."""
    from msgspec.structs import replace

    from engine.backtest.sweep.kept import keep
    from engine.backtest.sweep.same import chosen, same_as_engine
    from engine.backtest.sweep.sweeping import reported, summed_up
    from engine.cli.output import answer
    from engine.presentation.sweep_words import lines

    summary, ranking = summed_up(store, ledger, _wishes(args), args.top)
    same = same_as_engine(plan, store, chosen(plan, [int(row) for row in ranking.order[:10]], args.seed))
    store.note("same", same.words)
    keep(store, reported(store, summary, ranking))
    summary = replace(summary, same=same.words)
    answer(args, summary, (clean(line, _LONGEST) for line in lines(summary)))
    return EXIT_DIFFERENT if same.difference or summary.missing else EXIT_WELL


def _show(args: Namespace) -> int:
    from msgspec.structs import replace

    from engine.backtest.sweep.ledger import Ledger
    from engine.backtest.sweep.maps import map_of
    from engine.backtest.sweep.store import Store
    from engine.backtest.sweep.sweeping import summed_up
    from engine.backtest.sweep.told import as_csv, command_of
    from engine.cli.output import answer
    from engine.presentation.sweep_words import lines, map_lines

    store = Store.opened(args.shown)
    if args.csv:
        sys.stdout.writelines(f"{line}\n" for line in as_csv(store))
        return EXIT_WELL
    only = None if args.row is None else _row(args, len(store.sets()))
    summary, ranking = summed_up(store, Ledger.usual(), _wishes(args), args.top, only)
    if args.map:
        print(*map_lines(map_of(store.sets(), ranking, *args.map)), sep="\n")
        return EXIT_WELL
    summary = replace(summary, same=store.fact("same"))
    made_anew = () if only is None else (command_of(store, only),)
    answer(args, summary, (*(clean(line, _LONGEST) for line in lines(summary)), *made_anew))
    return EXIT_DIFFERENT if summary.missing or summary.same.startswith("NOT") else EXIT_WELL


def _row(args: Namespace, sets: int) -> int:
    if args.row > sets:
        raise InputError(f"--row {args.row}: there are {sets:,} rows")
    return int(args.row) - 1


def _check(args: Namespace) -> int:
    from engine.backtest.sweep.same import chosen, same_as_engine
    from engine.backtest.sweep.store import Store
    from engine.backtest.sweep.sweeping import planned_again

    store = Store.opened(args.shown)
    plan = planned_again(store)
    places = chosen(plan, (), 1)
    if args.row is not None:
        row = _row(args, len(plan.sets))
        places = [(row, session) for session in range(len(plan.sessions))]
    same = same_as_engine(plan, store, places)
    if args.row is None:
        store.note("same", same.words)
    print(f"{args.shown}: {same.words}")
    return EXIT_DIFFERENT if same.difference else EXIT_WELL


def _wishes(args: Namespace) -> "Wishes":
    from engine.backtest.sweep.selection import Wishes

    return Wishes(args.objective, args.min_trades, args.holdout, args.walk_forward)


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _ended_by_ctrl_c(ending: "Event") -> "Iterator[None]":
    """Within: the first Ctrl-C asks for the end once what is in hand is done, the second ends at once."""
    import signal

    def ask(_number: int, _frame: object) -> None:
        ending.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _teller() -> "Callable[[Progress], None]":
    """What draws how far it came, where a person looks."""
    if not sys.stderr.isatty():
        return lambda _: None
    drawn_s = 0.0

    def draw(at: "Progress") -> None:
        nonlocal drawn_s
        if at.took_s - drawn_s < _REDRAW_S and at.results < at.of:
            return
        drawn_s = at.took_s
        pace = at.new / at.took_s if at.took_s > 0 else 0.0
        left = f"{(at.of - at.results) / pace:,.0f} s left" if pace else ""
        best = f"best so far row {at.best_row + 1}: {at.best_net:,.2f}"
        sys.stderr.write(f"\r\x1b[K{at.results:,}/{at.of:,} results, {pace:,.0f}/s, {left}, {best}")
        sys.stderr.flush()

    return draw


def _clear_line() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
