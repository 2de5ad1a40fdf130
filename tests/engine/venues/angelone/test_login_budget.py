"""The last logins are few and far apart, and what was given up for good is so until the next day or until the clock is set."""

from datetime import date, timedelta

import pytest

from engine.venues.angelone.login_budget import LOOK_AGAIN_S, LoginBudget, Moment

S = 1_000_000_000
TODAY = date(2025, 11, 20)


def at(mono_ns: int, *, ahead_s: float = 0.0, days: int = 0) -> Moment:
    return Moment(mono_ns, round(ahead_s * S), TODAY + timedelta(days=days))


def test_the_last_tries_are_few_and_far_apart() -> None:
    tries = LoginBudget(most=3, every_s=900.0)
    assert tries.wait_s(5 * S) == 0
    tries.spend(5 * S)  # there was hope: it does not count
    now_ns, waits = 10 * S, []
    for _ in range(4):
        tries.give_up("no", at(now_ns), for_good=False)
        waits.append(tries.wait_s(now_ns + 300 * S))
        now_ns += 900 * S
        if waits[-1] != LOOK_AGAIN_S:
            assert tries.wait_s(now_ns) == 0
            tries.spend(now_ns)
    assert waits == [600.0, 600.0, 600.0, LOOK_AGAIN_S]
    assert "before tomorrow" in tries.told
    tries.begin_anew()
    assert (tries.verdict, tries.told, tries.wait_s(now_ns)) == ("", "", 0)
    tries.give_up("no", at(now_ns), for_good=True)
    assert tries.wait_s(now_ns + 10**15) == LOOK_AGAIN_S


@pytest.mark.parametrize(
    ("later", "outdated"),
    [
        (at(10**15), False),
        (at(10**15, ahead_s=4.9), False),
        (at(10**15, ahead_s=-5.0), True),
        (at(10**15, ahead_s=5.0), True),
        (at(10**15, days=1), True),
        (at(10**15, days=-1), True),  # a clock that was a day ahead
    ],
)
def test_what_was_given_up_holds_for_that_day_and_that_clock(later: Moment, outdated: bool) -> None:
    tries = LoginBudget(most=3, every_s=900.0)
    assert not tries.is_outdated(later)
    tries.give_up("no", at(0), for_good=True)
    assert tries.is_outdated(later) == outdated
    tries.begin_anew()
    assert not tries.is_outdated(later)
