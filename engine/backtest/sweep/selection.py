"""Chooses the best set by the days that may be chosen from, and says how honest that is. Reads a part of the sets at a time."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.backtest.sweep.luck import deflated_sharpe, overfitting
from engine.backtest.sweep.plan import SessionFacts, units_of
from engine.backtest.sweep.scores import LEAST_DAYS, Numbers, Objective, day_sharpes, scores
from engine.backtest.sweep.sets import Sets, neighbours
from engine.backtest.sweep.store import Store

Verdict = Literal["TOO FEW DAYS", "LUCK", "HOLDS SO FAR"]
_MOST_SPLIT: Final = 500  # sets that the splits of CSCV are made with: the best, and others evenly apart
_LEAST_DSR: Final = 0.95
_MOST_PBO: Final = 0.2


class Wishes(Struct, frozen=True):
    """How the best is chosen: `holdout` is the share of the days that never ranks, `windows` those of the walk forward."""

    objective: Objective = "sharpe"
    least_positions: int = 30
    holdout: float = 0.25
    windows: tuple[int, int] = (20, 5)


class Part(Struct, frozen=True):
    """Some of the sets, rows from `first` on, by day: what each won, as money and as a return; and what was summed over the sessions."""

    first: int
    nets: Numbers
    returns: Numbers
    gains: Numbers  # as nets, of the positions that won
    entries: NDArray[np.int64]
    won: NDArray[np.int64]
    drawdown: Numbers  # the largest within a session
    flags: NDArray[np.int64]


class WalkForward(Struct, frozen=True):
    """What the best of some days did in the next, window by window: mean day of both, and the one as share of the other."""

    windows: int
    inside: float
    outside: float
    efficiency: float | None


class Chosen(Struct, frozen=True):
    """What came out: rows from the best on, all scores (NaN: not ranked), and how far the best is to be believed."""

    objective: Objective
    days_in: tuple[str, ...]
    days_out: tuple[str, ...]
    order: NDArray[np.int64]
    scores: Numbers
    deflated: float | None
    overfitted: float | None
    walked: WalkForward | None
    neighbours: float | None
    verdict: Verdict
    by_engine: int
    missing: int


def days_of(sessions: Sequence[SessionFacts]) -> list[str]:
    """The days of `sessions`, each once, in their order."""
    return sorted({each.day for each in sessions})


def parts(store: Store, sets: Sets, sessions: Sequence[SessionFacts], capital: Numbers) -> Iterator[Part]:
    """All sets, a part at a time; a session that is not done counts as a day on which nothing was won. `capital` is each set's."""
    place = {day: column for column, day in enumerate(days_of(sessions))}
    part: Part | None = None
    for unit in units_of(len(sets), len(sessions)):
        if part is None or part.first != unit.first:
            if part is not None:
                yield _with_returns(part, capital)
            part = _empty(unit.first, unit.count, len(place))
        found = store.results(unit)
        if found is not None:
            column = place[sessions[unit.session].day]
            part.nets[:, column] += found["net"]
            part.gains[:, column] += found["gains"]
            for name, total in (("entries", part.entries), ("won", part.won)):
                total[:, column] += found[name]
            np.maximum(part.drawdown, found["drawdown"], out=part.drawdown)
            np.bitwise_or(part.flags, found["flags"], out=part.flags)
    if part is not None:
        yield _with_returns(part, capital)


def _empty(first: int, count: int, days: int) -> Part:
    shape = count, days
    whole = np.zeros((2, *shape), np.int64)
    flags = np.zeros(count, np.int64)
    return Part(first, np.zeros(shape), np.zeros(shape), np.zeros(shape), whole[0], whole[1], np.zeros(count), flags)


def _with_returns(part: Part, capital: Numbers) -> Part:
    np.divide(part.nets, capital[part.first : part.first + len(part.nets), None], out=part.returns)
    return part


