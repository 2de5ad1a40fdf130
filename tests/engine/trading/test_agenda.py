"""What is due at a time happens at that time: with a tick in time at its price, without one by the run's clock, once."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.backtest.rerun import rerun
from engine.model.events import AnyEvent, ClosedBlind, DayStarted, FlatChanged, HeldOver, HeldSilent
from engine.model.types import Tick
from engine.recording import MqrSource
from tests.support.brokers import RejectingBroker
from tests.support.builders import EAGER, ms, nifty, tick
from tests.support.clock_runs import VirtualRun, record_beats
from tests.support.thorough import examples
from tests.support.trader_harness import TraderHarness

WIDE = (
    "risk.tp_points=[500,600,700,800]",
    "risk.base_sl_points=99",
    "risk.use_trail_stop=false",
    "risk.max_position_value_percent=30",
)
ENTRY = ((99.0, "09:30:00"), (100.0, "09:30:01"))
BEAT_MS = 100


class OnBeats:
    """A live run's trader: a beat ten times a second around each moment that matters."""

    by_ticks = False

    def __init__(self, *overrides: str, rejects: frozenset[int] = frozenset()) -> None:
        self.harness = TraderHarness(*overrides, broker=RejectingBroker(1, set(rejects)))
        self.seq = 0

    def at(self, price: float, clock: str, day: str = "2025-10-01") -> "OnBeats":
        self.until(ms(clock, day))
        self.seq += 1
        self.harness.play([tick(self.seq, price, clock, day=day)])
        return self

    def until(self, at_ms: int) -> "OnBeats":
        """Let the beats go on to `at_ms`: each at which something is due, and those around it."""
        agenda = self.harness.trader.agenda
        while self.harness.now_ms < at_ms:
            due_ms = agenda.due_ms
            self.harness.now_ms = min(at_ms, max(self.harness.now_ms + BEAT_MS, due_ms - due_ms % BEAT_MS))
            self.harness.beat()
        return self

    def clock(self, clock: str, day: str = "2025-10-01") -> "OnBeats":
        return self.until(ms(clock, day))

    def events_of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        return self.harness.events_of(kind)

    @property
    def exits(self) -> list[tuple[str, float, int, bool]]:
        return [(one.reason, one.exit_price / 100, one.exit_ms, one.blind) for one in self.harness.trades]


class OnTicks:
    """A replay: its clock is moved by what comes next; a refused tick far behind is what comes at the end."""

    by_ticks = True

    def __init__(self, *overrides: str) -> None:
        self.run = VirtualRun(*overrides)
        self.seq = 0

    def at(self, price: float, clock: str, day: str = "2025-10-01") -> "OnTicks":
        self.seq += 1
        self.run.play([tick(self.seq, price, clock, day=day)])
        return self

    def clock(self, clock: str, day: str = "2025-10-01") -> "OnTicks":
        return self.at(0.0, clock, day)

    def events_of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        return self.run.events_of(kind)

    @property
    def exits(self) -> list[tuple[str, float, int, bool]]:
        return self.run.exits


Run = OnBeats | OnTicks
CLOCKS = pytest.mark.parametrize("clock", [OnBeats, OnTicks])


def entered(clock: Callable[..., Run], *overrides: str) -> Run:
    run = clock(*EAGER, *WIDE, *overrides)
    for price, at in ENTRY:
        run.at(price, at)
    return run


# ── Each moment, with a tick and without one, by a live clock and by a recording's ───────────────────────────────────

MOMENTS = {  # overrides, the tick in time, (reason, price, moment) with it, and without it
    "Session End": ((), (90.0, "15:10:30"), ("Session End", 90.0, "15:10:30"), ("Session End", 100.0, "15:11:00")),
    "at the last moment": ((), (90.0, "15:11:00"), ("Session End", 90.0, "15:11:00"), ("Session End", 100.0, "15:11:00")),
    "no buffer": (
        ("session.end_buffer_minutes=0", "session.no_trade_end_minutes=10"),
        (90.0, "15:30:00"), ("Session End", 90.0, "15:30:00"), ("Session End", 100.0, "15:30:00"),
    ),
    "Max Duration": (
        ("risk.max_position_duration_minutes=5",),
        (90.0, "09:35:01"), ("Max Duration", 90.0, "09:35:01"), ("Max Duration", 100.0, "09:35:01"),
    ),
}  # fmt: skip


