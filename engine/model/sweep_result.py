"""What came of a sweep: its table and what heads it, maps of two keys, how all scores lie. Plain data, which a file of a sweep keeps."""

from msgspec import Struct


class SetRow(Struct, frozen=True):
    """One set of the table: money in the currency, `drawdown` the largest within a session; None is not defined."""

    row: int
    values: dict[str, str]
    score: float | None
    net_in: float
    net_out: float | None
    day_mean: float
    day_low: float | None
    day_high: float | None
    sharpe: float | None
    drawdown: float
    positions: int
    win_rate: float | None
    neighbours: float | None
    still_open: bool


class Summary(Struct, frozen=True):
    """What heads the table, as `--json` prints it; `tried` and `looks` are the ledger's."""

    file: str
    sets: int
    dropped: int
    sessions: int
    days_in: int
    days_out: int
    objective: str
    ranked: int
    by_engine: int
    units: int
    units_done: int
    missing: tuple[str, ...]
    tried: int
    looks: int
    deflated_sharpe: float | None
    overfitting: float | None
    walk_forward_windows: int
    walk_forward_efficiency: float | None
    neighbours: float | None
    verdict: str
    rows: tuple[SetRow, ...]
    same: str = ""
    lost: tuple[str, ...] = ()  # of which files something could not be read or is left out


class KeyMap(Struct, frozen=True):
    """The median score over all other keys for each value of `down` (rows) and `across` (columns); None where no set is ranked.

    Where one key alone varies `across` is empty, and there is one column.
    """

    objective: str
    down: str
    across: str
    down_texts: tuple[str, ...]
    across_texts: tuple[str, ...]
    medians: tuple[tuple[float | None, ...], ...]


class Spread(Struct, frozen=True):
    """How many sets have which score: parts of one width from `lowest` to `highest`."""

    lowest: float
    highest: float
    median: float
    counts: tuple[int, ...]


class SweepReport(Struct, frozen=True):
    """All that a report shows; `left_out` are pairs of keys with too many values to be drawn, `held_out` fingerprints of sessions."""

    summary: Summary
    maps: tuple[KeyMap, ...]
    left_out: tuple[str, ...]
    spread: Spread | None
    held_out: tuple[str, ...]
