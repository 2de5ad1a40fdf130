"""In which order instruments are listed, and what a filter leaves."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import Instrument, Snapshot
from tests.support.screens.snapshots import NOW_NS, SECOND, position, quote, snapshot
from tests.support.thorough import examples
from tui.view import listing

SYMBOLS = ("NIFTY", "BANKNIFTY", "SBIN", "INFY")


def seen(held: tuple[int, ...] = (), lasts: tuple[int, ...] = (110, 90, 0, 130)) -> Snapshot:
    quotes = tuple(
        quote(n, last, day_open=100, day_volume=n and 10 - n, recv_ns=NOW_NS - n * SECOND if n < 3 else 0)
        for n, last in enumerate(lasts)
    )
    positions = tuple(replace(position(n), open_pnl=Decimal(10 - n)) for n in held)
    return snapshot(instruments=tuple(map(Instrument, SYMBOLS)), quotes=quotes, positions=positions)


@pytest.mark.parametrize(
    ("column", "falling", "numbers"),
    [
        ("", False, (0, 1, 2, 3)),
        ("symbol", False, (1, 3, 0, 2)),
        ("symbol", True, (2, 0, 3, 1)),
        ("change", True, (3, 0, 1, 2)),
        ("change", False, (1, 0, 3, 2)),
        ("volume", True, (1, 2, 3, 0)),
        ("age", True, (3, 2, 1, 0)),
        ("age", False, (0, 1, 2, 3)),
        ("P&L", True, (0, 1, 2, 3)),
    ],
)
def test_each_column_both_ways_and_what_is_unknown_last(column: str, falling: bool, numbers: tuple[int, ...]) -> None:
    order = listing.Order(column, falling)
    assert order in listing.ORDERS
    assert listing.sort(seen(), order) == numbers


def test_what_is_held_stands_on_top_whatever_the_order() -> None:
    for order in listing.ORDERS:
        assert set(listing.sort(seen(held=(2, 3)), order)[:2]) == {2, 3}
    assert listing.sort(seen(held=(2, 3)), listing.Order("P&L", True)) == (2, 3, 0, 1)
    assert listing.sort(seen(held=(2, 3)), listing.Order("P&L", False)) == (3, 2, 0, 1)


def test_rows_trade_places_once_a_second_and_at_once_for_another_order_or_position() -> None:
    sorting, order = listing.Sorting(), listing.Order("change", True)
    assert sorting.numbers(seen(), order, NOW_NS) == (3, 0, 1, 2)
    risen = seen(lasts=(110, 190, 0, 130))
    assert sorting.numbers(risen, order, NOW_NS + SECOND - 1) == (3, 0, 1, 2)
    assert sorting.numbers(risen, order, NOW_NS + SECOND) == (1, 3, 0, 2)
    assert sorting.numbers(seen(), order, NOW_NS + SECOND + 1) == (1, 3, 0, 2)
    assert sorting.numbers(seen(), listing.Order("symbol"), NOW_NS + SECOND + 2) == (1, 3, 0, 2)
    assert sorting.numbers(seen(held=(2,)), listing.Order("symbol"), NOW_NS + SECOND + 3) == (2, 1, 3, 0)


def test_a_filter_is_words_in_any_case_and_never_a_pattern() -> None:
    for wanted, numbers in (
        ("nifty", [0, 1]),
        ("BANK", [1]),
        ("fy IN", [3]),
        (".*", []),
        ("[", []),
        (" ", [0, 1, 2, 3]),
    ):
        left = listing.listed(seen(), (0, 1, 2, 3), wanted)
        assert [each.instrument for each in left] == numbers, wanted


def test_the_selected_one_is_among_what_is_listed() -> None:
    look = seen()
    assert listing.selected(look, look.quotes, 2) is look.quotes[2]
    assert listing.selected(look, look.quotes[:1], 2) is look.quotes[0]
    assert listing.selected(look, (), 2) is look.quotes[2]
    assert listing.selected(look, (), 77) is look.quotes[0]
    assert listing.selected(snapshot(quotes=()), (), 0) is None


@settings(max_examples=examples(30))
@given(
    st.lists(st.integers(0, 300), min_size=4, max_size=4), st.sampled_from(listing.ORDERS), st.sets(st.integers(0, 3))
)
def test_any_order_lists_each_instrument_once(lasts: list[int], order: listing.Order, held: set[int]) -> None:
    numbers = listing.sort(seen(tuple(held), tuple(lasts)), order)  # type: ignore[arg-type]
    assert sorted(numbers) == [0, 1, 2, 3]
    assert set(numbers[: len(held)]) == held