@CLOCKS
@pytest.mark.parametrize("ticking", [True, False])
@pytest.mark.parametrize("name", MOMENTS)
def test_a_position_is_closed_when_its_time_has_come(clock, ticking, name):
    overrides, (price, at), with_tick, without = MOMENTS[name]
    run = entered(clock, *overrides)
    if ticking:
        if isinstance(run, OnBeats):  # no beat of that very moment comes before its tick
            run.until(ms(at) - 1)
            run.harness.now_ms = ms(at)
        run.at(price, at)
    run.clock("15:29:59" if name != "no buffer" else "15:31:00")
    reason, exit_price, exit_at = with_tick if ticking else without
    assert run.exits == [(reason, exit_price, ms(exit_at), not ticking)]
    told = run.events_of(ClosedBlind)
    assert [(event.reason, event.price) for event in told] == ([] if ticking else [(reason, 10_000)])


@CLOCKS
def test_a_ticking_position_whose_time_is_up_between_two_ticks_is_not_blind(clock):
    run = entered(clock, "risk.max_position_duration_minutes=5").at(101, "09:35:00")
    assert run.clock("09:35:02").exits == [("Max Duration", 101.0, ms("09:35:01"), False)]


@CLOCKS
def test_silence_of_what_is_held_is_told_and_again_and_is_over_with_a_tick(clock):
    run = entered(clock).clock("09:33:05").at(100, "09:33:06").clock("09:33:08")
    told = [(event.silent_ms, event.severe) for event in run.events_of(HeldSilent)]
    often = [(3_000, False), *((limit, True) for limit in (30_000, 90_000, 150_000))]
    if clock is OnTicks:
        often = [(30_000, True)]
    assert [(round(silent, -3), severe) for silent, severe in told] == often
    assert run.exits == []


@CLOCKS
def test_nothing_is_told_of_what_is_not_held(clock):
    run = clock(*EAGER, *WIDE).at(100, "09:30:00").clock("09:40:00")
    assert run.events_of(HeldSilent) == []


@CLOCKS
def test_the_policy_closes_what_is_held_in_silence(clock):
    run = entered(clock, 'operator.on_silence="flat"', "operator.silence_flat_s=45").clock("09:31:00")
    assert run.exits == [("Flat", 100.0, ms("09:30:46"), False)]
    assert run.events_of(FlatChanged)[0].reason == "no tick of NIFTY for 45 s"


@CLOCKS
@pytest.mark.parametrize("after_s", [5, 10, 29, 30, 45])
@pytest.mark.parametrize("last", ["09:30:01", "09:30:03"])
def test_the_policy_follows_a_silence_of_any_length(clock, after_s, last):
    run = entered(clock, 'operator.on_silence="flat"', f"operator.silence_flat_s={after_s}")
    if last != "09:30:01":
        run.at(100, last)
    run.clock("09:31:00")
    assert run.exits == [("Flat", 100.0, ms(last) + after_s * 1_000, False)]


@CLOCKS
def test_a_new_day_begins_with_its_session_whether_a_tick_comes_or_not(clock):
    run = entered(clock, "risk.max_positions_per_day=1").clock("15:20:00").clock("10:00:00", "2025-10-03")
    begun = [(event.date, event.at_ms) for event in run.events_of(DayStarted)]
    days = [("2025-10-02", "09:15:00"), ("2025-10-03", "09:15:00")]
    expected = [("2025-10-01", ms("09:30:00")), *((day, ms(at, day)) for day, at in days)]
    assert begun == expected
    state = run.harness.trader.state if isinstance(run, OnBeats) else run.run.trader.state
    assert (state.gate.day_entries, state.today.isoformat()) == (0, "2025-10-03")


@CLOCKS
def test_a_tick_of_yesterday_does_nothing_once_the_day_has_begun_by_the_clock(clock):
    run = clock(*EAGER, *WIDE).at(99, "14:00:00").clock("09:16:00", "2025-10-02")
    run.at(100, "14:00:01").at(101, "14:00:02")
    state = run.harness.trader.state if isinstance(run, OnBeats) else run.run.trader.state
    assert state.instrument_states[0].tick_filter.refused["past_day"] == 2
    assert state.held() == []


@CLOCKS
def test_a_market_without_an_end_closes_nothing(clock):
    run = entered(clock, "session.daily=false").clock("15:31:00").clock("09:00:00", "2025-10-02")
    assert run.exits == []
    assert run.events_of(HeldOver) == []


