"""Positions of two runs side by side: each once, the same where symbol and moment of the entry are."""

from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.round_trips import side_by_side
from engine.model.order_courses import RoundTrip
from engine.model.types import Instrument
from engine.text.sanitize import CleanText

NAMES = ("NIFTY", "BANKNIFTY")


def trips(*at: tuple[int, int]) -> list[RoundTrip]:
    """Positions of the instrument and moment that each of `at` names, by time."""
    return [
        RoundTrip(instrument=Instrument(CleanText(NAMES[name])), decided_ms=at_ms, entry_ms=at_ms, entry_price=1)
        for name, at_ms in sorted(at, key=lambda each: each[1])
    ]


entries = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20_000)), max_size=12)


@given(entries, entries)
def test_each_is_there_once_and_pairs_are_two_seconds_apart_at_most(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    live, paper = trips(*first), trips(*second)
    found = side_by_side(live, paper)
    assert sorted(id(pair.live) for pair in found if pair.live) == sorted(map(id, live))
    assert sorted(id(pair.paper) for pair in found if pair.paper) == sorted(map(id, paper))
    for pair in found:
        if pair.live and pair.paper:
            assert pair.live.instrument == pair.paper.instrument
            assert abs(pair.live.decided_ms - pair.paper.decided_ms) <= 2_000


@given(entries)
def test_a_run_beside_itself_is_all_pairs(at: list[tuple[int, int]]) -> None:
    assert all(pair.live == pair.paper for pair in side_by_side(trips(*at), trips(*at)))


def test_two_seconds_are_the_same_and_a_millisecond_more_is_not() -> None:
    assert len(side_by_side(trips((0, 1_000)), trips((0, 3_000)))) == 1
    assert len(side_by_side(trips((0, 1_000)), trips((0, 3_001)))) == 2
    assert len(side_by_side(trips((0, 1_000)), trips((1, 1_000)))) == 2
