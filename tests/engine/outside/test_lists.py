"""The judge of other people's lists: pure, by counts."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.outside.lists import Bounds, Group, Known, implausible, in_a_line, noted, unusable

BOUNDS = Bounds(least={"options": 100, "shares": 1}, changed={"token": 0.01, "lot": 0.5})
GOOD = {"NFO options": Group(1000, 900), "NSE shares": Group(50, 50)}


@dataclass
class Case:
    now: dict[str, Group]
    bad: int
    reasons: tuple[str, ...]


@pytest.mark.parametrize(
    "case",
    [
        Case(GOOD, 100, ()),
        Case({}, 0, ("options: 0 of use, at least 100 expected", "shares: 0 of use, at least 1 expected")),
        Case(GOOD | {"NSE shares": Group(0, 0)}, 0, ("shares: 0 of use, at least 1 expected",)),
        Case({"NFO options": Group(50, 50), "BFO options": Group(50, 50), "NSE shares": Group(1, 1)}, 0, ()),
        Case(GOOD, 200, ("200 of 1,250 entries cannot be read",)),
        Case(GOOD | {"NFO options": Group(1000, 900, 0, {"tick": 100})}, 0, ()),
        Case(
            GOOD | {"NFO options": Group(1000, 900, 0, {"tick": 101, "lot": 0})},
            0,
            ("NFO options: tick of 101 of 1,000 cannot be",),
        ),
        Case(GOOD | {"NFO options": Group(1000, 0, 999)}, 0, ("NFO options: 999 of 1,000 go by another one's number",)),
    ],
)
def test_what_cannot_be_used_at_all(case: Case) -> None:
    read = sum(group.count for group in case.now.values()) + case.bad
    assert unusable(case.now, read, case.bad, BOUNDS) == case.reasons


@pytest.mark.parametrize(
    ("now", "known", "reasons"),
    [
        (GOOD, {"NFO options": Known(900, 90, {"token": 9, "lot": 450})}, ()),
        (GOOD, {"NFO options": Known(900, 91)}, ("NFO options: 91 of 900 known ones are gone",)),
        (GOOD, {"BFO options": Known(1, 1)}, ("BFO options: 1 of 1 known ones are gone",)),
        (GOOD, {"NFO options": Known(900, 0, {"token": 10})}, ("NFO options: token of 10 of 900 known ones changed",)),
        (GOOD, {"NSE shares": Known(10, 3, {"token": 3, "lot": 5})}, ()),
        (GOOD, {"NFO options": Known(900, 9, {}, ["A"], ["B CE"])}, ("NFO options: most or all of B CE is gone",)),
        (
            GOOD,
            {"NSE shares": Known(50, 2, {"token": 4}, [], list("ABCDE"))},
            (
                "NSE shares: most or all of A, B, C and 2 more is gone",
                "NSE shares: token of 4 of 50 known ones changed",
            ),
        ),
        (GOOD | {"NFO options": Group(4001, 4001)}, {}, ("NFO options: 4,001 of use, 1,000 before",)),
        (
            GOOD | {"NFO options": Group(1000, 900, 11)},
            {},
            ("NFO options: 11 go by another one's number, 0 before",),
        ),
        (GOOD | {"MCX futures": Group(5000, 5000)}, {}, ()),
    ],
)
def test_what_cannot_have_become_of_the_copy_before(
    now: dict[str, Group], known: dict[str, Known], reasons: tuple[str, ...]
) -> None:
    assert implausible(now, GOOD, known, BOUNDS) == reasons


groups = st.builds(Group, st.integers(100, 200_000), st.integers(100, 200_000))


@given(st.dictionaries(st.sampled_from(["NFO options", "BFO options", "NSE shares"]), groups, min_size=1))
def test_the_same_list_again_is_always_plausible(lists: dict[str, Group]) -> None:
    same = {name: Known(group.alive, 0, {"token": 0, "lot": 0}) for name, group in lists.items()}
    assert implausible(lists, lists, same, BOUNDS) == ()


@given(st.integers(1, 200_000), st.integers(0, 200_000), st.integers(0, 200_000))
def test_more_that_is_wrong_never_makes_a_refused_list_plausible(count: int, fewer: int, more: int) -> None:
    few, many = sorted((min(fewer, count), min(more, count)))
    for one, other in (
        (Known(count, few), Known(count, many)),
        (Known(count, 0, {"token": few}), Known(count, 0, {"token": many})),
    ):
        refused = implausible(GOOD, GOOD, {"NFO options": one}, BOUNDS)
        assert not refused or implausible(GOOD, GOOD, {"NFO options": other}, BOUNDS)
    assert implausible({}, GOOD, {"NFO options": Known(count, count)}, BOUNDS)


def test_what_is_told_of_a_list_that_is_taken() -> None:
    assert noted(GOOD, {"NFO options": Known(900, 5, {"token": 0, "lot": 2}, ["A25CE", "B"])}, BOUNDS) == (
        "NFO options: 5 known ones are gone, such as A25CE, B",
        "NFO options: lot of 2 known ones changed",
    )
    assert noted({"NFO options": Group(1000, 0), "NSE shares": Group(1, 1)}, {}, BOUNDS) == (
        "all options have expired",
    )
    assert in_a_line(list("abcdef")) == "a; b; c; d and 2 more"
