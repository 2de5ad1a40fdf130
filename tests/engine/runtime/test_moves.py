"""Moves of an instrument against the median of its session, seen from second to second."""

from engine.runtime.moves import Moves


def walked(moves: Moves, step: int, seconds: int, begin: int) -> list[float]:
    """Ten ticks a second, and a price that goes to and fro by `step`; what each look said."""
    return [moves.look(20_000 + step * (second % 2), begin + second * 10) for second in range(1, seconds + 1)]


def test_it_tells_how_many_times_the_median_once_there_is_one() -> None:
    moves = Moves()
    moves.look(20_000, 0)
    calm = walked(moves, 10, 200, 0)
    assert set(calm[:100]) == {0.0}  # ten blocks, of which there is no median so far
    assert [round(each, 3) for each in calm if each] == [1.0] * 10
    assert [round(each, 1) for each in walked(moves, 80, 10, 2_000) if each] == [8.0]


def test_another_day_begins_anew_and_what_stands_still_is_no_move() -> None:
    moves = Moves()
    moves.look(20_000, 0)
    walked(moves, 10, 200, 0)
    assert moves.look(90_000, 3) == 0.0  # fewer ticks than before
    assert set(walked(moves, 500, 90, 3)) == {0.0}
    flat = Moves()
    flat.look(20_000, 0)
    assert set(walked(flat, 0, 300, 0)) == {0.0}
