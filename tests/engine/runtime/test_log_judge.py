"""The judge of the log: each rule by itself, up at once, down with hysteresis, and within its budget whatever comes."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.log_counts import COMPONENTS
from engine.runtime.log_judge import APART_S, HOUR_S, MOST_BYTES, MOST_CHANGES, Change, LogJudge, Look
from tests.support.thorough import examples

BEGUN_S = 1_000.0
HOLD_S = 120
CALM: dict[str, Any] = {"capital": 100_000.0, "day": "2025-10-01", "tick": 18_233}

# What a look has beside a calm one, which components go into detail by it, and what is said.
TOO_MUCH: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "warnings": ({"troubles": {"journal": 5}}, ("journal",), "5 warnings and errors in 60 s"),
    "refused": ({"ticks": 400, "refused": 4}, ("feed",), "4 of 400 ticks refused in 60 s"),
    "gap": ({"sequence_gaps": 2}, ("feed",), "2 sequence gaps in 60 s"),
    "link": ({"links": 1}, ("feed",), "1 change of the link in 60 s"),
    "silent": ({"silent": "1 of 1 silent"}, ("feed",), "STALE: 1 of 1 silent in 60 s"),
    "rejected": ({"rejected": 1}, ("trader", "broker"), "1 order rejected in 60 s"),
    "unanswered": ({"unanswered_s": 3.2}, ("trader", "broker"), "order UNKNOWN, unanswered for 3 s in 60 s"),
    "flat": ({"flat": "CLOSING"}, ("trader", "broker"), "flat CLOSING in 60 s"),
    "verified": ({"flat": "FLAT"}, ("trader", "broker"), "flat FLAT in 60 s"),
    "P&L": ({"day_pnl": -2_300.0}, ("trader",), "P&L −2.3 % in 60 s"),
    "move": ({"move": 6.4}, ("trader",), "mean move 6.4 × the session's median in 60 s"),
    "inbox": ({"inbox_share": 0.62}, ("engine",), "inbox 62% full in 60 s"),
    "handler": ({"slow": 3}, ("engine",), "handler over its budget 3 times in 60 s"),
}
NOT_ENOUGH: tuple[dict[str, Any], ...] = (
    {"troubles": {"journal": 4}},
    {"ticks": 99, "refused": 99},
    {"ticks": 10_000, "refused": 99},
    {"unanswered_s": 2.9},
    {"day_pnl": 1_990.0},
    {"move": 5.9},
    {"inbox_share": 0.49},
)


class Watched:
    """A judge that is shown a look a second."""

    def __init__(self) -> None:
        self.judge = LogJudge(HOLD_S)
        self.now_s = BEGUN_S
        self.changes: list[tuple[float, Change]] = []

    def sees(self, seconds: int = 1, **more: Any) -> list[Change]:
        """The changes of so many looks."""
        before = len(self.changes)
        for _ in range(seconds):
            self.now_s += 1
            self.changes += [(self.now_s, each) for each in self.judge.judge(Look(self.now_s, **(CALM | more)))]
        return [each for _, each in self.changes[before:]]


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_of_it_is_seen_at_once_and_only_by_whom_it_concerns(what: str) -> None:
    more, components, words = TOO_MUCH[what]
    watched = Watched()
    assert watched.sees(30) == []
    assert watched.sees(**more) == [Change(components, True, f"{words}, from #18233")]  # type: ignore[arg-type]
    assert watched.sees(20, **more) == []


@pytest.mark.parametrize("more", NOT_ENOUGH, ids=str)
def test_what_is_not_enough_changes_nothing(more: dict[str, Any]) -> None:
    watched = Watched()
    watched.sees(30)
    assert watched.sees(90, **more) == []


def test_what_came_slowly_changes_nothing() -> None:
    watched = Watched()
    assert [watched.sees(30, troubles={"feed": count}, day_pnl=count * 400.0) for count in range(20)] == [[]] * 20


def test_it_goes_back_after_a_while_without_and_three_looks_below_half() -> None:
    watched = Watched()
    watched.sees(30)
    watched.sees(1, inbox_share=0.9)
    assert watched.sees(HOLD_S - 1, inbox_share=0.3) == []  # below what is too much, and above half of it
    assert watched.sees(100, inbox_share=0.3) == []
    assert watched.sees(2, inbox_share=0.2) == []
    assert watched.sees(1, inbox_share=0.3) == []
    assert watched.sees(2, inbox_share=0.2) == []
    assert watched.sees(1, inbox_share=0.2) == [Change(("engine",), False, "calm for 120 s, from #18233")]
    watched.sees(APART_S)
    watched.sees(1, inbox_share=0.9)
    assert watched.sees(60, inbox_share=0.1) == []
    watched.sees(1, inbox_share=0.6)  # too much again: the time begins anew
    assert watched.sees(HOLD_S - 1, inbox_share=0.1) == []
    assert watched.sees(1, inbox_share=0.1) == [Change(("engine",), False, "calm for 120 s, from #18233")]


def test_a_verified_flat_is_over_a_minute_later_and_another_day_is_no_move() -> None:
    watched = Watched()
    watched.sees(10)
    watched.sees(1, flat="FLAT")
    (back,) = watched.sees(60 + HOLD_S, flat="FLAT")
    assert (back.components, back.on) == (("trader", "broker"), False)
    watched.sees(APART_S, flat="FLAT", day_pnl=5_000.0, day="2025-10-02")
    assert watched.sees(1, flat="FLAT", day_pnl=0.0, day="2025-10-03") == []


def test_counters_that_begin_anew_are_no_rise() -> None:
    watched = Watched()
    watched.sees(10, ticks=90_000, refused=800, sequence_gaps=7)
    assert watched.sees(10, ticks=150, refused=1, sequence_gaps=0) == []


def test_a_day_that_each_instrument_begins_by_itself_is_no_gap() -> None:
    watched = Watched()
    for gaps in (9, 7, 4):
        assert watched.sees(10, sequence_gaps=gaps) == []
    (up,) = watched.sees(1, sequence_gaps=5)
    assert up.because == "1 sequence gap in 60 s, from #18233"


def test_the_hour_has_so_many_changes_and_says_once_that_they_are_used_up() -> None:
    watched = Watched()
    watched.sees(10)
    for _ in range(70):
        watched.sees(1, inbox_share=0.9)
        watched.sees(HOLD_S + 3)
    at_s = [at for at, change in watched.changes if change.on is not None]
    assert len(at_s) > 2 * MOST_CHANGES  # the next hour has its own
    assert max(sum(begin <= each < begin + HOUR_S for each in at_s) for begin in at_s) == MOST_CHANGES
    stays = [(at, change) for at, change in watched.changes if change.on is None]
    assert {change.because for _, change in stays} == {
        "inbox 90% full in 60 s, and it stays as it is: 6 changes an hour are used up, from #18233"
    }
    assert len(stays) < sum(change.on is True for _, change in watched.changes)  # once, until it could go up again


def test_the_hour_has_so_many_bytes() -> None:
    watched = Watched()
    watched.sees(10)
    watched.sees(1, inbox_share=0.9)
    assert watched.judge.ceiling == MOST_BYTES
    assert watched.sees(APART_S, inbox_share=0.9, detail_bytes=MOST_BYTES - 1) == []
    (back,) = watched.sees(1, inbox_share=0.9, detail_bytes=MOST_BYTES)
    assert (back.on, back.because) == (False, "2 MB of detail an hour are used up, from #18233")
    assert watched.sees(HOUR_S - 2 * APART_S, inbox_share=0.9, detail_bytes=MOST_BYTES) == []
    (again,) = watched.sees(4 * APART_S, inbox_share=0.9, detail_bytes=MOST_BYTES)
    assert again.on is True
    assert watched.judge.ceiling == 2 * MOST_BYTES


def test_a_level_that_an_operator_has_chosen_is_left_alone() -> None:
    watched = Watched()
    watched.sees(10)
    assert watched.sees(5, flat="CLOSING", chosen=("broker",)) == [
        Change(("trader",), True, "flat CLOSING in 60 s, from #18233")
    ]
    assert watched.sees(1, flat="CLOSING")[0].components == ("broker",)


LOOKS = st.fixed_dictionaries(
    {},
    optional={
        "inbox_share": st.sampled_from((0.1, 0.3, 0.9)),
        "flat": st.sampled_from(("NORMAL", "CLOSING", "FLAT")),
        "move": st.floats(0, 12),
        "day_pnl": st.floats(-5_000, 5_000),
        "links": st.integers(0, 9),
        "troubles": st.dictionaries(st.sampled_from(COMPONENTS), st.integers(0, 12)),
    },
)


def of_component(changes: list[tuple[float, Change]], component: str) -> Iterator[tuple[float, bool]]:
    return ((at, bool(each.on)) for at, each in changes if component in each.components and each.on is not None)


@settings(max_examples=examples(20))
@given(st.lists(st.tuples(st.integers(1, 300), LOOKS), min_size=4, max_size=20))
def test_whatever_comes_changes_are_apart_alternate_and_keep_the_budget(
    spans: list[tuple[int, dict[str, Any]]],
) -> None:
    watched = Watched()
    for seconds, more in spans:
        watched.sees(seconds, **more)
    for component in COMPONENTS:
        made = [*of_component(watched.changes, component)]
        assert [on for _, on in made] == [number % 2 == 0 for number in range(len(made))]
        assert all(later - earlier >= APART_S for (earlier, _), (later, _) in pairwise(made))
        for begin, _ in made:
            assert sum(begin <= at < begin + HOUR_S for at, _ in made) <= MOST_CHANGES
