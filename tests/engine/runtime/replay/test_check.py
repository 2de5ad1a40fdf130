"""A replay follows the recorded run: the same commands at the same ticks, every checkpoint judged, differences named."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly import Run
from engine.model.commands import (
    Arm,
    Command,
    Disarm,
    Flat,
    Lock,
    PauseEntries,
    Play,
    ResumeEntries,
    Seek,
    Step,
    SwitchDelivery,
    Unlock,
)
from engine.model.marks import EventMark, InputMark, Mark, StartMark, StateMark
from engine.model.snapshot import CheckView
from engine.model.types import DELIVERIES, Instrument
from engine.recording import Header, MqrSource
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.comparable import incomparable
from engine.version import RULES_REVISION
from tests.support.builders import Stage, config, turn_parts
from tests.support.recorded_runs import (
    LENGTH,
    OFTEN,
    Beat,
    account_of_before,
    damage_ticks,
    inputs_of,
    marks_of,
    record,
    record_by_hand,
    replay,
    rewrite,
    until,
    with_field,
    zigzag,
)

pytestmark = pytest.mark.slow

ORDERS: dict[int, Sequence[Command | Beat]] = {
    1: (Lock("not yet"),),
    20: (Unlock(),),
    130: (PauseEntries(),),
    251: (ResumeEntries(), Arm(), Disarm()),
    290: (Unlock(),),
    345: (Flat("enough"), Beat()),
    357: (Beat(),),
    381: (Beat(), Unlock()),
    480: (Lock("a while"), PauseEntries()),
    540: (Unlock(), ResumeEntries()),
}
CHECKPOINTS = LENGTH // 50 + 1  # and one at the end


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run with all kinds of commands."""
    return record(tmp_path_factory.mktemp("operated"), None, ORDERS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run without any."""
    return record(tmp_path_factory.mktemp("plain"))


def view(run: Run) -> CheckView:
    found = run.engine.snapshot.replay
    assert found is not None
    assert found.check is not None
    return found.check


def whole(run: Run) -> CheckView:
    """How a replay stands after its last tick."""
    assert run.engine.wait(30)
    run.engine.stop()
    return view(run)


def go(run: Run, target: int) -> CheckView:
    """How it stands at `target`."""
    engine = run.engine
    engine.send(Seek(target))
    until(lambda: engine.cursor.last_seq == target and engine.cursor.expected == -1 and not engine.turn.inputs)
    with engine.turn.lock:
        assert engine.playback is not None
        assert engine.playback.check is not None
        return engine.playback.check.view()


# ── The same. ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_run_that_is_followed_has_something_to_follow(operated: Path) -> None:
    commands = [mark.command for mark in inputs_of(operated) if mark.command is not None]
    assert commands == [order for orders in ORDERS.values() for order in orders if not isinstance(order, Beat)]
    beats = {mark.ticks for mark in inputs_of(operated) if mark.command is None}
    assert beats, "a flat that was verified while ticks came"
    fills = [mark for mark in marks_of(operated) if isinstance(mark, EventMark) and mark.kind == "fill"]
    assert any(fill.text.endswith(" Flat") for fill in fills)
    assert len(fills) > 10


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_replay_is_the_same_as_the_recorded_run(operated: Path, tmp_path: Path, delivery: str) -> None:
    with replay(operated, tmp_path, f"engine.delivery={delivery}") as run:
        assert whole(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_switching_delivery_does_not_interfere(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        for delivery in (*DELIVERIES, *DELIVERIES):
            run.engine.send(SwitchDelivery(delivery))
            run.engine.send(Step(90))
            until(lambda: run.engine.cursor.expected == -1 and not run.engine.turn.inputs)
        run.engine.send(Play())
        assert whole(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_what_was_passed_counts_once_and_what_lies_ahead_is_judged_again(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        for target in (
            49,
            50,
            51,
            199,
            120,
            121,
            240,
            99,
            0,
            1,
            333,
            345,
            344,
            350,
            360,
            599,
            241,
            131,
            600,
            485,
            510,
            480,
        ):
            assert go(run, target) == CheckView(target // 50 + (target == LENGTH), CHECKPOINTS), target
        run.engine.send(Play())
        assert whole(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_beats_come_from_the_recording_and_from_nowhere_else(tmp_path: Path) -> None:
    given = {345: Flat("enough"), 348: None, 379: None, 380: Unlock()}
    path = record_by_hand(tmp_path / "paper.mqr", Stage(*OFTEN), zigzag(), given)
    with replay(path, tmp_path / "replay", paused=True) as run:
        assert go(run, 347) == CheckView(6, 12)
        assert run.trader.state.flat.state == "CLOSING"
        before = run.engine.stats.beats
        until(lambda: run.engine.stats.beats > before + 3)
        assert run.trader.state.flat.state == "CLOSING"
        assert go(run, 350) == CheckView(7, 12)
        assert run.trader.state.flat.state == "VERIFYING"
        go(run, 379)
        assert run.trader.state.flat.state == "FLAT"
        assert go(run, LENGTH) == CheckView(12, 12)


def test_a_pause_of_then_survives_going_back_into_it(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        go(run, 400)
        go(run, 245)  # from the state saved after tick 240, which was within the pause
        assert run.trader.state.gate.paused
        go(run, 300)
        assert not run.trader.state.gate.paused
        assert len(run.engine.exits.newest) == run.trader.state.book.trades


def test_many_instruments_take_turns_at_the_checkpoints(tmp_path: Path) -> None:
    listed = tuple(Instrument(f"NIFTY{place}") for place in range(23))
    stream = zigzag()
    for each in stream:
        each.instrument = each.seq * 7 % 23
        each.price += 500 * each.instrument
    path = record(tmp_path, stream, {300: (Lock(),), 400: (Unlock(),)}, instruments=listed)
    covered = [
        {name.partition(".")[0] for name in mark.fields} for mark in marks_of(path) if isinstance(mark, StateMark)
    ]
    assert covered[0] != covered[1]
    with replay(path, tmp_path / "replay") as run:
        assert whole(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def taken_over(folder: Path) -> tuple[Path, int, int]:
    """A recording whose run began with the account of one before; what that held, and how often it had sold."""
    before, passed = account_of_before(*OFTEN)
    path = record_by_hand(
        folder / "paper.mqr",
        Stage(*OFTEN),
        zigzag(passed + LENGTH)[passed:],
        {120: ResumeEntries()},
        before.trader.keep(before.now_ms),
    )
    return path, before.held, len(before.trades)


def test_an_account_that_was_taken_over_is_taken_over_again(tmp_path: Path) -> None:
    path, held, sold = taken_over(tmp_path)
    with replay(path, tmp_path / "replay", paused=True) as run:
        assert run.trader.state.book.net(0) == held
        assert run.trader.state.gate.paused
        assert go(run, 500) == CheckView(10, 12)
        trades = list(run.engine.exits.newest)
        assert len(trades) > 5
        assert run.trader.state.book.trades == len(trades) + sold
        go(run, 200)
        assert run.engine.exits.newest == trades[: run.trader.state.book.trades - sold]
        assert go(run, 500) == CheckView(10, 12)
        assert run.engine.exits.newest == trades
        go(run, 0)
        assert run.trader.state.book.net(0) == held
        assert run.trader.state.gate.paused
        run.engine.send(Play())
        assert whole(run) == CheckView(12, 12)


def test_an_account_that_cannot_be_taken_over(tmp_path: Path) -> None:
    path, _, _ = taken_over(tmp_path)

    def foreign(mark: Mark) -> Mark:
        return StartMark(replace(mark.kept, symbols=("SENSEX",))) if isinstance(mark, StartMark) else mark

    def unsound(mark: Mark) -> Mark:
        if not isinstance(mark, StartMark):
            return mark
        return StartMark(replace(mark.kept, fields={**mark.kept.fields, "book.cash": "plenty", "today": "never"}))

    for change, word in ((foreign, "SENSEX"), (unsound, "")):
        with replay(rewrite(path, change), tmp_path / change.__name__) as run:
            found = whole(run)
            assert found.same == 0
            assert found.incomparable.startswith("the account it began with cannot be taken over: ")
            assert word in found.incomparable
            assert run.trader.state.book.entries > 5, "it is replayed with an account of its own"


# ── Different. ───────────────────────────────────────────────────────────────────────────────────────────────────────


def at(tick: int, name: str, text: str):
    """A change of one field of the checkpoint after `tick`."""
    return lambda mark: with_field(mark, name, text) if isinstance(mark, StateMark) and mark.ticks == tick else mark


def test_the_first_difference_is_named_with_both_values(plain: Path, tmp_path: Path) -> None:
    marks = {mark.ticks: mark for mark in marks_of(plain) if isinstance(mark, StateMark)}
    cash = marks[250].fields["book.cash"]
    path = rewrite(plain, at(250, "book.cash", "'1.00'"))
    with replay(path, tmp_path) as run:
        assert whole(run) == CheckView(CHECKPOINTS - 1, CHECKPOINTS, f"tick 250: book.cash '1.00' ≠ {cash}")


def test_a_cause_is_named_rather_than_its_consequence(plain: Path, tmp_path: Path) -> None:
    green = {mark.ticks: mark for mark in marks_of(plain) if isinstance(mark, StateMark)}[250].fields[
        "0.strategy.green"
    ]
    path = rewrite(
        rewrite(plain, at(250, "book.cash", "'1.00'")).rename(plain.with_name("a.mqr")),
        at(250, "0.strategy.green", "99"),
    )
    with replay(path, tmp_path) as run:
        assert whole(run).difference == f"tick 250: green 99 ≠ {green}"


def test_a_field_that_is_no_more_or_was_not_yet(plain: Path, tmp_path: Path) -> None:
    with replay(rewrite(plain, at(100, "0.strategy.mood", "5")), tmp_path / "a") as run:
        assert whole(run).difference == "tick 100: mood 5 ≠ nothing"

    def without(mark: Mark) -> Mark:
        if not isinstance(mark, StateMark) or mark.ticks != 100:
            return mark
        whole_mark = with_field(mark, "gate.paused", "True")
        fields = {name: text for name, text in whole_mark.fields.items() if name != "gate.paused"}
        return with_field(StateMark(100, "", fields), "gate.locked", fields["gate.locked"])

    with replay(rewrite(plain, without), tmp_path / "b") as run:
        assert whole(run).difference == "tick 100: gate.paused nothing ≠ False"


def test_a_difference_from_a_run_under_other_rules_says_nothing(plain: Path, tmp_path: Path) -> None:
    def ahead(head: Header) -> Header:
        return replace(head, rules_revision=RULES_REVISION + 1)

    why_not = f"rules {RULES_REVISION + 1}→{RULES_REVISION}"
    with replay(rewrite(plain, at(250, "book.cash", "'1.00'"), ahead), tmp_path / "different", paused=True) as run:
        assert go(run, 240) == CheckView(4, CHECKPOINTS)
        assert go(run, 260) == CheckView(4, CHECKPOINTS, "", why_not)
        assert go(run, 240) == CheckView(4, CHECKPOINTS), "it is followed as before"
    with replay(rewrite(plain, lambda mark: mark, ahead), tmp_path / "same") as run:
        assert whole(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_changed_bytes_of_a_checkpoint_are_seen_whichever_they_are(plain: Path, tmp_path: Path) -> None:
    def hash_only(mark: Mark) -> Mark:
        return replace(mark, state_hash="0" * 32) if isinstance(mark, StateMark) and mark.ticks == 300 else mark

    def field_only(mark: Mark) -> Mark:
        if not isinstance(mark, StateMark) or mark.ticks != 300:
            return mark
        return replace(mark, fields=mark.fields | {"gate.locked": "'x'"})

    with replay(rewrite(plain, hash_only), tmp_path / "a") as run:
        assert "tick 300: the checkpoint contradicts itself" in whole(run).difference
    with replay(rewrite(plain, field_only), tmp_path / "b") as run:
        assert whole(run).difference == "tick 300: gate.locked 'x' ≠ ''"


def test_a_command_that_was_not_recorded_makes_a_difference(operated: Path, tmp_path: Path) -> None:
    def without_pause(mark: Mark) -> Mark | None:
        return None if isinstance(mark, InputMark) and isinstance(mark.command, PauseEntries) else mark

    with replay(rewrite(operated, without_pause), tmp_path) as run:
        found = whole(run)
    assert found.difference == "tick 150: gate.paused True ≠ False"
    assert found.same < found.total


def test_a_difference_is_judged_again_after_going_back(plain: Path, tmp_path: Path) -> None:
    path = rewrite(plain, at(250, "gate.locked", "'x'"))
    with replay(path, tmp_path, paused=True) as run:
        found = go(run, 300)
        assert (found.same, found.difference) == (5, "tick 250: gate.locked 'x' ≠ ''")
        assert go(run, 249) == CheckView(4, CHECKPOINTS)
        assert go(run, 250).difference == found.difference
        assert go(run, LENGTH).same == CHECKPOINTS - 1


def test_a_difference_is_named_with_its_instrument_where_there_are_several(tmp_path: Path) -> None:
    listed = (Instrument("NIFTY"), Instrument("BANKNIFTY"))
    stream = zigzag(100)
    for each in stream:
        each.instrument = each.seq % 2
    path = rewrite(record(tmp_path, stream, instruments=listed), at(50, "1.last_price", "7"))
    with replay(path, tmp_path / "replay") as run:
        assert whole(run).difference.startswith("tick 50: BANKNIFTY last_price 7 ≠ ")


# ── Not comparable. ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_under_other_rules_nothing_is_compared_and_no_command_given(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, "risk.base_sl_points=16", "strategy.fast_ema=9") as run:
        found = whole(run)
        assert found == CheckView(0, CHECKPOINTS, "", "fast_ema 18→9, base_sl_points 15→16")
        assert run.trader.state.flat.state == "NORMAL"
        assert run.trader.state.book.entries > 10


def test_what_decides_nothing_may_differ(operated: Path, tmp_path: Path) -> None:
    other = (
        "replay.snapshot_ticks=7",
        "logging.level=debug",
        "instrument.token=5",
        "mock.seed=9",
        "engine.inbox_size=3",
    )
    with replay(operated, tmp_path, *other) as run:
        assert whole(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_why_not_comparable(plain: Path) -> None:
    header = MqrSource(plain).header
    rules, listed = config(*OFTEN), header.instruments
    assert incomparable(header, rules, listed) == ""
    assert incomparable(replace(header, program_version="0.0.7"), rules, listed) == "", "only the rules count"
    lots = (replace(listed[0], lot_size=50),)
    assert incomparable(header, rules, lots) == "NIFTY lot_size 75→50"
    assert incomparable(header, rules, (replace(listed[0], symbol="X"),)) == "other instruments"
    without = {key: text for key, text in header.config.items() if key != "risk.gst_percent"}
    assert incomparable(replace(header, config=without), rules, listed) == "", "the default was in force"
    gst = config(*OFTEN, "risk.gst_percent=5")
    assert incomparable(replace(header, config=without), gst, listed) == "gst_percent →5"
    gone = header.config | {"strategy.mood": "good", "engine.colour": "red"}
    assert incomparable(replace(header, config=gone), rules, listed) == "mood is gone"
    many = config(*OFTEN, *(f"risk.{key}_percent=1" for key in ("commission", "stt", "exchange_charges", "gst")))
    text = "commission_percent 0.03→1, stt_percent 0.025→1, exchange_charges_percent 0.003→1 and 1 more"
    assert incomparable(header, many, listed) == text


def test_a_session_without_a_recorded_run_has_nothing_to_follow(plain: Path) -> None:
    source = MqrSource(rewrite(plain, lambda mark: mark if isinstance(mark, EventMark) else None))
    assert ReplayCheck(turn_parts(source.instruments, *OFTEN), source).is_empty


def test_an_own_command_ends_the_comparison_until_going_back_before_it(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        playback = run.engine.playback
        assert playback is not None
        go(run, 100)
        playback.interfered()
        assert not playback.gives_beats
        assert go(run, 300) == CheckView(2, CHECKPOINTS, "", "a command was given at tick 100")
        assert not run.trader.state.gate.paused
        assert go(run, 250).incomparable != "", "it goes on from a state of after the command"
        assert go(run, 99) == CheckView(1, CHECKPOINTS)
        assert playback.gives_beats
        assert go(run, 300) == CheckView(6, CHECKPOINTS)


def test_a_lock_of_now_is_carried_back_and_keeps_it_incomparable(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        playback = run.engine.playback
        assert playback is not None
        go(run, 100)
        run.engine.send(Lock("mine"))
        until(lambda: run.engine.snapshot.entries.locked == "mine")
        playback.interfered()
        assert go(run, 99).incomparable == "a command was given at tick 100"


# ── Damaged and hostile. ─────────────────────────────────────────────────────────────────────────────────────────────


def test_ticks_that_were_passed_over_end_the_comparison(tmp_path: Path) -> None:
    path = record(tmp_path, zigzag(6000))
    damage_ticks(path)
    with replay(path, tmp_path / "a", skip_damage=True) as run:
        assert whole(run).incomparable == "ticks are missing: the recording is damaged"
    with replay(path, tmp_path / "b") as run:
        found = whole(run)
        assert (found.difference, found.incomparable) == ("", "")
        assert 0 < found.same < found.total


def test_marks_out_of_order_and_beyond_the_end(plain: Path, tmp_path: Path) -> None:
    def unsettled(mark: Mark) -> Mark:
        if isinstance(mark, StateMark):
            return replace(mark, ticks={100: 30, 200: 1 << 80, 300: -5}.get(mark.ticks, mark.ticks))
        return mark

    with replay(rewrite(plain, unsettled), tmp_path) as run:
        found = whole(run)
        assert found.total == CHECKPOINTS
        assert found.same < CHECKPOINTS


def test_more_marks_than_a_run_makes(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.replay.check._MOST_MARKS", 5)
    source = MqrSource(plain)
    found = ReplayCheck(turn_parts(source.instruments, *OFTEN), source).view()
    assert (found.total, found.incomparable) == (5, "more than 5 marks")
