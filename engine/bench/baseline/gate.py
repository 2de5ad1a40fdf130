"""Whether the engine costs more than it did. Pure: compares ratios of CPU times with their intervals, never times themselves."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from engine.bench.baseline.bootstrap import median_interval

Outcome = Literal["passes", "fails", "not comparable"]


class BaselineKey(Struct, frozen=True):
    """What two baselines must have in common: reference loop, Python, processor, ticks, and what was said that differs from the defaults."""

    reference: str
    python: str
    cpu: str
    ticks: str
    settings: dict[str, str]


class GateFigures(Struct, frozen=True):
    """What a tick costs in pieces of the reference's work: median of all pairs, its 95 % interval, and each pair's."""

    ratio: float
    low: float
    high: float
    pairs: tuple[float, ...]


class Verdict(Struct, frozen=True):
    """What became of a comparison, and why, in one line; `more` is how much more a tick costs than it did (0.1 = 10 %), with its interval."""

    outcome: Outcome
    text: str
    more: float | None = None
    more_low: float | None = None
    more_high: float | None = None


_WORDS = {
    "reference": "reference loop",
    "python": "Python",
    "cpu": "processor",
    "ticks": "recording",
    "settings": "configuration",
}


def gate_figures(ratios: Sequence[float]) -> GateFigures:
    """The figures of at least one pair."""
    found = median_interval(ratios)
    return GateFigures(found.median, found.low, found.high, tuple(ratios))


def difference(key: BaselineKey, base: BaselineKey) -> str:
    """What the two have not in common, in words; empty when they are comparable."""
    return ", ".join(word for name, word in _WORDS.items() if getattr(key, name) != getattr(base, name))


def judge(now: GateFigures, base: float, tolerance_percent: float) -> Verdict:
    """Compare with the ratio `base`: it fails only where even the interval's lower end is beyond the tolerance."""
    more, low, high = now.ratio / base - 1, now.low / base - 1, now.high / base - 1
    limit = tolerance_percent / 100
    sure = f"95 % sure between {low:+.1%} and {high:+.1%} by {len(now.pairs)} pairs"
    words = f"{more:+.1%} work a tick, {sure}; allowed up to {limit:+.1%}"
    return Verdict("fails" if now.low > base * (1 + limit) else "passes", words, more, low, high)
