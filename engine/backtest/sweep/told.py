"""A sweep as lines for a person, a map of two keys, or CSV of all sets. Opens nothing but the store."""

import shlex
from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np

from engine.backtest.sweep.selection import Chosen, days_of, parts
from engine.backtest.sweep.sets import Sets
from engine.backtest.sweep.store import Store
from engine.backtest.sweep.sweeping import SetRow, Summary, capital_of
from engine.model.errors import InputError

_NONE = "—"


def lines(summary: Summary) -> Iterator[str]:
    """The verdict and what it rests on, then the table."""
    yield f"{summary.file}: {summary.verdict}"
    kept = f"{summary.sets:,} sets ({summary.dropped:,} contradict themselves) on {summary.sessions} sessions"
    yield f"  {kept}; ranked by {summary.objective}: {summary.ranked:,}; by the engine itself {summary.by_engine:,} results"
    yield (
        f"  ever tried on these days: {summary.tried:,} sets; held out: {summary.days_out} of "
        f"{summary.days_in + summary.days_out} days, looked at {summary.looks} times"
    )
    yield (
        f"  deflated Sharpe {_number(summary.deflated_sharpe)}, overfitting (PBO) {_number(summary.overfitting)}, "
        f"walk forward {_number(summary.walk_forward_efficiency)} of the mean day ({summary.walk_forward_windows} windows), "
        f"neighbours {_number(summary.neighbours)}"
    )
    if summary.units_done + len(summary.missing) < summary.units:
        yield f"  NOT FINISHED: {summary.units_done} of {summary.units} units are done, the days of the others count nothing"
    if summary.missing:
        yield f"  {len(summary.missing)} units could not be done, their days count nothing: {summary.missing[0]}"
    if summary.rows:
        yield from _table(summary.rows)
    if summary.same:
        yield summary.same


def _table(rows: Sequence[SetRow]) -> Iterator[str]:
    keys = list(rows[0].values)
    head = ["row", *keys, "net in", "net out", "a day ±", "Sharpe", "drawdown", "positions", "won", "neighbours"]
    cells = [head, *(_cells(row, keys) for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(head))]
    for line in cells:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))


def _cells(row: SetRow, keys: Sequence[str]) -> list[str]:
    band = _NONE
    if row.day_low is not None and row.day_high is not None:
        band = f"{row.day_mean:,.0f} [{row.day_low:,.0f}..{row.day_high:,.0f}]"
    won = _NONE if row.win_rate is None else f"{row.win_rate:.0%}"
    return [
        str(row.row),
        *(row.values[key] for key in keys),
        f"{row.net_in:,.2f}",
        f"{row.net_out:,.2f}",
        band,
        _number(row.sharpe),
        f"{row.drawdown:,.2f}",
        f"{row.positions:,}{'*' if row.still_open else ''}",
        won,
        _number(row.neighbours),
    ]


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"


def as_csv(store: Store) -> Iterator[str]:
    """Every set in its order: its values, and what it came to on each day, to the last digit."""
    sets, sessions = store.sets(), store.sessions()
    days = days_of(sessions)
    yield ",".join(["row", *(axis.key for axis in sets.axes), "positions", "won", "drawdown", *days])
    for part in parts(store, sets, sessions, capital_of(float(store.facts("capital")), sets)):
        for at, nets in enumerate(part.nets.tolist()):
            row = part.first + at
            values = (f'"{text}"' if "," in text else text for text in sets.texts(row).values())
            counted = (str(int(each[at].sum())) for each in (part.entries, part.won))
            yield ",".join([str(row + 1), *values, *counted, repr(float(part.drawdown[at])), *map(repr, nets)])


def as_map(sets: Sets, chosen: Chosen, first: str, second: str) -> Iterator[str]:
    """The median score over all other keys for each pair of values of two keys; raises InputError for a key that does not vary."""
    places = {axis.key: place for place, axis in enumerate(sets.axes)}
    for key in (first, second):
        if key not in places:
            raise InputError(f"--map {key}: does not vary; allowed: {', '.join(places)}")
    down, across = sets.axes[places[first]], sets.axes[places[second]]
    cells: dict[tuple[int, int], list[float]] = {}
    for row in np.flatnonzero(np.isfinite(chosen.scores)).tolist():
        at = sets.places(row)
        cells.setdefault((at[places[first]], at[places[second]]), []).append(float(chosen.scores[row]))
    yield f"median {chosen.objective}: {first} down, {second} across"
    table = [["", *across.texts]]
    for one, text in enumerate(down.texts):
        medians = (cells.get((one, other)) for other in range(len(across.texts)))
        table.append([text, *(_NONE if not each else f"{median(each):,.2f}" for each in medians)])
    widths = [max(len(line[place]) for line in table) for place in range(len(table[0]))]
    for line in table:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))


def command_of(store: Store, row: int) -> str:
    """One command that makes row number `row` anew."""
    search, files = store.search(), dict.fromkeys(each.path for each in store.sessions())
    said = [*search.overrides, *(f"{key}={text}" for key, text in store.sets().texts(row).items())]
    config = ["--config", search.config_file] if search.config_file else []
    words = [
        "myquant-tui",
        "report",
        "--replay",
        *config,
        *(word for each in said for word in ("--set", each)),
        "--json",
        *files,
    ]
    return shlex.join(words)
