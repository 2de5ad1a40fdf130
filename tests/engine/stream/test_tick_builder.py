"""What an exchange says becomes ticks: numbered without holes, in the instrument's scale, flagged, and always recordable."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.model.types import (
    FLAG_AHEAD,
    FLAG_HAS_BOOK,
    FLAG_LATE,
    FLAG_NEW_LINK,
    MAX_PRICE,
    MAX_QUANTITY,
    PRICE_INFINITE,
    PRICE_NAN,
    Instrument,
    Tick,
)
from engine.stream.tick_builder import Slot, TickBuilder, place

OPTION = Instrument("OPT", token="1", exchange="NFO")
COIN = Instrument("BTCUSDT", exchange="BINANCE", price_scale=100, tick_size=1, lot_size=1, quantity_scale=100_000)


def ticker(count=2, rule="chained"):
    ticks: list[Tick] = []
    made = TickBuilder(count, rule)
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


def test_a_close_is_scaled_is_none_where_it_cannot_be_and_is_asked_anew_on_another_link():
    made, _ = ticker()
    fine = Slot(0, "A", 1, 1, 1, 1)
    made.close(fine, 12_345)
    made.close(Slot(1, "B", 1, 100_000, 1, 1), 12_345)
    assert made.closes == [12_345, -1]
    made.close(fine, 0)
    assert made.closes[0] == -1
    made.link_up()
    assert made.closes == [0, 0]


def test_an_instrument_that_is_added_begins_as_on_a_new_link_and_one_that_was_removed_is_counted_no_more():
    made, ticks = ticker(count=1, rule="auto")
    here, there = place(0, OPTION, 100, 1), place(1, OPTION, 100, 1)
    made.trade(here, 900, 7, 10_000, 75, 75)
    made.relist([1], [0])
    assert (made.ticking, made.wanted, made.count) == (0, 1, 2)
    made.trade(here, 900, 8, 10_000, 75, 75)
    made.trade(there, 900, 1, 10_000, 75, 75)
    assert [(each.instrument, bool(each.flags & FLAG_NEW_LINK)) for each in ticks] == [(0, True), (0, False), (1, True)]
    assert made.ticking == 1
    made.relist([0], [])
    made.trade(here, 900, 9, 10_000, 75, 75)
    assert ticks[-1].flags & FLAG_NEW_LINK
    assert (made.ticking, made.wanted) == (2, 2)