def choose(
    store: Store, sets: Sets, sessions: Sequence[SessionFacts], capital: Numbers, wishes: Wishes, tried: int
) -> Chosen:
    """Rank all sets; `tried` is how many were ever tried on these days."""
    days = days_of(sessions)
    inside = len(days) - min(len(days) - 1, round(len(days) * wishes.holdout))
    objective = wishes.objective if inside >= LEAST_DAYS else "net"
    ranked, ratios = np.full(len(sets), np.nan), np.full(len(sets), np.nan)
    splits: list[Numbers] = []
    walk = _Walk(len(days), objective, wishes.windows)
    step = -(-len(sets) // _MOST_SPLIT)
    by_engine = 0
    for part in parts(store, sets, sessions, capital):
        rows = slice(part.first, part.first + len(part.nets))
        found = _scored(part, slice(0, inside), objective)
        enough = part.entries[:, :inside].sum(axis=1) >= wishes.least_positions
        ranked[rows] = np.where(enough, found, np.nan)
        ratios[rows] = day_sharpes(part.returns[:, :inside])
        splits.append(part.returns[-part.first % step :: step, :inside].copy())
        walk.look(part)
        by_engine += int((part.flags & 1).sum())
    order = np.argsort(-ranked, kind="stable")[: int(np.isfinite(ranked).sum())]
    best = _returns_of(store, sets, sessions, capital, int(order[0])) if len(order) else None
    deflated = overfitted = None
    if best is not None and inside >= LEAST_DAYS:
        known = ratios[np.isfinite(ratios)]
        variance = float(known.var(ddof=1)) if len(known) > 1 else 0.0
        deflated = deflated_sharpe(best[:inside], variance, max(tried, len(sets)))
        overfitted = overfitting(np.vstack([*splits, best[None, :inside]]) if step > 1 else np.vstack(splits))
    missing = len(store.failures())
    return Chosen(
        objective=objective,
        days_in=tuple(days[:inside]),
        days_out=tuple(days[inside:]),
        order=order,
        scores=ranked,
        deflated=deflated,
        overfitted=overfitted,
        walked=walk.result(),
        neighbours=near_share(sets, ranked, int(order[0])) if len(order) else None,
        verdict=_verdict(inside, deflated, overfitted, None if best is None else best[inside:]),
        by_engine=by_engine,
        missing=missing,
    )


def _scored(part: Part, days: slice, objective: Objective) -> Numbers:
    nets = part.nets[:, days]
    gains, entries = part.gains[:, days].sum(axis=1), part.entries[:, days].sum(axis=1)
    return scores(objective, part.returns[:, days], nets, gains, entries.astype(np.float64))


def _returns_of(store: Store, sets: Sets, sessions: Sequence[SessionFacts], capital: Numbers, row: int) -> Numbers:
    """The day returns of one set."""
    found: Numbers = rows_of(store, sets, sessions, capital, [row])[row].returns[0]
    return found


def rows_of(
    store: Store, sets: Sets, sessions: Sequence[SessionFacts], capital: Numbers, rows: Sequence[int]
) -> dict[int, Part]:
    """Each of a few sets as a part of its own."""
    found: dict[int, Part] = {}
    for part in parts(store, sets, sessions, capital):
        for row in rows:
            if part.first <= row < part.first + len(part.nets):
                at = row - part.first
                one = slice(at, at + 1)
                found[row] = Part(
                    row, part.nets[one].copy(), part.returns[one].copy(), part.gains[one].copy(), part.entries[one].copy(),
                    part.won[one].copy(), part.drawdown[one].copy(), part.flags[one].copy(),
                )  # fmt: skip
    return found


def near_share(sets: Sets, ranked: Numbers, row: int) -> float | None:
    """The median score one step away from set `row`, as share of its own; None where none is there, or its own is not above nought."""
    own = float(ranked[row])
    ranks = np.frombuffer(sets.ranks, np.int64)
    near = [at for rank in neighbours(sets, row) if len(at := np.flatnonzero(ranks == rank))]
    values = [float(ranked[at[0]]) for at in near if np.isfinite(ranked[at[0]])]
    return median(values) / own if values and own > 0 else None


def _verdict(days: int, deflated: float | None, overfitted: float | None, held_out: Numbers | None) -> Verdict:
    if days < LEAST_DAYS or held_out is None:
        return "TOO FEW DAYS"
    lucky = deflated is None or deflated < _LEAST_DSR or (overfitted is not None and overfitted > _MOST_PBO)
    return "LUCK" if lucky or (len(held_out) > 0 and held_out.sum() <= 0) else "HOLDS SO FAR"


class _Walk:
    """Finds the best of each window, part by part, and what it did behind it."""

    def __init__(self, days: int, objective: Objective, windows: tuple[int, int]) -> None:
        self._inside, self._outside = windows
        self._objective = objective if self._inside >= LEAST_DAYS else "net"
        self._starts = range(0, days - self._inside - self._outside + 1, self._outside)
        self._best = [(-np.inf, 0.0, 0.0) for _ in self._starts]  # score, mean day inside, outside

    def look(self, part: Part) -> None:
        """Take a part of the sets in."""
        for number, start in enumerate(self._starts):
            middle = start + self._inside
            found = np.nan_to_num(_scored(part, slice(start, middle), self._objective), nan=-np.inf)
            best = int(found.argmax())
            if found[best] > self._best[number][0]:
                inside = float(part.returns[best, start:middle].mean())
                outside = float(part.returns[best, middle : middle + self._outside].mean())
                self._best[number] = float(found[best]), inside, outside

    def result(self) -> WalkForward | None:
        """What came of all windows; None where there is none."""
        known = [each for each in self._best if each[0] > -np.inf]
        if not known:
            return None
        inside = sum(each[1] for each in known) / len(known)
        outside = sum(each[2] for each in known) / len(known)
        return WalkForward(len(known), inside, outside, outside / inside if inside > 0 else None)
