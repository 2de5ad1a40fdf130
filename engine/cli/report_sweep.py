"""The report of a sweep's file: lines of a terminal, JSON as of `sweep show`, a page, and its pictures beside it."""

import sys
import webbrowser
from argparse import Namespace
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from engine.backtest.sweep.kept import read
from engine.backtest.sweep.looks import Looks
from engine.cli.options import overrides_of
from engine.cli.output import answer, columns, shows_unicode
from engine.cli.report_output import page_of
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, InputError
from engine.model.sweep_result import SweepReport
from engine.reports.own_files import own_file
from engine.reports.picture_files import write_drawings
from engine.reports.sweep_pictures import sweep_pictures
from engine.reports.sweep_report import heads, remarks, sweep_lines, write_sweep_page
from engine.text.sanitize import clean

_TOP = 20
_LONGEST = 1_000
_OF_TRADES = ("csv", "xlsx", "replay", "days", "rates", "config")  # options which say nothing of a sweep


def report_sweep(args: Namespace, path: Path) -> int:
    """Report the sweep at `path`; raises UserError."""
    refused = [*(name for name in _OF_TRADES if getattr(args, name)), *(["set"] if overrides_of(args) else [])]
    if refused:
        raise InputError(f"--{refused[0]}: not of a sweep; allowed: --out, --svg, --open, --json")
    out = page_of(args, ("svg", "open"))
    with closing(Looks.usual()) as looks:
        found = read(path, looks) or _made_anew(path)
    if args.json:
        answer(args, found.summary, ())
    if out is None:
        if not args.json:
            _print(*sweep_lines(found, columns(), ascii_only=not shows_unicode()))
    else:
        written = _written(args, out, found)
        if not args.json:
            _print(*heads(found), *(f"note: {line}" for line in remarks(found)), f"written: {written}")
        if args.open:
            webbrowser.open(out.absolute().as_uri())
    return EXIT_DIFFERENT if found.summary.missing or found.summary.same.startswith("NOT") else EXIT_WELL


def _print(*lines: str) -> None:
    sys.stdout.writelines(f"{clean(line, _LONGEST)}\n" for line in lines)
    sys.stdout.flush()


def _written(args: Namespace, out: Path, found: SweepReport) -> str:
    """Write the page, and pictures where they are asked for; the names of all files."""
    with own_file(out) as file:
        write_sweep_page(file, found)
    written = [out]
    if args.svg:
        drawn = ((f"sweep.{each.name}", each.drawing) for each in sweep_pictures(found))
        written += write_drawings(out.with_suffix(""), drawn)
    return ", ".join(map(str, written))


def _made_anew(path: Path) -> SweepReport:
    """What is shown of a sweep whose end was not reached, or that went on since."""
    if find_spec("numpy") is None:
        raise InputError(
            f"{path}: NOT FINISHED: no figures yet; allowed: the same sweep again, which goes on, or pip install 'myquant-tui[sweep]'"
        )
    from msgspec.structs import replace

    from engine.backtest.sweep.ledger import Ledger
    from engine.backtest.sweep.selection import Wishes
    from engine.backtest.sweep.store import Store
    from engine.backtest.sweep.sweeping import reported, summed_up

    with closing(Store.opened(path)) as store, closing(Ledger.usual()) as ledger:
        summary, chosen = summed_up(store, ledger, Wishes(), _TOP)
        return reported(store, replace(summary, same=store.fact("same")), chosen)
