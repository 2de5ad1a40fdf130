"""A log book on a virtual clock, closed when its test ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.logs import LogBook
from engine.model.clock import VirtualClock
from tests.support.log_lines import INDIA, START_NS, Open


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START_NS)


@pytest.fixture
def open_book(tmp_path: Path, clock: VirtualClock) -> Iterator[Open]:
    books = []

    def open_book(directory: Path = tmp_path, **options: object) -> LogBook:
        books.append(LogBook(directory, clock, INDIA, **options))
        return books[-1]

    yield open_book
    for book in books:
        book.close()
