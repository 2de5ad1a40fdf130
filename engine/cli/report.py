"""The command `report`: what happened, position by position, out of recordings, files of ticks and journals; what a sweep found."""

import sys
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, json_option, overrides_of
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL

if TYPE_CHECKING:
    from engine.backtest.report_inputs import Collected, Span
_HELP = """examples:
  myquant-tui report recordings/paper-NIFTY-20261127-091455.mqr       tables and charts, in the terminal
  myquant-tui report paper.mqr --out paper.html --open                a page: one file, no network
  myquant-tui report recordings --days 2026-11-01..2026-11-30 --json
  myquant-tui report ~/.local/state/myquant-tui/paper                 the journal of a run: without ticks no excursions
  myquant-tui report day.csv --set risk.base_sl_points=10             ticks alone: a replay, and called so
  myquant-tui report sweep.sqlite --out sweep.html                    a sweep: maps of its keys, and how all results lie

FILE is a recording, a CSV file, a state directory or the file of a sweep (alone; its --json is that of sweep show); DIR all recordings in it. A recording is re-run as it was and must decide
as it did, which heads the report; with --replay its ticks are traded anew, under --config and --set. Of a recording and the
journal of its run every exit must be the same. The same session twice counts once; modes (live, paper, replay …) are never
added up. Days are read one at a time.

--out writes a page, --csv the tables page.positions.csv, page.exits.csv and page.days.csv beside it, --xlsx a workbook, --svg each picture. They can be
read by their owner only, and take the place of nothing but an earlier report.

A position is an entry with all its exits, and is what rates count; both lists are shown. R is net / risk, the risk being initial
quantity × (entry - first stop). MAE and MFE are how far a position went against and for us, from the entry's tick to that of the last
exit. Slippage is against us where it is positive. What is not defined is a dash, in JSON null.
--rates tells what the same exits would have kept under dated rates of a contract note; the newest ones are told unasked where what
was booked is less. Ratios of days need 20 of them.

exit status: 0 well, 1 a recording decides otherwise today, or not as its journal has it, 2 a file that cannot be read, or a
wrong option

--json prints one object, "schema": 1. Later versions add keys, and change none. Money is a number in the currency, rounded to
paise; times are ISO 8601 in the session's zone; null: there is none, or it is not defined.
  sources [{file, mode, replay, outcome, same, checkpoints, exits_same, exits_recorded}], agreed (exits that journal and recording have alike),
  difference, problems, remarks
  modes [{mode, zone, first, last, net, cash, open_positions, own_capital, figures {…}, ratios {…}, drawdown_realised, drawdown_marked,
  costs_by_kind, other_rates, groups {kind: {key: figures}}, refused, days [], fingerprint}]
  positions [], exits []"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `report`."""
    parser.epilog, parser.formatter_class = _HELP, RawDescriptionHelpFormatter
    parser.add_argument(
        "inputs",
        type=Path,
        metavar="FILE|DIR",
        nargs="+",
        help=".mqr, .csv, a state directory, a folder of recordings, or a sweep",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE.html", help="write a page: one file, no network, no other program"
    )
    parser.add_argument("--csv", action="store_true", help="tables of positions, exits and days beside --out")
    parser.add_argument("--xlsx", action="store_true", help="a workbook beside --out (needs the extra [xlsx])")
    parser.add_argument("--svg", action="store_true", help="each picture as a file beside --out")
    parser.add_argument("--open", action="store_true", help="show the page in a browser")
    parser.add_argument("--replay", action="store_true", help="trade the ticks anew, under --config and --set")
    parser.add_argument(
        "--days", type=_span, metavar="A..B", help="only session days from A to B (2026-11-01..2026-11-30, A.., ..B)"
    )
    parser.add_argument(
        "--rates",
        default="",
        metavar="NAME",
        help="what the same exits would have kept under the rates of a note (nse-options-2026-04)",
    )
    json_option(parser)
    config_options(parser)


def _span(text: str) -> "Span":
    from engine.backtest.report_inputs import Span
    from engine.text.day_words import is_date

    first, dots, last = text.partition("..")
    if not dots:
        last = first
    if not text or any(each and not is_date(each) for each in (first, last)) or (first and last and last < first):
        raise ArgumentTypeError("allowed: such as 2026-11-01..2026-11-30, 2026-11-01.., ..2026-11-30 or one date")
    return Span(first, last)


def run(args: Namespace) -> int:
    """Make the report."""
    from engine.backtest.report_inputs import sweep_in

    if (sweep := sweep_in(args.inputs)) is not None:
        from engine.cli.report_sweep import report_sweep

        return report_sweep(args, sweep)
    return _report_days(args)


def _report_days(args: Namespace) -> int:
    from engine.backtest.report_inputs import Options, Span, collect, find_inputs
    from engine.cli.output import progress_bar
    from engine.cli.report_output import ReportOutput
    from engine.cli.report_sources import heads, remarks, settings
    from engine.reports.other_rates import Rates
    from engine.reports.report import Report

    options = Options(
        replay=args.replay, config_file=args.config, overrides=tuple(overrides_of(args)), days=args.days or Span()
    )
    inputs = find_inputs(args.inputs)
    with ReportOutput(args) as output:
        report = Report(output.takers, Rates(args.rates))
        with progress_bar("report") as progress:
            found = collect(inputs, options, report.take, progress)
        report.heads += heads(found)
        report.remarks += remarks(found)
        report.settings = settings(found)
        output.write(report, found)
    sys.stdout.flush()
    output.show()
    return _status(found)


def _status(found: "Collected") -> int:
    """The worst of all inputs."""
    outcomes = {each.verdict.outcome for each in found.worked if each.verdict is not None}
    if found.unreadable or outcomes & {"damaged", "unreadable"}:
        return EXIT_BAD_INPUT
    return EXIT_DIFFERENT if found.difference or found.problems or outcomes - {"same"} else EXIT_WELL
