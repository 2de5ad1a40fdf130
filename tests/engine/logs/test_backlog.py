"""The backlog: whatever comes, it stays within its bounds, gives up the least grave first, and keeps the order."""

from hypothesis import given
from hypothesis import strategies as st

from engine.logs.backlog import KEPT_RANK, RANKS, Backlog, Lost

ITEMS = st.lists(st.tuples(st.integers(0, KEPT_RANK), st.integers(0, 40)), max_size=60)


@given(ITEMS, st.integers(0, 12), st.integers(0, 200))
def test_it_is_bounded_and_loses_the_least_grave_and_oldest_first(
    items: list[tuple[int, int]], most: int, most_bytes: int
) -> None:
    backlog: Backlog[int] = Backlog(most, most_bytes)
    for number, (rank, size) in enumerate(items):
        backlog.add(number, rank, size)
        lost_now = sum(backlog.lost.by_rank)
        assert lost_now + len(backlog) == number + 1
    left = backlog.take(len(items) + 1)
    assert left == sorted(left)
    kept = [number for number, (rank, _) in enumerate(items) if rank == KEPT_RANK]
    assert [number for number in left if items[number][0] == KEPT_RANK] == kept
    within = len(left) <= most and sum(items[number][1] for number in left) <= most_bytes
    assert within or left == kept
    for rank in range(KEPT_RANK):
        of_rank = [number for number, item in enumerate(items) if item[0] == rank]
        lost = [number for number in of_rank if number not in left]
        assert backlog.lost.by_rank[rank] == len(lost)
        assert lost == of_rank[: len(lost)]
    if not within or not backlog.lost.lines:
        return
    gravest_lost = max(rank for rank in range(KEPT_RANK) if backlog.lost.by_rank[rank])
    last_lost = max(n for n, item in enumerate(items) if item[0] == gravest_lost and n not in left)
    assert not [n for n in left if items[n][0] < gravest_lost and n < last_lost]


def test_it_takes_a_part_at_a_time() -> None:
    backlog: Backlog[str] = Backlog(10, 1000)
    for rank, text in ((0, "a"), (4, "b"), (1, "c"), (3, "d")):
        backlog.add(text, rank, 1)
    assert (backlog.take(3), backlog.take(3), backlog.take(3)) == (["a", "b", "c"], ["d"], [])


def test_what_was_lost_is_said_by_rank() -> None:
    assert len(RANKS) == KEPT_RANK + 1
    lost = Lost((1, 0, 12_000, 0, 0))
    assert lost.words() == "12,001 lines lost (1 DEBUG, 12,000 WARN)"
    assert (lost - lost).words() == ""
    assert Lost((0, 1, 0, 0, 0)).words() == "1 line lost (1 INFO)"
