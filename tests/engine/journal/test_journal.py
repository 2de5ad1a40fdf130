"""The journal: what is written stands there, in order, chained, and stays."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, SqliteJournal, read_events, verify
from engine.journal.rows import RunEnded, RunStarted
from engine.model.clock import VirtualClock
from engine.model.errors import InputError
from engine.model.events import EntriesChanged, TraderFault
from tests.support.journal_faults import booked, rejected, rows, submit
from tests.support.waiting import PATIENCE_S

SECOND = 10**9


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_759_290_649 * SECOND)


@pytest.fixture
def journal(tmp_path: Path, clock: VirtualClock) -> Iterator[SqliteJournal]:
    opened = SqliteJournal.open(tmp_path, "replay", clock, title="session of a day")
    yield opened
    opened.close("end of the test")


def test_facts_come_back_as_they_were_written(journal: SqliteJournal, tmp_path: Path, clock: VirtualClock) -> None:
    handed = [
        submit(1),
        booked(1),
        EntriesChanged("paused", "operator", 5),
        TraderFault("strategy", "ZeroDivisionError", 9, 7),
    ]
    numbers = []
    for event in handed:
        clock.advance(SECOND)
        numbers.append(journal.write(event))
    assert numbers == [2, 3, 4, 5]  # event 1 is the beginning of the run
    assert journal.wait_durable(5, PATIENCE_S)

    events = list(read_events(tmp_path / JOURNAL_FILE))  # beside the running writer
    assert [event.number for event in events] == [1, 2, 3, 4, 5]
    assert [event.entry() for event in events[1:]] == handed
    assert [event.kind for event in events] == ["RunStarted", "Submit", "FillBooked", "EntriesChanged", "TraderFault"]
    assert [event.at_ms for event in events] == [0, 1_759_290_649_001, 1_759_290_649_001, 5, 7]
    assert events[4].wall_ns - events[1].wall_ns == 3 * SECOND
    assert isinstance(started := events[0].entry(), RunStarted)
    assert (started.run, started.mode, started.title, started.pid) == (1, "replay", "session of a day", os.getpid())
    assert [event.number for event in read_events(tmp_path / JOURNAL_FILE, after=3)] == [4, 5]
    assert verify(tmp_path / JOURNAL_FILE) is None


def test_a_run_ends_with_its_outcome_and_the_next_one_goes_on_in_the_chain(tmp_path: Path, clock: VirtualClock) -> None:
    first = SqliteJournal.open(tmp_path, "paper", clock)
    assert first.opened.fresh
    first.write(submit(1))
    clock.advance(SECOND)
    first.close("stopped by the operator")
    assert first.durable == 3
    second = SqliteJournal.open(tmp_path, "paper", clock)
    second.close("and again")
    second.close("a second close changes nothing")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [JOURNAL_FILE]  # no log, no reserve left behind

    assert (second.opened.run, second.opened.fresh, second.opened.unclean) == (2, False, "")
    path = tmp_path / JOURNAL_FILE
    assert [(event.number, event.run) for event in read_events(path)] == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)]
    assert rows(path, "SELECT run, mode, outcome, (ended_ns - started_ns) / 1000000000 FROM runs") == [
        (1, "paper", "stopped by the operator", 1),
        (2, "paper", "and again", 0),
    ]
    assert verify(path) is None


def test_what_the_run_before_left_open_is_told(tmp_path: Path, clock: VirtualClock) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", clock)
    for event in (submit(1), booked(1), submit(2), submit(3), rejected(3), submit(4, reason="\x1b[2J")):
        journal.write(event)
    journal.close("stopped with a position")
    again = SqliteJournal.open(tmp_path, "paper", clock)
    again.close("well")
    assert again.opened.open_positions == ((0, 75),)
    assert again.opened.unresolved_orders == ("R2", "R4")
    assert again.opened.lines() == (
        "journal: the run before left open: 75 of instrument 0",
        "journal: orders without an outcome: R2, R4",
    )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET body = '{}'", "DELETE FROM events", "INSERT OR REPLACE INTO events SELECT * FROM events"],
)
def test_the_file_itself_refuses_to_change_events(journal: SqliteJournal, tmp_path: Path, statement: str) -> None:
    assert journal.wait_durable(journal.write(submit(1)), PATIENCE_S)
    with pytest.raises(sqlite3.IntegrityError, match="events are"):
        rows(tmp_path / JOURNAL_FILE, statement)


def test_only_the_owner_can_read_it_whatever_the_umask(tmp_path: Path, clock: VirtualClock) -> None:
    before = os.umask(0o000)
    try:
        journal = SqliteJournal.open(tmp_path, "replay", clock)
        assert journal.wait_durable(journal.write(submit(1)), PATIENCE_S)
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir()}
        journal.close("well")
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("journal.db", "journal.db-wal", "journal.db-shm", "journal.reserve"), 0o600)


def test_text_that_no_file_can_carry_does_not_stop_the_journal(journal: SqliteJournal, tmp_path: Path) -> None:
    number = journal.write(submit(1, reason="broken \udcff text"))
    assert journal.wait_durable(number, PATIENCE_S)
    event = next(read_events(tmp_path / JOURNAL_FILE, after=number - 1))
    assert event.entry() == submit(1, reason="broken ? text")
    assert rows(tmp_path / JOURNAL_FILE, "SELECT reason FROM orders") == [("broken ? text",)]


def test_writers_of_several_threads_get_numbers_without_holes(journal: SqliteJournal, tmp_path: Path) -> None:
    written: dict[int, int] = {}

    def write(first: int) -> None:
        for order in range(first, first + 200):
            written[journal.write(submit(order))] = order

    threads = [threading.Thread(target=write, args=(first,)) for first in (1000, 2000, 3000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close("well")
    assert sorted(written) == list(range(2, 602))
    stored = {event.number: event.entry() for event in read_events(tmp_path / JOURNAL_FILE, after=1)}
    assert isinstance(stored.pop(602), RunEnded)
    assert {number: entry.order.number for number, entry in stored.items()} == written


def test_what_is_written_after_the_end_is_a_problem_and_not_durable(tmp_path: Path, clock: VirtualClock) -> None:
    journal = SqliteJournal.open(tmp_path, "replay", clock)
    journal.close("well")
    assert journal.problem == ""
    number = journal.write(submit(1))
    assert not journal.wait_durable(number, PATIENCE_S)
    assert "after the journal was closed" in journal.problem


def test_an_event_of_a_newer_program_is_named(journal: SqliteJournal, tmp_path: Path) -> None:
    assert journal.wait_durable(journal.write(submit(1)), PATIENCE_S)
    event = list(read_events(tmp_path / JOURNAL_FILE))[-1]
    strange = type(event)(event.number, 1, 0, 0, "Teleported", '{"type":"Teleported"}', b"", b"")
    with pytest.raises(InputError, match=r"event 2 \(Teleported\)"):
        strange.entry()


def test_reading_what_is_no_journal_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("shopping list")
    for name in ("notes.txt", "absent.db"):
        with pytest.raises(InputError, match=name) as raised:
            list(read_events(tmp_path / name))
        assert len(raised.value.lines) == 1
        assert verify(tmp_path / name)


def test_a_writer_that_interrupts_another_does_not_disturb_the_order(tmp_path: Path) -> None:
    class InterruptingClock(VirtualClock):
        """Lets a second writer in where a signal could: when the first has its number and has not handed over."""

        interrupt = staticmethod(lambda: None)

        def wall_ns(self) -> int:
            interrupt, self.interrupt = self.interrupt, lambda: None
            interrupt()
            return super().wall_ns()

    clock = InterruptingClock(SECOND)
    journal = SqliteJournal.open(tmp_path, "replay", clock)
    inner: list[int] = []
    clock.interrupt = lambda: inner.append(journal.write(submit(2)))
    outer = journal.write(submit(1))
    assert journal.wait_durable(max(inner[0], outer), PATIENCE_S)
    journal.close("well")
    assert (outer, inner, journal.problem) == (2, [3], "")
    assert [event.entry() for event in read_events(tmp_path / JOURNAL_FILE)][1:3] == [submit(1), submit(2)]
