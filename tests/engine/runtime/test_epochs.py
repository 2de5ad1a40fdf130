"""Counters over all epochs only rise, whichever delivery a tick came by and whatever happens while somebody reads them."""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.model.measures import StageCounts
from engine.model.types import DELIVERIES, Delivery
from engine.runtime.epochs import Epochs

_STEP = st.sampled_from(DELIVERIES) | st.integers(0, 2**32)  # a switch, or how long a tick took in ns
_STEPS = st.lists(_STEP, max_size=12)
# Steps ahead of a reading, after how many instructions of it others come, and those.
_READING = st.tuples(_STEPS, st.integers(0, 40), _STEPS)


class Counted:
    """Epochs, and beside them what was recorded, by delivery."""

    def __init__(self) -> None:
        self.epochs = Epochs("callback")
        self.took: dict[Delivery, list[int]] = {delivery: [] for delivery in DELIVERIES}
        self.ticks = 0

    def do(self, step: Delivery | int) -> None:
        if isinstance(step, int):
            self.ticks += 1
            self.epochs.now.total.record(step)
            self.took[self.epochs.now.delivery].append(step)
        else:
            self.epochs.switch(step, self.ticks, 0)

    def counts(self) -> dict[Delivery, int]:
        return {delivery: len(took) for delivery, took in self.took.items()}

    def read_while(self, after: int, steps: list[Delivery | int]) -> tuple[StageCounts, ...]:
        """Read the counters, and after so many instructions of that do `steps`, as another thread would."""
        left = after

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal left
            frame.f_trace_opcodes = True
            if event == "opcode":
                left -= 1
                if left == 0:
                    sys.settrace(None)
                    for step in steps:
                        self.do(step)
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return self.epochs.counts()
        finally:
            sys.settrace(before)


def _by_delivery(found: tuple[StageCounts, ...]) -> Iterator[tuple[Delivery, int]]:
    for delivery in DELIVERIES:
        yield delivery, sum(each.count for each in found if each.delivery == delivery)


@given(_STEPS)
def test_every_tick_is_counted_once_in_the_delivery_it_came_by(steps: list[Delivery | int]) -> None:
    counted = Counted()
    for step in steps:
        counted.do(step)
    assert dict(_by_delivery(counted.epochs.counts())) == counted.counts()
    for each in counted.epochs.counts():
        assert each.below[-1] == sum(ns < 2**31 for ns in counted.took[each.delivery])


@given(st.lists(_READING, max_size=8))
def test_whatever_happens_during_a_reading_nothing_is_counted_twice_and_no_counter_falls(
    readings: list[tuple[list[Delivery | int], int, list[Delivery | int]]],
) -> None:
    counted = Counted()
    last = counted.counts()
    for ahead, after, meanwhile in readings:
        for step in ahead:
            counted.do(step)
        least = counted.counts()
        found = dict(_by_delivery(counted.read_while(after, meanwhile)))
        most = counted.counts()
        assert all(max(least[each], last[each]) <= found[each] <= most[each] for each in DELIVERIES), (found, least)
        last = found


def test_a_tick_that_the_feed_has_in_hand_at_a_switch_is_counted() -> None:
    epochs = Epochs("callback")
    in_hand = epochs.now.to_inbox  # by a thread that holds no turn
    epochs.switch("queued", 1, 0)
    before = epochs.counts()
    in_hand.record(1_000)
    assert [each.count for each in epochs.counts()] == [1]
    epochs.switch("polling", 1, 0)
    epochs.switch("queued", 1, 0)
    assert ([each.count for each in before], [each.count for each in epochs.counts()]) == ([], [1])
