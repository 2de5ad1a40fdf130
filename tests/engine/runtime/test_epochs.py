"""Counters over all epochs only rise, whichever delivery a tick came by."""

from hypothesis import given
from hypothesis import strategies as st

from engine.model.types import DELIVERIES
from engine.runtime.epochs import Epochs

_STEP = st.sampled_from(DELIVERIES) | st.integers(0, 2**32)  # a switch, or how long a tick took in ns


@given(st.lists(_STEP, max_size=60))
def test_every_tick_is_counted_once_in_the_delivery_it_came_by(steps: list[str | int]) -> None:
    epochs = Epochs("callback")
    took: dict[str, list[int]] = {}
    ticks, before = 0, {}
    for step in steps:
        if isinstance(step, int):
            ticks += 1
            epochs.now.total.record(step)
            took.setdefault(epochs.now.delivery, []).append(step)
        else:
            epochs.switch(step, ticks, 0)
        counted = {each.delivery: each for each in epochs.counts()}
        assert all(counted[delivery].count >= each.count for delivery, each in before.items())
        before = counted
    assert {delivery: each.count for delivery, each in before.items()} == {d: len(ns) for d, ns in took.items()}
    for delivery, each in before.items():
        assert each.below[-1] == sum(ns < 2**31 for ns in took[delivery])


def test_an_epoch_that_ends_while_somebody_counts_is_neither_lost_nor_counted_twice() -> None:
    epochs = Epochs("callback")
    epochs.now.total.record(1_000)
    ended = epochs.now
    epochs.switch("queued", 1, 0)
    epochs.now = ended  # as a thread sees it that came between the two stores of a switch
    assert [(each.delivery, each.count) for each in epochs.counts()] == [("callback", 1)]
