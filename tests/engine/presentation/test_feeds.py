"""The live feed in words: how long it is lost, what comes next, how fresh a price is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.presentation import feeds
from tests.support.screens.snapshots import (
    NOW_NS,
    OPEN_MS,
    SECOND,
    SNAPSHOT,
    evening,
    feed,
    lost,
    paper,
    position,
    quote,
    snapshot,
    waiting,
)

STATES = ("CONNECTING", "LOGIN", "UP", "WAITING", "REFUSED", "STOPPED")


@pytest.mark.parametrize("state", STATES)
def test_a_link_is_lost_while_it_is_not_up_and_the_run_goes_on(state):
    seen = paper(feed=feed(state=state))
    assert (feeds.lost(seen) is None) == (state == "UP")
    assert feeds.lost(replace(seen, stopped=True)) is None
    assert feeds.lost(SNAPSHOT) is None
    assert feeds.lost(paper(feed=feed(state="STOPPED", since_ns=0))) is None  # it has not begun


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (waiting(), "reconnect 3 in 4 s"),
        (waiting(retry_s=0.2), "reconnect 3 now"),
        (waiting(retry_s=-5), "reconnect 3 now"),
        (waiting(attempt=0), "reconnect in 4 s"),
        (waiting(state="CONNECTING"), "connecting, attempt 3"),
        (waiting(state="CONNECTING", attempt=0), "connecting"),
        (waiting(state="LOGIN"), "logging in"),
        (waiting(state="REFUSED"), "see the log, then: myquant-tui login --check"),
        (waiting(state="STOPPED"), "no reconnect"),
        (feed(), ""),
    ],
)
def test_what_comes_next(view, words):
    assert feeds.coming(view, NOW_NS) == words


def test_since_when_it_is_lost_is_counted_from_what_was_heard_last():
    assert feeds.passed_s(waiting(), NOW_NS) == 12
    assert feeds.passed_s(waiting(pong_ns=NOW_NS - 2 * SECOND), NOW_NS) == 2
    never = waiting(frame_ns=0, pong_ns=0, since_ns=NOW_NS - 5 * SECOND)
    assert feeds.passed_s(never, NOW_NS) == 5
    assert feeds.passed_s(never, NOW_NS - 60 * SECOND) == 0


@given(st.integers(0, 30 * SECOND), st.integers(0, 30 * SECOND), st.integers(0, 10 * SECOND))
def test_both_counts_turn_at_the_same_moment_and_the_countdown_is_never_a_second_off(heard, due, passes):
    link = waiting(frame_ns=NOW_NS - heard, pong_ns=0, retry_ns=NOW_NS + due)
    before = (feeds.passed_s(link, NOW_NS), feeds.left_s(link, NOW_NS))
    now_ns = NOW_NS + passes
    after = (feeds.passed_s(link, now_ns), feeds.left_s(link, now_ns))
    assert before[0] <= after[0]
    if before[0] == after[0]:
        assert before == after
    left_ns = max(0, link.retry_ns - now_ns)
    assert abs(after[1] - left_ns / SECOND) < 1.0 + 1e-9


def test_the_cause_is_told_in_the_feeds_words_or_by_its_state():
    assert feeds.cause(waiting()) == "no data for 8.0 s"
    assert [feeds.cause(feed(state=state)) for state in STATES] == [
        "not connected yet",
        "logging in",
        "no data",
        "connection lost",
        "refused",
        "stopped",
    ]


def silent(seconds, **more):
    return quote(0, 15_701, recv_ns=NOW_NS - round(seconds * SECOND), **more)


CLOSED = paper(at_ms=OPEN_MS - 1)
QUIET = paper(pulse=replace(SNAPSHOT.pulse, came_ns=NOW_NS - 9 * SECOND))
FRESH_LINK = paper(feed=feed(up_ns=NOW_NS - 2 * SECOND))


@pytest.mark.parametrize(
    ("seen", "price", "word"),
    [
        (paper(), silent(0.4), "LIVE"),
        (paper(), silent(3.2), "LIVE"),  # its own usual gap is 0.64 s
        (paper(), silent(3.3), "STALE"),
        (paper(), silent(40, median_gap_ms=9_000), "LIVE"),
        (QUIET, silent(9), "QUIET"),
        (QUIET, quote(0, 0, recv_ns=0), "NEW"),
        (FRESH_LINK, silent(1.9), "LIVE"),
        (FRESH_LINK, silent(2.1), "NEW"),
        (FRESH_LINK, silent(90), "NEW"),
        (lost(), silent(0.1), "STALE"),
        (lost(feed=feed(state="CONNECTING")), silent(0.1), "STALE"),
        (CLOSED, silent(9_000), "CLOSED"),
        (snapshot(), silent(0.4), "LIVE"),
    ],
)
def test_how_fresh_a_price_is(seen, price, word):
    assert feeds.fresh(price, seen, NOW_NS) == word


@pytest.mark.parametrize(
    ("behind_ms", "clock_ms", "word"),
    [
        (150, -100.0, "LIVE"),
        (2_050, -100.0, "LIVE"),  # 1.95 s longer on its way than the quickest
        (2_150, -100.0, "LATE"),
        (2_150, -1_900.0, "LIVE"),  # the machine's clock is ahead by that much
        (2_150, None, "LIVE"),  # nobody knows
        (-900, 1_000.0, "LIVE"),
    ],
)
def test_a_tick_that_waited_on_its_way_is_late(behind_ms, clock_ms, word):
    seen = paper(feed=feed(clock_ms=clock_ms))
    price = silent(0.4)
    recv_wall_ms = (seen.wall_ns - (seen.taken_ns - price.recv_ns)) // 1_000_000
    assert feeds.fresh(replace(price, exch_ms=recv_wall_ms - behind_ms), seen, NOW_NS) == word


def test_what_is_held_is_judged_by_the_hours_of_its_own_market():
    seen = evening()
    assert not feeds.is_closed(seen)
    (over,) = feeds.held_over(seen)
    assert over.instrument == 0
    assert feeds.unsold(seen, over) == "nothing can be sold until Fri 09:15"
    assert [feeds.fresh(each, seen, NOW_NS) for each in seen.quotes] == ["CLOSED", "LIVE"]
    assert feeds.unpriced(seen, NOW_NS) is None  # it is not silent: nobody trades it
    assert feeds.held_over(replace(seen, markets={})) == ()  # an engine of an older version
    assert feeds.goes_on(seen) == "Fri 09:15"
    assert feeds.held_over(replace(seen, at_ms=OPEN_MS + 3_600_000)) == ()
    assert feeds.held_over(evening(positions=(position(1),))) == ()


def test_by_a_clock_that_is_wrong_nothing_is_closed():
    for seen in (evening(), paper(), CLOSED):
        wrong = replace(seen, at_ms=seen.at_ms + 10 * 3_600_000, ahead_ms=10 * 3_600_000)
        assert feeds.is_closed(wrong) == feeds.is_closed(seen)
        assert feeds.held_over(wrong) == feeds.held_over(seen)
