"""What a report is written as: lines of a terminal, JSON on standard output, a page, and tables and pictures beside it."""

import sys
import webbrowser
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from engine.backtest.report_inputs import Collected
from engine.cli.output import columns, shows_unicode
from engine.cli.report_sources import agreement, source_records
from engine.model.errors import InputError
from engine.reports.html_page import HtmlLists, write_page
from engine.reports.own_files import own_file, refuse_others
from engine.reports.picture_files import write_pictures
from engine.reports.report import DayTaker, Report
from engine.reports.report_lists import CsvLists, JsonLists
from engine.reports.report_text import ListedPositions, report_lines
from engine.reports.xlsx_lists import XlsxLists

_BESIDE = ("csv", "svg", "xlsx", "open")  # that need a page's name


def page_of(args: Namespace, beside: Sequence[str]) -> Path | None:
    """Where the page is to be; raises InputError where a file of others stands there, or one of `beside` is asked for without it."""
    out: Path | None = args.out
    if out is None:
        for name in beside:
            if getattr(args, name):
                raise InputError(f"--{name}: beside a page, whose name is lacking; allowed: with --out FILE.html")
        return None
    refuse_others(out)
    if any(each.exists() and each.samefile(out) for each in args.inputs if out.exists()):
        raise InputError(f"--out {out}: is what is being read; allowed: another file")
    return out


class ReportOutput:
    """All that is asked for by `args`, tried before anything is read; `takers` are to be told of each day."""

    def __init__(self, args: Namespace) -> None:
        """Raises InputError where a file of others stands in the way, or a name is lacking."""
        self._out = page_of(args, _BESIDE)
        self._wanted = args
        self._open = ExitStack()
        self._json = JsonLists() if args.json else None
        self._text = ListedPositions() if self._out is None and not args.json else None
        self._page = HtmlLists() if self._out is not None else None
        self._csv = CsvLists(self._out.with_suffix("")) if self._out is not None and args.csv else None
        self._xlsx = XlsxLists(self._out.with_suffix(".xlsx")) if self._out is not None and args.xlsx else None

    @property
    def takers(self) -> list[DayTaker]:
        """Those that write."""
        return [each for each in (self._json, self._text, self._page, self._csv, self._xlsx) if each is not None]

    def __enter__(self) -> Self:
        with ExitStack() as opened:  # what was opened is closed where the next one is refused
            for each in (self._json, self._page, self._csv, self._xlsx):
                if each is not None:
                    opened.enter_context(each)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.__exit__(*raised)  # type: ignore[arg-type]

    def write(self, report: Report, found: Collected) -> None:
        """Write it, now that all days are known; raises InputError, DiskError."""
        written: list[Path] = []
        if self._json is not None:
            self._json.write(sys.stdout, report, source_records(found), agreement(found))
        if self._text is not None:
            lines = report_lines(report, self._text, columns(), ascii_only=not shows_unicode())
            sys.stdout.writelines(f"{line}\n" for line in lines)
        if self._page is not None and self._out is not None:
            with own_file(self._out) as file:
                write_page(file, report, self._page)
            written.append(self._out)
            if self._csv is not None:
                self._csv.finish(report)
                written += [self._csv.path(table) for table in ("positions", "exits", "days")]
            if self._xlsx is not None:
                self._xlsx.finish(report)
                written.append(self._xlsx.path)
            if self._wanted.svg:
                written += write_pictures(self._out.with_suffix(""), report, self._page.prices)
            if not self._wanted.json:
                told = (
                    *report.heads,
                    *(f"note: {line}" for line in report.remarks),
                    f"written: {', '.join(map(str, written))}",
                )
                sys.stdout.writelines(f"{line}\n" for line in told)

    def show(self) -> None:
        """Show the page in a browser, where that is asked for."""
        if self._wanted.open and self._out is not None:
            webbrowser.open(self._out.absolute().as_uri())
