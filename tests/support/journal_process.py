"""A program that the journal's tests kill or starve: writes facts, and reports on stdout what was acknowledged."""

import json
import os
import random
import resource
import sys
from pathlib import Path

from engine.journal import SqliteJournal, StateDir
from engine.model.clock import SystemClock
from tests.support.journal_faults import booked, submit


def write_until_killed(directory: Path, seed: int) -> None:
    """Write bursts of facts for ever; one line with the number for each acknowledged burst."""
    chance = random.Random(seed)
    state = StateDir.open(directory, "paper")
    journal = SqliteJournal.open(state.path, "paper", SystemClock())
    order = 0
    while True:
        for _ in range(chance.randint(1, 8)):
            order += 1
            journal.write(submit(order))
            number = journal.write(booked(order, held=75 * order))
        if chance.random() < 0.7 and journal.wait_durable(number, 10):
            os.write(1, f"{number}\n".encode())


def write_until_refused(directory: Path) -> None:
    """Write until the system lets no file grow any more; then report as JSON."""
    told: list[str] = []
    journal = SqliteJournal.open(directory, "paper", SystemClock(), on_failure=told.append, reserve_kb=4)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    order = 0
    while not journal.problem and order < 10_000:
        order += 1
        journal.write(submit(order))
        number = journal.write(booked(order, held=75 * order))
        acknowledged = journal.wait_durable(number, 10)
    after = journal.write(submit(order + 1))
    report = {"durable": journal.durable, "written": number, "acknowledged": acknowledged}
    report |= {"later": journal.wait_durable(after, 10)}
    journal.close("the disk refused")
    print(json.dumps(report | {"problem": journal.problem, "told": told}))


if __name__ == "__main__":
    if sys.argv[1] == "killed":
        write_until_killed(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        write_until_refused(Path(sys.argv[2]))
