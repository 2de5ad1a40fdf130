"""The limit of an order by its time: never milder than its rung's share, never milder than before, never outside what is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.types import MAX_PRICE, Side
from engine.trading.orders.price_ladder import (
    ENTRY,
    EXIT,
    FLAT,
    Ladder,
    Quote,
    Start,
    keener,
    limit_for,
    next_look_ms,
    rung_of,
    start_of,
)

NOW = 1_770_000_000_000
ANY = (5, MAX_PRICE)
SIDES: tuple[Side, ...] = ("BUY", "SELL")

sides = st.sampled_from(SIDES)
ticks = st.sampled_from([1, 5, 10, 25])
starts = st.integers(1, 10**7)
shares = st.sampled_from(EXIT.shares)


# ── Rungs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ladder", "by_ms"),
    [
        (ENTRY, {-500: 0, 0: 0, 999: 0, 1000: 1, 2999: 1, 3000: None, 90_000: None}),
        (EXIT, {-500: 0, 0: 0, 999: 0, 1000: 1, 2000: 2, 3000: 3, 4000: 4, 4999: 4, 5000: 5, 90_000: 5}),
        (FLAT, {0: 0, 1999: 0, 2000: 1, 9999: 4, 10_000: 5, 90_000: 5}),
    ],
)
def test_rungs_by_the_time_since_it_was_sent(ladder: Ladder, by_ms: dict[int, int | None]) -> None:
    assert {ms: rung_of(ladder, NOW, NOW + ms) for ms in by_ms} == by_ms


def test_the_shares() -> None:
    assert ENTRY.shares == (5, 10)
    assert EXIT.shares == FLAT.shares == (5, 10, 20, 50, 100, 200)


@pytest.mark.parametrize("ladder", [ENTRY, EXIT, FLAT])
def test_a_rung_that_changes_is_never_overlooked(ladder: Ladder) -> None:
    now_ms, seen = NOW, [rung_of(ladder, NOW, NOW)]
    while seen[-1] is not None and now_ms < NOW + 12_000:
        due_ms = next_look_ms(ladder, NOW, now_ms)
        assert due_ms > now_ms
        assert rung_of(ladder, NOW, due_ms - 1) == seen[-1]
        now_ms = due_ms
        seen.append(rung_of(ladder, NOW, now_ms))
    expected = [*range(len(ladder.shares))]
    assert list(dict.fromkeys(seen)) == [*expected, None] if ladder is ENTRY else expected
    # The last rung of an exit is judged anew, for the market may fall on; an entry is not chased.
    assert len(seen) == {ENTRY: 3, EXIT: 13, FLAT: 7}[ladder]


# ── Where it begins ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("side", "quote", "blind", "start"),
    [
        pytest.param("BUY", Quote(NOW, 99, 101, 100), False, Start(101), id="a buy at the ask"),
        pytest.param("SELL", Quote(NOW, 99, 101, 100), False, Start(99), id="a sell at the bid"),
        pytest.param("BUY", Quote(NOW, 99, 0, 100), False, Start(100), id="no ask: the last price"),
        pytest.param("SELL", Quote(NOW, 0, 101, 100), True, Start(100), id="no bid: the last price, and not blind"),
        pytest.param("SELL", Quote(NOW - 3000, 99, 101, 100), False, Start(99), id="three seconds old"),
        pytest.param("SELL", Quote(NOW - 3001, 99, 101, 100), False, None, id="older: a quote first"),
        pytest.param("SELL", Quote(NOW - 3001, 99, 101, 100), True, Start(100, True), id="none to be had: blind"),
        pytest.param("SELL", Quote(0, 99, 0, 0), True, Start(99, True), id="blind, and only a bid was ever known"),
        pytest.param("SELL", Quote(NOW, 0, 101, 0), True, None, id="nothing to sell by"),
        pytest.param("SELL", Quote(0), True, None, id="nothing at all"),
    ],
)
def test_where_an_order_begins(side: Side, quote: Quote, blind: bool, start: Start | None) -> None:
    assert start_of(side, quote, NOW, blind=blind) == start


# ── Limits ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("side", "start", "share", "limit"),
    [
        ("BUY", 10_000, 5, 10_050),
        ("BUY", 10_001, 5, 10_055),
        ("BUY", 5, 5, 10),
        ("SELL", 10_000, 5, 9_950),
        ("SELL", 9_999, 5, 9_945),
        ("SELL", 10_000, 200, 8_000),
        ("SELL", 5, 5, 5),  # there is nothing below one tick
    ],
)
def test_a_limit_is_rounded_outward(side: Side, start: int, share: int, limit: int) -> None:
    assert limit_for(side, share, start, ANY, 5) == limit


@given(sides, shares, starts, ticks)
def test_a_limit_is_never_milder_than_its_share_and_less_than_a_tick_beyond(
    side: Side, share: int, start: int, tick: int
) -> None:
    limit = limit_for(side, share, start, (-MAX_PRICE, MAX_PRICE), tick)
    assert limit % tick == 0
    beyond = start * (1000 - share) - limit * 1000 if side == "SELL" else limit * 1000 - start * (1000 + share)
    assert 0 <= beyond < tick * 1000


@given(sides, st.lists(st.tuples(shares, starts), min_size=1, max_size=10))
def test_wherever_the_market_goes_a_limit_only_becomes_keener(side: Side, steps: list[tuple[int, int]]) -> None:
    sent = 0
    for share, start in steps:
        limit = limit_for(side, share, start, ANY, 5, sent)
        assert not sent or limit == sent or keener(side, limit, sent)
        assert not keener(side, limit_for(side, share, start, ANY, 5), limit)
        sent = limit


@given(sides, shares, starts, st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_is_allowed_comes_last(side: Side, share: int, start: int, low: int, room: int, sent: int) -> None:
    allowed = (low * 5, (low + room) * 5)
    limit = limit_for(side, share, start, allowed, 5, sent * 5)
    assert allowed[0] <= limit <= allowed[1]
    free = limit_for(side, share, start, (-MAX_PRICE, MAX_PRICE), 5, sent * 5)
    assert limit == free or limit in allowed


def test_after_a_bound_was_learnt_the_limit_steps_back_and_what_works_is_not_amended() -> None:
    limit = limit_for("SELL", 200, 10_000, (8_505, MAX_PRICE), 5, 9_500)
    assert limit == 8_505
    assert keener("SELL", limit, 9_500)
    limit = limit_for("SELL", 200, 10_000, (9_505, MAX_PRICE), 5, 9_500)
    assert limit == 9_505
    assert not keener("SELL", limit, 9_500)


def test_a_short_is_bought_back_by_the_mirrored_ladder() -> None:
    sold = [10_000 - limit_for("SELL", share, 10_000, ANY, 5) for share in EXIT.shares]
    bought = [limit_for("BUY", share, 10_000, ANY, 5) - 10_000 for share in EXIT.shares]
    assert sold == bought == [50, 100, 200, 500, 1000, 2000]
