"""What `bench --delivery` reports, and how it is written down. Knows no process and no engine."""

from array import array
from typing import Final, Literal

from msgspec import Struct

from engine.bench.protocol import Slice
from engine.model.types import DELIVERIES, Delivery

BARE: Final = "bare recv"
Receiver = Literal["bare recv"] | Delivery
_Key = tuple[float, Receiver, bool]


class LatencyFigures(Struct, frozen=True):
    """Wire → decision (bare recv: wire → receipt) of one receiver at one rate, over all rounds.

    `over_bare` is p99 over that of bare recv and `over_unwatched` p99 over that without a screen, each within one round
    and then the median of all rounds, so that one bad moment of the machine does not decide. `cpu_percent` of one core
    is the engine process's, all threads.
    """

    rate: float
    receiver: Receiver
    screen: bool
    ticks: int
    p50_us: float
    p95_us: float
    p99_us: float
    max_us: float
    over_bare: float | None = None
    over_unwatched: float | None = None
    cpu_percent: float | None = None
    merged: int = 0
    lost: int = 0


class ThroughputFigures(Struct, frozen=True):
    """The highest rate that was worked without a drop or a growing queue; 0: none did; `sender_limit`: nothing faster could be sent."""

    delivery: Delivery
    ticks_per_s: int
    sender_limit: bool


class DeliveryReport(Struct, frozen=True):
    """What `bench --delivery --json` prints. Memory is resident, in MB of 10⁶ bytes; `measuring_us` is in every latency."""

    seconds: float
    measuring_us: float
    engine_rss_mb: float
    screen_rss_mb: float | None
    latencies: tuple[LatencyFigures, ...]
    throughput: tuple[ThroughputFigures, ...]


class _Kept:
    """All slices of one receiver at one rate."""

    def __init__(self) -> None:
        self.late_ns = array("q")
        self.p99_ns: list[int] = []  # of each round
        self.merged = self.lost = 0
        self.cpu_share = 0.0


class Collected:
    """Gathers slices until the end."""

    def __init__(self) -> None:
        self.rss_mb = 0.0  # of the engine, the most seen without a screen
        self._kept: dict[_Key, _Kept] = {}

    def add(self, rate: float, delivery: Delivery | None, screen: bool, slice_: Slice) -> None:
        """Take one slice in; `delivery` None: of the bare loop."""
        kept = self._kept.setdefault((rate, delivery or BARE, screen), _Kept())
        kept.late_ns.extend(slice_.late_ns)
        kept.p99_ns.append(_quantile(sorted(slice_.late_ns), 0.99))
        kept.merged += slice_.merged
        kept.lost += slice_.lost
        kept.cpu_share += slice_.cpu_share
        if not screen:
            self.rss_mb = max(self.rss_mb, slice_.rss_mb)

    def figures(self) -> tuple[LatencyFigures, ...]:
        """One line for each receiver and rate, the bare loop before the modes."""
        receivers: tuple[Receiver, ...] = (BARE, *DELIVERIES)
        keys = sorted(self._kept, key=lambda key: (key[2], key[0], receivers.index(key[1])))
        return tuple(self._figures(key) for key in keys)

    def _figures(self, key: _Key) -> LatencyFigures:
        rate, receiver, screen = key
        kept = self._kept[key]
        values = sorted(kept.late_ns)
        bare = receiver == BARE
        return LatencyFigures(
            rate=rate,
            receiver=receiver,
            screen=screen,
            ticks=len(values),
            p50_us=_quantile(values, 0.5) / 1000,
            p95_us=_quantile(values, 0.95) / 1000,
            p99_us=_quantile(values, 0.99) / 1000,
            max_us=_quantile(values, 1.0) / 1000,
            over_bare=None if bare else _ratio(kept, self._kept[rate, BARE, screen]),
            over_unwatched=_ratio(kept, self._kept[rate, receiver, False]) if screen else None,
            cpu_percent=None if bare else round(100 * kept.cpu_share / len(kept.p99_ns), 2),
            merged=kept.merged,
            lost=kept.lost,
        )


def _ratio(one: _Kept, other: _Kept) -> float:
    """Median over the rounds of the ratio of the two p99."""
    ratios = sorted(mine / max(theirs, 1) for mine, theirs in zip(one.p99_ns, other.p99_ns, strict=False))
    return round(ratios[len(ratios) // 2], 2)


def _quantile(values: list[int], share: float) -> int:
    """The least of the rising `values` that at least this share of them does not exceed; 0 of none."""
    return values[max(0, -int(-len(values) * share // 1) - 1)] if values else 0


_HEAD: Final = f"{'':11}{'ticks':>9}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}{'÷ bare':>9}{'CPU':>9}{'dropped':>9}"


def lines(report: DeliveryReport) -> list[str]:
    """The report for a person, at most 100 columns wide."""
    found = ["wire → decision in µs, on one machine; bare recv: a loop that only receives the same packets"]
    before: tuple[float, bool] | None = None
    for row in report.latencies:
        if (row.rate, row.screen) != before:
            before = row.rate, row.screen
            shown = ", screen attached" if row.screen else ""
            found += ["", f"{row.rate:g} ticks/s{shown}", _HEAD + (f"{'÷ without':>11}" if row.screen else "")]
        found.append(_row(row))
    found.append("")
    for limit in report.throughput:
        if not limit.ticks_per_s:
            found.append(f"{limit.delivery:11}kept up with no rate that was tried: the machine is too busy")
            continue
        more = " (nothing faster could be sent)" if limit.sender_limit else ""
        found.append(f"{limit.delivery:11}works {limit.ticks_per_s:,} ticks/s without a drop or a growing queue{more}")
    found.append(f"engine process: {report.engine_rss_mb:.1f} MB resident")
    if report.screen_rss_mb is not None:
        found.append(f"screen process: {report.screen_rss_mb:.1f} MB resident, 80×24")
    found.append(f"of each latency but the bare ones {report.measuring_us:.1f} µs are the measuring itself")
    found.append("÷ bare, ÷ without: p99 over that of the bare loop, or without a screen; median of all rounds")
    return found


def _row(row: LatencyFigures) -> str:
    values = "".join(f"{value:10.1f}" for value in (row.p50_us, row.p95_us, row.p99_us, row.max_us))
    text = f"{row.receiver:11}{row.ticks:9,}{values}"
    if row.over_bare is not None and row.cpu_percent is not None:
        text += f"{row.over_bare:9.2f}{row.cpu_percent:7.2f} %{row.merged + row.lost:9,}"
    elif row.screen:
        text += " " * 27
    return text if row.over_unwatched is None else f"{text}{row.over_unwatched:11.2f}"
