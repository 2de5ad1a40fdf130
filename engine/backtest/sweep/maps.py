"""Scores of all sets by two keys at a time, and how they lie: medians over the other keys. Pure."""

from itertools import combinations
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.backtest.sweep.axes import Axis
from engine.backtest.sweep.selection import Chosen
from engine.backtest.sweep.sets import Sets
from engine.model.errors import InputError
from engine.model.sweep_result import KeyMap, Spread

MOST_VALUES: Final = 40  # of a key that is drawn
MOST_MAPS: Final = 10
_BINS: Final = 20
_ALONE: Final = Axis("", ("",), ("",))  # beside a key that varies alone


def map_of(sets: Sets, chosen: Chosen, first: str, second: str) -> KeyMap:
    """The median score over all other keys for each pair of values of two keys; raises InputError for a key that does not vary."""
    known = {axis.key: axis for axis in sets.axes}
    for key in (first, second):
        if key not in known:
            raise InputError(f"--map {key}: does not vary; allowed: {', '.join(known)}")
    return _map(sets, chosen, known[first], known[second])


def all_maps(sets: Sets, chosen: Chosen) -> tuple[tuple[KeyMap, ...], tuple[str, ...]]:
    """The maps of each two keys, the one with more values down; and which pairs are left out, as they have too many."""
    pairs = list(combinations(sets.axes, 2)) or [(axis, _ALONE) for axis in sets.axes]
    maps: list[KeyMap] = []
    left_out: list[str] = []
    for pair in pairs:
        down, across = sorted(pair, key=lambda axis: len(axis.texts), reverse=True)
        if len(down.texts) > MOST_VALUES or len(maps) == MOST_MAPS:
            left_out.append(f"{down.key} {across.key}".strip())
        else:
            maps.append(_map(sets, chosen, down, across))
    return tuple(maps), tuple(left_out)


def _map(sets: Sets, chosen: Chosen, down: Axis, across: Axis) -> KeyMap:
    ranked = np.flatnonzero(np.isfinite(chosen.scores))
    scores, ranks = chosen.scores[ranked], np.frombuffer(sets.ranks, np.int64)[ranked]
    rows, columns = _places(sets, down, ranks), _places(sets, across, ranks)
    medians = []
    for row in range(len(down.texts)):
        there = rows == row
        of_row, at = scores[there], columns[there]
        cells = (of_row[at == column] for column in range(len(across.texts)))
        medians.append(tuple(float(np.median(each)) if len(each) else None for each in cells))
    return KeyMap(chosen.objective, down.key, across.key, down.texts, across.texts, tuple(medians))


def _places(sets: Sets, of: Axis, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which value of an axis each set of `ranks` has; all have the one of an axis that is none."""
    if of is _ALONE:
        return np.zeros(len(ranks), np.int64)
    keys = [axis.key for axis in sets.axes]
    weight = prod(len(axis.values) for axis in sets.axes[keys.index(of.key) + 1 :])
    return np.asarray(ranks // weight % len(of.values))


def spread_of(chosen: Chosen) -> Spread | None:
    """How the scores of all ranked sets lie; None where there are not two that differ."""
    scores = chosen.scores[np.isfinite(chosen.scores)]
    if len(scores) < 2 or not np.ptp(scores):
        return None
    counts, edges = np.histogram(scores, _BINS)
    return Spread(float(edges[0]), float(edges[-1]), float(np.median(scores)), tuple(counts.tolist()))
