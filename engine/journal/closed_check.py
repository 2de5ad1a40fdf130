"""Checks the closed files of a journal in the time that nobody else needs, so that no start has to. Changes nothing."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

from engine.journal.months import JOURNAL_FILE, closed_files
from engine.journal.reader import begin_of, chain_break, file_before, stored_events
from engine.journal.rows import chain_problem
from engine.journal.schema import foreign, open_reader

_SLICE = 200  # rows; then everybody else has a turn
_PAUSE_S = 0.05
_FIRST_S = 60.0
_AGAIN_S = 86_400.0


def links_broken(folder: Path, files: list[Path]) -> list[str]:
    """One line for each of `files`, the oldest first, that does not lead to the next one, the open one at last."""
    problems = []
    try:
        for path in (*files, folder / JOURNAL_FILE)[:1]:
            with closing(open_reader(path)) as connection:
                if before := file_before(connection):
                    problems.append(f"{before} is missing: {path.name} goes on from it")
        for before_path, path in pairwise((*files, folder / JOURNAL_FILE)):
            if broken := chain_break(before_path, path):
                problems.append(f"{path.name}: {broken}")
    except sqlite3.Error as error:
        problems.append(f"the chain of {JOURNAL_FILE} cannot be read: {error}")
    return problems


class ClosedFilesCheck:
    """The thread "journal-check": looks at every closed file once a day, a little at a time; `tell` hears each problem once."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._told: set[str] = set()
        self._ending = Event()
        # A daemon: a disk that hangs under it must not keep the process from its end.
        self._thread = Thread(target=self._run, name="journal-check", daemon=True)

    def start(self) -> None:
        """Begin, a minute from now."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; nobody waits for it."""
        self._ending.set()

    def _run(self) -> None:
        wait_s = _FIRST_S
        while not self._ending.wait(wait_s):
            wait_s = _AGAIN_S
            try:
                self.look()
            except OSError as error:
                self._say(f"closed journal files cannot be checked: {error.strerror}")

    def look(self) -> None:
        """Check all of them; raises OSError."""
        files = closed_files(self._folder)
        for path in files:
            if problem := self._problem(path):
                self._say(f"{path.name}: {problem}")
        for line in links_broken(self._folder, files):
            self._say(line)

    def _problem(self, path: Path) -> str:
        """The first break in the chain within `path`; read in slices, with a pause after each."""
        try:
            with closing(open_reader(path)) as connection:
                if problem := foreign(connection):
                    return problem
                after, previous = begin_of(connection)
                while rows := [row for row, _ in zip(stored_events(connection, after), range(_SLICE), strict=False)]:
                    if problem := chain_problem(rows, after, previous):
                        return problem
                    after, previous = rows[-1].number, rows[-1].hash
                    if self._ending.is_set():
                        return ""
                    time.sleep(_PAUSE_S)
        except sqlite3.Error as error:
            return str(error)
        return ""

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)
