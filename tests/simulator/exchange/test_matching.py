"""Orders meet others' and rest by price and then by time; nobody gets more than was there or was asked for."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.exchange.depth import Depth, PricePath
from tests.simulator.exchange.matching import Matcher
from tests.simulator.exchange.orders import BrokerOrder
from tests.simulator.exchange.securities import Security
from tests.support.exchange_harness import CALL

LOT = CALL.lot
sides = st.sampled_from(["BUY", "SELL"])
ticks = st.integers(1_990, 2_010)
lots = st.integers(1, 10)
levels = st.lists(st.tuples(st.integers(0, 8), lots), max_size=4)


def order(number, side, price, quantity, allowed=None):
    return BrokerOrder(
        number, str(number), "", "T", CALL, side, "INTRADAY", "NORMAL", "LIMIT", price, 0, quantity, 0, allowed=allowed
    )


class Board:
    """A matcher that keeps its fills, and has orders leave as the broker does."""

    def __init__(self):
        self.depth = Depth(CALL, 0)
        self.fills = []
        self.matcher = Matcher(self.depth, self.filled)

    def filled(self, now_ms, order, price, quantity):
        self.fills.append((order.number, price, quantity))
        order.filled += quantity
        if order.filled == order.quantity:
            self.matcher.leave(order)

    def set(self, middle, bids, asks):
        """Books around `middle` (ticks), from distances and lots."""
        self.depth.set(
            [((middle - 1 - away) * 5, LOT * size) for away, size in sorted(dict(bids).items())],
            [((middle + 1 + away) * 5, LOT * size) for away, size in sorted(dict(asks).items())],
        )

    def there(self, side):
        return sum(quantity for _, quantity in (self.depth.asks if side == "BUY" else self.depth.bids))


def test_an_order_takes_the_best_prices_first_and_rests_with_what_is_left():
    board = Board()
    board.depth.set([], [(10_000, 65), (10_005, 130), (10_015, 65)])
    board.matcher.enter(0, order(1, "BUY", 10_010, 65 * 4))
    assert board.fills == [(1, 10_000, 65), (1, 10_005, 130)]
    assert board.depth.asks == [[10_015, 65]]
    assert [each.rest for each in board.matcher.resting("BUY")] == [65]


def test_the_better_price_comes_first_and_among_equals_who_came_first():
    board = Board()
    for number, price in ((1, 9_990), (2, 10_000), (3, 9_990), (4, 9_995)):
        board.matcher.enter(0, order(number, "BUY", price, 65))
    board.depth.set([], [(9_900, 195)])
    board.matcher.match(1)
    assert board.fills == [(2, 10_000, 65), (4, 9_995, 65), (1, 9_990, 65)]


def test_what_others_may_not_trade_with_rests():
    board = Board()
    board.depth.set([], [(10_000, 650)])
    board.matcher.enter(0, order(1, "BUY", 10_000, 260, allowed=130))
    board.matcher.match(1)
    assert board.fills == [(1, 10_000, 130)]
    assert board.there("BUY") == 520


@given(
    st.lists(st.tuples(sides, ticks, lots, st.none() | st.integers(0, 10)), min_size=1, max_size=12),
    st.lists(st.tuples(ticks, levels, levels), min_size=1, max_size=6),
    st.data(),
)
def test_price_time_priority_and_quantities_hold_whatever_the_book_does(orders, books, data):
    board = Board()
    made = []
    for middle, bids, asks in books:
        board.set(middle, bids, asks)
        for step in range(data.draw(st.integers(0, 4))):
            before, there = len(board.fills), {side: board.there(side) for side in ("BUY", "SELL")}
            if step == 0 or len(made) == len(orders):
                resting = [*board.matcher.resting("BUY"), *board.matcher.resting("SELL")]
                left = {each.number: each.matchable for each in resting}
                ranks = [(each.side, each.number) for each in resting]
                board.matcher.match(step)
                told = [each[0] for each in board.fills[before:]]
                assert told == [number for _, number in ranks if number in told]  # in the order of their rank
                for place, (side, number) in enumerate(ranks):
                    if number in told:  # who stands before it on its side has all it wants
                        ahead = [other for other_side, other in ranks[:place] if other_side == side]
                        assert all(left[other] == got(board.fills[before:], other) for other in ahead)
                assert all(price == made[number - 1].price for number, price, _ in board.fills[before:])
            else:
                side, price, size, most = orders[len(made)]
                new = order(len(made) + 1, side, price * 5, LOT * size, None if most is None else LOT * most)
                made.append(new)
                board.matcher.enter(step, new)
                better = 1 if side == "BUY" else -1
                prices = [price for _, price, _ in board.fills[before:]]
                assert prices == sorted(prices, key=lambda each: each * better)
                assert all(each * better <= new.price * better for each in prices)
            for side in ("BUY", "SELL"):
                taken = sum(each[2] for each in board.fills[before:] if made[each[0] - 1].side == side)
                assert board.there(side) == there[side] - taken
    for each in made:
        assert got(board.fills, each.number) == each.filled
        assert each.filled <= min(each.quantity, each.quantity if each.allowed is None else each.allowed)
        here = any(other is each for other in board.matcher.resting(each.side))
        assert here is (each.filled < each.quantity)


def got(fills, number):
    return sum(quantity for each, _, quantity in fills if each == number)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_order_would_cross_an_own_one_only_at_its_price_or_better(side):
    board = Board()
    other = "SELL" if side == "BUY" else "BUY"
    board.matcher.enter(0, order(1, other, 10_000, 65))
    better = 5 if side == "BUY" else -5
    new = order(2, side, 0, 65)
    assert board.matcher.crossed(new, 10_000) is not None
    assert board.matcher.crossed(new, 10_000 + better) is not None
    assert board.matcher.crossed(new, 10_000 - better) is None


def test_a_book_that_moves_by_itself_stays_within_its_circuit():
    narrow = Security("NIFTY06OCT2622100CE", "1", lower=9_900, upper=10_100)
    depth = Depth(narrow, 0)
    path = PricePath(Random(1), depth)
    bids = set()
    for now_ms in range(2_000):
        path.move(now_ms)
        bids.add(depth.bids[0][0])
        assert narrow.lower <= depth.bids[-1][0] < depth.asks[-1][0] <= narrow.upper
    assert (min(bids), max(bids)) == (9_960, 10_040)


@given(st.integers(0, 2**32), st.integers(1, 300))
def test_a_book_that_moves_by_itself_is_sane_and_the_same_for_the_same_seed(seed, moves):
    ends = []
    for looks in (True, False):
        depth = Depth(CALL, 0)
        path = PricePath(Random(seed), depth)
        for now_ms in range(moves):
            path.move(now_ms)
            if looks:
                assert CALL.lower <= depth.bids[-1][0] < depth.bids[0][0] < depth.asks[0][0] < depth.asks[-1][0]
                assert depth.asks[-1][0] <= CALL.upper
                assert all(price % 5 == 0 and 0 < size <= 8 * LOT for price, size in depth.bids + depth.asks)
                assert depth.last in {depth.bids[0][0], depth.asks[0][0]}
        ends.append((depth.bids, depth.asks, depth.last, depth.high, depth.low, depth.volume))
    assert ends[0] == ends[1]
