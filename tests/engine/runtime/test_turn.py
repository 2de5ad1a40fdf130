"""A turn over ticks that come by a pace: what is due while the next is waited for is done then, and comes to the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.events import HeldSilent
from engine.model.types import FLAG_AHEAD, Tick
from tests.support.builders import EAGER, ms, tick
from tests.support.clock_runs import VirtualRun
from tests.support.thorough import examples

BEGIN_MS = ms("09:30:00")
WIDE = (*EAGER, "risk.base_sl_points=1000", "risk.tp_points=[1000]", "risk.tp_percents=[1.0]")


def waited(run: VirtualRun, following: Tick, at_ms: int) -> VirtualRun:
    """A beat at which the session has come to `at_ms` on the way to `following`."""
    run.awaited = following, min(at_ms, following.exch_ms)
    run.turn.beat()
    run.awaited = None, 0
    return run


def test_a_silence_of_what_is_held_is_told_while_it_lasts() -> None:
    run = VirtualRun(*WIDE).play([tick(1, 99, BEGIN_MS), tick(2, 100, BEGIN_MS + 1000), tick(3, 100, BEGIN_MS + 2000)])
    following = tick(4, 100, BEGIN_MS + 300_000)
    assert waited(run, following, BEGIN_MS + 31_000).events_of(HeldSilent) == []
    (told,) = waited(run, following, BEGIN_MS + 33_000).events_of(HeldSilent)
    assert (told.silent_ms, told.at_ms) == (30_000, BEGIN_MS + 32_000)
    assert run.parts.clock.at_ms == BEGIN_MS + 32_000
    assert waited(run, tick(7, 100, BEGIN_MS + 300_000), BEGIN_MS + 299_000).events_of(HeldSilent) == [told]
    assert run.parts.clock.at_ms == BEGIN_MS + 32_000  # that was not the tick that comes next


def test_a_stamp_far_ahead_takes_the_clock_nowhere() -> None:
    run = VirtualRun(*WIDE).play([tick(number, 99 + number % 2, BEGIN_MS + 1000 * number) for number in range(1, 9)])
    waited(run, tick(9, 100, BEGIN_MS + 7_200_000, flags=FLAG_AHEAD), BEGIN_MS + 3_600_000)
    assert (run.events_of(HeldSilent), run.parts.clock.at_ms) == ([], BEGIN_MS + 8000)


_steps = st.lists(
    st.tuples(st.integers(-3, 3), st.sampled_from((500, 1000, 29_000, 31_000, 70_000, 400_000))),
    min_size=2,
    max_size=30,
)


@settings(max_examples=examples(40), deadline=None)
@given(_steps, st.lists(st.floats(0, 1), max_size=3))
def test_whenever_beats_come_the_same_is_decided(steps, shares) -> None:
    rules = (
        *EAGER,
        "risk.base_sl_points=3",
        "risk.tp_points=[2]",
        "risk.tp_percents=[1.0]",
        "risk.max_position_duration_minutes=3",
    )
    stream, at_ms = [], BEGIN_MS
    for number, (step, step_ms) in enumerate(steps, 1):
        at_ms += step_ms
        stream.append((number, 100 + step, at_ms))
    plain, paced = VirtualRun(*rules), VirtualRun(*rules)
    before_ms = BEGIN_MS
    for each in stream:
        plain.play([tick(*each)])
        for share in sorted(shares):
            waited(paced, tick(*each), before_ms + round((each[2] - before_ms) * share))
        paced.play([tick(*each)])
        before_ms = each[2]
    assert paced.events == plain.events
    assert paced.trader.state.dump() == plain.trader.state.dump()
