"""Nothing that was to be told is lost without being counted, nobody is asked before he wants to be, and what was told is known."""

from hypothesis import given
from hypothesis import strategies as st

from engine.gateway.alerts.channels import Told
from engine.gateway.alerts.outbox import Look, Outbox
from engine.presentation.alerts import Alert
from tests.support.screens.snapshots import SECOND

GRAVE = Alert("flat", "critical", "flat ESCALATED")
LOCKED = Alert("locked", "warning", "entries are locked")
_OUTCOME = st.sampled_from([Told(), Told("status 500"), Told("status 429", 120.0)])


def at(second: float) -> Look:
    """A look at that second, at a snapshot of half a second before."""
    return Look(round(second * SECOND), round((second - 0.5) * SECOND))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400), _OUTCOME), max_size=60))
def test_every_line_is_told_or_counted_and_nobody_is_asked_too_early(steps: list[tuple[bool, int, Told]]) -> None:
    box = Outbox(per_hour=1_000)
    now_s = said = told = 0
    not_before_s = 0.0
    for happens, later_s, outcome in steps:
        now_s += later_s
        if happens:
            said += 1
            box.once(f"exit {said}", now_s * SECOND)
        message = box.look([], at(now_s))
        if message is None:
            continue
        assert now_s >= not_before_s
        if outcome.problem:
            not_before_s = now_s + outcome.again_s
        else:
            told += len(message.lines) + message.untold
        box.settled(message, outcome, now_s * SECOND)
        assert box.problem == outcome.problem
    for _ in range(3):  # at last all is told
        now_s += 400
        if (message := box.look([], at(now_s))) is not None:
            told += len(message.lines) + message.untold
            box.settled(message, Told(), now_s * SECOND)
    assert told == said


def test_what_is_critical_is_handed_over_at_once_and_again_while_it_stands() -> None:
    box = Outbox(per_hour=1)
    handed = []
    for second in range(1000):
        if (message := box.look([GRAVE], at(second))) is not None:
            handed.append(second)
            box.settled(message, Told(), second * SECOND)
    assert handed == [0, 60, 300, 900]


def test_what_stands_while_a_message_is_on_its_way_is_told_behind_it() -> None:
    box = Outbox(per_hour=20)
    first = box.look([GRAVE], at(0))
    assert first is not None
    for second in range(1, 9):
        assert box.look([GRAVE, LOCKED] if second < 4 else [GRAVE], at(second)) is None
    box.settled(first, Told(), 9 * SECOND)
    behind = box.look([GRAVE], at(9))
    assert behind is not None
    assert behind.lines == ("entries are locked", "over: entries are locked")


def test_up_to_which_look_all_was_told_is_known() -> None:
    box = Outbox(per_hour=20)
    box.look([], at(1))
    assert box.told == at(1)
    box.look([LOCKED], at(2))
    assert box.told == at(1)  # it waits for what comes within three seconds
    message = box.look([LOCKED], at(5))
    assert message is not None
    assert box.told == at(1)
    box.look([LOCKED, GRAVE], at(6))
    box.settled(message, Told(), 7 * SECOND)
    assert box.told == at(5)  # what came behind it waits
    message = box.look([LOCKED, GRAVE], at(7))
    assert message is not None
    box.settled(message, Told("status 500"), 8 * SECOND)
    box.look([LOCKED, GRAVE], at(9))
    assert box.told == at(5)
    message = box.look([LOCKED, GRAVE], at(20))
    assert message is not None
    box.settled(message, Told(), 21 * SECOND)
    assert box.told == at(20)


def test_who_takes_something_every_second_has_told_all_but_the_newest() -> None:
    box = Outbox(per_hour=1_000)
    for second in range(100):
        box.once(f"exit {second}", second * SECOND)
        if (message := box.look([], at(second))) is not None:
            box.settled(message, Told(), second * SECOND)
        assert box.told.at_ns >= (second - 4) * SECOND


def test_one_that_fails_or_hangs_is_not_counted_on() -> None:
    box = Outbox(per_hour=20)
    assert box.is_well(0)
    message = box.look([GRAVE], at(0))
    assert message is not None
    assert (box.is_well(4 * SECOND), box.is_well(5 * SECOND)) == (True, False)
    box.settled(message, Told("status 500"), 5 * SECOND)
    assert not box.is_well(6 * SECOND)
    message = box.look([GRAVE], at(10))
    assert message is not None
    box.settled(message, Told(), 11 * SECOND)
    assert box.is_well(11 * SECOND)
