"""Entries stop while there is still enough left to close everything; exits go on to the broker's own limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.state import Plain, dump, load
from engine.trading.orders.order_budget import LIMITS, OrderBudget, Wait, Window, reserve

NOW = 1_770_000_000_000
KEPT = reserve(1, 0)
BROKER = {1_000: 9, 60_000: 500, 3_600_000: 1_000}

steps = st.tuples(st.sampled_from([0, 1, 30, 110, 400, 999, 1000, 20_000, 59_999, 3_000_000]), st.booleans())


def budget(orders_a_day: int = 10_000) -> OrderBudget:
    return OrderBudget(orders_a_day)


def counted(*stamps: int, entry: bool = False, orders_a_day: int = 10_000) -> OrderBudget:
    found = budget(orders_a_day)
    for at_ms in stamps:
        found.count(at_ms, entry=entry, order=True)
    return found


def spread(count: int, every_ms: int, ago_ms: int = 0) -> list[int]:
    """`count` times, the last one `ago_ms` before now."""
    return [NOW - ago_ms - index * every_ms for index in reversed(range(count))]


def test_what_is_kept_for_closing_all() -> None:
    assert reserve(0, 0) == 10
    assert reserve(3, 5) == 32


# ── Seconds ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_entries_a_second() -> None:
    found = counted(NOW, NOW + 300, entry=True)
    assert found.wait(NOW + 999, entry=True, kept=KEPT) == Wait("second", NOW + 1000)
    assert found.wait(NOW + 1000, entry=True, kept=KEPT) is None
    assert found.wait(NOW + 300, entry=False) is None


def test_entries_leave_two_of_nine_requests_a_second_to_exits() -> None:
    found = counted(*spread(6, 10))
    assert found.wait(NOW, entry=True, kept=KEPT) is None
    found.count(NOW, entry=False, order=False)
    assert found.wait(NOW, entry=True, kept=KEPT) == Wait("second", NOW - 50 + 1000)
    assert found.wait(NOW, entry=False) is None
    found.count(NOW, entry=False, order=False)
    found.count(NOW, entry=False, order=False)
    assert found.wait(NOW, entry=False) == Wait("second", NOW - 50 + 1000)


# ── Minutes and hours ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("window", "every_ms", "entries", "broker_ms", "broker"),
    [("minute", 147, 400, 118, 500), ("hour", 3_500, 800, 3_500, 1000)],
)
def test_entries_stop_while_less_than_the_reserve_is_left(
    window: Window, every_ms: int, entries: int, broker_ms: int, broker: int
) -> None:
    length_ms = next(limit.ms for limit in LIMITS if limit.window == window)
    for kept in (10, KEPT, 100):
        found = counted(*spread(entries - kept, every_ms, 1000))
        assert found.wait(NOW, entry=True, kept=kept) is None
        found.count(NOW, entry=False, order=False)
        oldest_ms = NOW - 1000 - (entries - kept - 1) * every_ms
        assert found.wait(NOW, entry=True, kept=kept) == Wait(window, oldest_ms + length_ms)
        assert found.wait(oldest_ms + length_ms, entry=True, kept=kept) is None
    found = counted(*spread(broker - 1, broker_ms, 1000))
    assert found.wait(NOW, entry=False) is None
    found.count(NOW, entry=False, order=False)
    assert found.wait(NOW, entry=False) == Wait(window, NOW - 1000 - (broker - 2) * broker_ms + length_ms)


def test_with_no_reserve_the_last_one_may_go() -> None:
    found = counted(*spread(399, 147, 1000))
    assert found.wait(NOW, entry=True) is None
    found.count(NOW, entry=False, order=False)
    waited = found.wait(NOW, entry=True)
    assert waited is not None
    assert waited.window == "minute"


def test_a_reserve_that_no_window_can_hold_stops_entries_whatever_the_time() -> None:
    assert budget().wait(NOW, entry=True, kept=401) == Wait("minute", 0)
    assert budget().wait(NOW, entry=False) is None


# ── The day ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_orders_of_a_day_keep_the_reserve_too_and_exits_go_on() -> None:
    found = counted(*spread(36, 60_000), orders_a_day=50)
    assert found.wait(NOW, entry=True, kept=KEPT) is None
    found.count(NOW, entry=False, order=False)  # an amendment is no order
    assert found.wait(NOW, entry=True, kept=KEPT) is None
    found.count(NOW, entry=False, order=True)
    assert found.wait(NOW + 3_600_000, entry=True, kept=KEPT) == Wait("day", 0)
    for index in range(20):
        found.count(NOW + 1000 + index * 1000, entry=False, order=True)
    assert found.wait(NOW + 30_000, entry=False) is None
    found.start_day()
    assert found.wait(NOW + 30_000, entry=True, kept=KEPT) is None


# ── In general ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(steps, max_size=60), st.integers(1, 40))
def test_as_counted_by_hand(many: list[tuple[int, bool]], kept: int) -> None:
    """Asked before each request, which is sent where nothing is said against it: equal to looking at all that was sent."""
    found, now_ms = budget(), NOW
    sent: list[int] = []
    entries: list[int] = []
    for step_ms, entry in many:
        now_ms += step_ms
        used = {limit.window: sum(at_ms > now_ms - limit.ms for at_ms in sent) for limit in LIMITS}
        if entry:
            may = used["second"] < 7 and 400 - used["minute"] >= kept and 800 - used["hour"] >= kept
            may = may and sum(at_ms > now_ms - 1000 for at_ms in entries) < 2
        else:
            may = used["second"] < 9 and used["minute"] < 500 and used["hour"] < 1000
        waited = found.wait(now_ms, entry=entry, kept=kept)
        assert (waited is None) is may
        if waited is None:
            found.count(now_ms, entry=entry, order=True)
            sent.append(now_ms)
            entries.extend([now_ms] if entry else [])
        else:
            assert waited.until_ms > now_ms
            assert found.wait(waited.until_ms - 1, entry=entry, kept=kept) is not None


def test_however_fast_entries_and_exits_come_the_broker_is_never_asked_too_often() -> None:
    found, sent, now_ms, held = budget(), [], NOW, 0
    for index in range(12_000):
        now_ms += 40 if index % 3_000 < 2_000 else 900
        entry = index % 3 == 0
        if found.wait(now_ms, entry=entry, kept=KEPT):
            held += 1
            continue
        found.count(now_ms, entry=entry, order=True)
        sent.append(now_ms)
    assert held
    for window_ms, most in BROKER.items():
        first = 0
        for index, at_ms in enumerate(sent):
            while sent[first] <= at_ms - window_ms:
                first += 1
            assert index - first + 1 <= most
    assert len(found.requests) <= 1000


def test_memory_is_bounded_whatever_is_counted() -> None:
    found = counted(*range(NOW, NOW + 5_000), entry=True)
    assert len(found.requests) == 1000
    assert len(found.entries) == 2
    found.count(NOW + 4_000_000, entry=False, order=False)
    assert len(found.requests) == 1


def test_rows_of_before_a_start_are_counted() -> None:
    rows = spread(800 - KEPT + 1, 4_000)
    before = counted(*rows)
    found = counted(*rows[:100])
    for at_ms in rows[100:]:
        found.count(at_ms, entry=False, order=True)
    assert found.wait(NOW + 1, entry=True, kept=KEPT) == before.wait(NOW + 1, entry=True, kept=KEPT) is not None


def test_rows_that_are_out_of_order_hold_no_less_back() -> None:
    found = counted(*[NOW] * 9, *[NOW - 5000] * 9)
    assert found.wait(NOW, entry=False) == Wait("second", NOW + 1000)


def test_a_clock_that_is_set_back_does_not_keep_exits_waiting_for_the_old_time() -> None:
    found = counted(*spread(9, 10))
    earlier_ms = NOW - 3_600_000
    assert found.wait(earlier_ms, entry=False) == Wait("second", earlier_ms + 1000)
    assert found.wait(earlier_ms + 1000, entry=False) is None
    found.count(earlier_ms + 1000, entry=False, order=True)
    assert list(found.requests) == [earlier_ms] * 9 + [earlier_ms + 1000]


@given(st.lists(steps, max_size=20), st.lists(steps, max_size=10))
def test_state_that_was_put_aside_decides_alike(before: list[tuple[int, bool]], after: list[tuple[int, bool]]) -> None:
    found, now_ms = budget(200), NOW
    for step_ms, entry in before:
        now_ms += step_ms
        found.count(now_ms, entry=entry, order=entry)
    fields: dict[str, Plain] = {}
    dump(found, "budget.", fields)
    other = budget(200)
    load(other, "budget.", fields)
    for step_ms, entry in after:
        now_ms += step_ms
        assert found.wait(now_ms, entry=entry, kept=KEPT) == other.wait(now_ms, entry=entry, kept=KEPT)
        for each in (found, other):
            each.count(now_ms, entry=entry, order=True)
    first: dict[str, Plain] = {}
    second: dict[str, Plain] = {}
    dump(found, "", first)
    dump(other, "", second)
    assert first == second
    assert other.requests.maxlen == 1000