# ── What cannot be closed ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_exit_that_came_to_nothing_is_tried_each_minute_and_told_at_the_end():
    run = OnBeats(*EAGER, *WIDE, rejects=frozenset(range(2, 100)))
    for price, at in ENTRY:
        run.at(price, at)
    run.clock("15:31:00")
    tries = [order.at_ms for order in run.harness.orders[1:]]
    assert tries == [ms("15:11:00") + 60_000 * n for n in range(19)]
    (over,) = run.events_of(HeldOver)
    assert (over.quantity, over.at_ms) == (run.harness.held, ms("15:30:00"))


def test_a_price_behind_the_end_is_better_than_tomorrows():
    run = OnBeats(*EAGER, *WIDE, rejects=frozenset(range(2, 21)))
    for price, at in ENTRY:
        run.at(price, at)
    run.clock("15:30:04").at(95, "15:30:05")
    assert run.exits == [("Session End", 95.0, ms("15:30:05"), False)]


def test_an_emergency_exit_that_came_to_nothing_is_judged_again_when_its_window_closes():
    run = OnBeats(*EAGER, *WIDE, "risk.emergency_exit_percent=5", rejects=frozenset({2}))
    for price, at in (*ENTRY, (90.0, "09:30:02")):
        run.at(price, at)
    assert run.exits == []
    run.clock("09:31:02")
    assert run.exits == [("Emergency", 90.0, ms("09:31:01"), True)]


# ── Restarts, and a process that stood still ────────────────────────────────────────────────────────────────────────


def taken_over(clock: str) -> TraderHarness:
    """A run that took a position over at `clock`."""
    first = TraderHarness(*EAGER, *WIDE)
    first.play([tick(1, 99, "09:30:00"), tick(2, 100, "09:30:01")])
    second = TraderHarness(*EAGER, *WIDE).at(clock)
    second.trader.state.restore(first.trader.state.keep(first.now_ms))
    second.broker.hold([first.held])
    return second.beat()


def test_what_is_taken_over_after_its_moment_is_closed_at_once():
    assert taken_over("15:12:00").exits == [("Session End", 100.0, 300)]


def test_what_is_taken_over_behind_the_end_is_told_and_waits_for_a_price():
    second = taken_over("18:00:00")
    assert second.exits == []
    assert len(second.events_of(HeldOver)) == 1
    second.beat().beat()
    assert len(second.events_of(HeldOver)) == 1
    second.play([tick(1, 97, "18:00:05")])
    assert second.exits == [("Session End", 97.0, 300)]


def test_what_nobody_could_close_is_told_at_each_sessions_end_and_closed_by_the_next():
    second = taken_over("18:00:00")
    run = OnBeats()
    run.harness = second
    run.clock("08:00:00", "2025-10-02")
    assert second.exits == []
    run.clock("15:11:01", "2025-10-02")
    assert run.exits == [("Session End", 100.0, ms("15:11:00", "2025-10-02"), True)]


def test_each_sessions_end_finds_out_what_is_still_held():
    run = OnBeats(*EAGER, *WIDE, rejects=frozenset(range(2, 1000)))
    for price, at in ENTRY:
        run.at(price, at)
    run.clock("16:00:00", "2025-10-03")
    told = [event.at_ms for event in run.events_of(HeldOver)]
    assert told == [ms("15:30:00", day) for day in ("2025-10-01", "2025-10-02", "2025-10-03")]


EMERGENCY = ("risk.emergency_exit_percent=10", "risk.emergency_window_s=60")


def test_a_fall_behind_the_emergency_window_is_none_after_a_restart():
    first = TraderHarness(*EAGER, *WIDE, *EMERGENCY)
    first.play([tick(1, 99, "09:30:00"), tick(2, 100, "09:30:01"), tick(3, 85, "10:00:00")])
    second = TraderHarness(*EAGER, *WIDE, *EMERGENCY).at("10:05:00")
    second.trader.state.restore(first.trader.state.keep(first.now_ms))
    second.broker.hold([first.held])
    assert second.beat().beat().exits == []


def test_a_price_of_behind_the_window_is_not_judged_by_its_last_moment():
    run = entered(OnBeats, *EMERGENCY)
    run.harness.play([tick(3, 85, ms("09:31:01") + 200)])
    run.harness.now_ms = ms("09:31:01") + 300  # the first beat behind the window comes after that tick
    run.harness.beat()
    assert run.exits == []


