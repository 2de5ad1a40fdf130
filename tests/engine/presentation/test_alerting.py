"""What is told when: grave things at once, again while they stand, over when they are; nothing too often, what is left out counted."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.presentation.alerting import Alerting, Message
from engine.presentation.alerts import Alert
from tests.support.thorough import examples

SECOND, MINUTE = 1_000_000_000, 60_000_000_000
DEAD = Alert("engine", "critical", "engine dead")
LOCKED = Alert("locked", "warning", "entries locked")
DISK = Alert("disk", "warning", "120 MB left")


def told(*looks: tuple[int, tuple[Alert, ...]], per_hour: int = 20) -> list[tuple[int, Message]]:
    """What is said of conditions at moments in seconds; between them it is looked each second."""
    alerting, said = Alerting(), []
    ends = [at_s for at_s, _ in looks[1:]] + [looks[-1][0] + 10]
    for (at_s, found), until_s in zip(looks, ends, strict=True):
        for second in range(at_s, until_s):
            message = alerting.look(found, second * SECOND, per_hour)
            if message is not None:
                said.append((second, message))
    return said


def test_a_critical_one_is_told_at_once_again_after_1_5_and_15_minutes_and_when_it_is_over() -> None:
    said = told((0, (DEAD,)), (2000, ()))
    assert [(at_s, message.lines) for at_s, message in said] == [
        (0, ("engine dead",)),
        (60, ("still, after 1 min: engine dead",)),
        (300, ("still, after 5 min: engine dead",)),
        (900, ("still, after 15 min: engine dead",)),
        (2003, ("over: engine dead",)),
    ]


def test_what_comes_within_three_seconds_is_one_message_of_the_gravest_level() -> None:
    said = told((0, (LOCKED,)), (2, (LOCKED, DISK)), (8, (LOCKED, DISK)))
    assert said == [(3, Message("warning", ("entries locked", "120 MB left")))]
    said = told((0, (LOCKED,)), (1, (LOCKED, DEAD)))
    assert said == [(1, Message("critical", ("entries locked", "engine dead"), levels=("warning", "critical")))]


def test_one_that_comes_and_goes_is_told_once_in_15_minutes_and_the_rest_is_counted() -> None:
    flaps = [(at_s, (LOCKED,) if at_s % 20 == 0 else ()) for at_s in range(0, 1000, 10)]
    said = told(*flaps)
    locked = [at_s for at_s, message in said if "entries locked" in message.lines]
    assert locked == [3, 903]
    assert sum(message.untold for _, message in said) == 44  # the flaps between the two


def test_one_that_becomes_graver_is_told_again_at_once() -> None:
    worse = Alert("feed", "critical", "no link, LONG 150 UNWATCHED")
    said = told((0, (Alert("feed", "warning", "no link"),)), (10, (worse,)))
    assert [(at_s, message.level) for at_s, message in said] == [(3, "warning"), (10, "critical")]


def test_what_was_told_of_less_gravity_a_little_ago_silences_nothing() -> None:
    stopped = Alert("engine", "info", "engine stopped")
    said = told((0, (stopped,)), (10, ()), (20, (DEAD,)), (30, ()), (40, (stopped,)), (50, ()))
    assert [(at_s, message.lines) for at_s, message in said] == [
        (3, ("engine stopped",)),
        (20, ("engine dead",)),
        (33, ("over: engine dead",)),  # and the second stop is only counted
    ]


def test_what_is_found_of_another_engine_is_told_at_once_and_of_the_same_one_not_again() -> None:
    first, second = replace(DEAD, of="1"), replace(DEAD, of="2")
    said = told((0, (first,)), (10, ()), (20, (second,)), (30, ()), (40, (second,)), (50, ()))
    assert [(at_s, message.lines) for at_s, message in said] == [
        (0, ("engine dead",)),
        (13, ("over: engine dead",)),
        (20, ("engine dead",)),
        (33, ("over: engine dead",)),
    ]
    assert said == told((0, (first,)), (10, ()), (20, (second,)), (30, ()))
    locked = [replace(LOCKED, of=run) for run in ("1", "2")]
    said = told((0, (locked[0],)), (10, (locked[1],)))  # it stands on, of another one
    assert [(at_s, message.lines) for at_s, message in said] == [(3, ("entries locked",)), (13, ("entries locked",))]


def test_of_very_many_lines_the_least_grave_are_left_out_and_of_those_the_oldest() -> None:
    grave = Message("critical", tuple(f"grave {n}" for n in range(15)))
    mixed = Message("warning", ("odd", "over: x"), 3, levels=("warning", "info"))
    both = grave.joined(mixed).joined(Message("info", tuple(f"exit {n}" for n in range(10))))
    assert both.lines == (*grave.lines, "odd", "exit 6", "exit 7", "exit 8", "exit 9")
    assert (both.level, both.untold) == ("critical", 3 + 7)
    only_grave = grave.joined(grave).joined(mixed)
    assert (len(only_grave.lines), {*only_grave.graded}) == (20, {*grave.graded})


def test_what_has_no_room_is_counted_and_never_the_gravest() -> None:
    message = Message("critical", ("exit " + "x" * 50, "engine dead", "locked"), 2, ("info", "critical", "warning"))
    assert message.text(200).startswith("engine dead; locked; exit xxx")
    assert message.text(200).endswith(" (and 2 more, not told)")
    assert message.text(50) == "engine dead; locked (and 3 more, not told)"
    assert message.text(41) == "engine dead (and 4 more, not told)"
    assert message.text(30) == "engine… (and 4 more, not told)"
    assert message.text(200, lambda line: line.replace("dead", "***")).startswith("engine ***;")


def test_no_more_than_so_many_an_hour_but_critical_ones() -> None:
    alerting, said = Alerting(), []
    for second in range(0, 3500, 5):
        alerting.told_once(f"exit {second}", second * SECOND)
        message = alerting.look((), (second + 4) * SECOND, 7)
        said += [message] if message else []
    assert len(said) == 7
    assert alerting.look((DEAD,), 3550 * SECOND, 7).level == "critical"
    later = alerting.look((), 7200 * SECOND, 7)
    assert later is None
    alerting.told_once("exit", 7200 * SECOND)
    assert alerting.look((), 7204 * SECOND, 7) == Message("info", ("over: engine dead", "exit"))


LEVELS = st.sampled_from(["info", "warning", "critical"])
MOMENTS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcd"), LEVELS), max_size=4, unique_by=lambda each: each[0]),
    min_size=1,
    max_size=60,
)


@settings(max_examples=examples(60))
@given(MOMENTS, st.integers(1, 3))
def test_what_stands_critical_for_a_minute_is_told_and_the_rest_keeps_its_limit(moments, per_hour) -> None:
    alerting, others = Alerting(), 0
    since: dict[str, tuple[int, bool]] = {}  # critical keys: since when, and whether told since
    for at_s, found in zip(range(0, 20 * len(moments), 20), moments, strict=True):
        alerts = [Alert(key, level, f"{key} {level}") for key, level in found]
        message = alerting.look(alerts, at_s * SECOND, per_hour)
        others += message is not None and message.level != "critical"
        grave = {alert.key: alert.text for alert in alerts if alert.level == "critical"}
        since = {key: since.get(key, (at_s, False)) for key in grave}
        for key, (begun_s, told_since) in since.items():
            told_now = told_since or (message is not None and any(grave[key] in line for line in message.lines))
            since[key] = (begun_s, told_now)
            assert told_now or at_s - begun_s < 60
    assert others <= per_hour  # all of it lies within one hour
