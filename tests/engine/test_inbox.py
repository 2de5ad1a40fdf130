"""The inbox loses nothing on a lossless feed and counts what it merges on a live one."""

from threading import Event, Thread

from hypothesis import given
from hypothesis import strategies as st

from engine.inbox import Inbox
from tests.engine.make import tick


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


def test_a_lossless_feed_waits_for_room_and_wakes_the_taker():
    inbox = Inbox(2)
    wanted = Event()
    inbox.wake = wanted.set
    stream = numbered(5)

    def feed():
        for each in stream:
            inbox.put_lossless(each)
        wanted.set()

    thread = Thread(target=feed)
    thread.start()
    seqs = []
    while len(seqs) < 5:
        wanted.wait(10)
        wanted.clear()
        seqs += taken(inbox)
        inbox.room_made()
    thread.join(10)
    assert seqs == [1, 2, 3, 4, 5]
    assert inbox.merged == 0


def test_closing_frees_a_waiting_feed():
    inbox = Inbox(1)
    inbox.put_lossless(tick(1, 100.0, 1))
    thread = Thread(target=inbox.put_lossless, args=(tick(2, 100.0, 2),))
    thread.start()
    inbox.close()
    thread.join(10)
    assert not thread.is_alive()
