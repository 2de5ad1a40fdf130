"""Which ticks are late and which are ahead of all others, by virtual time: wild stamps, clocks that differ, clogged lines, fast exchanges."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.types import FLAG_AHEAD, FLAG_LATE
from engine.stream.lateness import LatenessMonitor

S = 1_000_000_000
WILD_MS = -40 * 60_000  # what a stamp that is 40 minutes ahead does to a lag
OK, LATE, AHEAD = 0, FLAG_LATE, FLAG_AHEAD


def flags(lag: LatenessMonitor, lags_ms: Sequence[int], instrument: int = 0) -> list[int]:
    return [lag.flag(instrument, ms) for ms in lags_ms]


class Day:
    """Ticks of `instruments` in turn, `rate` a second, looked after every half second as a link does."""

    def __init__(self, lag: LatenessMonitor, *, rate: int = 20, instruments: int = 1) -> None:
        self.lag = lag
        self.rate = rate
        self.instruments = instruments
        self.now_s = 1000.0

    def go(self, seconds: float, lag_ms: Callable[[float, int], int]) -> list[int]:
        """The flags of all ticks of so many seconds; `lag_ms` of the time since they began, and of the instrument."""
        begun_s, told, count = self.now_s, [], round(seconds * self.rate)
        looked_s = begun_s
        for number in range(count):
            self.now_s = begun_s + number / self.rate
            while self.now_s >= looked_s:
                self.lag.turn_over(round(looked_s * S))
                looked_s += 0.5
            instrument = number % self.instruments
            told.append(self.lag.flag(instrument, lag_ms(self.now_s - begun_s, instrument)))
        self.now_s = begun_s + seconds
        return told


def whole_seconds(fastest_ms: int = 80, seed: int = 1) -> Callable[[float, int], int]:
    """The lags of stamps in whole seconds: each up to a second above the fastest."""
    random = Random(seed)
    return lambda _, __: fastest_ms + random.randrange(1000)


def usual(*, rate: int = 20, instruments: int = 1, offset_ms: int = 0, seconds: float = 20) -> Day:
    """A day on which a floor stands."""
    day = Day(LatenessMonitor(), rate=rate, instruments=instruments)
    assert not any(day.go(seconds, whole_seconds(offset_ms + 80))[-50:])
    return day


# ── Late ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whole_second_stamps_are_normal_and_two_seconds_above_the_smallest_is_late() -> None:
    told = flags(LatenessMonitor(), (900, 80, 1_079, 300, 80, 2_080, 2_081, 60_000))
    assert told == [OK] * 6 + [LATE, LATE]


@given(st.integers(-50_000, 10**13), st.lists(st.integers(0, 2000), min_size=3, max_size=300))
def test_nothing_within_two_seconds_is_ever_late_whatever_the_clocks_differ(offset_ms: int, spread: list[int]) -> None:
    assert not any(flags(LatenessMonitor(), [offset_ms + ms for ms in spread]))


def test_old_snapshots_before_the_first_good_ticks_are_no_measure() -> None:
    lag = LatenessMonitor()
    assert not any(flags(lag, (300_000, 120_000, 45_000, 150, 700, 130)))
    assert flags(lag, (45_000, 1_500)) == [LATE, OK]


def test_hundreds_of_old_snapshots_among_good_ticks_are_no_measure_either() -> None:
    random, lag = Random(5), LatenessMonitor()
    day = Day(lag, rate=200, instruments=50)
    day.go(10, lambda _, __: random.randrange(5_000, 900_000) if random.random() < 0.7 else 80 + random.randrange(1000))
    assert flags(lag, (300, 5_000)) == [OK, LATE]


def test_a_line_that_clogs_up_does_not_become_its_own_measure_within_minutes() -> None:
    day = usual(seconds=60)
    assert set(day.go(540, lambda _, __: 10_000)) == {LATE}


def test_the_drift_of_two_clocks_is_followed() -> None:
    day = usual(rate=2)
    assert not any(day.go(40_000, lambda t, _: 80 + round(t / 2)))  # 1 ms in 2 s: five hundred parts in a million
    day = usual(rate=2)
    assert not any(day.go(40_000, lambda t, _: 80 - round(t / 2)))


def test_the_smallest_lag_is_that_of_the_last_minute() -> None:
    lag = LatenessMonitor()
    assert lag.smallest_ms() is None
    flags(lag, (90, 90, 90, 700))
    lag.turn_over(30 * S)
    lag.flag(0, 400)
    assert lag.smallest_ms() == 90
    lag.turn_over(60 * S)
    assert lag.smallest_ms() == 400
    lag.turn_over(90 * S)
    lag.turn_over(120 * S)
    assert lag.smallest_ms() is None


# ── Ahead ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("offset_ms", [0, -1_270, 5_400_000, -5_400_000])
@pytest.mark.parametrize("wild_ms", [WILD_MS, -3_500, -86_400_000])
def test_wild_stamps_are_told_and_move_nothing(offset_ms: int, wild_ms: int) -> None:
    day = usual(offset_ms=offset_ms)
    good = whole_seconds(offset_ms + 80)
    for count in (1, 3, 19):
        assert flags(day.lag, [offset_ms + 80 + wild_ms] * count) == [AHEAD] * count
        assert not any(day.go(10, good))
    assert day.lag.smallest_ms() == pytest.approx(offset_ms + 80, abs=200)


def test_wild_stamps_of_one_instrument_among_good_ones_are_told_all_day() -> None:
    day = usual(instruments=3)
    good = whole_seconds()
    told = day.go(600, lambda t, instrument: good(t, instrument) + (WILD_MS if instrument == 2 else 0))
    assert told == [AHEAD if number % 3 == 2 else OK for number in range(12_000)]


def test_stamps_ahead_from_the_first_tick_on_are_told_where_good_ones_come_as_well() -> None:
    good = whole_seconds()
    day = Day(LatenessMonitor(), instruments=2)
    told = day.go(60, lambda t, instrument: good(t, instrument) + (WILD_MS if instrument else 0))
    assert told == [OK, AHEAD] * 600


def test_two_seconds_ahead_for_once_makes_nothing_late() -> None:
    day = usual()
    assert flags(day.lag, (-2_000,)) == [OK]
    assert not any(day.go(60, whole_seconds()))


def test_all_ticks_of_some_seconds_are_believed() -> None:
    day = usual()
    told = day.go(10, lambda _, __: WILD_MS + 80)
    refused = told.count(AHEAD)
    assert 2.0 <= refused / day.rate <= 3.5
    assert told == [AHEAD] * refused + [OK] * (len(told) - refused)


def test_a_few_of_a_quiet_instrument_are_believed_after_five_seconds() -> None:
    day = usual(rate=1, seconds=60)
    told = day.go(12, lambda _, __: WILD_MS + 80)
    assert 5 <= told.count(AHEAD) <= 7
    assert told[-1] == OK


def test_one_of_several_instruments_is_not_believed_alone_before_half_a_minute() -> None:
    day = usual(instruments=3)
    day.instruments = 1
    told = day.go(40, lambda _, __: WILD_MS + 80)
    assert 30 <= told.count(AHEAD) / day.rate <= 31


def test_stamps_that_agree_with_nothing_are_refused_for_half_a_minute_at_most() -> None:
    random = Random(3)
    day = usual()
    told = day.go(120, lambda _, __: WILD_MS - random.randrange(10**9))
    first_ok = told.index(OK)
    assert first_ok / day.rate <= 31


@pytest.mark.parametrize("wild_s", [4, 30, 300, 3_000])
def test_after_a_spell_of_wild_stamps_all_is_well_within_the_minute(wild_s: int) -> None:
    day = usual()
    good = whole_seconds()
    day.go(wild_s, lambda t, i: good(t, i) + WILD_MS)
    told = day.go(300, good)
    assert AHEAD not in told
    assert 25 <= told.count(LATE) / day.rate <= 35
    assert not any(told[40 * day.rate :])


def test_a_spell_of_wild_stamps_at_the_start_ends_as_well() -> None:
    good = whole_seconds()
    day = Day(LatenessMonitor())
    day.go(120, lambda t, i: good(t, i) + WILD_MS)
    assert not any(day.go(120, good)[40 * day.rate :])


def test_a_line_that_clogs_up_long_after_the_floor_followed_is_late() -> None:
    day = usual()
    day.go(700, whole_seconds(-9_000))
    assert set(day.go(300, lambda _, __: 5_000)) == {LATE}


@pytest.mark.parametrize("offset_ms", [-7_200_000, -61_000])
def test_a_machine_whose_clock_is_behind_by_hours_refuses_some_seconds_and_no_more(offset_ms: int) -> None:
    day = Day(LatenessMonitor(), instruments=4)
    told = day.go(60, whole_seconds(offset_ms))
    refused = told.count(AHEAD)
    assert refused / day.rate <= 3.5
    assert not any(told[refused:])


@pytest.mark.parametrize("offset_ms", [7_200_000, 59_000, -1_270, -50_000])
def test_other_clocks_refuse_nothing_at_all(offset_ms: int) -> None:
    assert not any(Day(LatenessMonitor()).go(60, whole_seconds(offset_ms)))


def test_forgetting_begins_anew() -> None:
    day = usual()
    day.lag.forget()
    assert day.lag.smallest_ms() is None
    assert not any(day.go(60, whole_seconds(3_600_000)))


# ── An exchange whose clock runs faster than ours ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("speed", [10, 1_000, 3_000])
@pytest.mark.parametrize("start_ms", [0, 31_536_000_000])
@pytest.mark.parametrize("rate", [200, 2_000])
def test_a_fast_exchange_is_neither_late_nor_ahead(speed: int, start_ms: int, rate: int) -> None:
    day = Day(LatenessMonitor(), rate=rate)
    assert not any(day.go(20, lambda t, _: round(start_ms - t * speed * 1000)))


def test_a_silence_of_a_fast_exchange_is_no_wild_stamp() -> None:
    day = Day(LatenessMonitor(), rate=1_000)
    day.go(5, lambda t, _: round(10**10 - t * 10**6))
    assert not any(day.go(5, lambda t, _: round(10**10 - 5 * 10**6 - 15_000 - t * 10**6)))


@given(
    st.integers(-50_000, 10**12),
    st.lists(st.tuples(st.integers(0, 2), st.integers(-(10**10), -4_000)), max_size=30),
    st.integers(0, 2**31),
)
def test_whatever_single_stamps_are_wild_no_good_tick_is_late_or_refused(
    offset_ms: int, wild: list[tuple[int, int]], seed: int
) -> None:
    day = usual(offset_ms=offset_ms, seconds=8)
    good = whole_seconds(offset_ms + 80, seed)
    for instrument, ahead_ms in wild:
        assert day.lag.flag(instrument, offset_ms + 80 + ahead_ms) == AHEAD
        assert not any(day.go(0.5, good))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**43), 2**43), st.integers(0, 20)), max_size=300))
def test_any_lags_are_judged_and_what_is_not_late_is_believed_in_the_end(ticks: list[tuple[int, int, int]]) -> None:
    lag, now_ns = LatenessMonitor(), 10**12
    for instrument, lag_ms, looks in ticks:
        assert lag.flag(instrument, lag_ms) in {OK, LATE, AHEAD}
        for _ in range(looks):
            now_ns += S // 2
            lag.turn_over(now_ns)
    day = Day(lag, instruments=4)
    day.now_s = now_ns / S
    assert AHEAD not in day.go(80, whole_seconds())[-day.rate :]
