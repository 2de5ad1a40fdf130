"""The pure rooms of a live feed: back-off, connect budget, silence, numbering, tally, ticks; all by virtual time."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.model.errors import ConfigError
from engine.model.types import (
    FLAG_AHEAD,
    FLAG_HAS_BOOK,
    FLAG_LATE,
    FLAG_NEW_LINK,
    FLAG_UNCHAINED,
    MAX_PRICE,
    MAX_QUANTITY,
    PRICE_INFINITE,
    PRICE_NAN,
    Instrument,
    Tick,
)
from engine.stream.adapter import Endpoint, address
from engine.stream.backoff import Backoff, ConnectBudget
from engine.stream.counters import StreamCounters
from engine.stream.lateness import LatenessMonitor
from engine.stream.sequence import SequenceTracker
from engine.stream.silence import SilenceTimer
from engine.stream.tick_builder import TickBuilder, place

S = 1_000_000_000


# ── Back-off and budget ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_longest_wait_doubles_up_to_half_a_minute_and_begins_anew_after_success():
    backoff = Backoff(lambda: 1.0)
    assert [backoff.failed() / S for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.attempt == 9
    backoff.succeeded()
    assert backoff.failed() / S == 0.5


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100))
def test_the_whole_wait_is_random(draws):
    left = list(draws)
    backoff = Backoff(lambda: left.pop(0))
    for number, draw in enumerate(draws):
        assert backoff.failed() == round(draw * min(30.0, 0.5 * 2.0 ** min(number, 30)) * S)


def test_a_thousand_failures_do_not_overflow():
    backoff = Backoff(lambda: 1.0)
    assert {backoff.failed() for _ in range(5000)} <= {round(s * S) for s in (0.5, 1, 2, 4, 8, 16, 30)}


@given(st.lists(st.integers(0, 30 * S), min_size=1, max_size=60))
def test_never_more_than_six_connections_in_any_minute(pauses):
    budget, now_ns, made = ConnectBudget(), 0, []
    for pause_ns in pauses:
        now_ns += pause_ns
        now_ns += budget.wait_ns(now_ns)
        assert budget.wait_ns(now_ns) == 0
        budget.spend(now_ns)
        made.append(now_ns)
    assert all(later - earlier >= 60 * S for earlier, later in zip(made, made[6:], strict=False))


def test_the_first_six_connections_wait_for_nothing():
    budget = ConnectBudget()
    for second in range(6):
        assert budget.wait_ns(second * S) == 0
        budget.spend(second * S)
    assert budget.wait_ns(6 * S) == 54 * S


# ── Silence ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def silent(watch, now_s, in_session=True):
    return watch.overdue(round(now_s * S), in_session=in_session)


def test_no_data_for_eight_seconds_in_session_drops_the_link_whatever_else_came():
    watch = SilenceTimer(8.0)
    watch.link_up(0)
    assert silent(watch, 0) == ""
    watch.heard(2 * S)
    watch.frame_ns = 9 * S  # pongs go on
    assert silent(watch, 9.9) == ""
    assert watch.due_ns() == 10 * S
    assert silent(watch, 10) == "no data for 8.0 s"


def test_outside_the_session_only_signs_of_life_count():
    watch = SilenceTimer(8.0)
    watch.link_up(0)
    assert silent(watch, 24.9, in_session=False) == ""
    assert watch.due_ns() == 25 * S
    watch.frame_ns = 24 * S
    assert silent(watch, 48, in_session=False) == ""
    assert silent(watch, 49, in_session=False) == "no sign of life for 25.0 s"


def test_a_session_that_begins_forgives_the_silence_before_it():
    watch = SilenceTimer(8.0, lifeless_s=1e6)
    watch.link_up(0)
    assert silent(watch, 3600, in_session=False) == ""
    assert silent(watch, 3601) == ""
    assert silent(watch, 3608.9) == ""
    assert silent(watch, 3609) == "no data for 8.0 s"


def test_fruitless_drops_double_the_allowance_up_to_a_minute():
    watch, spans, now_s = SilenceTimer(8.0, lifeless_s=1e6), [], 0.0
    for _ in range(6):
        watch.link_up(round(now_s * S))
        silent(watch, now_s)
        spans.append((watch.due_ns() - round(now_s * S)) / S)
        now_s = watch.due_ns() / S
        assert silent(watch, now_s).startswith("no data")
    assert spans == [8, 16, 32, 60, 60, 60]


def test_a_longer_allowance_than_a_minute_stays_as_configured():
    watch = SilenceTimer(300.0, lifeless_s=1e6)
    watch.link_up(0)
    silent(watch, 0)
    assert silent(watch, 299) == ""
    assert silent(watch, 300)
    assert watch.allowed_ns == 300 * S


def test_a_minute_of_data_without_a_hole_takes_the_doubling_back():
    watch = SilenceTimer(8.0, lifeless_s=1e6)
    watch.link_up(0)
    silent(watch, 0)
    assert silent(watch, 8)
    watch.link_up(10 * S)
    for second in range(10, 70, 5):
        watch.heard(second * S)
        assert not watch.steady()
    assert watch.allowed_ns == 16 * S
    watch.heard(70 * S)
    assert watch.steady()
    assert watch.allowed_ns == 8 * S


def test_a_hole_begins_the_minute_anew():
    watch = SilenceTimer(8.0)
    watch.link_up(0)
    for second in [*range(0, 40, 4), *range(49, 105, 4)]:
        watch.heard(second * S)
        assert not watch.steady()
    watch.heard(109 * S)
    assert watch.steady()


def test_an_option_that_is_quiet_at_noon_makes_no_storm():
    """One tick each 20 s for an hour: a few drops, then the link is left alone."""
    watch, drops, tick_s = SilenceTimer(8.0, lifeless_s=1e6), 0, 0
    watch.link_up(0)
    silent(watch, 0)
    for second in range(1, 3600):
        if second - tick_s >= 20:
            tick_s = second
            watch.heard(second * S)
        watch.steady()
        if silent(watch, second):
            drops += 1
            watch.link_up(second * S)
            silent(watch, second)
    assert drops == 2  # at 8 and at 16 s allowed; 32 are enough


# ── Numbering ───────────────────────────────────────────────────────────────────────────────────────────────────────


def flags(numbering, numbers, instrument=0):
    return [numbering.flag(instrument, number) for number in numbers]


def test_what_is_configured_needs_no_learning():
    assert set(flags(SequenceTracker(1, "chained"), [5, 9, 3, 0])) == {0}
    assert set(flags(SequenceTracker(1, "rising"), [1, 2, 3, 4])) == {FLAG_UNCHAINED}


def test_twenty_steps_of_one_in_a_row_make_a_chain():
    told = flags(SequenceTracker(1, "auto"), range(100, 130))
    assert told == [FLAG_UNCHAINED] * 20 + [0] * 10


def test_a_jump_while_learning_begins_the_row_anew():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 20))  # 18 steps
    told = flags(numbering, range(50, 72))  # a jump and 21 steps
    assert told == [FLAG_UNCHAINED] * 20 + [0] * 2


def test_a_loss_in_a_chain_is_told_as_one_and_a_rare_loss_never_ends_it():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 40))
    number = 40
    for _ in range(200):
        number += 3
        assert numbering.flag(0, number) == 0
        told = flags(numbering, range(number + 1, number + 9))
        number += 8
        assert set(told) == {0}


def test_a_numbering_that_only_rises_ceases_to_be_a_chain_before_ten_jumps():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 200))
    told = flags(numbering, range(300, 400, 5))
    assert 5 <= told.index(FLAG_UNCHAINED) < 9
    assert set(told[told.index(FLAG_UNCHAINED) :]) == {FLAG_UNCHAINED}


def test_one_packet_lost_in_three_halts_entries_before_it_ends_the_chain():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 200))
    number, losses = 200, 0
    while numbering.flag(0, number) == 0 and losses < 50:
        numbering.flag(0, number + 1)
        number += 3
        losses += 1
    assert losses >= 10


def test_each_instrument_is_learned_for_itself():
    numbering = SequenceTracker(2, "auto")
    flags(numbering, range(1, 30), 0)
    assert flags(numbering, [31], 1) == [FLAG_UNCHAINED]
    assert flags(numbering, [30], 0) == [0]


def test_a_new_link_breaks_a_row_but_no_chain():
    numbering = SequenceTracker(2, "auto")
    flags(numbering, range(1, 30), 0)
    flags(numbering, range(1, 20), 1)
    numbering.link_up()
    assert flags(numbering, [1000, 1001], 0) == [0, 0]
    assert set(flags(numbering, range(20, 40), 1)) == {FLAG_UNCHAINED}


def test_repeated_and_older_numbers_and_none_say_nothing():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 30))
    assert flags(numbering, [29, 29, 0, 30]) == [0, 0, 0, 0]


@given(st.lists(st.integers(0, 10**6), max_size=200))
def test_any_numbers_are_judged(numbers):
    assert set(flags(SequenceTracker(1, "auto"), numbers)) <= {0, FLAG_UNCHAINED}


# ── Tally ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_twenty_first_bad_packet_in_ten_seconds_is_too_many():
    tally = StreamCounters()
    assert not any(tally.count_bad("length", round(n * 0.4 * S)) for n in range(20))
    assert tally.count_bad("mode", 8 * S)
    assert tally.bad == {"length": 20, "mode": 1}


def test_twenty_one_in_a_longer_while_are_not():
    tally = StreamCounters()
    assert not any(tally.count_bad("length", n * S) for n in range(200))


def test_a_new_link_begins_anew_and_packets_nobody_asked_for_drop_no_link():
    tally = StreamCounters()
    for _ in range(20):
        tally.count_bad("length", 0)
    tally.link_up()
    assert not tally.count_bad("length", 0)
    assert not any(tally.count_bad("unknown_token", 0) for _ in range(100))


# ── Ticks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

OPTION = Instrument("OPT", token="1", exchange="NFO")
COIN = Instrument("BTCUSDT", exchange="BINANCE", price_scale=100, tick_size=1, lot_size=1, quantity_scale=100_000)


def ticker(count=2, rule="chained"):
    ticks: list[Tick] = []
    made = TickBuilder(count, SequenceTracker(count, rule), LatenessMonitor())
    made.deliver = ticks.append
    return made, ticks


def test_ticks_are_numbered_without_holes_over_all_links_and_stamped_once_per_receipt():
    made, ticks = ticker()
    here, there = place(0, OPTION, 100, 1), place(1, OPTION, 100, 1)
    made.stamp(11, 1_000_000_022)
    made.trade(here, 900, 7, 10_000, 75, 75)
    made.trade(there, 900, 3, 20_000, 75, 75)
    made.link_up()
    made.stamp(12, 2_000_000_023)
    made.trade(here, 1_900, 50, 10_005, 150, 225)
    assert [(t.seq, t.instrument, t.recv_ns, t.recv_wall_ns) for t in ticks] == [
        (1, 0, 11, 1_000_000_022),
        (2, 1, 11, 1_000_000_022),
        (3, 0, 12, 2_000_000_023),
    ]
    assert ticks[2].exch_ms == 1_900
    assert (ticks[2].exch_seq, ticks[2].price, ticks[2].quantity, ticks[2].day_volume) == (50, 10_005, 150, 225)


def test_the_first_tick_of_each_instrument_on_each_link_says_so():
    made, ticks = ticker()
    here, there = place(0, OPTION, 100, 1), place(1, OPTION, 100, 1)
    for _ in range(2):
        made.link_up()
        assert made.ticking == 0
        for each in (here, here, there):
            made.trade(each, 0, 0, 1, 1, 1)
        assert made.ticking == 2
    assert [bool(t.flags & FLAG_NEW_LINK) for t in ticks] == [True, False, True] * 2


def test_a_book_is_carried_by_the_ticks_that_follow_and_ends_with_the_link():
    made, ticks = ticker()
    here = place(0, OPTION, 100, 1)
    made.trade(here, 0, 0, 100, 1, 1)
    made.book(here, 95, 105)
    made.trade(here, 0, 0, 100, 1, 1)
    made.book(here, 0, 105)
    made.trade(here, 0, 0, 100, 1, 1)
    made.link_up()
    made.trade(here, 0, 0, 100, 1, 1)
    assert [(t.bid, t.ask, t.flags & FLAG_HAS_BOOK) for t in ticks] == [
        (0, 0, 0),
        (95, 105, FLAG_HAS_BOOK),
        (0, 105, FLAG_HAS_BOOK),
        (0, 0, 0),
    ]


def test_late_ticks_say_so_and_those_that_are_ahead():
    made, ticks = ticker()
    here = place(0, OPTION, 100, 1)
    for recv_ms in (1_100, 1_150, 1_200, 5_000):
        made.stamp(0, recv_ms * 1_000_000)
        made.trade(here, 1_000, 0, 100, 1, 1)
    made.trade(here, 65_001, 0, 100, 1, 1)  # ahead of our own clock by more than a minute
    assert [t.flags & (FLAG_LATE | FLAG_AHEAD) for t in ticks] == [0, 0, 0, FLAG_LATE, FLAG_AHEAD]


@pytest.mark.parametrize(
    ("instrument", "raw_scale", "raw", "price"),
    [
        (OPTION, 100, 18_235, 18_235),
        (Instrument("USDINR", exchange="CDS", price_scale=10_000), 10_000_000, 834_525_000, 834_525),
        (Instrument("FINE", price_scale=10_000), 100, 18_235, 1_823_500),
        (COIN, 100_000_000, 6_183_763_000_000, 6_183_763),
        (OPTION, 100, 0, 0),
        (OPTION, 100, -5, -5),
    ],
)
def test_prices_are_told_in_the_instruments_own_scale(instrument, raw_scale, raw, price):
    made, ticks = ticker()
    assert made.trade(place(0, instrument, raw_scale, 1), 0, 0, raw, 1, 1)
    assert ticks[0].price == price


def test_a_price_that_the_scale_cannot_express_is_no_price():
    made, ticks = ticker()
    assert not made.trade(place(0, COIN, 100_000_000, 100_000_000), 0, 1, 61_837_630_001, 2_000_000, 0)
    assert (ticks[0].price, ticks[0].quantity) == (PRICE_NAN, 2_000)


FINE = Instrument("FINE", price_scale=10_000, quantity_scale=1_000)  # than its exchange counts
INT64 = 2**63


@pytest.mark.parametrize("raw", [MAX_PRICE // 100 + 1, 2**62, INT64 - 1, -(2**62), -INT64])
def test_a_price_that_is_too_large_when_scaled_up_is_none(raw):
    made, ticks = ticker()
    assert made.trade(place(0, FINE, 100, 1), 0, 1, raw, 1, 1)
    assert ticks[0].price == PRICE_INFINITE


@given(st.integers(-INT64, INT64 - 1), st.integers(0, INT64 - 1), st.integers(0, INT64 - 1))
@example(MAX_PRICE // 100, MAX_QUANTITY // 1000, MAX_QUANTITY // 1000 + 1)
def test_whatever_comes_fits_into_a_recording(price, quantity, day_volume):
    made, ticks = ticker()
    for here in (place(0, FINE, 100, 1), place(0, COIN, 10**8, 10**8), place(0, OPTION, 100, 1)):
        made.book(here, price, price)
        made.trade(here, 0, 1, price, quantity, day_volume)
    for tick in ticks:
        assert -INT64 <= tick.price < INT64
        assert 0 <= tick.quantity <= MAX_QUANTITY >= tick.day_volume
        assert 0 <= tick.bid <= MAX_PRICE >= tick.ask
    assert ticks[0].quantity == min(quantity * 1000, MAX_QUANTITY)
    assert ticks[0].price in {price * 100, PRICE_INFINITE}
    assert (ticks[0].price == PRICE_INFINITE) == (abs(price) * 100 > MAX_PRICE)


def test_a_book_is_rounded_to_the_worse_side_and_an_absurd_one_is_none():
    made, ticks = ticker()
    here = place(0, COIN, 100_000_000, 100_000_000)
    made.book(here, 1_999_999, 2_000_001)
    made.trade(here, 0, 1, 2_000_000, 0, 0)
    made.book(place(0, FINE, 100, 1), MAX_PRICE // 100 + 1, MAX_PRICE)
    made.trade(here, 0, 2, 2_000_000, 0, 0)
    assert [(t.bid, t.ask) for t in ticks] == [(1, 3), (0, 0)]


# ── Addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("wss://a.example/stream", (True, "a.example", 443, "/stream")),
        ("wss://A.Example:9443", (True, "a.example", 9443, "/ws")),
        ("ws://127.0.0.1:80/", (False, "127.0.0.1", 80, "/ws")),
    ],
)
def test_an_address_in_its_parts(url, parts):
    found = address("x.url", url, "/ws")
    assert (found.secure, found.host, found.port, found.resource) == parts


@pytest.mark.parametrize("url", ["http://a/b", "wss://", "wss://a:0", "wss://a:65536", "wss://a:x", "", "wss:/a"])
def test_what_is_no_address_is_refused_by_its_key(url):
    with pytest.raises(ConfigError, match=r"smartapi\.stream_url"):
        address("smartapi.stream_url", url)


def test_an_address_shows_no_header():
    assert "secret" not in repr(Endpoint(True, "a", 443, "/", ("Authorization: secret",)))
