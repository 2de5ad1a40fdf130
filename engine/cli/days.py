"""The command `days`: what came of each session day, out of the journal of an engine that runs or is gone."""

import sys
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter

import msgspec

from engine.cli.options import Parser, engine_options, json_option
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL

_MOST_DAYS = 10_000
_HELP = """examples:
  myquant-tui days                       the last 30 session days, and their totals
  myquant-tui days --last 250 --csv      a year, for a spreadsheet
  myquant-tui days --json | jq '.total.net'
  myquant-tui days --state-dir DIR       of any state directory, also while an engine works there

A day is a session date (in the session's own zone), as the engine began it; it may be under way. However many runs and
accounts had a date, it is one row. Each figure is rounded to paise by itself; sums are of what was not rounded. An exit belongs to the day
it is made on, a position to the day it ends on, also one that was held over a restart. Costs are of what was sold.

exit status: 0 all of it, 1 a part of the journal could not be read (told, the rest is shown), 2 no journal, or a wrong option

--json prints one object, "schema": 1; --csv has the keys of a day as columns. Later versions add keys, and change none.
Money is a number in the currency, rounded to paise; null: there was none.
  state_dir, zone, days [], total, problems [what of the journal could not be read, in words]
  a day: date, mode (live, paper, mock, replay), entries, positions (that ended), won, lost (of these), exits (partial ones
         too), gross, costs, net, drawdown (largest fall of the realised result within the day), best, worst (position),
         profit_factor, cumulative (net of the days listed so far), longest_losing_streak (positions lost in a row within
         the day), costs_by_kind {what was paid that day, also for what
         is still held; not in CSV}
  total: the same of all days listed; drawdown over all of them, longest_losing_streak that of the worst day"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `days`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _HELP
    parser.add_argument("--last", type=_count, default=30, metavar="N", help="how many days (default: 30)")
    parser.add_argument("--csv", action="store_true", help="as CSV")
    json_option(parser)
    engine_options(parser)


def _count(text: str) -> int:
    if text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= _MOST_DAYS:
        return int(text)
    raise ArgumentTypeError(f"allowed: 1 to {_MOST_DAYS}")


def run(args: Namespace) -> int:
    """List them."""
    from engine.cli.output import columns, one_of, warn
    from engine.reports.day_list import day_lines
    from engine.reports.day_records import DayRecord, cells_of, columns_of, csv_line, day_record, total_of
    from engine.serving.past_days import PastDays

    one_of(args, "json", "csv")
    past = PastDays(args.state_dir)
    days = list(past.results(args.last))
    problems = past.problems
    out = sys.stdout
    if args.json:
        told = {
            "schema": 1,
            "state_dir": past.place.where,
            "zone": past.zone,
            "days": [day_record(day) for day in days],
            "total": total_of(days),
            "problems": problems,
        }
        out.write(msgspec.json.Encoder(decimal_format="number").encode(told).decode() + "\n")
    elif args.csv:
        out.write(csv_line(columns_of(DayRecord)))
        out.writelines(csv_line(cells_of(day_record(day))) for day in days)
    elif days:
        out.write("\n".join(day_lines(days, past.zone, columns())) + "\n")
    elif not problems:
        out.write(f"no session day so far in {past.place.where}\n")
    out.flush()
    if problems:
        warn(f"not all of the journal can be read: {'; '.join(problems)}")
    return EXIT_DIFFERENT if problems else EXIT_WELL
