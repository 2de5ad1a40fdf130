"""Who may command, what happens when nobody is there who could, and how it is told on return."""

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from engine.link.absence import digest
from engine.link.control import ControlLease, OperatorPolicy
from engine.link.protocol import AbsenceView, AnyCommand, ControlView
from engine.model.commands import (
    Arm,
    Disarm,
    Flat,
    Lock,
    PauseEntries,
    ResumeEntries,
    SetSpeed,
    Stop,
    Unlock,
    Unwatch,
    Watch,
)
from engine.model.statistics import DayStatistics
from engine.model.trading_views import EntriesState
from engine.text.sanitize import CleanText
from tests.support.link_harness import engine_snapshot, gap

SECOND = 1_000_000_000


def every_command() -> list[AnyCommand]:
    """One of each kind that may be sent through the socket."""
    values = {int: 1, float: 1.0, bool: True}
    made = []
    for kind in get_args(AnyCommand):
        fields = [field for field in structs.fields(kind) if field.required]
        made.append(kind(**{field.name: values.get(field.type, field.name) for field in fields}))
    return made


# ── Control ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_takes_control_has_it_until_somebody_else_does() -> None:
    control = ControlLease()
    assert control.refusal(1, PauseEntries(), screen=True) == "nobody has control: take it first"
    assert control.take(1, "Ann", 10) is None
    assert control.view(2) == ControlView("Ann", mine=False, since_ns=10)
    assert control.take(2, "Ben", 30) == 1
    assert control.take(2, "Ben", 40) is None
    assert control.view(2) == ControlView("Ben", mine=True, since_ns=30)
    assert not control.give_up(1, 50)
    assert control.give_up(2, 60)
    assert control.holder is None


@pytest.mark.parametrize("command", [Flat(), Arm(), Lock(), Disarm()])
def test_what_makes_safe_needs_no_control(command: AnyCommand) -> None:
    control = ControlLease()
    control.take(1, "Ann", 0)
    assert control.refusal(2, command, screen=True) == ""
    assert control.refusal(3, command, screen=False) == ""


@pytest.mark.parametrize("command", every_command())
def test_a_screen_that_only_looks_may_send_nothing(command: AnyCommand) -> None:
    for control in (ControlLease(), ControlLease()):
        assert "only looks" in control.refusal(2, command, screen=True, only_looks=True)
        control.take(1, "Ann", 0)
        assert "only looks" in control.refusal(2, command, screen=True, only_looks=True)


@pytest.mark.parametrize("command", [PauseEntries(), ResumeEntries(), Unlock(), SetSpeed(1.0)])
def test_everything_else_needs_it(command: AnyCommand) -> None:
    control = ControlLease()
    control.take(1, "Ann", 0)
    assert control.refusal(1, command, screen=True) == ""
    assert control.refusal(2, command, screen=True) == "Ann has control"
    assert control.refusal(3, command, screen=False) == "Ann has control"


def test_a_short_command_may_stop_the_engine_whoever_has_control() -> None:
    control = ControlLease()
    control.take(1, "Ann", 0)
    assert control.refusal(3, Stop(), screen=False) == ""
    assert control.refusal(2, Stop(), screen=True) == "Ann has control"
    assert ControlLease().refusal(3, Stop(), screen=False) == ""
    assert ControlLease().refusal(3, Stop(), screen=True) != ""
    for change in (Watch((CleanText("X"),)), Unwatch((CleanText("X"),))):
        assert control.refusal(3, change, screen=False) == ""
        assert control.refusal(2, change, screen=True) == "Ann has control"
    assert ControlLease().refusal(3, Unlock(), screen=False) != ""


# ── The absent operator ─────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_counted_before_the_first_operator_came() -> None:
    operator = OperatorPolicy("flat_after", 60)
    operator.lost(5)
    assert operator.due(10**18) is None
    assert operator.view() == AbsenceView("flat_after", 0, 0, "")


