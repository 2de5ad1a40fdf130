"""A replay that decides otherwise than the recorded run did: the first difference is named, with its cause and both values."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.model.commands import (
    PauseEntries,
)
from engine.model.marks import InputMark, Mark, StateMark
from engine.model.run_views import CheckView
from engine.model.types import Instrument
from engine.recording import Header, MqrSource
from engine.runtime.replay.check import ReplayCheck
from engine.version import RULES_REVISION
from tests.support.recorded_runs import (
    BUSY,
    CHECKPOINTS,
    LENGTH,
    after_seek,
    at_the_end,
    damage_ticks,
    marks_of,
    record,
    replay,
    rewrite,
    with_field,
    zigzag,
)
from tests.support.turn_parts import turn_parts

pytestmark = pytest.mark.slow


def at(tick: int, name: str, text: str):
    """A change of one field of the checkpoint after `tick`."""
    return lambda mark: with_field(mark, name, text) if isinstance(mark, StateMark) and mark.ticks == tick else mark


def test_the_first_difference_is_named_with_both_values(plain: Path, tmp_path: Path) -> None:
    marks = {mark.ticks: mark for mark in marks_of(plain) if isinstance(mark, StateMark)}
    cash = marks[250].fields["book.cash"]
    path = rewrite(plain, at(250, "book.cash", "'1.00'"))
    with replay(path, tmp_path) as run:
        assert at_the_end(run) == CheckView(CHECKPOINTS - 1, CHECKPOINTS, f"tick 250: book.cash '1.00' ≠ {cash}")


def test_a_cause_is_named_rather_than_its_consequence(plain: Path, tmp_path: Path) -> None:
    green = {mark.ticks: mark for mark in marks_of(plain) if isinstance(mark, StateMark)}[250].fields[
        "0.strategy.green"
    ]
    path = rewrite(
        rewrite(plain, at(250, "book.cash", "'1.00'")).rename(plain.with_name("a.mqr")),
        at(250, "0.strategy.green", "99"),
    )
    with replay(path, tmp_path) as run:
        assert at_the_end(run).difference == f"tick 250: green 99 ≠ {green}"


def test_a_field_that_is_no_more_or_was_not_yet(plain: Path, tmp_path: Path) -> None:
    with replay(rewrite(plain, at(100, "0.strategy.mood", "5")), tmp_path / "a") as run:
        assert at_the_end(run).difference == "tick 100: mood 5 ≠ nothing"

    def without(mark: Mark) -> Mark:
        if not isinstance(mark, StateMark) or mark.ticks != 100:
            return mark
        whole_mark = with_field(mark, "gate.paused", "True")
        fields = {name: text for name, text in whole_mark.fields.items() if name != "gate.paused"}
        return with_field(StateMark(100, "", fields), "gate.locked", fields["gate.locked"])

    with replay(rewrite(plain, without), tmp_path / "b") as run:
        assert at_the_end(run).difference == "tick 100: gate.paused nothing ≠ False"


def test_a_difference_from_a_run_under_other_rules_says_nothing(plain: Path, tmp_path: Path) -> None:
    def ahead(head: Header) -> Header:
        return replace(head, rules_revision=RULES_REVISION + 1)

    why_not = f"rules {RULES_REVISION + 1}→{RULES_REVISION}"
    with replay(rewrite(plain, at(250, "book.cash", "'1.00'"), ahead), tmp_path / "different", paused=True) as run:
        assert after_seek(run, 240) == CheckView(4, CHECKPOINTS)
        assert after_seek(run, 260) == CheckView(4, CHECKPOINTS, "", why_not)
        assert after_seek(run, 240) == CheckView(4, CHECKPOINTS), "it is followed as before"
    with replay(rewrite(plain, lambda mark: mark, ahead), tmp_path / "same") as run:
        assert at_the_end(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_changed_bytes_of_a_checkpoint_are_seen_whichever_they_are(plain: Path, tmp_path: Path) -> None:
    def hash_only(mark: Mark) -> Mark:
        return replace(mark, state_hash="0" * 32) if isinstance(mark, StateMark) and mark.ticks == 300 else mark

    def field_only(mark: Mark) -> Mark:
        if not isinstance(mark, StateMark) or mark.ticks != 300:
            return mark
        return replace(mark, fields=mark.fields | {"gate.locked": "'x'"})

    with replay(rewrite(plain, hash_only), tmp_path / "a") as run:
        assert "tick 300: the checkpoint contradicts itself" in at_the_end(run).difference
    with replay(rewrite(plain, field_only), tmp_path / "b") as run:
        assert at_the_end(run).difference == "tick 300: gate.locked 'x' ≠ ''"


def test_a_command_that_was_not_recorded_makes_a_difference(operated: Path, tmp_path: Path) -> None:
    def without_pause(mark: Mark) -> Mark | None:
        return None if isinstance(mark, InputMark) and isinstance(mark.command, PauseEntries) else mark

    with replay(rewrite(operated, without_pause), tmp_path) as run:
        found = at_the_end(run)
    assert found.difference == "tick 150: gate.paused True ≠ False"
    assert found.same < found.total


def test_a_difference_is_judged_again_after_going_back(plain: Path, tmp_path: Path) -> None:
    path = rewrite(plain, at(250, "gate.locked", "'x'"))
    with replay(path, tmp_path, paused=True) as run:
        found = after_seek(run, 300)
        assert (found.same, found.difference) == (5, "tick 250: gate.locked 'x' ≠ ''")
        assert after_seek(run, 249) == CheckView(4, CHECKPOINTS)
        assert after_seek(run, 250).difference == found.difference
        assert after_seek(run, LENGTH).same == CHECKPOINTS - 1


def test_a_difference_is_named_with_its_instrument_where_there_are_several(tmp_path: Path) -> None:
    listed = (Instrument("NIFTY"), Instrument("BANKNIFTY"))
    stream = zigzag(100)
    for each in stream:
        each.instrument = each.seq % 2
    path = rewrite(record(tmp_path, stream, instruments=listed), at(50, "1.last_price", "7"))
    with replay(path, tmp_path / "replay") as run:
        assert at_the_end(run).difference.startswith("tick 50: BANKNIFTY last_price 7 ≠ ")


# ── Damaged and hostile. ─────────────────────────────────────────────────────────────────────────────────────────────


def test_ticks_that_were_passed_over_end_the_comparison(tmp_path: Path) -> None:
    path = record(tmp_path, zigzag(6000))
    damage_ticks(path)
    with replay(path, tmp_path / "a", skip_damage=True) as run:
        assert at_the_end(run).incomparable == "ticks are missing: the recording is damaged"
    with replay(path, tmp_path / "b") as run:
        found = at_the_end(run)
        assert (found.difference, found.incomparable) == ("", "")
        assert 0 < found.same < found.total


def test_marks_out_of_order_and_beyond_the_end(plain: Path, tmp_path: Path) -> None:
    def unsettled(mark: Mark) -> Mark:
        if isinstance(mark, StateMark):
            return replace(mark, ticks={100: 30, 200: 1 << 80, 300: -5}.get(mark.ticks, mark.ticks))
        return mark

    with replay(rewrite(plain, unsettled), tmp_path) as run:
        found = at_the_end(run)
        assert found.total == CHECKPOINTS
        assert found.same < CHECKPOINTS


def test_more_marks_than_a_run_makes(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.replay.check._MOST_MARKS", 5)
    source = MqrSource(plain)
    found = ReplayCheck(turn_parts(source.instruments, *BUSY), source).view()
    assert (found.total, found.incomparable) == (5, "more than 5 marks")
