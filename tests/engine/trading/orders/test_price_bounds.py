"""Which limits may be sent: the estimate of the exchange's protection, what a refusal taught, and the circuit."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.state import Fields, Plain, dump, load
from engine.model.types import MAX_PRICE, Instrument, Side
from engine.text.sanitize import CleanText
from engine.trading.orders.price_bounds import LppEstimate, PriceBounds

NOW = 1_770_000_000_000
TICK = 5
OPTION = Instrument(CleanText("NIFTY"), tick_size=TICK)
SIDES: tuple[Side, ...] = ("BUY", "SELL")

prices = st.integers(1, 20_000).map(lambda ticks: ticks * TICK)
trades = st.lists(st.tuples(st.integers(0, 40_000), prices), max_size=40)


def bounds(*trade_prices: int, at_ms: int = NOW) -> PriceBounds:
    found = PriceBounds(OPTION)
    for price in trade_prices:
        found.lpp.add(price, at_ms)
    return found


# ── The estimate ────────────────────────────────────────────────────────────────────────────────────────────────────


@given(trades, st.integers(0, 120_000))
def test_the_estimate_is_that_of_all_trades_of_the_newest_thirty_seconds(
    steps: list[tuple[int, int]], later_ms: int
) -> None:
    estimate, at_ms, seen = LppEstimate(100), NOW, []
    for step_ms, price in steps:
        at_ms += step_ms
        estimate.add(price, at_ms)
        seen.append((at_ms, price))
    now_ms = at_ms + later_ms
    newest = [price for traded_ms, price in seen if traded_ms // 1000 > now_ms // 1000 - 30]
    if not newest:
        assert estimate.range(now_ms) is None
        return
    mean = Fraction(sum(newest), len(newest))
    low, high = (mean - 2000, mean + 2000) if mean <= 5000 else (mean * 6 / 10, mean * 14 / 10)
    assert estimate.range(now_ms) == (ceil(low), floor(high))


def test_its_memory_does_not_grow() -> None:
    estimate = LppEstimate(100)
    for second in range(1000):
        for _ in range(10):
            estimate.add(100, NOW + second * 700)
    assert [len(getattr(estimate, name)) for name in LppEstimate.STATE] == [30] * 3


def test_a_trade_that_comes_late_goes_to_its_own_second_or_to_none() -> None:
    estimate = LppEstimate(100)
    estimate.add(10_000, NOW)
    estimate.add(20_000, NOW - 20_000)
    assert estimate.mean(NOW) == (30_000, 2)
    estimate.add(40_000, NOW - 30_000)
    assert estimate.mean(NOW) == (30_000, 2)
    assert estimate.mean(NOW + 10_000) == (10_000, 1)


@pytest.mark.parametrize(
    ("price", "low", "high"), [(5000, 3000, 7000), (5005, 3003, 7007), (1000, -1000, 3000), (10_000, 6000, 14_000)]
)
def test_twenty_rupees_up_to_fifty_then_forty_percent(price: int, low: int, high: int) -> None:
    estimate = LppEstimate(100)
    estimate.add(price, NOW)
    assert estimate.range(NOW) == (low, high)


# ── What is allowed ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_where_nothing_is_known_everything_from_one_tick_is_allowed() -> None:
    for side in SIDES:
        assert bounds().allowed(side, NOW) == (TICK, MAX_PRICE)


def test_a_limit_stays_a_tick_inside_the_estimate_on_the_side_that_is_checked() -> None:
    found = bounds(10_000)
    assert found.allowed("SELL", NOW) == (6005, MAX_PRICE)
    assert found.allowed("BUY", NOW) == (TICK, 13_995)
    assert found.allowed("SELL", NOW + 30_000) == (TICK, MAX_PRICE)  # nothing traded for so long


def test_of_cheap_options_a_sell_is_never_held_back() -> None:
    assert bounds(1_500).allowed("SELL", NOW)[0] == TICK


def test_the_circuit_bounds_both_sides_and_a_price_at_it_is_good() -> None:
    found = bounds(10_000)
    found.tell_circuit(7_001, 0)
    found.tell_circuit(0, 12_004)
    for side in SIDES:
        assert found.allowed(side, NOW) == (7_005, 12_000)
    found.start_day()
    assert found.allowed("SELL", NOW) == (6005, MAX_PRICE)


def test_a_circuit_below_the_protection_wins() -> None:
    found = bounds(10_000)
    found.tell_circuit(TICK, 5_000)
    assert found.allowed("SELL", NOW) == (5_000, 5_000)


# ── What a refusal teaches ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_bound_that_is_named_holds_for_thirty_seconds_in_place_of_the_estimate() -> None:
    found = bounds(10_000)
    found.learn("SELL", 6_005, 7_140, above=True, best=9_000, now_ms=NOW)
    found.learn("BUY", 13_995, 12_003, above=False, best=10_500, now_ms=NOW)
    assert found.allowed("SELL", NOW + 29_999) == (7_145, MAX_PRICE)
    assert found.allowed("BUY", NOW + 29_999) == (TICK, 11_995)
    found.lpp.add(10_000, NOW + 29_999)
    assert found.allowed("SELL", NOW + 30_000)[0] == 6_005
    assert found.allowed("BUY", NOW + 30_000)[1] == 13_995


def test_it_holds_for_its_own_side_alone() -> None:
    found = bounds()
    found.learn("SELL", 6_005, 7_140, above=True, best=0, now_ms=NOW)
    assert found.allowed("BUY", NOW) == (TICK, MAX_PRICE)


@pytest.mark.parametrize(
    ("side", "refused", "bound", "above"),
    [
        pytest.param("SELL", 8_000, 0, False, id="none named"),
        pytest.param("SELL", 8_000, 7_000, True, id="ours was above it already"),
        pytest.param("SELL", 8_000, 9_500, False, id="a sell cannot be too high"),
        pytest.param("BUY", 12_000, 0, False, id="none named to a buy"),
        pytest.param("BUY", 12_000, 13_000, False, id="ours was below it already"),
        pytest.param("BUY", 12_000, 10_500, True, id="a buy cannot be too low"),
    ],
)
def test_where_no_number_helps_half_of_the_distance_is_given_way(
    side: Side, refused: int, bound: int, above: bool
) -> None:
    found = bounds()
    found.learn(side, refused, bound, above=above, best=10_000, now_ms=NOW)
    low, high = found.allowed(side, NOW)
    assert (low if side == "SELL" else high) == (9_000 if side == "SELL" else 11_000)


def test_the_distance_is_to_the_mean_where_the_market_itself_lies_outside() -> None:
    found = bounds(10_000)
    found.learn("SELL", 6_005, 0, above=False, best=5_500, now_ms=NOW)
    assert found.allowed("SELL", NOW)[0] == 8_005
    found.learn("BUY", 13_995, 0, above=False, best=20_000, now_ms=NOW)
    assert found.allowed("BUY", NOW)[1] == 11_995


def test_with_nothing_known_a_tick_is_given_way() -> None:
    found = bounds()
    found.learn("SELL", 6_005, 0, above=False, best=0, now_ms=NOW)
    found.learn("BUY", 10, 0, above=False, best=0, now_ms=NOW)
    assert found.allowed("SELL", NOW)[0] == 6_010
    assert found.allowed("BUY", NOW)[1] == 5


def test_a_bound_at_the_lowest_price_leaves_one_tick() -> None:
    found = bounds()
    found.learn("BUY", 10, TICK, above=False, best=10, now_ms=NOW)
    assert found.allowed("BUY", NOW) == (TICK, TICK)


@given(st.sampled_from(SIDES), prices, st.integers(1, 99), st.booleans())
def test_an_exchange_that_says_no_is_soon_agreed_with(side: Side, mean: int, percent: int, named: bool) -> None:
    """Its range is narrower than the estimate, and its market anywhere: each refusal teaches, and not many are needed."""
    selling = side == "SELL"
    last_good = max(TICK, mean * (100 - percent if selling else 100 + percent) // 100)
    found = bounds(mean)
    best = mean
    for _ in range(25):
        low, high = found.allowed(side, NOW)
        limit = low if selling else high  # as keen as may be
        assert limit % TICK == 0
        if limit >= last_good if selling else limit <= last_good:
            return
        found.learn(side, limit, last_good if named else 0, above=selling and named, best=best, now_ms=NOW)
        if named:
            low, high = found.allowed(side, NOW)
            assert low > last_good if selling else high <= max(TICK, last_good)
    pytest.fail("it never came to a limit that is taken")


# ── State ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def all_of(found: PriceBounds) -> Fields:
    fields: dict[str, Plain] = {}
    dump(found, "bounds.", fields)
    dump(found.lpp, "lpp.", fields)
    return fields


@given(trades)
def test_state_that_was_put_aside_comes_back_and_stays_as_it_was(steps: list[tuple[int, int]]) -> None:
    found = bounds()
    for step_ms, price in steps:
        found.lpp.add(price, NOW + step_ms)
    found.learn("BUY", 12_000, 0, above=False, best=10_000, now_ms=NOW)
    found.tell_circuit(50, 90_000)
    fields = all_of(found)
    kept = {name: list(value) if isinstance(value, list) else value for name, value in fields.items()}
    found.lpp.add(5, NOW)
    other = PriceBounds(OPTION)
    load(other, "bounds.", fields)
    load(other.lpp, "lpp.", fields)
    assert fields == kept == all_of(other)
    other.lpp.add(5, NOW)
    assert all_of(other) == all_of(found)
    assert other.allowed("BUY", NOW) == found.allowed("BUY", NOW)
