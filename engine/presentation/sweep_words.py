"""A sweep as lines for a person: the verdict, what it rests on, the table, a map of two keys. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from engine.model.sweep_result import KeyMap, SetRow, Summary

_NONE: Final = "—"
_MOST_LOST: Final = 10  # lines of what was lost


def lines(summary: Summary) -> Iterator[str]:
    """The verdict and what it rests on, then the table."""
    yield f"{summary.file}: {summary.verdict}"
    yield from (f"  {line}" for line in (*grounds(summary), *lacking(summary)))
    if summary.rows:
        yield from (f"  {line}" for line in _aligned(table_of(summary.rows)))
    if summary.same:
        yield summary.same


def grounds(summary: Summary) -> Iterator[str]:
    """What the verdict rests on."""
    kept = f"{summary.sets:,} sets ({summary.dropped:,} contradict themselves) on {summary.sessions} sessions"
    yield f"{kept}; ranked by {summary.objective}: {summary.ranked:,}; by the engine itself {summary.by_engine:,} results"
    yield (
        f"ever tried on these days: {summary.tried:,} sets; held out: {summary.days_out} of "
        f"{summary.days_in + summary.days_out} days, looked at {summary.looks} times"
    )
    yield (
        f"deflated Sharpe {_number(summary.deflated_sharpe)}, overfitting (PBO) {_number(summary.overfitting)}, "
        f"walk forward {_number(summary.walk_forward_efficiency)} of the mean day ({summary.walk_forward_windows} windows), "
        f"neighbours {_number(summary.neighbours)}"
    )


def lacking(summary: Summary) -> Iterator[str]:
    """What is not done, or could not be; what of the files was lost."""
    if summary.units_done + len(summary.missing) < summary.units:
        yield f"NOT FINISHED: {summary.units_done} of {summary.units} units are done, the days of the others count nothing"
    if summary.missing:
        yield f"{len(summary.missing)} units could not be done, their days count nothing: {summary.missing[0]}"
    yield from (f"lost: {line}" for line in summary.lost[:_MOST_LOST])
    if len(summary.lost) > _MOST_LOST:
        yield f"lost: {len(summary.lost) - _MOST_LOST} more"


def table_of(rows: Sequence[SetRow]) -> list[list[str]]:
    """The names of the columns, and the cells of each set."""
    keys = list(rows[0].values)
    head = ["row", *keys, "net in", "net out", "a day ±", "Sharpe", "drawdown", "positions", "won", "neighbours"]
    return [head, *(_cells(row, keys) for row in rows)]


def map_lines(found: KeyMap) -> Iterator[str]:
    """The map of two keys as a table."""
    yield map_title(found)
    rows = zip(found.down_texts, found.medians, strict=True)
    cells = [["", *found.across_texts], *([text, *map(median_words, medians)] for text, medians in rows)]
    yield from (f"  {line}" for line in _aligned(cells))


def map_title(found: KeyMap) -> str:
    """What stands in the cells of a map, and where its keys stand."""
    return f"median {found.objective}: {found.down} down" + (f", {found.across} across" if found.across else "")


def median_words(value: float | None) -> str:
    """A cell of a map; a dash where no set is ranked."""
    return _NONE if value is None else f"{value:,.2f}"


def _aligned(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))


def _cells(row: SetRow, keys: Sequence[str]) -> list[str]:
    band = _NONE
    if row.day_low is not None and row.day_high is not None:
        band = f"{row.day_mean:,.0f} [{row.day_low:,.0f}..{row.day_high:,.0f}]"
    won = _NONE if row.win_rate is None else f"{row.win_rate:.0%}"
    return [
        str(row.row),
        *(row.values[key] for key in keys),
        f"{row.net_in:,.2f}",
        _NONE if row.net_out is None else f"{row.net_out:,.2f}",
        band,
        _number(row.sharpe),
        f"{row.drawdown:,.2f}",
        f"{row.positions:,}{'*' if row.still_open else ''}",
        won,
        _number(row.neighbours),
    ]


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"
