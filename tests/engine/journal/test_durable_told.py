"""The journal says by itself how far the disk has what was written, for a sender of orders that must not wait for it."""

from pathlib import Path
from threading import Event, Thread

from engine.journal import SqliteJournal
from engine.model.clock import SystemClock
from engine.model.order_rows import SendBegun
from tests.support.waiting import PATIENCE_S


def test_rows_of_several_threads_are_numbered_once_and_told_when_they_are_durable(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, "paper", SystemClock())
    told: list[int] = []
    there = Event()
    numbers: list[int] = []
    last = journal.durable + 400

    def tell(durable: int) -> None:
        told.append(durable)
        if durable == last:
            there.set()

    def write() -> None:
        numbers.extend(journal.write(SendBegun(order)) for order in range(100))

    journal.on_durable(tell)
    writers = [Thread(target=write) for _ in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert there.wait(PATIENCE_S)
    assert told == sorted(told)
    assert sorted(numbers) == list(range(last - 399, last + 1))
    journal.close("well")
    assert journal.problem == ""
