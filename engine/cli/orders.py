"""The command `orders`: how orders at a broker went, out of the journal of a day, or of a recording beside the same ticks on paper."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.cli.options import Parser, day_option, engine_options, json_option
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, InputError

if TYPE_CHECKING:
    from engine.model.order_courses import OrderCourse

_HELP = """examples:
  myquant-tui orders                          those of the newest session day, of an engine that runs or is gone
  myquant-tui orders --day yesterday --csv
  myquant-tui orders --compare recordings/live-20261127.mqr
  myquant-tui orders --compare live.mqr --csv > orders.csv
  myquant-tui orders --compare live.mqr --json | jq '.orders[] | select(.lost > 50)'

Every order of the day's journal is a row, also one that was withdrawn, refused or never filled, and trades that others made
(EXTERNAL). Decided is the price of the tick that it was decided at, lost what the fills cost more or brought less: below nought
they were better. SENT, TAKEN and FILL are ms since it was decided. A day is a session date (in the session's own zone), however
many runs it had. Each row is rounded to paise by itself; sums are of what was not rounded.

--compare works the recording of a run with --live once through as it was, which is verified first, and once on paper: the same
rules, the same account, the operator's commands at the same places. It knows more of each order: the rung of its ladder, and the
best bid or ask of the book when it was decided (else the last price). Then come its positions beside those of paper: the same
symbol, decided within two seconds.

exit status: 0 well, 1 the replay is not the same as was recorded (told first: all figures are of the replay then), or a part of
the journal could not be read, 2 no such day, journal or recording of a run at a broker, or a wrong option

--json prints one object, "schema": 1; --csv has the keys of an order as columns. Later versions add keys, and change none.
Money, prices and quantities are numbers in the currency and in units, times ISO 8601; null: there is none.
  a day: state_dir, zone, date, mode, orders [], total {all, buy, sell: orders, unfilled_entries, lost, best_lost, costs,
  costs_by_kind}, problems [in words]
  --compare: file, zone, outcome (same, different, not comparable, damaged) and reason of the verification, remarks [in words],
  orders [], total, trades [{symbol, live, paper, difference}], day {live, paper, difference: positions, open, gross, costs, net}
  an order: time, tag, symbol, side, purpose (ENTRY, EXIT, FLAT, NET, EXTERNAL), reason, state, said (by the broker, where it was refused),
            quantity, filled, decided, best, first_limit, limit, average, rung (of its ladder, from 0), sent_ms, accepted_ms,
            filled_ms (since it was decided), lost_points, lost, best_lost_points, best_lost, costs, costs_by_kind
  live, paper: entry_time, exit_time, quantity, entry_price, exit_price, gross, costs, net (of what was sold), reason, left"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `orders`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _HELP
    day_option(parser)
    parser.add_argument("--compare", type=Path, metavar="FILE", help=".mqr of a run with --live, beside paper")
    parser.add_argument("--csv", action="store_true", help="as CSV, a row an order")
    json_option(parser)
    engine_options(parser)


def run(args: Namespace) -> int:
    """List the orders of a day, or of a recording with its day beside paper."""
    from engine.cli.output import one_of

    one_of(args, "json", "csv")
    if args.compare is None:
        return _list(args)
    if args.day or args.state_dir:
        raise InputError("--compare: the recording has its own day; allowed: without --day and --state-dir")
    return _compare(args)


def _list(args: Namespace) -> int:
    from engine.cli.output import columns, warn
    from engine.reports.live_orders import order_lines
    from engine.reports.order_records import DayOrdersRecord, order_record, totals_of
    from engine.serving.past_days import PastDays

    past = PastDays(args.state_dir)
    date, courses = past.orders(args.day or "")
    zone, place = past.zone, past.place
    if args.json:
        rows, total = [order_record(each, zone) for each in courses], totals_of(courses).rounded()
        told = _json(DayOrdersRecord(1, place.where, zone, date, place.mode, rows, total, past.problems))
    elif args.csv:
        told = _csv(courses, zone)
    else:
        told = "".join(
            f"{line}\n" for line in (f"{date} {place.mode}".rstrip(), *order_lines(courses, zone, columns()))
        )
    sys.stdout.write(told)
    sys.stdout.flush()
    if past.problems:
        warn(f"not all of the journal can be read: {'; '.join(past.problems)}")
    return EXIT_DIFFERENT if past.problems else EXIT_WELL


def _compare(args: Namespace) -> int:
    from engine.backtest.live_comparison import compare
    from engine.cli.output import columns, progress_bar, warn
    from engine.reports.live_orders import comparison_lines
    from engine.reports.order_records import comparison_record

    with progress_bar("orders") as progress:
        found = compare(args.compare, progress)
    if args.json:
        told = _json(comparison_record(found))
    elif args.csv:
        told = _csv(found.courses, found.zone)
        if found.outcome != "same":
            warn(f"{found.file}: {found.outcome}: {found.reason}; the figures are of the replay")
    else:
        told = "".join(f"{line}\n" for line in comparison_lines(found, columns()))
    sys.stdout.write(told)
    sys.stdout.flush()
    return EXIT_WELL if found.outcome == "same" else EXIT_DIFFERENT


def _json(record: object) -> str:
    return msgspec.json.Encoder(decimal_format="number").encode(record).decode() + "\n"


def _csv(courses: "Sequence[OrderCourse]", zone: str) -> str:
    from engine.reports.day_records import cells_of, columns_of, csv_line
    from engine.reports.order_records import OrderRecord, order_record

    rows = (cells_of(order_record(each, zone)) for each in courses)
    return "".join(map(csv_line, (columns_of(OrderRecord), *rows)))
