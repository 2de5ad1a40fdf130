"""The clock of live decisions: deaf to a wall clock that is set, awake after a sleep, and put right where the exchange says so."""

import time
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.clock import SteadyClock, SystemClock, VirtualClock, boot_ns
from engine.model.types import FLAG_AHEAD, FLAG_LATE
from engine.stream.lateness import LatenessMonitor
from engine.stream.live_feed import StreamFeed
from engine.stream.tick_builder import TickBuilder
from engine.venues.angelone.stream import SmartApi
from tests.support.builders import config
from tests.support.venues.stream_harness import CALL, QUICK, FakeLogin, FeedObserver, packet, running
from tests.support.venues.stream_server import BINARY, ScriptedServer
from tests.support.waiting import PATIENCE_S

S = 1_000_000_000
HOUR = 3600 * S
NOON_NS = 10**18


def test_the_steady_wall_does_not_see_the_clock_being_set() -> None:
    clock, slept = VirtualClock(NOON_NS), [0]
    wall = SteadyClock(clock, lambda: slept[0])
    clock.advance(5 * S)
    clock.set(clock.wall_ns() + HOUR)  # somebody sets it
    wall.refresh()
    assert wall.wall_ns() == NOON_NS + 5 * S
    assert wall.apart_ns() == HOUR


def test_the_steady_wall_goes_on_while_the_machine_sleeps() -> None:
    clock, slept = VirtualClock(NOON_NS), [7 * S]
    wall = SteadyClock(clock, lambda: slept[0])
    slept[0] += 2 * HOUR
    wall.refresh()
    assert wall.wall_ns() == NOON_NS + 2 * HOUR
    slept[0] += 40  # two clocks read one after the other
    wall.refresh()
    assert wall.wall_ns() == NOON_NS + 2 * HOUR


def test_a_sleep_that_has_just_ended_is_taken_in_and_nothing_is_looked_up_without_one() -> None:
    clock, slept, asked = VirtualClock(NOON_NS), [0], []

    def slept_ns() -> int:
        asked.append(1)
        return slept[0]

    wall = SteadyClock(clock, slept_ns, lambda: clock.monotonic_ns() + slept[0])
    for _ in range(10):
        clock.advance(S)
        wall.catch_up()
    assert len(asked) == 1
    slept[0] = HOUR
    wall.catch_up()
    assert wall.wall_ns() == NOON_NS + 10 * S + HOUR


# ── A machine whose clock was wrong at the start ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step_ns", [2 * HOUR, -2 * HOUR, 70 * S])
def test_a_step_that_agrees_with_the_exchange_is_followed_once(step_ns: int) -> None:
    clock, slept = VirtualClock(NOON_NS), [0]
    wall = SteadyClock(clock, lambda: slept[0])
    clock.advance(600 * S)
    slept[0] = 30 * S
    clock.set(clock.wall_ns() + 30 * S)
    wall.refresh()
    assert wall.side(-step_ns / 1e6) == 0  # the exchange says so, the machine does not yet
    clock.set(clock.wall_ns() + step_ns)
    assert wall.side(-step_ns / 1e6 + 300) == step_ns
    assert wall.wall_ns() == clock.wall_ns()
    assert wall.side(300) == 0
    wall.refresh()
    assert wall.wall_ns() == clock.wall_ns()


@pytest.mark.parametrize(
    ("step_ns", "lag_ms"),
    [
        (2 * HOUR, 100),  # somebody set a clock that was right
        (2 * HOUR, 7_200_000),  # away from the exchange's time
        (2 * HOUR, -3_600_000),  # both are wrong
        (0, -31_536_000_000),  # a recording that is played
        (30 * S, -30_000),  # not worth a jump
    ],
)
def test_every_other_step_is_not(step_ns: int, lag_ms: float) -> None:
    clock = VirtualClock(NOON_NS)
    wall = SteadyClock(clock, lambda: 0)
    clock.set(clock.wall_ns() + step_ns)
    assert wall.side(lag_ms) == 0
    assert wall.wall_ns() == NOON_NS


