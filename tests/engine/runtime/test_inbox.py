"""The inbox loses nothing on a lossless feed and counts what it merges on a live one."""

import sys
from threading import Barrier, Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.types import FLAG_NEW_LINK, FLAG_UNCHAINED
from engine.runtime.inbox import Inbox
from tests.support.builders import tick
from tests.support.waiting import PATIENCE_S


def numbered(count, instruments=1):
    return [tick(n, 100.0, n, instrument=n % instruments) for n in range(1, count + 1)]


def taken(inbox):
    seqs = []
    while (each := inbox.take()) is not None:
        seqs.append(each.seq)
    return seqs


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 5))
def test_a_full_inbox_keeps_the_newest_of_each_instrument_in_order(count, capacity, instruments):
    inbox = Inbox(capacity)
    stream = numbered(count, instruments)
    for each in stream:
        inbox.put_newest(each)
    waiting = len(inbox)
    seqs = taken(inbox)
    assert seqs == sorted(seqs)
    assert len(seqs) == waiting
    assert waiting + inbox.merged == count
    newest = {each.instrument: each.seq for each in stream}
    assert set(newest.values()) <= set(seqs)


def test_a_merged_tick_leaves_what_it_knew_of_the_link():
    inbox = Inbox(3)
    for each, flags in zip(numbered(6, 2), (0, FLAG_NEW_LINK, 0, 0, 0, 0), strict=True):
        each.flags = flags
        inbox.put_newest(each)
    found = {each.seq: each.flags for each in iter(inbox.take, None)}
    assert found == {4: FLAG_NEW_LINK | FLAG_UNCHAINED, 5: FLAG_UNCHAINED, 6: 0}


@given(st.integers(2, 40), st.integers(1, 12), st.integers(1, 7), st.sets(st.integers(0, 60)))
def test_the_taker_may_come_at_any_step_of_a_merge(count, capacity, instruments, moments):
    inbox = Inbox(capacity)
    seqs: list[int] = []

    class Busy(int):
        """The number of an instrument; while the merge looks it up, the taker comes by."""

        looks = 0

        def __hash__(self) -> int:
            Busy.looks += 1
            if Busy.looks in moments and (each := inbox.take()) is not None:
                seqs.append(each.seq)
            return int.__hash__(self)

    stream = numbered(count, instruments)
    for each in stream:
        each.instrument = Busy(each.instrument)
        inbox.put_newest(each)
    seqs += taken(inbox)
    assert seqs == sorted(set(seqs))
    assert len(seqs) + inbox.merged == count
    assert {each.seq for each in stream[-instruments:]} <= set(seqs)


@pytest.fixture
def hasty():
    """Threads take turns as often as they can."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before_s)


@pytest.mark.parametrize(("capacity", "instruments"), [(4, 7), (64, 7), (1000, 400)])
def test_nothing_is_lost_or_out_of_order_while_one_merges_and_the_other_takes(hasty, capacity, instruments):
    inbox = Inbox(capacity)
    stream = numbered(40_000, instruments)
    both, over = Barrier(2), Event()
    seqs = []

    def feed():
        both.wait(PATIENCE_S)
        for each in stream:
            inbox.put_newest(each)
        over.set()

    thread = Thread(target=feed)
    thread.start()
    both.wait(PATIENCE_S)
    while not over.is_set():
        if (each := inbox.take()) is not None:
            seqs.append(each.seq)
            sum(range(100))  # slow enough that what waits must be merged
    thread.join(PATIENCE_S)
    seqs += taken(inbox)
    assert inbox.merged > 0
    assert seqs == sorted(set(seqs))
    assert len(seqs) + inbox.merged == len(stream)
    assert {each.seq for each in stream[-instruments:]} <= set(seqs)


def test_a_lossless_feed_waits_for_room_and_wakes_the_taker():
    wanted = Event()
    inbox = Inbox(2, wanted.set)
    stream = numbered(5)

    def feed():
        for each in stream:
            inbox.put_lossless(each)
        wanted.set()

    thread = Thread(target=feed)
    thread.start()
    seqs = []
    while len(seqs) < 5:
        wanted.wait(PATIENCE_S)
        wanted.clear()
        seqs += taken(inbox)
        inbox.room_made()
    thread.join(PATIENCE_S)
    assert seqs == [1, 2, 3, 4, 5]
    assert inbox.merged == 0


def test_closing_frees_a_waiting_feed():
    inbox = Inbox(1)
    inbox.put_lossless(tick(1, 100.0, 1))
    thread = Thread(target=inbox.put_lossless, args=(tick(2, 100.0, 2),))
    thread.start()
    inbox.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
