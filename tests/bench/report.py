"""What a report costs beyond the replay: bytes and processor time of the page of a day, beside plotly and bokeh where they are
installed; bytes and memory of sixty days, and memory of a workbook of 100,000 exits. `make bench-report`."""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from engine.backtest.report_inputs import Options, collect, find_inputs
from engine.config import bundled
from engine.model.session_result import ReportedDay
from engine.reports.html_page import HtmlLists, write_page
from engine.reports.report import Report
from engine.reports.xlsx_lists import XlsxLists

DAYS, EXITS, ROUNDS = 60, 100_000, 5


def session() -> ReportedDay:
    """The bundled session, or that of the file named on the command line, traded on paper."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else bundled("nifty-synthetic.mqr")
    days: list[ReportedDay] = []
    collect(find_inputs([path]), Options(replay=True), days.append)
    return days[0]


def page(days: list[ReportedDay]) -> bytes:
    """The page of them."""
    out = io.BytesIO()
    with HtmlLists() as lists:
        report = Report([lists])
        for day in days:
            report.take(day)
        write_page(out, report, lists)
    return out.getvalue()


def cpu_of(make: Callable[[], object]) -> float:
    """Seconds of the processor, the least of a few rounds."""
    found = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        make()
        found.append(time.process_time() - begun)
    return min(found)


def _series(day: ReportedDay) -> tuple[list[datetime], list[float], list[datetime], list[float]]:
    path = day.paths[0]
    moments = [datetime.fromtimestamp(ms / 1000, UTC) for ms in path.at_ms]
    exits = [
        (datetime.fromtimestamp(sold.at_ms / 1000, UTC), sold.price / 100)
        for each in day.positions
        for sold in each.exits
    ]
    return moments, [price / 100 for price in path.prices], [at for at, _ in exits], [price for _, price in exits]


def by_plotly(day: ReportedDay) -> str:
    """Price and exits alone, as plotly draws them in one file."""
    go = import_module("plotly.graph_objects")
    x, y, exits_at, exits = _series(day)
    drawn = go.Figure([go.Scattergl(x=x, y=y), go.Scatter(x=exits_at, y=exits, mode="markers")])
    return str(drawn.to_html(include_plotlyjs=True))


def by_bokeh(day: ReportedDay) -> str:
    """The same by bokeh."""
    embed, plotting, resources = (import_module(f"bokeh.{name}") for name in ("embed", "plotting", "resources"))
    x, y, exits_at, exits = _series(day)
    drawn = plotting.figure(x_axis_type="datetime")
    drawn.line(x, y)
    drawn.scatter(exits_at, exits)
    return str(embed.file_html(drawn, resources.INLINE, "day"))


def peak_mb() -> float:
    """Peak resident memory of this process; `ru_maxrss` would also tell what was before `exec`."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def in_child(work: Callable[[], object]) -> Any:
    """What `work` comes to in a process of its own, so that its memory is its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work)


def many_days() -> tuple[int, float]:
    """Bytes of the page of sixty days, and the peak memory in MB; days come one at a time, as out of files."""
    day, first = session(), date(2025, 6, 2)
    with tempfile.TemporaryDirectory() as folder, Path(folder, "page.html").open("wb") as out, HtmlLists() as lists:
        report = Report([lists])
        for number in range(DAYS):
            report.take(replace(day, date=(first + timedelta(days=number)).isoformat(), fingerprint=str(number)))
        write_page(out, report, lists)
        return out.tell(), peak_mb()


def workbook() -> float:
    """Peak memory in MB while a workbook of 100,000 exits is written."""
    day = session()
    with tempfile.TemporaryDirectory() as folder, XlsxLists(Path(folder, "book.xlsx")) as lists:
        report = Report([lists])
        while report.modes.get(day.mode) is None or report.modes[day.mode].sums.exits < EXITS:
            report.take(replace(day, paths=(), fingerprint=""))
        lists.finish(report)
    return peak_mb()


def main() -> None:
    """Measure, and say it."""
    day = session()
    ours, own_s = len(page([day])), cpu_of(lambda: page([day]))
    print(f"page of a day: {ours / 1000:.0f} KB, {own_s * 1000:.0f} ms of the processor without the replay")
    for name, make in (("plotly", by_plotly), ("bokeh", by_bokeh)):
        try:
            size, other_s = len(make(day)), cpu_of(lambda make=make: make(day))
        except ImportError:
            print(f"{name}: not installed")
            continue
        print(f"{name}, price and exits alone: {size / ours:.1f} × the bytes, {other_s / own_s:.1f} × the time")
    size, memory = in_child(many_days)
    print(f"page of {DAYS} days: {size / 1e6:.2f} MB, peak memory {memory:.0f} MB, the replay of a day included")
    print(f"workbook of {EXITS:,} exits: peak memory {in_child(workbook):.0f} MB, the replay of a day included")


if __name__ == "__main__":
    main()
