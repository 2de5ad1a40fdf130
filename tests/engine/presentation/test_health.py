"""Lamps over time: hysteresis, cause chains, replays that are held, an engine that stalls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import EntriesState, LatencySummary, Pulse
from engine.presentation.health import RANKS, Health, worst
from engine.presentation.lamps import Lamp, TerminalLink
from tests.support.screens.lamp_snapshots import GOOD, REPLAY, judge, live, ns, process, pulse, quotes
from tests.support.screens.snapshots import AT_MS, CALL, NOW_NS, OPEN_MS, SECOND, SNAPSHOT, epoch, quote, snapshot


def test_all_is_well_in_the_lifelike_snapshot() -> None:
    lamps = Health().judge(SNAPSHOT, NOW_NS, GOOD)
    assert {lamp.name: lamp.word for lamp in lamps} == {
        "ENGINE": "OK",
        "STRATEGY": "OK",
        "DATA": "OK",
        "SEQUENCE": "OK",
        "ORDERS": "OK",
        "BROKER": "OK",
        "JOURNAL": "OK",
        "RECORDER": "OFF",
        "CLOCK": "OFF",
        "SOCKET": "OFF",
        "PROCESS": "OK",
        "LINK": "OK",
    }
    assert not any(lamp.because or lamp.following or lamp.since_s for lamp in lamps)
    assert worst(lamps).name == "ENGINE"


def test_ages_are_counted_from_the_producers_own_stamps() -> None:
    lamps = judge(live(pulse=pulse(beat=0.3, order=0.7), quotes=quotes(2.5, 0.1)))
    assert lamps["ENGINE"].age_s == pytest.approx(0.3)
    assert lamps["ORDERS"].age_s == pytest.approx(0.7)
    assert lamps["DATA"].age_s == pytest.approx(2.5)
    assert lamps["DATA"].text == CALL.symbol


def test_the_cause_chain_goes_from_the_symptom_to_the_root() -> None:
    slow = LatencySummary(900, 18_000_000, 20_000_000, 22_000_000, 23_000_000, 30_000_000)
    epochs = (epoch(), epoch(stages=epoch().stages | {"decide": slow}))
    seen = snapshot(inbox_waiting=812, pulse=pulse(came=1.9, decided=1.8), epochs=epochs)
    lamp = judge(seen)["STRATEGY"]
    assert (lamp.word, lamp.because) == ("STALE", "← inbox 812 deep ← handler 22 ms")
    assert lamp.age_s == pytest.approx(1.8)
    starved = replace(seen, process=process(cpu_share=0.97), epochs=())
    assert judge(starved)["STRATEGY"].because == "← inbox 812 deep ← processor 97%"


def test_worse_at_once_better_after_three_good_samples() -> None:
    health = Health()
    health.judge(snapshot(number=1), NOW_NS, GOOD)
    seen = []
    for number, beat in enumerate((0.6, 2.5, 0.6, 0.1, 0.1, 0.7, 0.1, 0.1, 0.1), 2):
        now_ns = NOW_NS + number * SECOND
        late = snapshot(number=number, pulse=replace(SNAPSHOT.pulse, beat_ns=now_ns - round(beat * SECOND)))
        lamp = health.judge(late, now_ns, GOOD)[0]
        seen.append((lamp.word, lamp.since_s))
    assert seen == [
        ("LATE", 0.0),
        ("STALE", 1.0),
        ("STALE", 2.0),
        ("STALE", 3.0),
        ("LATE", 4.0),  # the worst of the last three samples
        ("LATE", 5.0),
        ("LATE", 6.0),
        ("LATE", 7.0),
        ("OK", None),
    ]


def test_the_same_snapshot_seen_again_is_no_new_sample() -> None:
    health = Health()
    late = snapshot(number=1, entries=EntriesState(False, "", "2 gaps in the exchange's sequence", 0))
    health.judge(late, NOW_NS, GOOD)
    words = [health.judge(snapshot(number=2), NOW_NS + n, GOOD)[3].word for n in range(9)]
    assert words == ["STALE"] * 9
    words = [health.judge(snapshot(number=3 + n), NOW_NS + n, GOOD)[3].word for n in range(3)]
    assert words == ["STALE", "OK", "OK"]


def test_the_link_recovers_by_calls_because_it_is_in_no_snapshot() -> None:
    health = Health()
    health.judge(SNAPSHOT, NOW_NS, TerminalLink(900.0, 0.0))
    words = [health.judge(SNAPSHOT, NOW_NS + n, GOOD)[-1] for n in range(3)]
    assert [lamp.word for lamp in words] == ["STALE", "STALE", "OK"]
    assert (words[1].because, words[1].following) == ("← recovering", "2 of 3 good samples")


def test_an_engine_stalled_for_three_seconds_is_named_as_the_cause() -> None:
    health = Health()
    health.judge(SNAPSHOT, NOW_NS, GOOD)  # a lifelike engine, three ticks waiting; then no snapshot comes any more
    words = []
    for step in range(1, 13):
        lamps = health.judge(SNAPSHOT, NOW_NS + step * SECOND // 4, GOOD)
        words.append(lamps[0].word)
        assert worst(lamps).name == "ENGINE" or lamps[0].word == "OK"  # though STRATEGY is STALE sooner
    assert words == ["OK"] + ["LATE"] * 6 + ["STALE"] * 5
    found = {lamp.name: lamp for lamp in lamps}
    assert worst(lamps).name == "ENGINE"
    assert found["ENGINE"].age_s == pytest.approx(3.05)
    assert found["ENGINE"].since_s == pytest.approx(2.5)
    assert found["STRATEGY"].because == "← inbox 3 deep ← engine silent 3.0 s"
    assert (found["DATA"].word, found["DATA"].because) == ("STALE", "← engine silent 3.0 s")
    assert found["JOURNAL"].word == found["LINK"].word == "OK"


@pytest.mark.parametrize(
    ("change", "text"), [({"playing": False}, "replay held"), ({"ended": True, "playing": False}, "replay ended")]
)
def test_a_replay_that_stands_still_has_no_old_data(change: dict[str, bool], text: str) -> None:
    lamp = judge(snapshot(replay=replace(REPLAY, **change), quotes=quotes(600)))["DATA"]
    assert (lamp.word, lamp.text, lamp.since_s) == ("OFF", text, None)


@pytest.mark.parametrize(
    ("speed", "real", "age", "word"),
    [
        (1.0, 1.0, 2.9, "OK"),
        (1.0, 1.0, 3.1, "QUIET"),
        (2.0, 2.0, 1.6, "QUIET"),
        (0.25, 0.25, 11.9, "OK"),
        (0.25, 0.25, 12.1, "QUIET"),
        (10.0, 0.4, 1.1, "QUIET"),  # in a silence it measures less and less
        (1000.0, 900.0, 0.9, "OK"),
        (1000.0, 900.0, 1.1, "QUIET"),
        (0.0, 0.0, 2.9, "OK"),
        (2.0, 0.0, 1.6, "QUIET"),
    ],
)
def test_a_playing_replay_is_judged_by_its_own_time(speed: float, real: float, age: float, word: str) -> None:
    playing = replace(REPLAY, playing=True, speed=speed, real_speed=real)
    assert judge(snapshot(replay=playing, quotes=quotes(age, median_gap_ms=100)))["DATA"].word == word


def test_after_a_pause_silence_is_counted_from_its_end() -> None:
    health = Health()
    held = snapshot(number=1, replay=replace(REPLAY, playing=False), quotes=quotes(600))
    health.judge(held, NOW_NS, GOOD)
    beating = Pulse(NOW_NS + 5 * SECOND, ns(600), ns(600), 0)
    played = snapshot(number=2, pulse=beating, quotes=held.quotes, replay=replace(REPLAY, real_speed=1.0, speed=1.0))
    assert health.judge(played, NOW_NS + SECOND, GOOD)[2].word == "OK"
    assert health.judge(replace(played, number=3), NOW_NS + 5 * SECOND, GOOD)[2].word == "QUIET"


def test_a_live_feed_that_never_ticks_is_not_quiet_for_ever() -> None:
    health = Health()
    words = []
    for number in range(4):
        silent = live(number=number, quotes=(quote(0, 0, recv_ns=0),), pulse=Pulse(NOW_NS, 0, 0, 0))
        words.append(health.judge(silent, NOW_NS + 12 * number * SECOND, GOOD)[2].word)
    assert words == ["QUIET", "STALE", "STALE", "DEAD"]


def test_lost_numbers_are_forgotten_after_a_minute() -> None:
    health = Health()
    health.judge(snapshot(number=0), NOW_NS, GOOD)
    words = []
    for number, seconds in enumerate((1, 30, 60, 62, 63, 64), 1):
        lost = snapshot(number=number, refused={"duplicate": 1})
        words.append(health.judge(lost, NOW_NS + seconds * SECOND, GOOD)[3].word)
    assert words == ["LATE", "LATE", "LATE", "LATE", "LATE", "OK"]
    again = health.judge(snapshot(number=9, refused={}), NOW_NS + 65 * SECOND, GOOD)
    assert again[3].word == "OK"  # a replay that went back


def test_a_closed_market_ends_an_alarm_at_once() -> None:
    health = Health()
    open_until = live(number=1, quotes=quotes(9))
    assert health.judge(open_until, NOW_NS, GOOD)[2].word == "STALE"
    held = replace(open_until, number=2, at_ms=OPEN_MS + 22_500_001)
    assert health.judge(held, NOW_NS, GOOD)[2].word == "STALE", "what is held keeps its alarm"
    closed = replace(held, number=3, positions=())
    assert health.judge(closed, NOW_NS, GOOD)[2].word == "CLOSED"
    assert judge(live(at_ms=0))["DATA"].word == "OK"  # before the first tick nobody knows the session
    assert judge(live(at_ms=AT_MS))["DATA"].word == "OK"


def test_the_worst_lamp_is_the_cause_among_equals() -> None:
    lamps = (Lamp("A", "OK"), Lamp("B", "LATE"), Lamp("C", "STALE"), Lamp("D", "STALE"), Lamp("E", "UNKNOWN"))
    assert worst(lamps).name == "C"
    assert worst(()).word == "UNKNOWN"


NANOS = st.integers(0, 2 * NOW_NS)


@given(
    beat=NANOS,
    came=NANOS,
    decided=NANOS,
    order=NANOS,
    recv=st.lists(NANOS, max_size=5),
    gap=st.integers(-5, 10**9),
    speed=st.floats(allow_nan=True, allow_infinity=True),
    link=st.floats(allow_nan=True, allow_infinity=True),
    at_ms=st.integers(-(10**15), 10**15),
    playing=st.booleans(),
    replayed=st.booleans(),
)
def test_nothing_raises(beat, came, decided, order, recv, gap, speed, link, at_ms, playing, replayed) -> None:
    seen = snapshot(
        pulse=Pulse(beat, came, decided, order),
        quotes=tuple(quote(i, 1, recv_ns=stamp, median_gap_ms=gap) for i, stamp in enumerate(recv)),
        replay=replace(REPLAY, playing=playing, speed=speed, real_speed=speed) if replayed else None,
        at_ms=at_ms,
    )
    health = Health()
    for number in range(3):
        lamps = health.judge(replace(seen, number=number), NOW_NS, TerminalLink(link, link))
        assert all(bool(lamp.because) == (RANKS[lamp.word] > 0) for lamp in lamps)
