"""What is left to somebody else is said by exactly one, as long as he does what he says; and by us within seconds where he does not."""

import pytest

from engine.link.claims import Claim
from engine.presentation.alerting import Message
from engine.serving.told_elsewhere import LeftToOthers
from tests.support.screens.snapshots import SECOND

DEAD, LOCKED = Message("critical", ("dead",)), Message("warning", ("locked",))


def said_at(
    claims: dict[int, Claim | None], due: dict[int, Message], until_s: int = 40
) -> list[tuple[int, tuple[str, ...]]]:
    """What is said here and when, looked at each second; a claim stands until the next that is given."""
    left, said, claim = LeftToOthers(), [], None
    for second in range(until_s):
        claim = claims.get(second, claim)
        if (message := left.due(due.get(second), claim, second * SECOND)) is not None:
            said.append((second, message.lines))
    return said


def well(lag_s: int, until_s: int = 40) -> dict[int, Claim | None]:
    """Somebody who says each second that he has told all up to so many seconds ago."""
    return {at_s: Claim(at_s * SECOND, max(0, at_s - lag_s) * SECOND) for at_s in range(until_s)}


def test_without_anybody_else_it_is_said_at_once() -> None:
    assert said_at({}, {5: DEAD, 6: LOCKED}) == [(5, ("dead",)), (6, ("locked",))]


@pytest.mark.parametrize("lag_s", [0, 2, 9, 14])
def test_what_he_tells_is_never_said_twice(lag_s: int) -> None:
    assert said_at(well(lag_s), dict.fromkeys(range(1, 25), DEAD)) == []


def test_who_falls_silent_is_believed_for_three_seconds() -> None:
    """Stopped, or hung as a whole: what he has not said to have told is said here, and what comes then at once."""
    assert said_at(well(1, until_s=10), {7: LOCKED, 9: DEAD, 11: DEAD, 20: LOCKED}) == [
        (12, ("dead", "dead")),
        (20, ("locked",)),
    ]


def test_who_gives_a_channel_back_leaves_at_once_what_he_has_not_told() -> None:
    claims = well(3, until_s=10) | {10: None}
    assert said_at(claims, {5: LOCKED, 8: DEAD}) == [(10, ("dead",))]


def test_who_says_that_he_tells_and_never_does_is_waited_for_no_longer_than_a_quarter_of_a_minute() -> None:
    never = {at_s: Claim(at_s * SECOND, 0) for at_s in range(40)}
    assert said_at(never, {5: DEAD, 9: LOCKED}) == [(20, ("dead", "locked"))]
