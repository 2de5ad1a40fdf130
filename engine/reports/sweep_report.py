"""A sweep as lines for a terminal and as a page without a script; what it rests on heads both. Pure."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from engine.model.sweep_result import Spread, SweepReport
from engine.presentation.sweep_words import grounds, lacking, map_lines, table_of
from engine.reports.html_parts import figure, page_foot, page_head, table
from engine.reports.report_text import in_ascii
from engine.reports.svg import WIDTH
from engine.reports.sweep_pictures import spread, sweep_pictures
from engine.reports.tables import fitted
from engine.reports.terminal_chart import curve_lines

_CHART_HEIGHT: Final = 12
_MOST_WIDTH: Final = 200
_MISSED_LEAST: Final = ("neighbours", "won", "drawdown", "a day ±")


def heads(found: SweepReport) -> list[str]:
    """What must not be overlooked, the verdict, and whether the engine has it so."""
    summary = found.summary
    same = summary.same or "NOT HELD TO THE ENGINE"
    said = [f"{summary.file}: {summary.verdict}", *lacking(summary)]
    return [same, *said] if same.startswith("NOT") else [*said, same]


def remarks(found: SweepReport) -> list[str]:
    """The ledger's counts, the figures of the days held out, and what is not drawn."""
    summary = found.summary
    said = list(grounds(summary))
    best = summary.rows[0] if summary.rows else None
    if best is not None and best.net_out is not None:
        said.append(
            f"held out: row {best.row}, the best, kept {best.net_out:,.2f} in {summary.days_out} days, and {best.net_in:,.2f} in the "
            f"{summary.days_in} that it was chosen by"
        )
    said += [f"too many values for a map: {pair}; sweep show --map {pair} lists it" for pair in found.left_out]
    return said


def sweep_lines(found: SweepReport, width: int, *, ascii_only: bool = False) -> Iterator[str]:
    """All of the report, for `width` cells."""
    lines = _lines(found, min(width, _MOST_WIDTH), ascii_only=ascii_only)
    yield from (in_ascii(line) if ascii_only else line for line in lines)


def _lines(found: SweepReport, width: int, *, ascii_only: bool) -> Iterator[str]:
    yield from heads(found)
    yield from (f"note: {line}" for line in remarks(found))
    if found.summary.rows:
        head, *rows = table_of(found.summary.rows)
        yield from ("", *fitted(head, rows, width, left=(), missed_least=_MISSED_LEAST))
    for each in found.maps:
        yield from ("", *map_lines(each))
    if found.spread is not None:
        yield from ("", spread(found.spread, found.summary.objective).says)
        yield from _curve(found.spread, width, ascii_only=ascii_only)


def _curve(found: Spread, width: int, *, ascii_only: bool) -> Iterator[str]:
    """How many sets (up) have which score (to the right)."""
    size = (found.highest - found.lowest) / len(found.counts)
    yield from curve_lines(
        [100 * count for count in found.counts],  # in hundredths, as all that is charted
        min(width, 100),
        _CHART_HEIGHT,
        lambda hundredths: f"{hundredths / 100:,.0f}",
        lambda place: f"{found.lowest + (place + 0.5) * size:,.2f}",
        ascii_only=ascii_only,
    )


def write_sweep_page(out: BinaryIO, found: SweepReport) -> None:
    """Write the whole page."""
    parts = [page_head(f"Sweep {Path(found.summary.file).name}", heads(found), remarks(found))]
    drawn = sweep_pictures(found)
    parts += [figure(each, "wide broad") for each in drawn if each.drawing.width > WIDTH]
    small = (figure(each) for each in drawn if each.drawing.width <= WIDTH)
    parts.append(f'<div class="pictures">{"".join(small)}</div>\n')
    if found.summary.rows:
        head, *rows = table_of(found.summary.rows)
        parts.append(f'<h2>The best {len(rows)} sets</h2><section class="card">{table(head, rows)}</section>\n')
    parts.append(page_foot("Scores are of the days that sets are chosen by; a cell of a map is a median."))
    out.write("".join(parts).encode("utf-8", "replace"))
