"""Parameter sets: which there are, which contradict themselves, and the configuration of each. Pure; opens nothing."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.backtest.sweep.axes import Axis, varied
from engine.config import Config
from engine.config.contradictions import Values, contradictions
from engine.config.schema import INSTRUMENTS, Tables
from engine.model.errors import ConfigError

MOST_SETS: Final = 10_000_000
_MOST_PLACES: Final = 1 << 62  # in a grid of which some are chosen
_JUDGED: Final = ("session", "capital", "strategy", "risk", "charges", "paper", "instrument")


class Sets(Struct, frozen=True):
    """The sets of a sweep in their order: `ranks` are their places in the whole grid, `dropped` contradict themselves."""

    axes: tuple[Axis, ...]
    ranks: "array[int]"
    dropped: int

    def __len__(self) -> int:
        return len(self.ranks)

    def places(self, row: int) -> tuple[int, ...]:
        """Which value of each axis set number `row` has."""
        return places_of(self.ranks[row], self.axes)

    def values(self, row: int) -> Mapping[str, object]:
        """The values of set number `row` by their keys."""
        return varied(self.axes, self.places(row))

    def texts(self, row: int) -> dict[str, str]:
        """The same as `--set` takes them."""
        places = zip(self.axes, self.places(row), strict=True)
        return {axis.key: axis.texts[place] for axis, place in places}


def sets_of(axes: tuple[Axis, ...], base: Values, tables: Tables, *, trials: int | None = None, seed: int = 0) -> Sets:
    """All sets of the grid of `axes`, or `trials` of them at random; `base` has the values that do not vary.

    Raises ConfigError where there are too many, or none that does not contradict itself: it names the first contradiction.
    """
    size = prod(len(axis.values) for axis in axes)
    if size > _MOST_PLACES:
        raise ConfigError(f"--set: a grid of {size:,} sets has more places than can be counted; allowed: fewer values")
    if (size if trials is None else trials) > MOST_SETS:
        raise ConfigError(f"{size:,} sets are more than {MOST_SETS:,}; allowed: --search random --trials N")
    chosen: Sequence[int] = range(size)
    if trials is not None and trials < size:
        chosen = Random(seed).sample(chosen, trials)  # noqa: S311 - to choose, not to hide
    values = dict(base)
    ranks, first = array("q"), ""
    for rank in chosen:
        values.update(varied(axes, places_of(rank, axes)))
        problem = next((line for _, line in contradictions(values, tables)), "")
        if not problem:
            ranks.append(rank)
        first = first or problem
    if not ranks:
        raise ConfigError(f"--set: every set contradicts itself; the first: {first}")
    return Sets(axes, ranks, len(chosen) - len(ranks))


def places_of(rank: int, axes: Sequence[Axis]) -> tuple[int, ...]:
    """The places on `axes` of the set at `rank` in the grid, whose last axis varies first."""
    places = []
    for axis in reversed(axes):
        rank, place = divmod(rank, len(axis.values))
        places.append(place)
    return tuple(reversed(places))


def neighbours(sets: Sets, row: int) -> Iterator[int]:
    """The ranks of the grid that are one step away from set number `row` on one axis."""
    places, weight = sets.places(row), 1
    for axis, place in reversed(list(zip(sets.axes, places, strict=True))):
        for other in (place - 1, place + 1):
            if 0 <= other < len(axis.values):
                yield sets.ranks[row] + (other - place) * weight
        weight *= len(axis.values)


def values_of(config: Config) -> dict[str, object]:
    """The parsed values of `config` by "section.key", of all sections in which keys may contradict each other."""
    values: dict[str, object] = {}
    for section in _JUDGED:
        record = getattr(config, section)
        values.update({f"{section}.{name}": getattr(record, name) for name in record.__struct_fields__})
    for symbol, record in config.instruments.items():
        values.update({f"{INSTRUMENTS}.{symbol}.{name}": getattr(record, name) for name in record.__struct_fields__})
    return values


def with_values(config: Config, values: Mapping[str, object]) -> Config:
    """`config` with `values` by "section.key" in the place of its own."""
    sections: dict[str, dict[str, object]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
    return replace(config, **{name: replace(getattr(config, name), **fields) for name, fields in sections.items()})
