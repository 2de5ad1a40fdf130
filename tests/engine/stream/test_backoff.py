"""How long a link waits before it is tried again, and how often it may be tried."""

from hypothesis import given
from hypothesis import strategies as st

from engine.stream.backoff import Backoff, ConnectBudget

S = 1_000_000_000


def test_the_longest_wait_doubles_up_to_half_a_minute_and_begins_anew_after_success():
    backoff = Backoff(lambda: 1.0)
    assert [backoff.failed() / S for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.attempt == 9
    backoff.succeeded()
    assert backoff.failed() / S == 0.5


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100))
def test_the_whole_wait_is_random(draws):
    left = list(draws)
    backoff = Backoff(lambda: left.pop(0))
    for number, draw in enumerate(draws):
        assert backoff.failed() == round(draw * min(30.0, 0.5 * 2.0 ** min(number, 30)) * S)


def test_a_thousand_failures_do_not_overflow():
    backoff = Backoff(lambda: 1.0)
    assert {backoff.failed() for _ in range(5000)} <= {round(s * S) for s in (0.5, 1, 2, 4, 8, 16, 30)}


@given(st.lists(st.integers(0, 30 * S), min_size=1, max_size=60))
def test_never_more_than_six_connections_in_any_minute(pauses):
    budget, now_ns, made = ConnectBudget(), 0, []
    for pause_ns in pauses:
        now_ns += pause_ns
        now_ns += budget.wait_ns(now_ns)
        assert budget.wait_ns(now_ns) == 0
        budget.spend(now_ns)
        made.append(now_ns)
    assert all(later - earlier >= 60 * S for earlier, later in zip(made, made[6:], strict=False))


def test_the_first_six_connections_wait_for_nothing():
    budget = ConnectBudget()
    for second in range(6):
        assert budget.wait_ns(second * S) == 0
        budget.spend(second * S)
    assert budget.wait_ns(6 * S) == 54 * S
