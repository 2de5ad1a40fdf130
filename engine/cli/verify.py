"""The command `verify`: says whether recordings decide today as they did."""

from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, json_option, overrides_of
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL

if TYPE_CHECKING:
    from engine.backtest.verification import ExitRow, Verification

_EPILOG = """A recording is replayed under the configuration it was made with; --set goes on top of that, --config takes its place.
exit status: 0 all the same, 1 different or not comparable, 2 unreadable or damaged; of several files the highest.
A recording that was cut short by a kill is compared as far as it goes.

--json prints one object a line for each file: file, outcome (same, different, not comparable, damaged, unreadable),
reason (the first differences: tick, name, recorded value ≠ value now), ticks, same of checkpoints, exits_same of
exits_recorded, entries [{time, symbol, price, quantity}], exits [{time, symbol, entry_time, entry_price, price,
quantity, reason, net_pnl}], order ["entry" or "exit", as they came], gross_pnl, costs, net_pnl, cash, open_positions, damage [text], notes [text],
blank (whole, but nothing in it to compare by: no tick, or neither checkpoint nor exit).
Times are ISO-8601 in the session's zone, prices in the currency, money to two decimals, both as text."""
_STATUS = {
    "same": EXIT_WELL,
    "different": EXIT_DIFFERENT,
    "not comparable": EXIT_DIFFERENT,
    "damaged": EXIT_BAD_INPUT,
    "unreadable": EXIT_BAD_INPUT,
}


def arguments(parser: Parser) -> None:
    """Declare them."""
    parser.epilog, parser.formatter_class = _EPILOG, RawDescriptionHelpFormatter
    parser.add_argument("files", type=Path, metavar="FILE", nargs="+", help=".mqr of a run")
    parser.add_argument(
        "--any-version", action="store_true", help="compare also what was made by other rules, and say so"
    )
    json_option(parser, "as JSON, one line a file")
    config_options(parser)


def run(args: Namespace) -> int:
    """Verify every file named; the worst of their exit statuses."""
    from engine.backtest.verification import verify
    from engine.cli.output import answer, progress_bar

    worst = EXIT_WELL
    for path in args.files:
        with progress_bar("verify") as progress:
            found = verify(path, args.config, overrides_of(args), progress, any_version=args.any_version)
        worst = max(worst, _STATUS[found.outcome])
        answer(args, found, _lines(found))
    return worst


def _lines(found: "Verification") -> Iterator[str]:
    """Say it to a person: the verdict first."""
    counted = f"{found.same}/{found.checkpoints}, exits {found.exits_same}/{found.exits_recorded}"
    match found.outcome:
        case "same":
            yield f"{found.file}: SAME AS RECORDED {counted}"
        case "not comparable":
            yield f"{found.file}: NOT COMPARABLE ({found.reason})"
        case "unreadable":
            yield f"{found.file}: UNREADABLE: {found.reason}"
            return
        case _:
            yield f"{found.file}: {found.outcome.upper()}: {found.reason} (the same: {counted})"
    counts = f"{len(found.entries)} entries, {len(found.exits)} exits, {found.open_positions} positions open"
    yield f"  {found.ticks:,} ticks, {counts}"
    yield f"  gross {found.gross_pnl}, costs {found.costs}, net {found.net_pnl}; cash {found.cash}"
    yield from _trade_lines(found)
    yield from (f"  damage: {line}" for line in found.damage)
    yield from (f"  note: {line}" for line in found.notes)


def _trade_lines(found: "Verification") -> Iterator[str]:
    """Each entry and exit in the order in which they came."""
    entries = (f"{each.time}  entry {each.quantity} {each.symbol} @ {each.price}" for each in found.entries)
    exits = map(_exit_line, found.exits)
    for kind in found.order:
        yield f"  {next(entries if kind == 'entry' else exits)}"


def _exit_line(row: "ExitRow") -> str:
    won = row.net_pnl if row.net_pnl.startswith("-") else f"+{row.net_pnl}"
    return f"{row.time}  exit  {row.quantity} {row.symbol} @ {row.price} {row.reason}, net {won}"