def test_flat_after_comes_once_and_only_when_nobody_came_back_in_time() -> None:
    operator = OperatorPolicy("flat_after", 60)
    assert operator.attached(1) is None
    operator.lost(10 * SECOND)
    assert operator.view() == AbsenceView("flat_after", 10 * SECOND, 70 * SECOND, "")
    assert operator.due(70 * SECOND - 1) is None
    assert operator.attached(70 * SECOND - 1) == 60 * SECOND - 1
    assert operator.due(999 * SECOND) is None
    operator.lost(100 * SECOND)
    assert operator.due(160 * SECOND) == Flat("operator lost for 60 s")
    assert operator.due(161 * SECOND) is None
    assert operator.view() == AbsenceView("flat_after", 100 * SECOND, 0, "flat: operator lost for 60 s")
    assert operator.attached(200 * SECOND) == 100 * SECOND
    assert operator.did == "flat: operator lost for 60 s"
    operator.lost(300 * SECOND)
    assert operator.did == ""


def test_no_entries_pauses_at_once_and_keep_does_nothing() -> None:
    careful, trusting = OperatorPolicy("no_entries", 60), OperatorPolicy("keep", 60)
    for operator in (careful, trusting):
        operator.attached(1)
        operator.lost(SECOND)
    assert careful.due(SECOND) == PauseEntries()
    assert careful.due(2 * SECOND) is None
    assert trusting.due(10**18) is None
    assert trusting.view().due_ns == 0


@given(st.lists(st.tuples(st.sampled_from(["attached", "lost", "due"]), st.integers(0, 40 * SECOND)), max_size=40))
def test_a_flat_comes_exactly_when_the_operator_was_away_long_enough(steps: list[tuple[str, int]]) -> None:
    operator, now_ns, away_since, ever, done = OperatorPolicy("flat_after", 60), 0, None, False, False
    for what, passed in steps:
        now_ns += passed
        if what == "attached":
            operator.attached(now_ns)
            ever, away_since, done = True, None, False
        elif what == "lost":
            operator.lost(now_ns)
            if ever and away_since is None:
                away_since, done = now_ns, False
        else:
            wanted = away_since is not None and not done and now_ns - away_since >= 60 * SECOND
            assert (operator.due(now_ns) is not None) == wanted
            done = done or wanted


# ── What happened meanwhile ─────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_happened() -> None:
    seen = engine_snapshot(trades=3, events=2)
    assert digest(seen, replace(seen, number=99), 12 * SECOND) == "away 12 s: nothing happened"


def test_the_digest_tells_entries_exits_gaps_and_the_result() -> None:
    left = engine_snapshot(trades=3, events=2)
    account = replace(
        engine_snapshot().account, total=DayStatistics(entries=2), realised=Decimal("-500.00"), open_pnl=Decimal(80)
    )
    now = engine_snapshot(trades=4, events=2, account=account)
    now = replace(now, events=(*now.events, gap(7)))
    line = digest(left, now, 372 * SECOND)
    assert line == "away 6 min 12 s: 2 entries, 1 stop loss, feed gap 4.2 s at 10:14:03, P&L meanwhile −420.00"


def test_the_digest_counts_silences_and_exits_that_are_not_listed_any_more() -> None:
    left = engine_snapshot(trades=3)
    account = replace(engine_snapshot().account, exits=1200)
    now = engine_snapshot(trades=4, events=1, account=account)
    now = replace(now, quotes=tuple(replace(each, gaps=each.gaps + 240) for each in now.quotes))
    assert digest(left, now, SECOND) == "away 1 s: 1 stop loss, 1199 earlier exits, 240 feed gaps, P&L meanwhile 0.00"


def test_the_digest_tells_locks_flats_faults_and_what_the_policy_did() -> None:
    left = engine_snapshot()
    now = engine_snapshot(
        entries=EntriesState(paused=True, locked="operator lost", halted="", today=0),
        flat=replace(engine_snapshot().flat, state="FLAT"),
        refused={"nan": 3},
        events=5,
        fault="engine failed: ValueError",
    )
    line = digest(left, now, 7_500 * SECOND, "flat: operator lost for 60 s")
    assert line == (
        "away 2 h 05 min: flat: operator lost for 60 s, 5 feed gaps, 3 ticks refused, entries locked (operator lost), "
        "entries paused, flat job FLAT, engine failed: ValueError, P&L meanwhile 0.00"
    )
    unlocked = digest(now, engine_snapshot(), SECOND)
    assert "entries no longer locked" in unlocked
    assert "entries resumed" in unlocked


def test_a_gap_at_the_very_tick_of_the_loss_is_told_only_if_it_is_new() -> None:
    seen = engine_snapshot(events=1)
    line = digest(seen, replace(seen, events=(*seen.events, gap(1, at_ms=gap(1).at_ms + 1))), SECOND)
    assert line.count("feed gap") == 1
