"""The scale of a chart: round ends and steps, room for the whole path, and the same answer whoever draws it."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.bars import AT, CLOSE, HIGH, LOW, NOTHING, OPEN, VOLUME, merged
from engine.presentation.chart import (
    Scale,
    axis_step,
    candles,
    columns,
    known_at,
    line,
    midnight,
    past,
    price_marks,
    price_range,
    results,
    round_step,
    settled,
    spread,
    steady,
    step_word,
    stops,
    time_marks,
    time_step,
    up_to_now,
    volumes,
)
from tests.support.screens.snapshots import OPEN_MS, bar, trade
from tests.support.thorough import examples

MINUTE = 60_000
KOLKATA = "Asia/Kolkata"
BARS = st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 500), st.integers(0, 9)), min_size=1, max_size=40)


def made(points):
    """Bars out of (second, price, spread), one a second at most."""
    return [
        (OPEN_MS + 1000 * at, price, price + more, price - more, price, more, NOTHING)
        for at, (price, more) in sorted({at: (price, more) for at, price, more in points}.items())
    ]


def test_steps_are_round():
    assert [round_step(size) for size in (0, 1, 3, 9, 10, 49, 50, 199, 999)] == [1, 1, 2, 5, 10, 20, 50, 100, 500]
    assert [time_step(span_ms, 101) for span_ms in (0, 99_999, 100_000, 359_999_999, 360_000_000)] == [
        *(1_000, 1_000, 2_000),
        *(3_600_000, 7_200_000),
    ]


@pytest.mark.parametrize(
    ("span", "most", "grid", "step"),
    [
        (100, 10, 1, 10),
        (101, 10, 1, 20),
        (9, 4, 5, 5),  # 1, 2 are no prices of a grid of 5
        (100, 5, 5, 20),
        (9_500, 5, 5, 2_000),
        (100, 4, 25, 50),
        (100, 4, 3, 30),  # a grid that divides no round number keeps its own
        (0, 3, 5, 5),
    ],
)
def test_prices_on_the_axis_are_1_2_5_on_the_instruments_grid(span, most, grid, step):
    assert axis_step(span, most, grid) == step


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9), st.integers(2, 20), st.sampled_from([1, 5, 25, 10, 3, 100]))
def test_any_range_has_few_round_prices(low, span, most, grid):
    marks = price_marks(low, low + span, most, grid)
    assert len(marks) <= most + 1
    assert marks == sorted(marks, reverse=True)
    assert all(low <= price <= low + span and price % grid == 0 for price in marks)
    steps = {before - after for before, after in pairwise(marks)}
    assert len(steps) <= 1


@pytest.mark.parametrize(
    ("hours", "least_min", "first", "apart_min"),
    [
        (6.25, 9, "09:20", 10),
        (6.25, 11, "09:15", 15),
        (6.25, 16, "09:30", 30),
        (6.25, 31, "10:00", 60),
        (6.25, 61, "10:00", 120),
        (6.25, 121, "12:00", 180),
        (24, 200, "12:00", 360),
        (72, 400, "00:00", 1440),
        (0.05, 0.1, "09:15", 1 / 6),
    ],
)
def test_times_are_round_by_the_markets_own_clocks(hours, least_min, first, apart_min):
    marks = time_marks(OPEN_MS, OPEN_MS + round(hours * 3_600_000), round(least_min * MINUTE), KOLKATA)
    zone = ZoneInfo(KOLKATA)
    assert f"{datetime.fromtimestamp(marks[0] / 1000, zone):%H:%M}" == first
    assert {after - before for before, after in pairwise(marks)} <= {round(apart_min * MINUTE)}


@given(st.integers(0, 4 * 10**12), st.integers(1, 10**9), st.integers(1, 10**8))
def test_any_stretch_has_times_at_least_so_far_apart(first_ms, span_ms, least_ms):
    marks = time_marks(first_ms, first_ms + span_ms, max(least_ms, span_ms // 50), "UTC")
    assert all(first_ms <= ms <= first_ms + span_ms for ms in marks)
    assert all(after - before >= least_ms for before, after in pairwise(marks))


def test_a_zone_or_a_time_that_no_calendar_has_is_utc():
    assert time_marks(0, 3_600_000, 3_600_000, "Mars/Olympus") == [0, 3_600_000]
    assert len(time_marks(10**17, 10**17 + 60_000, 60_000, KOLKATA)) in {1, 2}
    assert midnight(OPEN_MS, KOLKATA) == OPEN_MS - (9 * 60 + 15) * MINUTE
    assert [step_word(ms) for ms in (5_000, 30_000, MINUTE, 900_000, 7_200_000, 86_400_000)] == [
        *("5 s", "30 s", "1 min", "15 min", "2 h", "1 d"),
    ]


def test_a_level_is_taken_in_unless_it_would_flatten_the_path():
    assert price_range(100, 180, []) == (100, 180)
    assert price_range(100, 180, [60]) == (60, 180)
    assert price_range(100, 180, [59, 10_000]) == (100, 180)
    assert price_range(100, 100, []) == (99, 101)


@given(st.lists(st.integers(0, 9), max_size=10).map(sorted))
def test_labels_never_stand_in_one_row(rows):
    found = spread(rows, 10)
    assert found == sorted(set(found))
    assert all(0 <= row < 10 for row in found)
    if len(set(rows)) == len(rows):
        assert found == rows


# ── The path ────────────────────────────────────────────────────────────────────────────────────────────────────────


def scale_of(bars, across, down):
    low, high = price_range(min(each[LOW] for each in bars), max(each[HIGH] for each in bars), [])
    step_ms = time_step(bars[-1][AT] - bars[0][AT], across)
    return Scale(bars[0][AT] // step_ms * step_ms, step_ms, low, high, across, down)


def test_a_column_has_highest_lowest_and_newest_of_its_time():
    bars = [bar(OPEN_MS, 10), bar(OPEN_MS + 400, 14), bar(OPEN_MS + 900, 8), bar(OPEN_MS + 1_000, 12)]
    first, second, third, *_ = columns(bars, Scale(OPEN_MS, 1_000, 8, 14, 5, 7))
    assert ((first.high, first.low, first.close), second.close, third) == ((14, 8, 8), 12, None)


def test_between_two_bars_the_price_stands_but_a_long_silence_is_a_hole():
    bars = [bar(OPEN_MS, 10), bar(OPEN_MS + 5_000, 12), bar(OPEN_MS + 66_000, 11)]
    found = columns(bars, Scale(OPEN_MS, 1_000, 8, 14, 70, 7))
    assert [each.close for each in found[:6]] == [10] * 5 + [12]
    assert found[6:66] == [None] * 60
    assert (found[66].close, found[67]) == (11, None)


@given(BARS, st.integers(4, 80), st.integers(2, 40))
def test_every_spike_is_on_the_canvas_in_its_column(points, across, down):
    bars = made(points)
    scale = scale_of(bars, across, down)
    found = columns(bars, scale)
    for each in bars:
        column = found[scale.x(each[AT])]
        assert column.low <= each[LOW] <= each[HIGH] <= column.high
        assert 0 <= scale.y(each[HIGH]) <= scale.y(each[LOW]) < down
    assert max(each.high for each in found if each) == max(each[HIGH] for each in bars)


@given(BARS, st.integers(30, 80))
def test_what_comes_later_moves_no_column_until_there_is_no_room(points, across):
    bars = made(points)
    scale = scale_of(bars, across, 20)
    for upto in range(1, len(bars)):
        part = scale_of(bars[:upto], across, 20)
        if (part.step_ms, part.first_ms) == (scale.step_ms, scale.first_ms):
            seen = [each for each in columns(bars[:upto], part) if each]
            assert (
                columns(bars, scale)[: scale.x(bars[upto - 1][AT])]
                == columns(bars[:upto], part)[: scale.x(bars[upto - 1][AT])]
            )
            assert seen


def test_the_newest_price_is_drawn_before_its_bar_is_over():
    bars = (bar(OPEN_MS, 10), bar(OPEN_MS + 5_000, 12))
    assert up_to_now(bars, OPEN_MS + 6_000, 20)[-1][: CLOSE + 1] == (OPEN_MS + 5_000, 12, 20, 12, 20)
    assert up_to_now(bars, OPEN_MS + 6_000, 7)[-1][: CLOSE + 1] == (OPEN_MS + 5_000, 12, 12, 7, 7)
    (only,) = up_to_now(bars, OPEN_MS, 20)  # the bars were asked for a moment later
    assert only[: CLOSE + 1] == (OPEN_MS, 10, 20, 10, 20)
    assert up_to_now((), 5, 20) == ()


def test_stops_are_steps_while_something_is_held_and_lines_and_volume_lie_in_their_columns():
    held = [NOTHING, 90, 90, 95, NOTHING, NOTHING]
    bars = [(OPEN_MS + 2_000 * n, 100, 101, 99, 100, n, stop, 70 + n, NOTHING) for n, stop in enumerate(held)]
    scale = Scale(OPEN_MS, 1_000, 80, 120, 12, 40)
    assert stops(bars, scale) == [None, None, 90, 90, 90, 90, 95, None, None, None, None, None]
    assert line(bars, 0, scale)[:4] == [70, None, 71, None]
    assert set(line(bars, 1, scale)) == {None}
    assert volumes(bars, scale, 4) == [0 + 1, 2 + 3, 4 + 5]


# ── Candles ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("minutes", "most", "step"),
    [
        (5, 60, "5 s"),
        (6, 60, "10 s"),
        (60, 60, "1 min"),
        (61, 60, "2 min"),
        (375, 60, "10 min"),
        (375, 200, "2 min"),
        (375, 20, "30 min"),
        (1440, 30, "1 h"),
        (1440 * 400, 60, "8 d"),
    ],
)
def test_candles_are_as_short_as_there_is_room_for_and_counted_from_the_open(minutes, most, step):
    every_ms = 5_000 if minutes < 1000 else MINUTE * (1 if minutes < 10_000 else 600)
    bars = [bar(OPEN_MS + ms, 100) for ms in range(0, minutes * MINUTE, every_ms)]
    step_ms, found = candles(bars, most, OPEN_MS)
    assert step_word(step_ms) == step
    assert len(found) <= most
    assert all((each.at_ms - OPEN_MS) % step_ms == 0 for each in found)


@settings(max_examples=examples(50))
@given(BARS, st.integers(1, 60))
def test_candles_are_the_bars_of_their_time(points, most):
    bars = made(points)
    step_ms, found = candles(bars, most, OPEN_MS - MINUTE)
    assert [(each.at_ms, each.open, each.high, each.low, each.close) for each in found] == [
        (each[AT], each[OPEN], each[HIGH], each[LOW], each[CLOSE]) for each in merged(bars, step_ms, OPEN_MS - MINUTE)
    ]
    assert (found[-1].at_ms - found[0].at_ms) // step_ms < most


def test_the_days_result_before_anybody_looked_is_what_exits_made_of_it():
    trades = [trade(n, net) for n, net in ((1, "10"), (2, "-4"), (3, "7"))]
    ends = [each.exit_ms for each in trades]
    assert results(trades, [], 13.0, 5_000) == [(ends[0], 10.0), (ends[1], 6.0), (ends[2], 13.0)]
    seen = [(ends[2] + 20_000, 15.5)]
    assert results(trades, seen, 13.0, 5_000) == [(ends[0], 10.0), (ends[1], 6.0), (ends[2], 13.0), *seen]
    near = [(ends[0] - 9_000, 2.0), (ends[2], 14.0)]
    assert results(trades, near, 13.0, 5_000) == near


def test_a_range_stays_while_all_lies_in_it_and_fills_three_quarters():
    assert steady((100, 200), None) == (100, 200)
    assert steady((110, 190), (100, 200)) == (100, 200)
    assert steady((100, 175), (100, 200)) == (100, 200)
    assert steady((100, 174), (100, 200)) == (100, 174)
    assert steady((99, 200), (100, 200)) == (99, 200)
    assert steady((100, 201), (100, 200)) == (100, 201)


def test_what_a_price_of_now_cannot_change_is_known():
    bars = tuple((OPEN_MS + 5_000 * n, 10, 12, 9, 11, 3, NOTHING) for n in range(7))
    scale = Scale(OPEN_MS, 10_000, 0, 20, 8, 8)
    assert [settled(bars[:count], scale) for count in range(8)] == [0, 0, 0, 2, 2, 4, 4, 6]
    now = up_to_now(bars, bars[-1][0] + 1, 99)
    assert now != bars
    assert past(now) == past(bars)
    assert past((*bars[:-1], (*bars[-1][:VOLUME], 4, NOTHING))) != past(bars)
    assert known_at(bars, bars[3][0]) == bars[:4]
    assert known_at(bars, 0) == bars[:1]
