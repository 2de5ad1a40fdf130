"""Nothing that was to be told is lost without being counted, and nobody is asked before he wants to be."""

from hypothesis import given
from hypothesis import strategies as st

from engine.gateway.alerts.channels import Told
from engine.gateway.alerts.outbox import Outbox, joined
from engine.presentation.alerting import Message
from engine.presentation.alerts import Alert
from tests.support.snapshots import SECOND

GRAVE = Alert("flat", "critical", "flat ESCALATED")
_OUTCOME = st.sampled_from([Told(), Told("status 500"), Told("status 429", 120.0)])


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400), _OUTCOME), max_size=60))
def test_every_line_is_told_or_counted_and_nobody_is_asked_too_early(steps: list[tuple[bool, int, Told]]) -> None:
    box = Outbox(per_hour=1_000)
    now_ns = said = told = 0
    not_before_ns = 0
    for happens, later_s, outcome in steps:
        now_ns += later_s * SECOND
        if happens:
            said += 1
            box.once(f"exit {said}", now_ns)
        message = box.look([], now_ns)
        if message is None:
            continue
        assert now_ns >= not_before_ns
        if outcome.problem:
            not_before_ns = now_ns + round(outcome.again_s * SECOND)
        else:
            told += len(message.lines) + message.untold
        box.settled(message, outcome, now_ns)
        assert box.problem == outcome.problem
    for _ in range(3):  # at last all is told
        now_ns += 400 * SECOND
        if (message := box.look([], now_ns)) is not None:
            told += len(message.lines) + message.untold
            box.settled(message, Told(), now_ns)
    assert told == said


def test_what_is_critical_is_handed_over_at_once_and_again_while_it_stands() -> None:
    box = Outbox(per_hour=1)
    handed = [at_s for at_s in range(1000) if box.look([GRAVE], at_s * SECOND) is not None]
    assert handed == [0, 60, 300, 900]


def test_what_waits_long_is_cut_and_counted_and_as_grave_as_its_gravest() -> None:
    many = Message("warning", tuple(f"line {n}" for n in range(30)), 3)
    both = joined(many, Message("info", ("newest",)))
    assert (both.level, len(both.lines), both.lines[-1], both.untold) == ("warning", 20, "newest", 14)
