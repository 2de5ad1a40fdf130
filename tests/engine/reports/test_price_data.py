"""Numbers over time in few bytes come back as they went in; a picture of fewer points keeps every high and low."""

from base64 import b64decode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.reports.price_data import encoded, extremes
from engine.reports.svg import thinned


def decoded(packed: dict[str, Any]) -> list[tuple[int, int]]:
    """As the script of a page does it."""
    raw, place = b64decode(packed["b"]), 0

    def number() -> int:
        nonlocal place
        found, times = 0, 1
        while True:
            byte = raw[place]
            place += 1
            found += (byte & 127) * times
            times *= 128
            if not byte & 128:
                return found

    at, value = packed["t"], packed["v"]
    found = [(at, value)] if packed["n"] else []
    for _ in range(packed["n"] - 1):
        code = number()
        few, zigzag = code % 4, code // 4
        at += (3 + number() if few == 3 else few) * packed["tu"]
        value += (-(zigzag + 1) // 2 if zigzag % 2 else zigzag // 2) * packed["vu"]
        found.append((at, value))
    assert place == len(raw)
    return found


points = st.lists(st.tuples(st.integers(0, 400_000), st.integers(-(10**9), 10**9)), max_size=60)


@given(points, st.sampled_from((1, 5, 100)))
def test_what_was_packed_is_read_again(some: list[tuple[int, int]], grid: int) -> None:
    at = sorted(ms for ms, _ in some)
    values = [value * grid for _, value in some]
    assert decoded(encoded(at, values)) == list(zip(at, values, strict=True))


def test_time_that_goes_back_stands_still() -> None:
    assert decoded(encoded([5_000, 4_000, 6_000], [1, 2, 3])) == [(5_000, 1), (5_000, 2), (7_000, 3)]


@given(points)
def test_of_each_stretch_highest_and_lowest_are_kept(some: list[tuple[int, int]]) -> None:
    at = sorted(ms for ms, _ in some)
    values = [value for _, value in some]
    times, kept = extremes(at, values, 5_000)
    assert (max(kept, default=0), min(kept, default=0)) == (max(values, default=0), min(values, default=0))
    pairs = list(zip(at, values, strict=True))
    assert all(pair in pairs for pair in zip(times, kept, strict=True))
    assert list(times) == sorted(times)


@given(st.lists(st.integers(-1000, 1000), min_size=200, max_size=400))
def test_a_picture_of_fewer_points_has_all_extremes(values: list[int]) -> None:
    some = [(float(place), float(value)) for place, value in enumerate(values)]
    found = thinned(some, len(values) - 1, columns=10)
    assert len(found) <= 40
    assert found == sorted(found)
    assert (found[0], found[-1]) == (some[0], some[-1])
    assert {max(value for _, value in found), min(value for _, value in found)} == {
        float(max(values)),
        float(min(values)),
    }
