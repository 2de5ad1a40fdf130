"""The command `orders`: how orders at a broker went, out of the recording of a run, beside the same ticks on paper."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.cli.options import Parser, json_option
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL

if TYPE_CHECKING:
    from engine.model.order_courses import LiveComparison

_HELP = """examples:
  myquant-tui orders --compare recordings/live-20261127.mqr
  myquant-tui orders --compare live.mqr --csv > orders.csv
  myquant-tui orders --compare live.mqr --json | jq '.orders[] | select(.lost > 50)'

Works the recording of a run with --live once through as it was, which is verified first, and once on paper: the same rules,
the same account, the operator's commands at the same places. Every order is a row, also one that was withdrawn, refused or
never filled, and trades that others made (EXTERNAL). Decided is the price of the tick that it was decided at, best the bid or ask
of the book then (else the last price), lost what the fills cost more or brought less: below nought they were better. SENT,
TAKEN and FILL are ms since it was decided. Then positions beside those of paper: the same symbol, decided within two seconds.
Each row is rounded to paise by itself; sums are of what was not rounded.

exit status: 0 well, 1 the replay is not the same as was recorded (told first: all figures are of the replay then), 2 no recording
of a run at a broker, or a wrong option

--json prints one object, "schema": 1; --csv has the keys of an order as columns. Later versions add keys, and change none.
Money, prices and quantities are numbers in the currency and in units, times ISO 8601; null: there is none.
  file, zone, outcome (same, different, not comparable, damaged) and reason of the verification, remarks [in words],
  orders [], total {all, buy, sell: orders, unfilled_entries, lost, best_lost, costs, costs_by_kind}, trades [{symbol, live,
  paper, difference}], day {live, paper, difference: positions, open, gross, costs, net}
  an order: time, tag, symbol, side, purpose (ENTRY, EXIT, FLAT, NET, EXTERNAL), reason, state, said (by the broker, where it was refused),
            quantity, filled, decided, best, first_limit, limit, average, rung (of its ladder, from 0), sent_ms, accepted_ms,
            filled_ms (since it was decided), lost_points, lost, best_lost_points, best_lost, costs, costs_by_kind
  live, paper: entry_time, exit_time, quantity, entry_price, exit_price, gross, costs, net (of what was sold), reason, left"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `orders`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _HELP
    parser.add_argument("--compare", type=Path, metavar="FILE", required=True, help=".mqr of a run with --live")
    parser.add_argument("--csv", action="store_true", help="as CSV, a row an order")
    json_option(parser)


def run(args: Namespace) -> int:
    """List the orders of a recording, and its day beside paper."""
    from engine.backtest.live_comparison import compare
    from engine.cli.output import one_of, progress_bar

    one_of(args, "json", "csv")
    with progress_bar("orders") as progress:
        found = compare(args.compare, progress)
    sys.stdout.write(_told(args, found))
    sys.stdout.flush()
    return EXIT_WELL if found.outcome == "same" else EXIT_DIFFERENT


def _told(args: Namespace, found: "LiveComparison") -> str:
    from engine.cli.output import columns, warn
    from engine.reports.day_records import cells_of, columns_of, csv_line
    from engine.reports.live_orders import comparison_lines
    from engine.reports.order_records import OrderRecord, comparison_record, order_record

    if args.json:
        return msgspec.json.Encoder(decimal_format="number").encode(comparison_record(found)).decode() + "\n"
    if not args.csv:
        return "".join(f"{line}\n" for line in comparison_lines(found, columns()))
    if found.outcome != "same":
        warn(f"{found.file}: {found.outcome}: {found.reason}; the figures are of the replay")
    rows = [cells_of(order_record(each, found.zone)) for each in found.courses]
    return "".join(map(csv_line, (columns_of(OrderRecord), *rows)))