@pytest.mark.parametrize("back_to", range(4, 44, 3))
def test_going_back_into_a_silence_comes_to_the_same(back_to):
    rules = ('operator.on_silence="flat"', "risk.max_position_value_percent=20")
    stream = [tick(1, 99, "09:30:00"), tick(2, 100, "09:30:01")]
    stream += [tick(seq, 100, ms("09:30:00") + seq * 1_000, instrument=1) for seq in range(3, 60)]

    def begun() -> VirtualRun:
        return VirtualRun(*EAGER, *WIDE, *rules, instruments=(nifty(), nifty()))

    straight, early, late = begun().play(stream), begun().play(stream[:back_to]), begun().play(stream)
    fields = early.trader.state.dump()
    early.trader.state.dump_told(fields)
    late.parts.rewind.go_back(back_to, early.parts.clock.at_ms, fields)
    late.parts.cursor.expected = back_to + 1
    late.play(stream[back_to:])
    assert straight.exits == [("Flat", 100.0, ms("09:30:31"), False)]
    assert late.trader.state.dump() == straight.trader.state.dump()
    assert set(late.exits) == set(straight.exits)


@pytest.mark.parametrize(
    ("wakes", "day"), [("15:25:00", "2025-10-01"), ("16:00:00", "2025-10-01"), ("08:00:00", "2025-10-02")]
)
def test_a_process_that_stood_still_over_the_moment_makes_up_for_it_on_its_first_beat(wakes, day):
    run = entered(OnBeats)
    harness = run.harness.at(wakes, day).beat()
    assert run.exits == [("Session End", 100.0, ms(wakes, day), True)]
    assert harness.beat().events_of(HeldOver) == []


def test_going_back_finds_what_is_due_anew():
    run = entered(OnBeats)
    fields = run.harness.trader.state.dump()
    run.clock("15:12:00")
    assert len(run.exits) == 1
    run.harness.trader.load(fields)
    run.harness.broker.hold([300])
    run.harness.at("15:10:00")
    run.clock("15:12:00")
    assert len(run.exits) == 2


# ── A recording says what its clock did ─────────────────────────────────────────────────────────────────────────────

GAPS_MS = st.sampled_from((0, 500, 1_000, 2_900, 31_000, 61_000, 600_000, 3_600_000, 20_000_000))
WALKS = st.lists(st.tuples(st.sampled_from(("tick", "tick", "beat")), GAPS_MS, st.integers(-3, 4)), max_size=40)
RULES = st.sampled_from((
    (),
    ("risk.max_position_duration_minutes=1",),
    ("risk.emergency_exit_percent=1", "session.end_buffer_minutes=0"),
    ('operator.on_silence="flat"',),
))  # fmt: skip


def steps(walk: list[tuple[str, int, int]]) -> list[Tick | int]:
    at_ms, price, made = ms("09:29:00"), 100.0, []
    for kind, gap_ms, move in [("tick", 0, 0), ("tick", 1000, 1), *walk]:
        at_ms += gap_ms
        price = max(5.0, price + move)
        made.append(at_ms if kind == "beat" else tick(1, price, at_ms))
    return made


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WALKS, RULES)
def test_a_recorded_run_comes_out_the_same_wherever_its_beats_fell(tmp_path, walk, rules):
    path = tmp_path / "run.mqr"
    path.unlink(missing_ok=True)
    harness = TraderHarness(*EAGER, *rules)
    record_beats(path, harness, steps(walk))
    found = rerun(MqrSource(path), harness.config, (nifty(harness.config),))
    assert (found.difference, found.fill_difference, found.incomparable) == ("", "", "")
    assert (found.same, found.fills_same) == (found.checkpoints, found.fills)


@settings(max_examples=examples(60))
@given(WALKS, RULES)
def test_each_due_thing_fires_once_and_in_order(walk, rules):
    run = VirtualRun(*EAGER, *rules).play(
        tick(seq, step.price / 100, step.exch_ms)
        for seq, step in enumerate(steps([s for s in walk if s[0] == "tick"]), 1)
    )
    closed = [(event.instrument, event.at_ms) for event in run.events_of(ClosedBlind)]
    assert closed == sorted(set(closed))
    times = [at_ms for _, at_ms in run.inputs]
    assert times == sorted(times)
    position = run.trader.state.portfolio.positions[0]
    assert position is None or run.parts.clock.at_ms <= max(ms("15:11:00"), position.entry_ms + 86_400_000)
