"""A replay follows the recorded run: the same commands at the same ticks, every checkpoint judged, differences named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.model.commands import (
    AllowEntries,
    BarEntries,
    ClosePosition,
    Flat,
    Lock,
    MoveStop,
    Play,
    ResumeEntries,
    Step,
    SwitchDelivery,
    TraderCommand,
    Unlock,
)
from engine.model.marks import EventMark, Mark, StartMark, StateMark
from engine.model.one_position import acting_stop
from engine.model.run_views import CheckView
from engine.model.types import DELIVERIES, Instrument
from engine.runtime import Engine
from tests.support.recorded_runs import (
    BUSY,
    CHECKPOINTS,
    COMMANDS,
    LENGTH,
    Beat,
    after_seek,
    at_the_end,
    harness_with_position,
    inputs_of,
    marks_of,
    record,
    record_by_hand,
    replay,
    rewrite,
    zigzag,
)
from tests.support.trader_harness import TraderHarness
from tests.support.waiting import until, until_turn

pytestmark = pytest.mark.slow


def test_the_run_that_is_followed_has_something_to_follow(operated: Path) -> None:
    commands = [mark.command for mark in inputs_of(operated) if mark.command is not None]
    assert commands == [order for orders in COMMANDS.values() for order in orders if not isinstance(order, Beat)]
    beats = {mark.ticks for mark in inputs_of(operated) if mark.command is None}
    assert beats, "a flat that was verified while ticks came"
    fills = [mark for mark in marks_of(operated) if isinstance(mark, EventMark) and mark.kind == "fill"]
    assert any(fill.text.endswith(" Flat") for fill in fills)
    assert len(fills) > 10


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_replay_is_the_same_as_the_recorded_run(operated: Path, tmp_path: Path, delivery: str) -> None:
    with replay(operated, tmp_path, f"engine.delivery={delivery}") as run:
        assert at_the_end(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def on_position(what: str) -> Callable[[Engine], TraderCommand | None]:
    """What an operator does with the position that is held then, where one is."""

    def command(engine: Engine) -> TraderCommand | None:
        state = engine.trader.state
        held, inst = state.portfolio.positions[0], state.instrument_states[0]
        symbol = inst.instrument.symbol
        if what in {"bar", "allow"}:
            return BarEntries(symbol, "ann") if what == "bar" else AllowEntries(symbol, "ann")
        if held is None:
            return None
        meant = (symbol, held.entry_ms, held.entry_price)
        stop = max(acting_stop(held.stop, held.trail_stop), inst.last_price - 100) + 5
        if what == "stop":
            return MoveStop(*meant, stop=stop - stop % 5, by="ann")
        return ClosePosition(*meant, half_of=held.quantity if what == "half" else 0, by="ann")

    return command


ACTIONS = {
    place: (on_position(("stop", "half", "close", "bar", "allow")[number % 5]),)
    for number, place in enumerate(range(25, LENGTH, 17))
}


@pytest.fixture(scope="module")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run whose operator acts on single positions."""
    return record(tmp_path_factory.mktemp("acted"), None, ACTIONS)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_what_an_operator_did_with_one_position_is_followed(acted: Path, tmp_path: Path, delivery: str) -> None:
    kinds = {type(mark.command) for mark in inputs_of(acted)}
    assert kinds >= {ClosePosition, MoveStop, BarEntries, AllowEntries}
    fills = [mark.text for mark in marks_of(acted) if isinstance(mark, EventMark) and mark.kind == "fill"]
    assert any("Operator: close" in fill for fill in fills)
    assert any("Operator: half" in fill for fill in fills)
    moved = [mark for mark in marks_of(acted) if isinstance(mark, StateMark) and "gate.barred" in mark.fields]
    assert moved, "a checkpoint while an instrument was barred"
    with replay(acted, tmp_path, f"engine.delivery={delivery}") as run:
        assert at_the_end(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_switching_delivery_does_not_interfere(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        for delivery in (*DELIVERIES, *DELIVERIES):
            run.engine.send(SwitchDelivery(delivery))
            run.engine.send(Step(90))
            until_turn(run.engine, lambda: run.engine.cursor.expected == -1 and not run.engine.turn.inputs)
        run.engine.send(Play())
        assert at_the_end(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


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
            assert after_seek(run, target) == CheckView(target // 50 + (target == LENGTH), CHECKPOINTS), target
        run.engine.send(Play())
        assert at_the_end(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def test_beats_come_from_the_recording_and_from_nowhere_else(tmp_path: Path) -> None:
    given = {345: Flat("enough"), 348: None, 379: None, 380: Unlock()}
    path = record_by_hand(tmp_path / "paper.mqr", TraderHarness(*BUSY), zigzag(), given)
    with replay(path, tmp_path / "replay", paused=True) as run:
        assert after_seek(run, 347) == CheckView(6, 12)
        assert run.trader.state.flat.state == "CLOSING"
        before = run.engine.stats.beats
        until(lambda: run.engine.stats.beats > before + 3)
        assert run.trader.state.flat.state == "CLOSING"
        assert after_seek(run, 350) == CheckView(7, 12)
        assert run.trader.state.flat.state == "VERIFYING"
        after_seek(run, 379)
        assert run.trader.state.flat.state == "FLAT"
        assert after_seek(run, LENGTH) == CheckView(12, 12)


def test_a_pause_of_then_survives_going_back_into_it(operated: Path, tmp_path: Path) -> None:
    with replay(operated, tmp_path, paused=True) as run:
        after_seek(run, 400)
        after_seek(run, 245)  # from the state saved after tick 240, which was within the pause
        assert run.trader.state.gate.paused
        after_seek(run, 300)
        assert not run.trader.state.gate.paused
        assert len(run.engine.exits.newest) == run.trader.state.portfolio.trades


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
        assert at_the_end(run) == CheckView(CHECKPOINTS, CHECKPOINTS)


def taken_over(folder: Path) -> tuple[Path, int, int]:
    """A recording whose run began with the account of one before; what that held, and how often it had sold."""
    before, passed = harness_with_position(*BUSY)
    path = record_by_hand(
        folder / "paper.mqr",
        TraderHarness(*BUSY),
        zigzag(passed + LENGTH)[passed:],
        {120: ResumeEntries()},
        before.trader.state.keep(before.now_ms),
    )
    return path, before.held, len(before.trades)


def test_an_account_that_was_taken_over_is_taken_over_again(tmp_path: Path) -> None:
    path, held, sold = taken_over(tmp_path)
    with replay(path, tmp_path / "replay", paused=True) as run:
        assert run.trader.state.portfolio.net(0) == held
        assert run.trader.state.gate.paused
        assert after_seek(run, 500) == CheckView(10, 12)
        trades = list(run.engine.exits.newest)
        assert len(trades) > 5
        assert run.trader.state.portfolio.trades == len(trades) + sold
        after_seek(run, 200)
        assert run.engine.exits.newest == trades[: run.trader.state.portfolio.trades - sold]
        assert after_seek(run, 500) == CheckView(10, 12)
        assert run.engine.exits.newest == trades
        after_seek(run, 0)
        assert run.trader.state.portfolio.net(0) == held
        assert run.trader.state.gate.paused
        run.engine.send(Play())
        assert at_the_end(run) == CheckView(12, 12)


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
            found = at_the_end(run)
            assert found.same == 0
            assert found.incomparable.startswith("the account it began with cannot be taken over: ")
            assert word in found.incomparable
            assert run.trader.state.portfolio.entries > 5, "it is replayed with an account of its own"
