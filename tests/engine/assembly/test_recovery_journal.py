"""What a start finds in the journal of an earlier run: the account it goes on with, the lock, and what a person is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.journal import SqliteJournal, StateDir, verify
from engine.journal.state_dir import LOCK_FILE
from engine.model.clock import VirtualClock
from engine.model.commands import BarEntries, Lock, MoveStop, Unlock
from engine.model.errors import StateBusyError
from engine.model.types import TradeMode
from tests.support.builders import ms
from tests.support.processes.restart_harness import READY, RestartHarness, money

DAY_NS = 86_400 * 10**9


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(ms("09:30:00") * 1_000_000)


@pytest.fixture
def restarts(tmp_path: Path, clock: VirtualClock) -> RestartHarness:
    return RestartHarness(tmp_path / "state", clock)


# ── What is found ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_killed_run_is_taken_over_locked_and_told(restarts: RestartHarness) -> None:
    first, journal = restarts.start()
    first.prices(99, 100, 105, 107).beat()
    restarts.kill(journal)
    opened = restarts.peek()
    assert opened.kept is not None
    assert opened.still_locked == "the last run ended uncleanly"
    assert opened.report == (
        "run 1 (paper) of 20251001T040000Z did not end in good order; its last row is of 20251001T040000Z",
        "found: 600 of 975 NIFTY @ 100.0, stop 85.0, trailing stop 102.0, highest 107.0, targets taken 1",
        f"found: {money(first)}",
        "entries are locked: the last run ended uncleanly",
        READY,
    )
    assert opened.open_positions == ((0, 600),)

    second, journal = restarts.start()
    assert second.trader.state.portfolio.positions[0].state(0) == first.trader.state.portfolio.positions[0].state(0)
    assert second.trader.state.portfolio.cash == first.trader.state.portfolio.cash
    second.prices(102)
    assert second.exits == [("Trailing Stop", 102.0, 600)]
    second.prices(103, 104, 105)
    assert [order.side for order in second.orders] == ["SELL"]
    second.command(Unlock()).prices(106)
    assert [order.tag for order in second.orders] == ["P2-3", "P2-4"]  # numbers of orders go on
    journal.close("stopped")
    assert verify(restarts.path) is None


def test_a_stop_that_the_operator_moved_and_a_barred_instrument_outlast_a_kill(restarts: RestartHarness) -> None:
    first, journal = restarts.start()
    first.prices(99, 100, 103)
    held = first.trader.state.portfolio.positions[0]
    first.command(MoveStop("NIFTY", held.entry_ms, held.entry_price, 9_850, "ann")).command(BarEntries("NIFTY", "ann"))
    restarts.kill(journal)
    assert "stop 98.5" in "\n".join(restarts.peek().report)
    second, journal = restarts.start()
    second.prices(98.55).command(Unlock())
    assert second.exits == []
    second.prices(98.5)
    assert [(trade.reason, trade.operator_stop) for trade in second.trades] == [("Stop Loss", True)]
    second.prices(*range(99, 140))
    assert [order.side for order in second.orders] == ["SELL"], "barred still"
    journal.close("stopped")
    assert verify(restarts.path) is None


def test_a_run_that_was_killed_before_it_kept_anything_leaves_the_one_before_it(restarts: RestartHarness) -> None:
    first, journal = restarts.start()
    first.prices(99, 100)
    restarts.kill(journal)
    for _ in range(3):
        restarts.kill(SqliteJournal.open(restarts.folder, "paper", restarts.clock))
    opened = restarts.peek()
    assert opened.run == 5
    assert opened.open_positions == ((0, 975),)
    second, journal = restarts.start()
    journal.close("stopped")
    assert second.held == 975


def test_what_is_held_is_not_told_by_the_fills_of_the_last_run_alone(restarts: RestartHarness) -> None:
    first, journal = restarts.start()
    first.prices(99, 100)
    restarts.kill(journal)
    second, journal = restarts.start()
    second.prices(105)
    journal.close("stopped")
    opened = restarts.peek()
    assert opened.open_positions == ((0, 600),)
    assert opened.still_locked == "the last run ended uncleanly"  # nobody has unlocked


def test_a_position_left_by_a_good_end_locks(restarts: RestartHarness) -> None:
    first, journal = restarts.start()
    first.prices(99, 100)
    journal.close("stopped")
    opened = restarts.peek()
    assert opened.still_locked == "the last run left something open"
    assert opened.report[0].startswith("found: 975 NIFTY @ 100.0, stop 85.0, highest 100.0")
    assert opened.report[-2:] == ("entries are locked: the last run left something open", READY)
    assert opened.unclean == ""


@pytest.mark.parametrize("days", [0, 2])
@pytest.mark.parametrize("mode", ["paper", "live", "mock"])
def test_after_a_good_end_with_nothing_held_money_goes_on_and_a_generated_session_begins_anew(
    tmp_path: Path, clock: VirtualClock, mode: TradeMode, days: int
) -> None:
    restarts = RestartHarness(tmp_path / "state", clock, mode)
    first, journal = restarts.start()
    first.prices(99, 100, 84)
    journal.close("stopped")
    clock.advance(days * DAY_NS)
    opened = restarts.peek()
    assert opened.still_locked == ""
    if mode == "mock":
        assert (opened.kept, opened.report) == (None, ())
        return
    second, journal = restarts.start()
    journal.close("stopped")
    assert opened.report == (f"carried over from the last run: {money(first)}",)
    assert "result of the day 2025-10-01 -15807.45, entries 1" in opened.report[0]
    assert second.trader.state.portfolio.day_realised == first.trader.state.portfolio.day_realised
    assert second.trader.state.gate.day_entries == 1


def test_a_mock_with_something_held_goes_on_too(tmp_path: Path, clock: VirtualClock) -> None:
    restarts = RestartHarness(tmp_path / "state", clock, "mock")
    first, journal = restarts.start()
    first.prices(99, 100)
    journal.close("stopped")
    assert restarts.peek().kept is not None


def test_a_replay_takes_nothing_over(tmp_path: Path, clock: VirtualClock) -> None:
    restarts = RestartHarness(tmp_path / "state", clock, "replay")
    first, journal = restarts.start()
    first.prices(99, 100)
    restarts.kill(journal)
    opened = restarts.peek()
    assert (opened.kept, opened.still_locked) == (None, "")
    assert opened.report == opened.lines() != ()


def test_a_fault_is_no_good_end(restarts: RestartHarness) -> None:
    first, journal = restarts.start()
    first.prices(99)
    journal.close("engine failed: ValueError", fault=True)
    opened = restarts.peek()
    assert opened.still_locked == "the last run ended uncleanly"
    assert opened.report[0].startswith("run 1 (paper) of 20251001T040000Z ended because something was broken;")


# ── Locks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["paper", "live", "mock"])
@pytest.mark.parametrize("days", [0, 2])
def test_a_lock_outlives_any_restart_until_somebody_unlocks(
    tmp_path: Path, clock: VirtualClock, mode: TradeMode, days: int
) -> None:
    restarts = RestartHarness(tmp_path / "state", clock, mode)
    harness, journal = restarts.start()
    harness.prices(99).command(Lock("me"))
    ends: tuple[Callable[[SqliteJournal], None], ...] = (
        lambda journal: journal.close("stopped"),
        restarts.kill,
        lambda journal: journal.close("not started"),
        lambda journal: journal.close("engine failed", fault=True),
        lambda journal: journal.close("stopped"),
    )
    for end in ends:
        end(journal)
        clock.advance(days * DAY_NS)
        assert restarts.peek().still_locked == "me"
        harness, journal = restarts.start()
        assert harness.trader.state.gate.locked == "me"
        assert harness.prices(98, 99).orders == []
    harness.command(Unlock())
    journal.close("stopped")
    assert restarts.peek().still_locked == ""


def test_the_lock_after_a_kill_outlives_starts_that_fail(restarts: RestartHarness) -> None:
    harness, journal = restarts.start()
    harness.prices(99, 98)
    restarts.kill(journal)
    for _ in range(2):
        SqliteJournal.open(restarts.folder, "paper", restarts.clock).close("not started")
    assert restarts.peek().still_locked == "the last run ended uncleanly"


def test_a_halt_waits_for_a_person_across_restarts(restarts: RestartHarness) -> None:
    harness, journal = restarts.start()
    harness.prices(99)
    harness.trader.state.halt("strategy raised ValueError", 0)
    harness.beat()
    journal.close("stopped")
    assert restarts.peek().still_locked == "strategy raised ValueError"


def test_the_lock_of_a_damaged_journal_outlives_restarts(restarts: RestartHarness) -> None:
    harness, journal = restarts.start()
    harness.prices(99, 100)
    journal.close("stopped")
    restarts.path.write_bytes(b"")
    first = SqliteJournal.open(restarts.folder, "paper", restarts.clock)
    first.close("not started")
    assert first.opened.still_locked == "the journal was damaged"
    assert first.opened.report[0].startswith("journal was damaged: it is empty")
    assert first.opened.report[-1] == READY
    assert first.opened.kept is None
    again = restarts.peek()
    assert again.still_locked == "the last run ended uncleanly"
    assert again.report[-1] == READY


# ── One instance ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("left", ["1\n", "99999999999999999999999999\n", "", "not a pid\x1b[2J"])
def test_a_lock_file_that_a_killed_run_left_stops_nobody_and_the_owner_is_named(tmp_path: Path, left: str) -> None:
    folder = tmp_path / "state"
    StateDir.open(folder, "paper").close()
    (folder / LOCK_FILE).write_text(left)  # process 1 is always there: what counts is who holds the lock
    with StateDir.open(folder, "paper"):
        with pytest.raises(StateBusyError, match=f"in use by process {os.getpid()};") as raised:
            StateDir.open(folder, "paper")
        assert raised.value.exit_status == 3
