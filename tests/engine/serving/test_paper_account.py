"""The paper account goes on from run to run, whatever ended the last; `paper reset` alone begins it anew."""

import os
from decimal import Decimal

import pytest

from engine.journal import JOURNAL_FILE, LOCK_FILE, StateDir, verify
from engine.journal.fold import fold
from engine.model.errors import InputError, StateBusyError
from engine.serving.paper_account import reset
from tests.support.journal_harness import ran
from tests.support.processes.command_home import Home


def account(folder):
    return fold(folder / JOURNAL_FILE)


def test_reset_begins_anew_and_keeps_the_history(tmp_path):
    folder = tmp_path / "paper"
    first = ran(folder, 99, 100, 84)
    cash = first.trader.state.portfolio.cash
    assert cash < 100_000
    assert reset(folder, Decimal(250_000)) == (folder, cash)
    found = account(folder)
    assert found.cash_account.cash == 250_000
    assert (found.cash_account.realised, found.cash_account.trades, found.gate.day_entries) == (0, 0, 0)
    assert verify(folder / JOURNAL_FILE) is None
    assert ran(folder).trader.state.portfolio.cash == 250_000


def test_a_lock_of_a_person_outlives_a_reset(tmp_path):
    folder = tmp_path / "paper"
    ran(folder, 99, lock="me")
    reset(folder, Decimal(1000))
    assert account(folder).gate.locked == "me"


def test_nothing_is_reset_while_something_is_held_or_runs(tmp_path):
    folder = tmp_path / "paper"
    ran(folder, 99, 100)
    before = account(folder).state()
    with pytest.raises(InputError, match="holds something"):
        reset(folder, Decimal(1000))
    with StateDir.open(folder, "paper"), pytest.raises(StateBusyError):
        reset(folder, Decimal(1000))
    assert account(folder).state() == before


def test_the_command_says_what_it_did(tmp_path):
    home = Home(tmp_path)
    folder = tmp_path / "paper"
    ran(folder, 99, 100, 84)
    (folder / LOCK_FILE).unlink()  # it names this process, which lives on
    answer = home.run("paper", "reset", "--capital", "50000", "--state-dir", folder)
    assert answer.status == 0
    assert answer.out.startswith("the paper account begins anew with 50000.00; it had 8")
    answer = home.run("paper", "reset", "--state-dir", folder)
    assert "begins anew with 100000.00; it had 50000.00" in answer.out
    answer = home.run("paper", "reset", "--capital", "much", "--state-dir", folder)
    assert (answer.status, "is no capital; allowed: a number from 1" in answer.err) == (2, True)
    answer = home.run("paper", "reset", "--state-dir", tmp_path / "none")
    assert (answer.status, "no paper account" in answer.out) == (0, True)


def test_where_nothing_ever_ran_nothing_is_left_behind(tmp_path):
    folder = tmp_path / "paper"
    assert reset(folder, Decimal(1000)) == (folder, None)
    assert not folder.exists()


@pytest.mark.parametrize("what", ["empty", "garbage", "pipe", "gone"])
def test_a_journal_that_does_not_tell_is_told_in_one_line(tmp_path, what):
    folder = tmp_path / "paper"
    ran(folder, 99)
    for path in folder.glob(f"{JOURNAL_FILE}*"):
        path.unlink()
    path = folder / JOURNAL_FILE
    if what == "pipe":
        os.mkfifo(path)
    elif what != "gone":
        path.write_bytes(b"garbage" * 900 if what == "garbage" else b"")
    before = sorted(each.name for each in folder.iterdir())
    with pytest.raises(InputError, match="journal") as told:
        reset(folder, Decimal(1000))
    assert len(told.value.lines) == 1
    assert sorted(each.name for each in folder.iterdir()) == before
