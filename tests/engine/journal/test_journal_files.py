"""What others make of the files of a journal while it is written: seen by who asks, told once for each time, and nothing else is."""

from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal, verify
from engine.model.clock import VirtualClock
from tests.support.journal_faults import booked, submit
from tests.support.waiting import until

PATIENCE_S = 30.0


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    """One that has written a little."""
    opened = SqliteJournal.open(tmp_path, "paper", VirtualClock(1_759_290_649 * 10**9))
    written(opened, 1)
    assert opened.look() == ""
    return opened


def written(journal: SqliteJournal, order: int) -> None:
    journal.write(submit(order))
    assert journal.wait_durable(journal.write(booked(order)), PATIENCE_S)


def begun_anew(journal: SqliteJournal) -> None:
    journal.renew(None)
    until(lambda: not journal.problem and not journal.waiting, lambda: journal.problem)


def test_a_loss_is_said_until_another_file_is_begun_and_the_same_loss_anew_is_news(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    (tmp_path / JOURNAL_FILE).unlink()
    first = journal.look()
    assert "journal.db is gone" in first
    assert journal.look() == journal.look() == first
    begun_anew(journal)
    (tmp_path / JOURNAL_FILE).unlink()  # before anybody has seen that it was well
    second = journal.look()
    assert "journal.db is gone" in second
    assert second != first
    begun_anew(journal)
    assert journal.look() == ""
    journal.close("well")
    assert verify(tmp_path / JOURNAL_FILE) is None
