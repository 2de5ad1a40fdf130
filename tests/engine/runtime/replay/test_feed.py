"""The feed delivers every tick once and in order from wherever it is put; pace is only waiting."""

from threading import Event

import pytest

from engine.model.clock import SystemClock, VirtualClock
from engine.model.errors import InputError
from engine.runtime.replay.feed import ReplayFeed
from tests.support.builders import ListSource, ms, tick, ticks
from tests.support.waiting import PATIENCE_S


class Listener:
    """Collects what a feed delivers; `after` calls something once a tick number was delivered."""

    def __init__(self):
        self.seqs = []
        self.after = {}
        self.over = Event()
        self.problem = None

    def deliver(self, each):
        self.seqs.append(each.seq)
        action = self.after.pop(each.seq, None)
        if action:
            action()

    def on_end(self, problem):
        self.problem = problem
        self.over.set()

    def again(self):
        self.over.clear()


def play(source, listener, clock=None, **options):
    feed = ReplayFeed(source, clock or VirtualClock(), **options)
    feed.start(listener.deliver, listener.on_end)
    return feed


def stream(count=50, step_ms=1000):
    return ListSource(ticks([100.0] * count, step_ms=step_ms))


@pytest.mark.parametrize("speed", [0.0, 0.25, 1.0, 1000.0])
def test_every_tick_once_in_order_at_any_speed(speed):
    listener = Listener()
    feed = play(stream(), listener, speed=speed)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    assert listener.seqs == list(range(1, 51))
    assert listener.problem == ""


@pytest.mark.parametrize(("speed", "expected_s"), [(0.25, 196), (1.0, 49), (10.0, 4.9), (1000.0, 0.049)])
def test_the_time_waited_is_the_recorded_time_over_the_speed(speed, expected_s):
    clock, listener = VirtualClock(), Listener()
    feed = play(stream(), listener, clock, speed=speed)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    assert clock.monotonic_ns() / 1e9 == pytest.approx(expected_s, rel=0.02)


def test_long_silences_are_skipped_when_asked_to():
    quiet = [
        tick(1, 100.0, "09:30:00"),
        tick(2, 100.0, "09:30:01"),
        tick(3, 100.0, "12:00:00"),
        tick(4, 100.0, "12:00:02"),
    ]
    clock, listener = VirtualClock(), Listener()
    feed = play(ListSource(quiet), listener, clock, speed=1.0, skip_silence=True, silence_ms=2000)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    assert clock.monotonic_ns() / 1e9 == pytest.approx(3, rel=0.01)
    assert feed.progress().silences_skipped == 1


def test_a_stamp_that_runs_backwards_is_not_waited_for():
    listener = Listener()
    feed = play(ListSource([tick(1, 100.0, ms("12:00:00")), tick(2, 100.0, ms("09:00:00"))]), listener, speed=1.0)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    assert listener.seqs == [1, 2]


def test_paused_it_stands_until_it_is_moved_and_stops_at_the_limit():
    listener = Listener()
    reached = Event()
    listener.after = {3: reached.set}
    feed = play(stream(), listener, speed=1.0, paused=True)
    assert not feed.progress().playing
    feed.move(1, 3, playing=False)
    assert reached.wait(PATIENCE_S)
    feed.stop(5)
    assert listener.seqs == [1, 2, 3]


def test_moving_back_and_forth_delivers_from_there_again():
    listener = Listener()
    feed = play(stream(20), listener)
    assert listener.over.wait(PATIENCE_S)
    assert feed.progress().ended
    listener.again()
    feed.move(15, None, playing=True)
    assert listener.over.wait(PATIENCE_S)
    listener.again()
    feed.move(19, 20, playing=True)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    assert listener.seqs == [*range(1, 21), *range(15, 21), 19, 20]


def test_an_order_in_the_middle_of_a_rush_is_obeyed():
    listener = Listener()
    reached = Event()
    feed = ReplayFeed(stream(50), VirtualClock())
    listener.after = {10: lambda: feed.move(40, None, playing=True), 45: lambda: feed.set_speed(2.0), 50: reached.set}
    feed.start(listener.deliver, listener.on_end)
    assert reached.wait(PATIENCE_S)
    feed.stop(5)
    assert listener.seqs == [*range(1, 11), *range(40, 51)]
    assert feed.progress().speed == 2.0


def test_a_source_that_cannot_be_read_on_is_told():
    class Torn(ListSource):
        def ticks(self, first=1):
            yield from list(super().ticks(first))[:3]
            raise InputError("day.csv: row 4: no price")

    listener = Listener()
    feed = play(Torn(ticks([100.0] * 9)), listener)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    assert listener.seqs == [1, 2, 3]
    assert listener.problem == "day.csv: row 4: no price"


def test_stop_ends_a_long_wait():
    listener = Listener()
    first = Event()
    listener.after = {1: first.set}
    feed = play(stream(step_ms=3_600_000), listener, SystemClock(), speed=1.0)
    assert first.wait(PATIENCE_S)
    feed.stop(20)
    assert listener.seqs == [1]


class ToldWhileWaiting(VirtualClock):
    """A clock that asks, at each wait, what the feed says of it."""

    def __init__(self):
        super().__init__()
        self.told = []
        self.feed = None

    def wait(self, condition, timeout_s):
        if self.feed is not None:
            self.told.append((self.feed.progress().due_ns, self.monotonic_ns(), timeout_s))
        return super().wait(condition, timeout_s)


@pytest.mark.parametrize(
    ("step_ms", "speed", "told"), [(30_000, 10.0, True), (30_000, 1000.0, False), (1_000, 1.0, False)]
)
def test_a_long_wait_for_the_next_tick_is_told_and_a_short_one_is_not(step_ms, speed, told):
    clock, listener = ToldWhileWaiting(), Listener()
    feed = clock.feed = ReplayFeed(stream(4, step_ms), clock, speed=speed)
    feed.start(listener.deliver, listener.on_end)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    assert clock.told
    for due_ns, now_ns, timeout_s in clock.told:
        assert due_ns == (now_ns + round(timeout_s * 1e9) if told else 0)
    assert feed.progress().due_ns == 0


class AskedHalfway(VirtualClock):
    """A clock that asks in the middle of each wait to where the session has come."""

    def __init__(self):
        super().__init__()
        self.told = []
        self.feed = None

    def wait(self, condition, timeout_s):
        self.advance(round(timeout_s * 5e8))
        self.told.append(self.feed.awaited())
        self.advance(round(timeout_s * 5e8))


def test_while_it_waits_the_session_goes_on_as_fast_as_it_is_set_to():
    clock, listener = AskedHalfway(), Listener()
    feed = clock.feed = ReplayFeed(stream(3, 30_000), clock, speed=10.0)
    assert feed.awaited() == (None, 0)
    feed.start(listener.deliver, listener.on_end)
    assert listener.over.wait(PATIENCE_S)
    feed.stop(5)
    waits = [(each.seq, at_ms - ms("09:30:00")) for each, at_ms in clock.told]
    assert waits == [(2, 15_000), (3, 45_000)]
    assert feed.awaited() == (None, 0)
