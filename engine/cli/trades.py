"""The command `trades`: the exits of a session day, out of the journal of an engine that runs or is gone."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from engine.cli.options import Parser, day_option, engine_options, json_option
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL

if TYPE_CHECKING:
    from engine.model.history import DayResult, DayTrade
    from engine.serving.past_days import PastDays

_HELP = """examples:
  myquant-tui trades                          those of the newest session day
  myquant-tui trades --day yesterday
  myquant-tui trades --day -1                 the session day before the newest; -2 …
  myquant-tui trades --day 2026-11-27 --symbol 25000CE --csv
  myquant-tui trades --json | jq '.trades[] | select(.net < 0)'

Each exit is a row, also of a part of a position; what is still open at the day's end comes last. Prices are those of the
fills, net is gross less both sides' costs of what was sold. A day is a session date (in the session's own zone), however many runs
it had. Under the list stand the day's figures. Each row is rounded to paise by itself; sums are of what was not rounded.

exit status: 0 all of it, 1 a part of the journal could not be read (told, the rest is shown), 2 no such day or journal, or a
wrong option

--json prints one object, "schema": 1; --csv has the keys of a trade as columns. Later versions add keys, and change none.
Money, prices and quantities are numbers in the currency and in units, times ISO 8601; null: there is none.
  state_dir, zone, date, trades [], total {exits, open, gross, costs, net: of the trades listed}, day {the whole day, as in
  `days --json`}, problems [in words]
  a trade: number (of the exit within its account, from 1 again where a run began with a new one; null: open), date, mode (live, paper, mock, replay), symbol, entry_time,
           exit_time, quantity, entry_price, exit_price, gross, costs, net, reason, left (of the position behind this exit;
           0: it ended it)"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `trades`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _HELP
    day_option(parser)
    parser.add_argument(
        "--symbol", action="append", default=[], metavar="TEXT", help="only symbols with this in them (repeatable)"
    )
    parser.add_argument("--csv", action="store_true", help="as CSV")
    json_option(parser)
    engine_options(parser)


def run(args: Namespace) -> int:
    """List them, as they are read."""
    from engine.cli.output import one_of, warn
    from engine.serving.past_days import PastDays

    one_of(args, "json", "csv")
    past = PastDays(args.state_dir)
    date, found, whole = past.day(args.day or "")
    wanted = [each.upper() for each in args.symbol]
    trades = (each for each in found if not wanted or any(part in each.instrument.symbol.upper() for part in wanted))
    write = _write_json if args.json else _write_csv if args.csv else _write_lines
    for piece in write(trades, past, date, None if wanted and not args.json else whole):
        sys.stdout.write(piece)
    sys.stdout.flush()
    problems = past.problems
    if problems:
        warn(f"not all of the journal can be read: {'; '.join(problems)}")
    return EXIT_DIFFERENT if problems else EXIT_WELL


def _write_json(
    trades: "Iterator[DayTrade]", past: "PastDays", date: str, whole: "Callable[[], DayResult] | None"
) -> Iterator[str]:
    from engine.reports.day_records import TradeTotal, day_record, trade_record

    encoder, total = msgspec.json.Encoder(decimal_format="number"), TradeTotal()
    begin = encoder.encode({"schema": 1, "state_dir": past.place.where, "zone": past.zone, "date": date}).decode()
    yield f'{begin[:-1]},"trades":['
    between = ""
    for trade in trades:
        total.add(trade)
        yield between + encoder.encode(trade_record(trade, date, past.zone)).decode()
        between = ","
    day = encoder.encode(day_record(whole()) if whole else None).decode()
    yield f'],"total":{encoder.encode(total.rounded()).decode()},"day":{day},"problems":{encoder.encode(past.problems).decode()}}}\n'


def _write_csv(
    trades: "Iterator[DayTrade]", past: "PastDays", date: str, _whole: "Callable[[], DayResult] | None"
) -> Iterator[str]:
    from engine.reports.day_records import TradeRecord, cells_of, columns_of, csv_line, trade_record

    yield csv_line(columns_of(TradeRecord))
    for trade in trades:
        yield csv_line(cells_of(trade_record(trade, date, past.zone)))


def _write_lines(
    trades: "Iterator[DayTrade]", past: "PastDays", date: str, whole: "Callable[[], DayResult] | None"
) -> Iterator[str]:
    """`whole`: the day's figures stand under the list; None where it is not of all symbols."""
    from engine.cli.output import columns
    from engine.reports.day_list import Extremes, TradeLines, block_lines, total_line
    from engine.reports.day_records import TradeTotal

    total, extremes, lines = TradeTotal(), Extremes(), TradeLines(past.zone, columns())
    yield f"{date} {past.place.mode}\n{lines.head}\n"
    for trade in trades:
        total.add(trade)
        extremes.add(trade)
        yield lines.line(trade) + "\n"
    yield total_line(total, past.zone) + "\n"
    if whole:
        yield "".join(f"{line}\n" for line in block_lines(whole().statistics, extremes, past.zone))