@given(st.integers(-(10**17), 10**17), st.integers(-(10**17), 10**17))
def test_a_clock_that_followed_agrees_with_the_exchange(step_ns: int, off_ns: int) -> None:
    clock = VirtualClock(NOON_NS)
    wall = SteadyClock(clock, lambda: 0)
    exchange_ns = NOON_NS - off_ns
    clock.set(clock.wall_ns() + step_ns)
    moved_ns = wall.side(off_ns / 1e6)
    assert moved_ns in {0, step_ns}
    near = abs(wall.wall_ns() - exchange_ns) <= 60 * S + 1000
    assert near or not moved_ns
    assert near or abs(clock.wall_ns() - exchange_ns) > 60 * S - 1000


# ── On a link ───────────────────────────────────────────────────────────────────────────────────────────────────────


def on(url: str, wall: SteadyClock) -> tuple[StreamFeed, FeedObserver, LatenessMonitor]:
    """A feed of one instrument that goes by `wall`, and what judges its lags."""
    observer = FeedObserver()
    ticker = TickBuilder(1, "rising")
    adapter = SmartApi(config(f"smartapi.stream_url={url}"), (CALL,), FakeLogin(), ticker)
    feed = StreamFeed(adapter, ticker, tell=observer.tell, in_session=lambda: True, pace=QUICK, wall=wall)
    return feed, observer, ticker.lag


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_the_first_ticks_after_a_sleep_are_stamped_as_what_they_are() -> None:
    slept, woken = [0], Event()

    def script(conn):
        conn.accept()
        for number in range(1, 5):
            conn.send(BINARY, packet(number, exch_ms=now_ms()))
        assert woken.wait(PATIENCE_S)
        conn.send(BINARY, packet(5, exch_ms=now_ms() + 7_200_000))
        conn.send(BINARY, packet(6, exch_ms=now_ms()))  # waited on its way while the machine slept
        conn.linger()

    wall = SteadyClock(SystemClock(), lambda: slept[0], lambda: boot_ns() + slept[0])
    with ScriptedServer(script) as server:
        feed, observer, _ = on(server.url, wall)
        with running(feed, observer):
            observer.until(lambda: len(observer.ticks) == 4)
            slept[0] = 2 * HOUR
            woken.set()
            observer.until(lambda: len(observer.ticks) == 6)
    assert [tick.flags & (FLAG_LATE | FLAG_AHEAD) for tick in observer.ticks] == [0] * 5 + [FLAG_LATE]
    assert observer.ticks[4].recv_wall_ns / 1e6 == pytest.approx(observer.ticks[4].exch_ms, abs=20_000)


class Set(SystemClock):
    """A machine's clock that is an hour ahead until a time server answers."""

    ahead_ns = HOUR

    def wall_ns(self) -> int:
        return super().wall_ns() + self.ahead_ns


def test_a_clock_that_is_set_right_is_followed_and_told_once() -> None:
    machine = Set()

    def script(conn):
        conn.accept()
        number = 0
        while not conn.stopped.wait(0.01):
            number += 1
            conn.send(BINARY, packet(number, exch_ms=now_ms()))

    with ScriptedServer(script) as server:
        wall = SteadyClock(machine)
        feed, observer, lag = on(server.url, wall)
        now_ns = time.perf_counter_ns()
        # Its floor stands: what was learned by the wrong clock would refuse everything by the right one.
        for look in range(20):
            lag.flag(0, HOUR // 1_000_000)
            lag.turn_over(now_ns - (20 - look) * S // 2)
        with running(feed, observer):
            observer.until(lambda: observer.ticks)
            machine.ahead_ns = 0
            observer.until(lambda: observer.notes)
            before = len(observer.ticks)
            observer.until(lambda: len(observer.ticks) > before + 50)
            assert feed.view().clock_ms == pytest.approx(0, abs=5_000)
    assert [note.text[:48] for note in observer.notes] == ["the machine's clock was set right by -3600.0 s; "]
    assert not any(tick.flags & (FLAG_AHEAD | FLAG_LATE) for tick in observer.ticks[before:])
    assert observer.ticks[-1].recv_wall_ns / 1e6 == pytest.approx(observer.ticks[-1].exch_ms, abs=5_000)
