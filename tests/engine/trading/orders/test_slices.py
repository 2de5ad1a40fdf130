"""A quantity is cut into orders of whole lots, none above what the exchange takes; nothing of it is lost or sent twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.types import MAX_QUANTITY
from engine.trading.orders.slices import Cut, cut, halved

lots = st.integers(1, 3000)


@pytest.mark.parametrize(
    ("quantity", "lot", "largest", "slices", "odd"),
    [
        pytest.param(0, 75, 1800, [], 0, id="nothing"),
        pytest.param(75, 75, 1800, [75], 0, id="a lot"),
        pytest.param(1800, 75, 1800, [1800], 0, id="as much as is taken"),
        pytest.param(1875, 75, 1800, [1800, 75], 0, id="a lot more"),
        pytest.param(4000, 75, 1800, [1800, 1800, 375], 25, id="an odd rest"),
        pytest.param(74, 75, 1800, [], 74, id="less than a lot"),
        pytest.param(130, 65, 100, [65, 65], 0, id="a freeze quantity between lots"),
        pytest.param(130, 65, 10, [65, 65], 0, id="a freeze quantity below one lot"),
    ],
)
def test_a_cut(quantity: int, lot: int, largest: int, slices: list[int], odd: int) -> None:
    found = cut(quantity, lot, largest)
    assert [found.slice(index) for index in range(found.count)] == slices
    assert found.odd == odd


@given(st.integers(0, MAX_QUANTITY), lots, st.integers(0, 10_000))
def test_the_slices_and_the_rest_are_the_whole(quantity: int, lot: int, largest: int) -> None:
    found = cut(quantity, lot, largest)
    whole = (found.count - 1) * found.size + found.last if found.count else 0
    assert whole + found.odd == quantity
    assert 0 <= found.odd < lot
    assert found.size % lot == 0
    assert found.size <= max(lot, largest)
    assert found.size + lot > largest  # no more slices than need be
    assert (0 < found.last <= found.size and found.last % lot == 0) if found.count else found.last == 0


def test_slices_of_an_exit_go_together() -> None:
    found = cut(5400, 75, 1800)
    assert found.due(0, entry=False, filled=False) == 3
    assert found.due(1, entry=False, filled=False) == 2
    assert found.due(3, entry=False, filled=True) == 0


def test_slices_of_an_entry_go_one_behind_the_other() -> None:
    found = cut(5400, 75, 1800)
    assert found.due(0, entry=True, filled=False) == 1
    assert found.due(1, entry=True, filled=False) == 0
    assert [found.due(sent, entry=True, filled=True) for sent in (1, 2, 3)] == [1, 1, 0]
    assert cut(10, 75, 1800).due(0, entry=True, filled=False) == 0


@given(st.integers(1, 100_000), lots)
def test_a_refused_slice_is_halved_until_it_is_one_lot(refused: int, lot: int) -> None:
    size = refused = max(1, refused // lot) * lot
    for _ in range(20):
        smaller = halved(size, lot)
        assert smaller % lot == 0
        assert smaller <= max(lot, size // 2)
        size = smaller
    assert size == lot


def test_half_of_three_lots_is_one() -> None:
    assert halved(225, 75) == 75
    assert cut(225, 75, halved(225, 75)) == Cut(75, 3, 75, 0)
