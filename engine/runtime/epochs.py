"""Latency per epoch: one epoch is one stretch in one delivery mode, so that modes can be compared side by side."""

import time

from msgspec.structs import replace

from engine.model.latency import Histogram
from engine.model.measures import StageCounts
from engine.model.run_views import EpochView
from engine.model.types import Delivery
from engine.runtime.cursor import NEVER

STAGES = ("receive→inbox", "wait", "decide", "act", "tick→order")
TOTAL = "receive→decision"
# The stages as counters name them: those above, `total`, and `network`, from the exchange's stamp to our receipt.
COUNTED = ("receive_to_inbox", "wait", "decide", "act", "tick_to_order", "total", "network")
_KEPT = 8
_FRESH_NS = 500_000_000  # how long figures stand: summing the histograms up costs as much as the rest of a picture


class HandlerBudget:
    """How long a live tick's handler may take, `limit_ns`, and how many of the last ticks were over it."""

    __slots__ = ("limit_ns", "slow")

    def __init__(self) -> None:
        self.limit_ns = NEVER
        self.slow = 0


class Epoch:
    """Histograms of one stretch; `total` gets every tick, the stages one in 16 (or all, on demand)."""

    __slots__ = (
        "_cpu_ns",
        "_ended",
        "_merged_before",
        "_wall_ns",
        "act",
        "decide",
        "delivery",
        "first_tick",
        "network",
        "ticks",
        "to_inbox",
        "to_order",
        "total",
        "wait",
    )

    def __init__(self, delivery: Delivery, first_tick: int, merged_before: int) -> None:
        self.delivery = delivery
        self.first_tick = first_tick
        self.ticks = 0
        self.total = Histogram()
        self.network = Histogram()  # of live ticks, one in 16: from the exchange's stamp to the receipt, by our clock
        self.to_inbox, self.wait, self.decide, self.act, self.to_order = (Histogram() for _ in STAGES)
        self._merged_before = merged_before
        self._wall_ns = time.perf_counter_ns()
        self._cpu_ns = time.process_time_ns()
        self._ended: tuple[int, int, int] | None = None  # wall ns, CPU ns, merged: once the epoch is over

    def _used(self, merged: int) -> tuple[int, int, int]:
        if self._ended is not None:
            return self._ended
        wall_ns = time.perf_counter_ns() - self._wall_ns
        return wall_ns, time.process_time_ns() - self._cpu_ns, merged - self._merged_before

    def end(self, last_tick: int, merged: int) -> None:
        """Freeze the epoch's figures."""
        self.ticks = last_tick - self.first_tick + 1
        self._ended = self._used(merged)

    def view(self, last_tick: int, merged: int) -> EpochView:
        """Plain figures of the epoch so far."""
        wall_ns, cpu_ns, merged_here = self._used(merged)
        stages = (self.to_inbox, self.wait, self.decide, self.act, self.to_order)
        named = {TOTAL: self.total} | dict(zip(STAGES, stages, strict=True))
        return EpochView(
            delivery=self.delivery,
            first_tick=self.first_tick,
            ticks=self.ticks if self._ended else last_tick - self.first_tick + 1,
            merged=merged_here,
            cpu_share=cpu_ns / wall_ns if wall_ns else 0.0,
            stages={name: histogram.summary() for name, histogram in named.items() if histogram.max_ns},
        )

    def counts(self) -> list[StageCounts]:
        """The counts of every stage that has any."""
        histograms = (self.to_inbox, self.wait, self.decide, self.act, self.to_order, self.total, self.network)
        named = zip(COUNTED, histograms, strict=True)
        return [StageCounts.of(stage, self.delivery, each) for stage, each in named if each.count]

    def time_passed(self, view: EpochView, merged: int) -> EpochView:
        """`view` of this epoch, of which no tick has come since, as it is now."""
        wall_ns, cpu_ns, merged_here = self._used(merged)
        return replace(view, merged=merged_here, cpu_share=cpu_ns / wall_ns if wall_ns else 0.0)


class Epochs:
    """The epochs of a run, the newest last; only the newest few are kept.

    A tick whose number has no bit of `sample_mask` is stamped at every stage.
    """

    __slots__ = ("_before", "_counted", "_due_ns", "_past_views", "_shown_tick", "_views", "now", "sample_mask")

    def __init__(self, delivery: Delivery, *, every_tick: bool = False) -> None:
        self.sample_mask = 0 if every_tick else 15
        self.now = Epoch(delivery, 1, 0)
        self._before = Histogram()  # every tick of the epochs that are over
        # What was counted in all epochs but the newest two, and these: one value, so that another thread reads each of them
        # once, however many switches come meanwhile. The one that has just ended may still be given a tick by the feed.
        self._counted: tuple[tuple[StageCounts, ...], tuple[Epoch, ...]] = ((), (self.now,))
        self._past_views: tuple[EpochView, ...] = ()  # what is over stays as it is
        self._views: tuple[EpochView, ...] = ()
        self._due_ns = 0
        self._shown_tick = -1  # the newest of which `_views` tells

    def switch(self, delivery: Delivery, last_tick: int, merged: int) -> None:
        """End the present epoch and begin one in `delivery`."""
        self.now.end(last_tick, merged)
        self._before.add(self.now.total)
        self._past_views = (*self._past_views, self.now.view(last_tick, merged))[-_KEPT:]
        self._due_ns, self._shown_tick = 0, -1
        counted, (*over, ended) = self._counted
        begun = Epoch(delivery, last_tick + 1, merged)
        self._counted = _joined(counted, *over), (ended, begun)
        self.now = begun

    def all_ticks(self) -> Histogram:
        """Receive → decision over every tick of the run."""
        whole = Histogram()
        whole.add(self._before)
        whole.add(self.now.total)
        return whole

    def counts(self) -> tuple[StageCounts, ...]:
        """The counts of every stage over every epoch, by delivery; from any thread."""
        counted, newest = self._counted
        return _joined(counted, *newest)

    def views(self, last_tick: int, merged: int, *, fresh: bool = False) -> tuple[EpochView, ...]:
        """All kept epochs as plain figures; those of the present one are up to half a second old unless `fresh`."""
        now_ns = time.perf_counter_ns()
        if fresh or now_ns >= self._due_ns:
            self._due_ns = now_ns + _FRESH_NS
            if fresh or last_tick != self._shown_tick:
                self._shown_tick = last_tick
                self._views = (*self._past_views, self.now.view(last_tick, merged))
            elif self._views:  # without a new tick the stages are as they were
                self._views = (*self._past_views, self.now.time_passed(self._views[-1], merged))
        return self._views


def _joined(before: tuple[StageCounts, ...], *epochs: Epoch) -> tuple[StageCounts, ...]:
    """Counts with those of `epochs` added to the same stage and delivery."""
    by_name = {(each.stage, each.delivery): each for each in before}
    for each in (each for epoch in epochs for each in epoch.counts()):
        name = each.stage, each.delivery
        by_name[name] = by_name[name].with_more(each) if name in by_name else each
    return tuple(by_name.values())
